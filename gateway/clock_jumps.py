"""The time of day was set: that is an entry of the ledger and a proof that does not hold, because
every time that was written around then has to be read with it in mind."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from models import assurances
from models.db import Database
from models.transaction import acting

PROOF = "clock"
QUIET_SECONDS = 900.0
"""After so long without another jump the clock is believed again."""


class Jumps:
    """What one process saw of its clock. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        now: Callable[[], datetime],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._mint = mint
        self._now = now
        self._clock = clock
        self._at: float | None = None

    async def note(self, seconds: float) -> None:
        """The time of day has jumped by so many seconds. Raises ``Busy``."""
        self._at = self._clock()
        await asyncio.to_thread(self._write, seconds)

    async def settle_clock(self) -> None:
        """Say that the clock has gone evenly for a while, if it had not. Raises ``Busy``."""
        if self._at is not None and self._clock() - self._at >= QUIET_SECONDS:
            self._at = None
            await asyncio.to_thread(self._write, 0.0)

    def _write(self, seconds: float) -> None:
        at, whole = self._now(), round(seconds)
        with acting(self._database, self._mint) as tx:
            assurances.tell(tx, PROOF, at, holds=not seconds, figures={"seconds": whole})
            if seconds:
                tx.event("clock_jumped", at=at, seconds=whole)
