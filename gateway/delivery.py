"""The outbox leaves the house: claim in one transaction, send outside any, settle each at once.

At least once to the provider, with the row's id as the one idempotency reference of all attempts by
all routes. Where it is not known whether a provider took a message (it did not answer in time, or
this process died before it could settle), the provider is asked first, though its route rests by
now; an urgent message waits for that answer some twenty seconds and is then sent again. A route
that refuses or fails gives way to the next one; so does, for an urgent message, one that took it
and does not say in time that it has arrived. What no route takes or brings becomes a task for a
person.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from channels import Channel
from gateway import conversations, first_reply, spending
from gateway.rewording import reworded
from gateway.routes import Routes, may_have, patience, tried
from gateway.settling import Settling
from models import outbox
from models.db import Busy, Database
from models.messages import Outbound, Unavailable, Undeliverable, Unsure
from models.requests import HelpRequest
from models.transaction import Transaction, acting
from models.vocabulary import OutboxState
from referral.office import Office

log = logging.getLogger(__name__)

GIVE_UP_AFTER = {True: 8, False: 12}  # attempts, by urgent: a person takes over sooner
FIRST_DELAY_SECONDS = {True: 5, False: 30}
DELAY_CAP_SECONDS = {True: 300, False: 3600}
SEND_SECONDS = 15
ROUND_SECONDS = 1.0
MOST_UNDER_WAY = 100
"""Messages that providers are given at the same time."""
BEFORE = timedelta(minutes=2)
"""A provider's clock may be behind ours when it is asked what it took since an attempt."""
_HOLDER = select(col(HelpRequest.holder_person))
"""Whom the task names that asks for a telephone call: who holds the request."""


