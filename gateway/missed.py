"""What providers took for us while we were away: asked for, and brought in one by one.

Each is the call that its web hook would have been, so what came both ways is kept once. One that
cannot be read waits in the holding pen with its error; the others go on.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from channels import Channel
from gateway import alarms, recorded
from gateway.cleaning import clean
from gateway.intake import Call, Intake
from gateway.offices import Offices
from models import assurances
from models.db import Busy, Database
from models.messages import Inbound, Preference, Raw, Unavailable
from models.processes import Process
from models.transaction import acting

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=24)
"""How far a process that begins looks back at least."""
KEPT_BY_PROVIDERS = timedelta(days=30)
"""How far it looks back at most: what every provider still lists."""
MARGIN = timedelta(minutes=10)
MANY_WAIT, TOO_OFTEN = 10, 3
"""So many that wait at a provider, so many askings in a row, are a task for the desk."""
WISH = "wish"
"""The part under which the journal keeps a missed stop-word, and what marks one that is odd."""
ODD = "odd"


class Missed:
    """The asking of one process. What it has seen last is kept as the assurance ``asked:…``, so
    that the next process begins where any before it ended."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        *,
        channels: Mapping[str, Channel],
        offices: Offices,
        intake: Intake,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._offices = offices
        self._intake = intake
        self._now = now
        self._asked: dict[str, datetime] = {}
        self._crowded: dict[str, int] = {}

    async def ask(self) -> None:
        """Ask every channel that can be asked. One that cannot is a task; the others go on."""
        for name, channel in self._channels.items():
            now = self._now()
            try:
                since = self._asked.get(name)
                if since is None:
                    since = await asyncio.to_thread(self._first, name, now)
                missed = await channel.missed(since - MARGIN)
                waiting = await channel.pending()
            except Busy:
                raise
            except Exception as error:
                why = str(error) if isinstance(error, Unavailable) else type(error).__name__
                log.warning("a channel could not be asked: %s", why, extra={"channel": name})
                await asyncio.to_thread(self._alarm, name, type(error).__name__, now)
                continue
            for said in missed:
                await self._bring_in(channel, said, now)
            await asyncio.to_thread(self._note, name, len(missed), now)
            await self._hear(name, waiting or 0, now)

    async def _bring_in(self, channel: Channel, said: Inbound | Preference, now: datetime) -> None:
        try:
            call = call_of(channel, said, now)
        except Exception as error:  # whatever it is: it must not hold up the others
            call = _odd(channel, said, now, error)
        await asyncio.wrap_future(self._intake.submit(call))

    def _first(self, name: str, now: datetime) -> datetime:
        """Where a process begins: what was seen last, or else the last sign of life of those that
        ran before."""
        long_ago = now - LOOK_BACK
        with self._database.read() as session:
            mark = assurances.every(session).get(f"asked:{name}")
            seen = mark.held_at if mark else None
            if seen is None:
                before = col(Process.started_at) < long_ago
                seen = session.scalar(select(func.max(col(Process.seen_at))).where(before))
        return max(min(seen or long_ago, long_ago), now - KEPT_BY_PROVIDERS)

    def _note(self, name: str, found: int, now: datetime) -> None:
        with acting(self._database, self._mint) as tx:
            assurances.tell(tx, f"asked:{name}", now, holds=True, figures={"found": found})
        self._asked[name] = now

    async def _hear(self, name: str, waiting: int, now: datetime) -> None:
        """Say how many wait at the provider; when they stay many, to the desk."""
        if waiting:
            log.warning("messages wait at a provider", extra={"channel": name, "n": waiting})
        self._crowded[name] = self._crowded.get(name, 0) + 1 if waiting >= MANY_WAIT else 0
        if self._crowded[name] >= TOO_OFTEN:
            await asyncio.to_thread(self._alarm, name, "messages wait at the provider", now)

    def _alarm(self, name: str, error: str, now: datetime) -> None:
        with acting(self._database, self._mint) as tx:
            alarms.channel_silent(tx, self._offices.current(), name, error, now)


def call_of(channel: Channel, said: Inbound | Preference, now: datetime) -> Call:
    """The call that something missed is; the same one whenever it is found again."""
    if isinstance(said, Preference):
        body = json.dumps(
            {"external_id": said.external_id, "sender": said.sender, "stop": said.stop}
        ).encode()
        return _call(channel, said.external_id, body, now, part=WISH, happenings=(clean(said),))
    whole = clean(said)
    assert isinstance(whole, Inbound)
    body = recorded.of(whole, channel.name)
    kinds = {channel.name: channel.address_kind}
    call = recorded.call_of(recorded.read(body), body, now, kinds=kinds)
    call.source = channel.source
    return call


def again(channel: Channel, raw: Raw, now: datetime) -> Call:
    """A missed stop-word, or something odd, out of the holding pen. Raises ValueError for what
    only a person can read."""
    kept = json.loads(raw.body)
    if raw.part != WISH:
        raise ValueError("only a person can read this")
    return call_of(channel, Preference(kept["external_id"], kept["sender"], kept["stop"]), now)


def _odd(channel: Channel, said: Any, now: datetime, error: Exception) -> Call:
    """What cannot be read, for the holding pen: as it is, and its words where there are some."""
    body = json.dumps(asdict(said), default=str).encode()
    key = f"odd:{sha256(body).hexdigest()[:32]}"
    words = (clean(said),) if isinstance(said, Inbound) else ()
    call = _call(channel, key, body, now, part=ODD, happenings=words)
    call.problem = error
    return call


def _call(
    channel: Channel, key: str, body: bytes, now: datetime, *, part: str, happenings: Any = ()
) -> Call:
    return Call(
        channel=channel.name,
        source=channel.source,
        address_kind=channel.address_kind,
        raw=Raw(f"missed://{channel.name}", body, {}, part=part),
        now=now,
        digest=sha256(f"{part}\0{channel.name}\0{key}".encode()).digest(),
        provider_key=key,
        happenings=happenings,
    )
