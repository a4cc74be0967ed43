"""The recurring work that proves the rest: nightly proofs, the seal of looks, canaries."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway import erased_again, keyed_ledger, look_audit
from gateway.canaries import Canaries, targets
from gateway.nightly import Nightly
from gateway.state import State
from gateway.sweeping import Sweep
from models.db import Database
from models.transaction import acting

log = logging.getLogger(__name__)

Chore = tuple[Callable[[], Awaitable[None]], float]


KEY_SECONDS = 60.0
"""So long an entry may stand under no key."""
SEAL_SECONDS = 300.0
"""So long the looks of an interval may wait for the entry that takes them in."""


def of(state: State) -> list[Chore]:
    """Each with the seconds between its turns. Raises ``BadSettings``."""
    settings = state.settings
    parts = state.database, state.mint, state.channels
    sweep = Sweep(state.database, state.mint, state.offices.current)
    nightly = Nightly(*parts, settings, state.offices.current)
    flights = targets(settings.canaries, state.channels)
    canaries = Canaries(*parts, state.offices.current, flights=flights, address=settings.public_url)

    async def prove() -> None:
        """Every night: all is accounted for, unaltered, and in a backup. Neither an invented
        history that is still being told nor steps that fell due while nobody ticked are judged
        half way."""
        if state.unwritten():
            return
        await sweep.all_due(state.now)
        await nightly.run(state.now)

    async def note_erased() -> None:
        """Beside the backups stands whom they must not bring back."""
        if settings.backup_dir is not None:
            await asyncio.to_thread(_note_erased, state.database, settings.backup_dir)

    async def seal_looks() -> None:
        """The ledger takes in what was looked at since."""
        await asyncio.to_thread(_seal_looks, state)

    async def key_ledger() -> None:
        """What the ledger says now can be written no other way without the key."""
        parts = state.database, state.mint, settings, state.now()
        await asyncio.to_thread(keyed_ledger.move, *parts)

    async def send_canaries() -> None:
        """A message of our own through every channel that one is named for."""
        await canaries.send_due(state.now)

    always: list[Chore] = [
        (prove, 300.0),
        (seal_looks, SEAL_SECONDS),
        (key_ledger, KEY_SECONDS),
        (note_erased, 900.0),
    ]
    return [*always, (send_canaries, 60.0)] if flights else always


def _note_erased(database: Database, folder: Path) -> None:
    try:
        erased_again.note(database, folder)
    except OSError as error:
        log.error("what was erased could not be noted beside the backups: %s", error.strerror)


def _seal_looks(state: State) -> None:
    with acting(state.database, state.mint) as tx:
        look_audit.seal(tx, state.now())
