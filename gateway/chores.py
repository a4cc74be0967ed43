"""The recurring work that proves the rest: the nightly proofs and the canaries."""

from collections.abc import Awaitable, Callable

from gateway.canaries import Canaries, targets
from gateway.nightly import Nightly
from gateway.state import State

Chore = tuple[Callable[[], Awaitable[None]], float]


def of(state: State) -> list[Chore]:
    """Each with the seconds between its turns. Raises ``BadSettings``."""
    settings = state.settings
    parts = state.database, state.mint, state.channels
    nightly = Nightly(*parts, settings)
    flights = targets(settings.canaries, state.channels)
    canaries = Canaries(*parts, state.offices.current, flights=flights, address=settings.public_url)

    async def prove() -> None:
        """Every night: all is accounted for, unaltered, and in a backup."""
        await nightly.run(state.now)

    async def send_canaries() -> None:
        """A message of our own through every channel that one is named for."""
        await canaries.send_due(state.now)

    return [(prove, 300.0), (send_canaries, 60.0)] if flights else [(prove, 300.0)]
