"""Jobs that come again and again, on a clock that nobody can set back.

Each waits so many seconds after it ended, on monotonic time: when the time of day jumps, nothing
oversleeps and nothing is caught up twice. A job that raises is logged and comes again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from models.db import Busy

log = logging.getLogger(__name__)

SILENT_AFTER = 3
"""A job that has not ended well for so many of its turns, and five minutes, is silent."""
_AT_LEAST_SECONDS = 300.0


@dataclass(slots=True)
class Beat:
    """One job, how often it comes, and when it last ended well."""

    job: Callable[[], Awaitable[None]]
    seconds: float
    well_at: float = 0.0

    @property
    def name(self) -> str:
        """The job's own name."""
        return getattr(self.job, "__name__", "tick")


class Rhythm:
    """The jobs of one process. ``clock`` is monotonic seconds."""

    def __init__(
        self,
        plan: Sequence[tuple[Callable[[], Awaitable[None]], float]],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._clock = clock
        self._beats = [Beat(job, seconds, clock()) for job, seconds in plan]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin in the running event loop; each job's first turn is at once."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(beat)) for beat in self._beats]

    async def stop(self) -> None:
        """Begin no turn any more; what is under way in a thread ends by itself."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def silent(self) -> list[str]:
        """The jobs that have not ended well for too long."""
        now = self._clock()
        return [
            beat.name
            for beat in self._beats
            if now - beat.well_at > max(beat.seconds * SILENT_AFTER, _AT_LEAST_SECONDS)
        ]

    async def _keep(self, beat: Beat) -> None:
        while True:
            await self.turn(beat)
            await asyncio.sleep(beat.seconds)

    async def turn(self, beat: Beat) -> None:
        """One turn of a job."""
        try:
            await beat.job()
        except Busy as busy:
            log.warning("the database is busy: %s", busy)
        except Exception:
            log.exception("a tick failed", extra={"job": beat.name})
        else:
            beat.well_at = self._clock()
