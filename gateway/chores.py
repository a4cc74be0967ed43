"""The recurring work that proves the rest: nightly proofs, the seal of looks, canaries."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway import look_audit
from gateway.canaries import Canaries, targets
from gateway.nightly import Nightly
from gateway.state import State
from models.transaction import acting

Chore = tuple[Callable[[], Awaitable[None]], float]


SEAL_SECONDS = 300.0
"""So long the looks of an interval may wait for the entry that takes them in."""


def of(state: State) -> list[Chore]:
    """Each with the seconds between its turns. Raises ``BadSettings``."""
    settings = state.settings
    parts = state.database, state.mint, state.channels
    nightly = Nightly(*parts, settings, state.offices.current)
    flights = targets(settings.canaries, state.channels)
    canaries = Canaries(*parts, state.offices.current, flights=flights, address=settings.public_url)

    async def prove() -> None:
        """Every night: all is accounted for, unaltered, and in a backup."""
        await nightly.run(state.now)

    async def seal_looks() -> None:
        """The ledger takes in what was looked at since."""
        await asyncio.to_thread(_seal_looks, state)

    async def send_canaries() -> None:
        """A message of our own through every channel that one is named for."""
        await canaries.send_due(state.now)

    always: list[Chore] = [(prove, 300.0), (seal_looks, SEAL_SECONDS)]
    return [*always, (send_canaries, 60.0)] if flights else always


def _seal_looks(state: State) -> None:
    with acting(state.database, state.mint) as tx:
        look_audit.seal(tx, state.now())
