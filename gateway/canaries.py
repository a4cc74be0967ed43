"""Canaries: messages of our own that go out into a channel and must come back through it.

``HUIYIN_CANARIES`` names where each is sent: a telephone or account of the county that sends on to
the line whatever it gets (``sms=+86...``), or ``self`` for a channel that can be called from here.
One that comes home is a journal entry and an assurance, never a contact, a request or a figure.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels import Channel
from gateway.accounting import CANARY
from gateway.guessing import named
from gateway.settings import BadSettings
from models import assurances
from models.db import Database
from models.messages import Canary, Happening, Inbound, Outbound, Turn
from models.transaction import Row, Transaction, acting
from models.vocabulary import TaskKind
from referral import telling
from referral.directory import HOTLINE
from referral.office import Office

if TYPE_CHECKING:
    from gateway.intake import Call

log = logging.getLogger(__name__)

PREFIX = "HUIYIN-CANARY "
EVERY = timedelta(minutes=30)
HOME_WITHIN = timedelta(minutes=10)
BELIEVED_FOR = timedelta(hours=24)
_SECONDS = 10


def token(key: str, at: datetime) -> str:
    """The words of a canary that is sent at this time; nobody without the key can write them."""
    stamp = f"{at.astimezone(UTC):%Y%m%d%H%M%S}"
    return f"{PREFIX}{stamp} {named(key, 'canary', stamp)}"


def seen(key: str, happening: Happening, now: datetime) -> Happening:
    """The same, or a ``Canary`` when these are the words of one of ours. Whoever only writes like
    one is a citizen like any other."""
    inbound = happening.message if isinstance(happening, Turn) else happening
    if not isinstance(inbound, Inbound) or not inbound.text.startswith(PREFIX):
        return happening
    stamp, _, proof = inbound.text.removeprefix(PREFIX).strip().partition(" ")
    wanted = named(key, "canary", stamp)
    if not hmac.compare_digest(proof.strip().encode(), wanted.encode()):
        return happening
    sent_at = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return Canary(inbound.external_id, sent_at) if now - sent_at < BELIEVED_FOR else happening


def seen_in(key: str, happenings: Sequence[Happening], now: datetime) -> Sequence[Happening]:
    """``seen`` for all that one call says."""
    return [seen(key, happening, now) for happening in happenings]


def home(tx: Transaction, call: "Call", canary: Canary, entry: Row) -> None:
    """A canary is back."""
    entry["part"] = CANARY
    took = (call.now - canary.sent_at).total_seconds()
    name = f"canary:{call.channel}"
    assurances.tell(tx, name, call.now, holds=True, figures={"seconds": round(took)})


def targets(said: str, channels: Mapping[str, Channel]) -> dict[str, str]:
    """Channel and address of each canary. Raises ``BadSettings``."""
    found = {}
    for pair in filter(None, (one.strip() for one in said.split(","))):
        name, equals, address = pair.partition("=")
        if not equals or name not in channels:
            raise BadSettings(
                f"HUIYIN_CANARIES: {pair!r} names no channel that is switched on; write "
                "channel=address, channel=address"
            )
        found[name] = address
    return found


class Canaries:
    """Sends them, and raises alarm for those that do not come back."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        channels: Mapping[str, Channel],
        office: Callable[[], Office],
        *,
        flights: Mapping[str, str],
        address: str,
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._office = office
        self._flights = flights
        self._address = address.rstrip("/")

    def begin(self, now: datetime) -> list[str]:
        """Look for those that are lost, and say whose turn it is to fly. Raises ``Busy``."""
        due = []
        with acting(self._database, self._mint) as tx:
            for name in self._flights:
                mark = f"canary:{name}"
                if not assurances.is_home(tx, mark, now, HOME_WITHIN):
                    self._lost(tx, name, now)
                if assurances.claim(tx, mark, now, EVERY):
                    due.append(name)
        return due

    def _lost(self, tx: Transaction, name: str, now: datetime) -> None:
        asked = telling.ask_once(
            tx, TaskKind.CANARY_LOST, unit=HOTLINE, note=name, urgent=True, now=now
        )
        if asked:
            assurances.tell(tx, f"canary:{name}", now, holds=False, figures={})
            tx.event("canary_lost", at=now, channel=name)

    async def send_due(self, now: Callable[[], datetime]) -> None:
        """One turn: alarms for the lost, then those whose turn it is."""
        for name in await asyncio.to_thread(self.begin, now()):
            await self.fly(name, now())

    async def fly(self, name: str, now: datetime) -> None:
        """Send one. That it could not leave is found out like everything else: it is not back."""
        words = token(self._office().guessing_key, now)
        channel = self._channels[name]
        try:
            if self._flights[name] == "self":
                await self._call(channel, words)
            else:
                await channel.send(Outbound(f"canary-{name}", self._flights[name], words))
        except Exception as error:
            log.warning("a canary did not leave: %s", type(error).__name__, extra={"way": name})

    async def _call(self, channel: Channel, words: str) -> None:
        raw = channel.probe(words)
        if raw is None:
            raise BadSettings(f"the channel {channel.name} cannot be called from here")
        import httpx2  # only a worker calls

        async with httpx2.AsyncClient(timeout=_SECONDS) as client:
            where = f"{self._address}/hook/{channel.name}"
            await client.post(where, content=raw.body, headers=dict(raw.headers))
