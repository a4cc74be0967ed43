"""What time asks for. APScheduler only ticks; what is due is an indexed column, a claim decides.

Several processes may tick: a deadline is a row, never a job, and taking its step is a conditional
update. A tick that raises is logged and comes again; one bad row never stops the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import update
from sqlmodel import col

from channels import Channel
from gateway import holding, recorded, rounds
from gateway.delivery import Delivery
from gateway.heartbeat import beat
from gateway.intake import Call, Intake
from gateway.offices import Offices
from gateway.state import State
from models import clocks, dialogues
from models.db import Busy, Database
from models.messages import Raw
from models.processes import Process
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import TaskKind
from referral import reminding
from referral.directory import HOTLINE, ZONE

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
CATCH_UP_SECONDS = 240
ATTEND_AGAIN_SECONDS = 30
ABANDONED_AFTER = timedelta(minutes=30)
LOOK_BACK = timedelta(hours=24)
SWEEP_BATCH = 100


class Ticks:
    """The recurring work of one process. Each method is one tick and may be called by a test."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        *,
        channels: Mapping[str, Channel],
        offices: Offices,
        intake: Intake,
        now: Now,
        heartbeat: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._offices = offices
        self._intake = intake
        self._now = now
        self._heartbeat = heartbeat
        self._delivery = Delivery(database, mint, channels, offices.current)
        self._asked: dict[str, datetime] = {}
        self._scheduler: AsyncIOScheduler | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(cls, state: State) -> "Ticks":
        """The ticks of a wired process; with an outside heartbeat where one is named."""
        url = state.settings.heartbeat_url
        return cls(
            state.database,
            state.mint,
            channels=state.channels,
            offices=state.offices,
            intake=state.intake,
            now=state.now,
            heartbeat=partial(beat, url) if url else None,
        )

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        plan = [
            (self.deliver, 1.0),
            (self.sweep, 1.0),
            (self.resume, 15.0),
            (self.refresh, 5.0),
            (self.catch_up, float(CATCH_UP_SECONDS)),
            (self.alive, 30.0),
            (self.round, 60.0),
            (self.tidy, 60.0),
        ]
        for job, seconds in plan:
            scheduler.add_job(
                _guarded(job),
                "interval",
                seconds=seconds,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                next_run_time=self._now(),
            )
        scheduler.start()
        self._scheduler = scheduler
        self._tasks = [
            asyncio.get_running_loop().create_task(self._attend(channel))
            for channel in self._channels.values()
        ]

    async def stop(self) -> None:
        """Stop ticking and listening; what is under way ends by itself."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()

    async def _attend(self, channel: Channel) -> None:
        """Make a channel ready and, where it has to fetch its calls itself, listen for ever."""

        async def deliver(raw: Raw) -> None:
            await asyncio.wrap_future(self._intake.receive(channel, raw, self._now()))

        while True:
            try:
                await asyncio.to_thread(channel.warm)
                await channel.register()
                await channel.listen(deliver)
                return
            except Exception as error:
                log.warning(
                    "a channel is not ready: %s",
                    type(error).__name__,
                    extra={"name_": channel.name},
                )
                await asyncio.sleep(ATTEND_AGAIN_SECONDS)

    async def deliver(self) -> None:
        """Send what is due, batch after batch, until nothing is."""
        while await self._delivery.round(self._now):
            pass

    async def sweep(self) -> None:
        """Take every step of every clock that is due, urgent ones and the oldest first."""
        while await asyncio.to_thread(self._sweep) == SWEEP_BATCH:
            pass

    def _sweep(self) -> int:
        now, office = self._now(), self._offices.current()
        with self._database.read() as session:
            due = list(session.scalars(clocks.due_by(now, SWEEP_BATCH)))
        for clock in due:
            try:
                with acting(self._database, self._mint) as tx:
                    reminding.take_step(tx, office, clock, now)
            except Busy:
                raise
            except Exception:
                log.exception("a clock could not step", extra={"clock": clock.id})
                with acting(self._database, self._mint) as tx:
                    tx.execute(
                        update(clocks.Clock)
                        .where(col(clocks.Clock.id) == clock.id)
                        .values(next_at=now + timedelta(hours=1))
                    )
        return len(due)

    async def resume(self) -> None:
        """Try again what waits in the holding pen."""
        now = self._now()
        for row in await asyncio.to_thread(self._read, holding.due_entries, now):
            if (call := self._again(row)) is None:
                continue
            call.now, call.kept = now, holding.entry_row(row)
            call.number, call.code = row.number, row.code
            await asyncio.wrap_future(self._intake.submit(call))

    def _again(self, row: Any) -> Call | None:
        """The call of a journal row, read anew by the rules and code of today."""
        raw = holding.raw_of(row)
        if raw.part == recorded.PART:
            return recorded.call_of(recorded.read(raw.body), raw.body, row.received_at)
        channel = self._channels.get(row.channel)
        return self._intake.read(channel, raw, row.received_at) if channel else None

    def _read(self, query: Callable[..., list[Any]], at: datetime) -> list[Any]:
        with self._database.read() as session:
            return query(session, at)

    async def tidy(self) -> None:
        """Hand in what was said in conversations that were abandoned, and forget the rest."""
        now = self._now()
        for row in await asyncio.to_thread(self._read, dialogues.older_than, now - ABANDONED_AFTER):
            channel = self._channels.get(row.channel)
            dialogue = channel.dialogue if channel else None
            inbound = dialogue.unfinished(row.state) if dialogue else None
            if channel is not None and inbound is not None:
                body = recorded.of(inbound, row.channel)
                call = recorded.call_of(
                    recorded.read(body), body, now, kinds={row.channel: channel.address_kind}
                )
                call.source = channel.source
                await asyncio.wrap_future(self._intake.submit(call))
            await asyncio.to_thread(self._forget, row, now)

    def _forget(self, row: Any, now: datetime) -> None:
        with acting(self._database, self._mint) as tx:
            dialogues.remember(tx, row.channel, row.conversation, state=None, now=now)

    async def refresh(self) -> None:
        """See changes of units, staff and rosters that another process made."""
        await asyncio.to_thread(self._offices.refresh)

    async def catch_up(self) -> None:
        """Ask every channel that can be asked for what was missed while we were down."""
        for name, channel in self._channels.items():
            now = self._now()
            since = self._asked.get(name, now - LOOK_BACK)
            try:
                missed = await channel.missed(since - timedelta(minutes=10))
                waiting = await channel.pending()
            except Exception as error:
                log.warning("a channel could not be asked", extra={"channel": name})
                await asyncio.to_thread(self._alarm, name, f"{type(error).__name__}", now)
                continue
            for inbound in missed:
                record = recorded.read(recorded.of(inbound, name))
                call = recorded.call_of(
                    record, recorded.of(inbound, name), now, kinds={name: channel.address_kind}
                )
                call.source = channel.source
                await asyncio.wrap_future(self._intake.submit(call))
            self._asked[name] = now
            if waiting:
                log.warning("messages wait at a provider", extra={"channel": name, "n": waiting})

    def _alarm(self, name: str, error: str, now: datetime) -> None:
        office = self._offices.current()
        desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
        with acting(self._database, self._mint) as tx:
            standing = tx.execute(
                Task.__table__.select().where(  # type: ignore[attr-defined]
                    col(Task.kind) == TaskKind.CHANNEL_SILENT,
                    col(Task.note) == name,
                    col(Task.done_at).is_(None),
                )
            ).first()
            if standing is not None:
                return
            tx.add(
                Task,
                id=tx.mint(),
                kind=TaskKind.CHANNEL_SILENT,
                unit=desk.code if desk else HOTLINE,
                urgent=True,
                note=name,
                opened_at=now,
                due_at=now + timedelta(minutes=30),
            )
            tx.event("channel_silent", at=now, channel=name, error=error)

    async def round(self) -> None:
        """Find holders for what nobody holds any more; archive what is over."""
        await asyncio.to_thread(rounds.run, self._database, self._mint, self._offices, self._now())

    async def alive(self) -> None:
        """Leave a sign of life; call the outside heartbeat only when the database keeps it."""
        await asyncio.to_thread(self._sign)
        if self._heartbeat is not None:
            await self._heartbeat()

    def _sign(self) -> None:
        with self._database.write() as connection:
            number = self._mint() >> 32
            connection.execute(
                update(Process).where(col(Process.id) == number).values(seen_at=self._now())
            )


def _guarded(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await job()
        except asyncio.CancelledError:  # the process stops; what was claimed comes again
            return
        except Busy as busy:
            log.warning("the database is busy: %s", busy)
        except Exception:
            log.exception("a tick failed")

    run.__name__ = getattr(job, "__name__", "tick")
    return run
