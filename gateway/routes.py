"""Which way out a message takes, and which is next when that one fails.

For telephones: the routes of ``HUIYIN_ROUTES`` in order, else every channel that is on (text
messages before calls). A route that failed often within the last minute rests for some minutes, as
long as another one does not (GOV.UK Notify does the same with its providers); afterwards it is
tried again like any other.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from channels import Channel
from gateway.settings import BadSettings
from models.vocabulary import OutboxState
from referral.office import Office

log = logging.getLogger(__name__)

WITHIN = timedelta(minutes=1)
TELEPHONE = "tel"


def order(said: str, channels: Mapping[str, Channel]) -> tuple[str, ...]:
    """The routes to a telephone, best first. Raises ``BadSettings``."""
    reach = [
        name
        for name, channel in channels.items()
        if channel.pushes and channel.address_kind == TELEPHONE
    ]
    named = [one.strip() for one in said.split(",") if one.strip()]
    for name in named:
        if name not in reach:
            raise BadSettings(
                f"HUIYIN_ROUTES: {name!r} is no channel that reaches telephones and is on "
                f"(there are {', '.join(reach) or 'none'})"
            )
    return tuple(named or sorted(reach, key=lambda name: (name == "voice", name != "sms")))


def patience(office: Office) -> timedelta:
    """How long an urgent message that was sent may be without a receipt of its arrival."""
    minutes: Any = office.policy.values["undelivered_urgent_minutes"].value
    return timedelta(minutes=minutes)


def tried(row: Any) -> list[str]:
    """The routes that a message has already gone in vain."""
    return list(row.tried or ())


def may_have(row: Any) -> bool:
    """Whether the route that a message bears may have taken it without our knowing."""
    return row.unsure_at is not None or row.state == OutboxState.LEASED


class Routes:
    """The ways to a telephone and how they have fared lately, as this process saw it."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._failed: dict[str, deque[datetime]] = {}
        self._rests_until: dict[str, datetime] = {}
        self._told: dict[str, datetime] = {}

    def failed(self, name: str, at: datetime, *, most: int, rest: timedelta, why: str = "") -> None:
        """Count a failure that is the route's own; the last of too many lets it rest. Why it fails
        is said once a minute."""
        told = self._told.get(name)
        if why and (told is None or not told <= at < told + WITHIN):
            self._told[name] = at
            log.warning("a way out fails: %s", why, extra={"channel": name})
        lately = self._failed.setdefault(name, deque())
        lately.append(at)
        while lately and lately[0] <= at - WITHIN:
            lately.popleft()
        if len(lately) >= most:
            self._rests_until[name] = at + rest
            lately.clear()

    def worked(self, name: str) -> None:
        """A message was taken: it need not rest any longer."""
        self._rests_until.pop(name, None)

    def of(self, row: Any, at: datetime) -> str:
        """The route by which a message goes now; what was taken and did not arrive keeps its own
        until that is given up, what may have been taken until it has been asked."""
        if row.state == OutboxState.SENT or may_have(row):
            return str(row.channel)
        return self.first(row.channel, tried(row), at)

    def first(self, wanted: str, tried: Sequence[str], at: datetime) -> str:
        """The route to begin with: the one that was meant, unless it rests and another does not."""
        if wanted not in self._names or not self._rests(wanted, at):
            return wanted
        fresh = [one for one in self._open(tried) if not self._rests(one, at)]
        return fresh[0] if fresh else wanted

    def next(self, current: str, tried: Sequence[str], at: datetime) -> str | None:
        """The route after this one, not tried yet, those that rest last; None: there is none."""
        if current not in self._names:
            return None
        left = [one for one in self._open(tried) if one != current]
        return min(left, key=lambda one: self._rests(one, at)) if left else None

    def _open(self, tried: Sequence[str]) -> list[str]:
        return [one for one in self._names if one not in tried]

    def _rests(self, name: str, at: datetime) -> bool:
        until = self._rests_until.get(name)
        return until is not None and at < until
