"""One pass over the clocks: every step that is due is taken, urgent clocks and the oldest first.

Clocks are stepped some at a time in one transaction, so that they share a full sync. When one of
them cannot step, each is tried alone: it waits an hour, recorded, and stops none of the others.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.clocks import DUE, Clock
from models.db import Busy, Database
from models.transaction import acting
from referral import reminding
from referral.office import Office

log = logging.getLogger(__name__)

BATCH = 500
TOGETHER = 50
TRY_AGAIN_AFTER = timedelta(hours=1)


class Sweep:
    """Takes what is due; any number of processes may sweep at once."""

    def __init__(
        self, database: Database, mint: Callable[[], int], office: Callable[[], Office]
    ) -> None:
        self._database = database
        self._mint = mint
        self._office = office

    async def all_due(self, now: Callable[[], datetime]) -> None:
        """Batch after batch until nothing is due. Raises ``Busy``."""
        while await asyncio.to_thread(self.round, now()):
            pass

    def round(self, now: datetime) -> bool:
        """One batch; whether there may be more. Raises ``Busy``."""
        with self._database.read() as session:
            asked = {"now": now, "most": BATCH}
            due = session.connection().execute(DUE[True], asked).all()
            if not due:
                due = session.connection().execute(DUE[False], asked).all()
        for start in range(0, len(due), TOGETHER):
            self._take(due[start : start + TOGETHER], now)
        return bool(due)

    def _take(self, rows: Sequence[Any], now: datetime) -> None:
        try:
            with acting(self._database, self._mint) as tx:
                reminding.take_steps(tx, self._office(), rows, now)
        except Busy:
            raise
        except Exception as error:
            if len(rows) == 1:
                self._put_off(rows[0], error, now)
                return
            for row in rows:
                self._take([row], now)

    def _put_off(self, clock: Any, error: Exception, now: datetime) -> None:
        log.exception("a clock could not step", extra={"clock": clock.id})
        with acting(self._database, self._mint) as tx:
            tx.execute(
                update(Clock)
                .where(col(Clock.id) == clock.id, col(Clock.next_at) == clock.next_at)
                .values(next_at=now + TRY_AGAIN_AFTER)
            )
            tx.event(
                "step_failed",
                at=now,
                clock_id=str(clock.id),
                clock=clock.name,
                error=type(error).__name__,
            )
