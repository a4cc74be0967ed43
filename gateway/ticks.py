"""What time asks for: what is due is an indexed column, a claim decides who takes it.

Several processes may tick: a deadline is a row, never a job, and taking its step is a conditional
update. A tick that raises comes again; one bad row never stops the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from channels import Channel
from gateway import (
    chores,
    drafts,
    holding,
    missed,
    outreach,
    recorded,
    registry,
    relief,
    repeats,
    rounds,
)
from gateway.chores import Chore
from gateway.clock_jumps import Jumps
from gateway.delivery import Delivery
from gateway.foresight import look_ahead
from gateway.heartbeat import ailments, beat, head_of
from gateway.intake import Call, Intake
from gateway.matters import Memory
from gateway.missed import Missed
from gateway.offices import Offices
from gateway.rhythm import Rhythm
from gateway.routes import Routes, order
from gateway.settings import derived
from gateway.state import State
from gateway.sweeping import Sweep
from models import dialogues
from models.db import Database
from models.messages import Outcome, Raw
from models.processes import Process
from models.transaction import acting

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
CATCH_UP_SECONDS = 240
ATTEND_AGAIN_SECONDS = 30
ABANDONED_AFTER = timedelta(minutes=30)
LASTS = timedelta(hours=6)
"""No talk lasts longer, and no recording comes later."""


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
        key: str = "",
        routes: Routes | None = None,
        more: Sequence[Chore] = (),
        received: Callable[[str, Outcome], None] = lambda _channel, _outcome: None,
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._offices = offices
        self._intake = intake
        self._now = now
        self._heartbeat = heartbeat
        self._received = received
        self._delivery = Delivery(database, mint, channels, offices.current, routes, key)
        self._memory = Memory()
        self._sweep = Sweep(database, mint, offices.current)
        self._missed = Missed(
            database, mint, channels=channels, offices=offices, intake=intake, now=now
        )
        jumps = Jumps(database, mint, now)
        self._rhythm = Rhythm(
            [
                (self.deliver, 1.0),
                (self.sweep, 1.0),
                (self.compare, 1.0),
                (self.resume, 15.0),
                (self.refresh, 5.0),
                (self.catch_up, float(CATCH_UP_SECONDS)),
                (self.alive, 30.0),
                (self.round, 60.0),
                (self.tidy, 60.0),
                (self.relieve, 15.0),
                (self.look_ahead, 3600.0),
                *more,
                (self.reach_out, 60.0),
                (jumps.settle_clock, 60.0),
            ],
            jumped=jumps.note,
        )
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
            heartbeat=partial(beat, url, partial(head_of, state.database)) if url else None,
            key=derived(state.settings.secret_key, "spending"),
            routes=Routes(order(state.settings.routes, state.channels)),
            more=chores.of(state),
            received=state.counts.received,
        )

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        self._rhythm.start()
        self._tasks = [
            asyncio.get_running_loop().create_task(self._attend(channel))
            for channel in self._channels.values()
        ]

    async def stop(self) -> None:
        """Stop ticking and listening; what is under way ends by itself."""
        await self._rhythm.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()

    async def _attend(self, channel: Channel) -> None:
        """Make a channel ready and, where it has to fetch its calls itself, listen for ever."""

        async def deliver(raw: Raw) -> None:
            kept = asyncio.wrap_future(self._intake.receive(channel, raw, self._now()))
            self._received(channel.name, await kept)

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
        """Send what is due."""
        await self._delivery.all_due(self._now)

    async def sweep(self) -> None:
        """Take every step of every clock that is due, urgent ones and the oldest first."""
        await self._sweep.all_due(self._now)

    async def compare(self) -> None:
        """Hold what came in against the open requests; propose what may be one matter."""
        while await asyncio.to_thread(self._compare) == repeats.BATCH:
            pass

    def _compare(self) -> int:
        registry.make_findable(self._database, self._mint)
        return repeats.compare_waiting(self._database, self._mint, self._memory, now=self._now())

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
        """The call of a journal row, read anew by the rules and code of today. One that cannot be
        read waits on in the pen and holds up no other."""
        raw, channel = holding.raw_of(row), self._channels.get(row.channel)
        try:
            if raw.part == recorded.PART:
                record = recorded.read(raw.body)
                return recorded.call_of(record, raw.body, row.received_at, url=raw.url)
            if channel and raw.part in (missed.WISH, missed.ODD):
                return missed.again(channel, raw, row.received_at)
            given = raw, row.received_at, row.provider_key
            return self._intake.read(channel, *given) if channel else None
        except Exception as error:
            call = Call(row.channel, row.channel, "", raw, row.received_at, bytes(row.digest))
            call.problem = error
            return call

    def _read(self, query: Callable[..., list[Any]], at: datetime) -> list[Any]:
        with self._database.read() as session:
            return query(session, at)

    async def tidy(self) -> None:
        """Hand in what was said in conversations that were abandoned, and forget the rest."""
        now, last = self._now(), None
        while rows := await asyncio.to_thread(
            self._read, partial(dialogues.older_than, after=last), now - ABANDONED_AFTER
        ):
            await self._leave(rows, now)
            last = rows[-1]
        await asyncio.to_thread(drafts.purge_old, self._database, self._mint, now)

    async def _leave(self, rows: Sequence[Any], now: datetime) -> None:
        for row in rows:
            channel = self._channels.get(row.channel)
            dialogue = channel.dialogue if channel else None
            if dialogue and row.updated_at > now - LASTS and dialogue.lasts(row.state):
                continue
            inbound = dialogue.unfinished(row.state) if dialogue else None
            if channel is not None and inbound is not None:
                body = recorded.of(inbound, row.channel)
                call = recorded.call_of(
                    recorded.read(body), body, now, kinds={row.channel: channel.address_kind}
                )
                call.source = channel.source
                await asyncio.wrap_future(self._intake.submit(call))
            await asyncio.to_thread(self._forget, row, now - ABANDONED_AFTER)

    def _forget(self, row: Any, before: datetime) -> None:
        with acting(self._database, self._mint) as tx:
            dialogues.abandon(tx, row.channel, row.conversation, before)

    async def relieve(self) -> None:
        """Pass on what is in the hands of people who are gone."""
        office = self._offices.current()
        await asyncio.to_thread(relief.relieve, self._database, self._mint, office, self._now())

    async def look_ahead(self) -> None:
        """Ask for what the days to come will need: rosters, the next year's holidays."""
        office = self._offices.current()
        await asyncio.to_thread(look_ahead, self._database, self._mint, office, self._now())

    async def reach_out(self) -> None:
        """Plan visits, remind of doors that wait."""
        office = self._offices.current()
        await asyncio.to_thread(outreach.run, self._database, self._mint, office, self._now())

    async def refresh(self) -> None:
        """See changes of units, staff and rosters that another process made."""
        await asyncio.to_thread(self._offices.refresh)

    async def catch_up(self) -> None:
        """Ask every channel that can be asked for what was missed while we were down."""
        await self._missed.ask()

    async def round(self) -> None:
        """Find holders for what nobody holds any more; archive what is over."""
        await asyncio.to_thread(rounds.run, self._database, self._mint, self._offices, self._now())

    async def alive(self) -> None:
        """Leave a sign of life; call the outside heartbeat only when all is well: the database
        takes writes, every tick is current, no step is overdue, the ledger ends as it should."""
        await asyncio.to_thread(self._sign)
        if self._heartbeat is None:
            return
        ailing = [f"{name} is silent" for name in self._rhythm.silent()]
        ailing += await asyncio.to_thread(self._ailments)
        if ailing:
            log.error("no heartbeat: %s", "; ".join(ailing))
        else:
            await self._heartbeat()

    def _ailments(self) -> list[str]:
        minutes: Any = self._offices.current().policy.values["overdue_step_minutes"].value
        with self._database.read() as session:
            return ailments(session, self._now(), timedelta(minutes=minutes))

    def _sign(self) -> None:
        with self._database.write() as connection:
            number = self._mint() >> 32
            connection.execute(
                update(Process).where(col(Process.id) == number).values(seen_at=self._now())
            )