class Delivery:
    """Sends what is due through the channels of this process."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        channels: Mapping[str, Channel],
        office: Callable[[], Office],
        routes: Routes | None = None,
        key: str = "",
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._office = office
        self._key = key
        self._routes = routes or Routes(())
        self._under_way: set[asyncio.Task[None]] = set()

    async def all_due(self, now: Callable[[], datetime]) -> None:
        """Send what is due, batch after batch, until nothing is and all is settled."""
        async with AsyncExitStack() as stack:
            for channel in self._channels.values():
                await stack.enter_async_context(channel.connected())
            try:
                while await self.round(now):
                    pass
            except asyncio.CancelledError:
                for one in self._under_way:
                    one.cancel()
                raise
            finally:  # connections are closed under nobody
                if self._under_way:
                    await asyncio.wait(self._under_way)
                    self._under_way = set()

    async def round(self, now: Callable[[], datetime], *, limit: int = 50) -> int:
        """Claim and send one batch; how many were claimed, or are under way still. ``now`` is asked
        again at settling. A provider that lets us wait holds up only what it was given: after a
        second the next round may take what has become due meanwhile."""
        room = min(limit, MOST_UNDER_WAY - len(self._under_way))
        pairs = await asyncio.to_thread(self._claim, now(), room) if room > 0 else []
        if not self._under_way:
            self._settling = Settling(self._database, self._mint, _write_sent)
        self._under_way |= {asyncio.ensure_future(self._one(*pair, now)) for pair in pairs}
        if self._under_way:
            await self._some_settled()
        return max(len(pairs), len(self._under_way))

    async def _some_settled(self) -> None:
        done, self._under_way = await asyncio.wait(self._under_way, timeout=ROUND_SECONDS)
        for one in done:
            one.result()

    def _claim(self, now: datetime, limit: int) -> list[tuple[Any, str]]:
        with acting(self._database, self._mint) as tx:
            claimed = outbox.claim(tx, now, limit, lambda row: self._routes.of(row, now))
            office, ways = self._office(), self._channels
            pairs = [(reworded(tx, office, row, way, ways.get(way)), way) for row, way in claimed]
            typed = spending.read(tx, [row for row, _ in pairs], key=self._key, now=now)
            return [
                (row, route)
                for row, route in pairs
                if not self._capped(tx, row, now, typed=row.id in typed)
            ]

    def _capped(self, tx: Transaction, row: Any, now: datetime, *, typed: bool) -> bool:
        """Hold back what would cost too much; a person says it instead where that matters."""
        over = spending.over(tx, self._office(), row, key=self._key, now=now, typed=typed)
        if over is None:
            return False
        outbox.suppress(tx, row.id, over.why)
        if over.is_first:
            conversations.undelivered(tx, self._office(), row, now=now, error=over.why)
        else:
            request = {"id": row.request_id, "number": row.number} if row.request_id else None
            tx.event("message_capped", at=now, request=request, outbox=row.id, why=over.why)
        return True

    async def _one(self, row: Any, route: str, now: Callable[[], datetime]) -> None:
        if row.state == OutboxState.SENT:
            why = row.error or "no receipt of its arrival"
            await self._settle(self._refused, row, now(), why, route)
            return
        try:
            provider_id = await self._taken_before(row, now)
            if provider_id is not None:
                await self._sent(row, now(), provider_id, route)
                return
            if may_have(row) and self._routes.first(route, tried(row), now()) != route:
                await self._settle(self._refused, row, now(), "has not taken it, rests", route)
                return
            provider_id = await asyncio.wait_for(self._send(row, route), SEND_SECONDS)
        except Undeliverable as refused:
            await self._settle(self._refused, row, now(), str(refused), route)
        except (Unsure, TimeoutError) as silent:
            reason = str(silent) or "no answer in time"
            self._note_failure(route, now(), reason)
            await self._settle(self._unsure, row, now(), reason, route)
        except Unavailable as away:
            self._note_failure(route, now(), str(away))
            await self._settle(self._later, row, now(), str(away), route)
        except Exception as bug:
            log.exception("a channel failed", extra={"outbox": row.id, "number": row.number})
            await self._settle(self._later, row, now(), type(bug).__name__, route)
        else:
            self._routes.worked(route)
            await self._sent(row, now(), provider_id, route)

    def _note_failure(self, route: str, at: datetime, reason: str) -> None:
        rest = timedelta(minutes=self._value("route_rest_minutes"))
        self._routes.failed(route, at, most=self._value("route_errors"), rest=rest, why=reason)

    def _value(self, name: str) -> int:
        return int(self._office().policy.values[name].value)

    async def _taken_before(self, row: Any, now: Callable[[], datetime]) -> str | None:
        """What the provider calls a message that it may have taken from an earlier attempt; None
        when it did not. Raises ``Unsure`` while that cannot be said and must be."""
        since = row.unsure_at
        if since is None and row.state == OutboxState.LEASED:  # died before it could settle
            since = outbox.leased_at(row)
        channel = self._channels.get(row.channel)
        if since is None or channel is None:
            return None
        most = self._value("unsure_urgent_seconds")
        try:
            asking = channel.find(self._message(row, row.channel), since - BEFORE)
            return await asyncio.wait_for(asking, min(most, SEND_SECONDS))
        except (Unavailable, TimeoutError):
            if row.urgent and now() - since >= timedelta(seconds=most):
                return None  # rather twice than never
            raise Unsure("the provider cannot say whether it took the message") from None

    def _message(self, row: Any, route: str) -> Outbound:
        callback = f"{self._office().callback_url}/hook/{route}/status?key={row.id}"
        buttons = tuple((value, label) for value, label in row.buttons or ())
        return Outbound(str(row.id), row.address, row.text, row.number, buttons, callback)

    async def _send(self, row: Any, route: str) -> str:
        channel = self._channels.get(route)
        if channel is None:
            raise Undeliverable(f"channel {route} is switched off")
        return await channel.send(self._message(row, route))

    async def _settle(
        self, how: Callable[..., None], row: Any, now: datetime, what: str, route: str
    ) -> None:
        try:
            await asyncio.to_thread(how, row, now, what, route)
        except Busy:  # the lease runs out and it is sent again: at least once
            log.warning("could not settle", extra={"outbox": row.id})

    async def _sent(self, row: Any, now: datetime, provider_id: str, route: str) -> None:
        until = self._awaited_until(row, now, route)
        try:
            await self._settling.write((row, outbox.Sent(row.id, route, now, provider_id, until)))
        except Busy:  # as above
            log.warning("could not settle", extra={"outbox": row.id})

    def _awaited_until(self, row: Any, now: datetime, route: str) -> datetime | None:
        """Until when an urgent message has to have arrived, where that can be known."""
        channel = self._channels.get(route)
        if not row.urgent or channel is None or not channel.receipts:
            return None
        return now + patience(self._office())

    def _refused(self, row: Any, now: datetime, error: str, route: str) -> None:
        """This route will never take it."""
        following = self._routes.next(route, tried(row), now)
        if following is None:
            self._fail(row, now, error)
        else:
            self._again(row, now, error, route=following, left=route, seconds=0)

    def _later(self, row: Any, now: datetime, error: str, route: str) -> None:
        """Not now: the next route, if there is one and this one has had its tries."""
        attempt = row.attempts + 1
        if attempt >= GIVE_UP_AFTER[row.urgent]:
            self._fail(row, now, error)
            return
        following = self._routes.next(route, tried(row), now)
        if following is not None and (row.urgent or attempt >= self._value("route_tries")):
            self._again(row, now, error, route=following, left=route, seconds=0)
            return
        self._again(row, now, error, route=route, seconds=_delay(row.urgent, attempt))

    def _unsure(self, row: Any, now: datetime, error: str, route: str) -> None:
        """Perhaps it was taken: the provider is asked before anything is sent again."""
        attempt = row.attempts + 1
        if attempt >= GIVE_UP_AFTER[row.urgent]:
            self._fail(row, now, error)
            return
        following = self._routes.next(route, tried(row), now)
        if row.urgent and row.unsure_at is not None and following is not None:
            self._again(row, now, error, route=following, left=route, seconds=0)
            return
        seconds = _delay(row.urgent, attempt)
        if row.urgent:
            seconds = min(seconds, self._value("unsure_urgent_seconds"))
        since = row.unsure_at or now
        self._again(row, now, error, route=route, seconds=seconds, unsure_at=since)

    def _again(
        self,
        row: Any,
        now: datetime,
        error: str,
        *,
        route: str,
        seconds: float,
        left: str | None = None,
        unsure_at: datetime | None = None,
    ) -> None:
        with acting(self._database, self._mint) as tx:
            outbox.settle(
                tx,
                row.id,
                state=OutboxState.READY,
                channel=route,
                next_at=now + timedelta(seconds=seconds),
                unsure_at=unsure_at,
                error=error[:500],
                **({"tried": [*tried(row), left], "provider_id": None} if left else {}),
            )

    def _fail(self, row: Any, now: datetime, error: str) -> None:
        with acting(self._database, self._mint) as tx:
            failed = outbox.settle(
                tx, row.id, state=OutboxState.FAILED, next_at=None, error=error[:500]
            )
            if failed:
                holder = tx.execute(_HOLDER.where(col(HelpRequest.id) == row.request_id)).scalar()
                said = f"{holder}: {error}" if holder else error
                conversations.undelivered(tx, self._office(), row, now=now, error=said)


def _write_sent(tx: Transaction, parts: Sequence[tuple[Any, outbox.Sent]]) -> None:
    outbox.settle_sent(tx, [sent for _, sent in parts])
    first_reply.sent(tx, parts)


def _delay(urgent: bool, attempt: int) -> float:
    return float(min(FIRST_DELAY_SECONDS[urgent] * 2 ** (attempt - 1), DELAY_CAP_SECONDS[urgent]))
