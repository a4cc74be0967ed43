"""The outbox leaves the house: claim in one transaction, send outside any, settle one by one.

At least once to the provider, with the row's id as the idempotency reference. A crash between
sending and settling lets the lease run out and the message is sent again, later each time. What a
provider refuses for good, or what failed too often, becomes a task for a person.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from channels import Channel
from gateway import conversations, spending
from models import outbox
from models.db import Busy, Database
from models.messages import Outbound, Unavailable, Undeliverable
from models.transaction import Transaction, acting
from models.vocabulary import OutboxState
from referral import promises
from referral.office import Office

log = logging.getLogger(__name__)

GIVE_UP_AFTER = {True: 8, False: 12}  # attempts, by urgent: a person takes over sooner
FIRST_DELAY_SECONDS = {True: 5, False: 30}
DELAY_CAP_SECONDS = {True: 300, False: 3600}
SEND_SECONDS = 15


class Delivery:
    """Sends what is due through the channels of this process."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        channels: Mapping[str, Channel],
        office: Callable[[], Office],
        key: str = "",
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._office = office
        self._key = key

    async def round(self, now: Callable[[], datetime], *, limit: int = 50) -> int:
        """Send one batch; returns how many were claimed. ``now`` is asked again at settling."""
        rows = await asyncio.to_thread(self._claim, now(), limit)
        await asyncio.gather(*(self._one(row, now) for row in rows))
        return len(rows)

    def _claim(self, now: datetime, limit: int) -> list[Any]:
        with acting(self._database, self._mint) as tx:
            return [row for row in outbox.claim(tx, now, limit) if not self._capped(tx, row, now)]

    def _capped(self, tx: Transaction, row: Any, now: datetime) -> bool:
        """Hold back what would cost too much; a person says it instead where that matters."""
        over = spending.over(tx, self._office(), row, key=self._key, now=now)
        if over is None:
            return False
        outbox.suppress(tx, row.id, over.why)
        if over.is_first:
            conversations.undelivered(tx, self._office(), row, now=now, error=over.why)
        else:
            request = {"id": row.request_id, "number": row.number} if row.request_id else None
            tx.event("message_capped", at=now, request=request, outbox=row.id, why=over.why)
        return True

    async def _one(self, row: Any, now: Callable[[], datetime]) -> None:
        try:
            provider_id = await asyncio.wait_for(self._send(row), SEND_SECONDS)
        except Undeliverable as refused:
            await self._settle(self._fail, row, now(), str(refused))
        except (Unavailable, TimeoutError) as away:
            await self._settle(self._later, row, now(), str(away) or "no answer in time")
        except Exception as bug:
            log.exception("a channel failed", extra={"outbox": row.id, "number": row.number})
            await self._settle(self._later, row, now(), type(bug).__name__)
        else:
            await self._settle(self._sent, row, now(), provider_id)

    async def _send(self, row: Any) -> str:
        channel = self._channels.get(row.channel)
        if channel is None:
            raise Undeliverable(f"channel {row.channel} is switched off")
        office = self._office()
        callback = f"{office.callback_url}/hook/{row.channel}/status?key={row.id}"
        buttons = tuple((value, label) for value, label in row.buttons or ())
        return await channel.send(
            Outbound(str(row.id), row.address, row.text, row.number, buttons, callback)
        )

    async def _settle(self, how: Callable[..., None], row: Any, now: datetime, what: str) -> None:
        try:
            await asyncio.to_thread(how, row, now, what)
        except Busy:  # the lease runs out and it is sent again: at least once
            log.warning("could not settle", extra={"outbox": row.id})

    def _sent(self, row: Any, now: datetime, provider_id: str) -> None:
        with acting(self._database, self._mint) as tx:
            outbox.settle(
                tx,
                row.id,
                state=OutboxState.SENT,
                sent_at=now,
                provider_id=provider_id,
                next_at=None,
                error=None,
            )
            if row.request_id is not None and row.staff is None:
                promises.stop(tx, row.request_id, ("CLK-FIRST-REPLY",), now)

    def _later(self, row: Any, now: datetime, error: str) -> None:
        attempt = row.attempts + 1
        if attempt >= GIVE_UP_AFTER[row.urgent]:
            self._fail(row, now, error)
            return
        seconds = min(
            FIRST_DELAY_SECONDS[row.urgent] * 2 ** (attempt - 1), DELAY_CAP_SECONDS[row.urgent]
        )
        with acting(self._database, self._mint) as tx:
            outbox.settle(
                tx,
                row.id,
                state=OutboxState.READY,
                next_at=now + timedelta(seconds=seconds),
                error=error[:500],
            )

    def _fail(self, row: Any, now: datetime, error: str) -> None:
        with acting(self._database, self._mint) as tx:
            failed = outbox.settle(
                tx, row.id, state=OutboxState.FAILED, next_at=None, error=error[:500]
            )
            if failed:
                conversations.undelivered(tx, self._office(), row, now=now, error=error)
