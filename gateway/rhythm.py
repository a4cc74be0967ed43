"""Jobs that come again and again, whatever is done to the time of day.

APScheduler plans by the time of day: set back an hour, it would sleep for that hour. So the time
of day is held against a clock that nobody can set, and when they part the plan is laid anew. A job
that raises is logged and comes again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from gateway import settings
from models.db import Busy

log = logging.getLogger(__name__)

SILENT_AFTER = 3
"""A job that has not ended well for so many of its turns, and five minutes, is silent."""
_AT_LEAST_SECONDS = 300.0
_DRIFT_SECONDS = 2.0


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
    """The jobs of one process. ``clock`` is monotonic seconds, ``now`` the time of day; every
    ``watch`` seconds the two are held against each other; ``jumped`` hears by how many seconds the
    time of day was set."""

    def __init__(
        self,
        plan: Sequence[tuple[Callable[[], Awaitable[None]], float]],
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = settings.utc_now,
        watch: float = 1.0,
        jumped: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._clock = clock
        self._now = now
        self._watch_seconds = watch
        self._jumped = jumped
        self._beats = [Beat(job, seconds, clock()) for job, seconds in plan]
        self._scheduler: AsyncIOScheduler | None = None
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin in the running event loop; each job's first turn is at once. The scheduler keeps
        nothing: what is due stands in the tables, and claims make several processes harmless."""
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for beat in self._beats:
            self._scheduler.add_job(
                self.turn,
                "interval",
                args=[beat],
                seconds=beat.seconds,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                next_run_time=self._now(),
            )
        self._scheduler.start()
        self._watch = asyncio.get_running_loop().create_task(self._keep_time())

    async def stop(self) -> None:
        """Begin no turn any more; what is under way in a thread ends by itself."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    def silent(self) -> list[str]:
        """The jobs that have not ended well for too long."""
        now = self._clock()
        return [
            beat.name
            for beat in self._beats
            if now - beat.well_at > max(beat.seconds * SILENT_AFTER, _AT_LEAST_SECONDS)
        ]

    async def turn(self, beat: Beat) -> None:
        """One turn of a job."""
        try:
            await beat.job()
        except Busy as busy:
            log.warning("the database is busy: %s", busy)
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except Exception:
            log.exception("a tick failed", extra={"job": beat.name})
        else:
            beat.well_at = self._clock()

    async def _keep_time(self) -> None:
        apart = self._apart()
        while True:
            await asyncio.sleep(self._watch_seconds)
            drift = self._apart() - apart
            if abs(drift) > _DRIFT_SECONDS:
                apart += drift
                self.lay_anew()
                await self._tell(drift)

    async def _tell(self, drift: float) -> None:
        if self._jumped is None:
            return
        try:
            await self._jumped(drift)
        except Exception:  # the watch goes on; that every job came anew is in the log
            log.exception("a jump of the time of day could not be recorded")

    def _apart(self) -> float:
        """The time of day less the clock, read at one moment: a machine that lets this process
        wait between the two has not jumped."""
        while True:
            before = self._clock()
            apart = self._now().timestamp() - before
            if self._clock() - before < _DRIFT_SECONDS / 4:
                return apart

    def lay_anew(self) -> None:
        """The time of day was set: every job comes now, and from now on as often as it should."""
        log.warning("the time of day was set; every job comes now")
        for job in self._scheduler.get_jobs() if self._scheduler else ():
            job.modify(next_run_time=self._now())
