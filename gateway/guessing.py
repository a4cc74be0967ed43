"""Guessing stays slow: tries are counted for each thing guessed at and for each guesser, before
they are looked at, and after some free ones each next one waits twice as long.

What is counted is kept as a keyed hash, so that the table tells neither numbers nor addresses, and
forgotten within the hour. The pause ends by itself: nobody can lock a number for good. How many
are free and how long one waits is data (``guesses.toml``).
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import tomli
from sqlalchemy import delete, select
from sqlmodel import col

from gateway.settings import derived
from models.access import Attempt
from models.transaction import Row, Transaction, acting
from referral.casework import Refusal

if TYPE_CHECKING:
    from gateway.state import State

Subject = tuple[str, str]
"""What is guessed at, or who guesses: the name of a measure, and a value."""
_NONE = timedelta()
_MINUTE = timedelta(minutes=1)
_DOUBLINGS = 16  # beyond every longest pause


@dataclass(frozen=True, slots=True)
class Measure:
    """So many tries are free within a time; then a pause that doubles with each, up to a longest.
    ``source`` and ``tag`` say where the numbers are from."""

    kind: str
    free: int
    within: timedelta
    first_pause: timedelta
    longest_pause: timedelta
    source: str
    tag: str

    def wait(self, count: int, last: datetime, now: datetime) -> timedelta:
        """How long the next try has to wait after so many, the last of them then."""
        over = count - self.free
        if over < 0:
            return _NONE
        pause = min(self.first_pause * (1 << min(over, _DOUBLINGS)), self.longest_pause)
        return max(last + pause - now, _NONE)


@dataclass(frozen=True, slots=True)
class Tried:
    """A try that was counted and may be looked at, or (false) one that has to ``wait``."""

    counted: tuple[int, ...] = ()
    wait: timedelta = _NONE

    def __bool__(self) -> bool:
        return not self.wait

    def require(self) -> "Tried":
        """Raise ``Refusal`` (429) with the minutes when it has to wait."""
        if self.wait:
            minutes = str(-(self.wait // -_MINUTE))
            raise Refusal("refusal.wait", {"minutes": minutes}, 429)
        return self


@cache
def measures() -> Mapping[str, Measure]:
    """The shipped measures by name."""
    shipped = resources.files("gateway").joinpath("guesses.toml").read_text("utf-8")
    rows = tomli.loads(shipped)["measure"]
    return {
        row["kind"]: Measure(
            row["kind"],
            row["free"],
            within=timedelta(minutes=row["within_minutes"]),
            first_pause=timedelta(seconds=row["first_pause_seconds"]),
            longest_pause=timedelta(minutes=row["longest_pause_minutes"]),
            source=row["source"],
            tag=row["tag"],
        )
        for row in rows
    }


def named(key: str, kind: str, value: str) -> str:
    """The name under which ``value`` is counted, by the key that is derived for this purpose;
    ``kind`` keeps purposes apart."""
    return hmac.new(key.encode(), f"{kind}\0{value}".encode(), sha256).hexdigest()[:32]


def network(address: str) -> str:
    """The name of an address for counting: of IPv6 the first 64 bits, which one household or
    telephone has to itself; whoever has one of those has all the addresses behind it."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, 64), strict=False))
    return str(found)


def attempt(state: "State", what: Sequence[Subject], now: datetime) -> Tried:
    """Count one try for every subject before it is looked at, so that twelve at once are twelve;
    or say how long it has to wait, when one of them must.

    A refused try is not counted, so that hammering does not make the pause longer; a right one is
    given back with ``forgive``. Raises ``Busy``: then nothing was counted and nothing may be tried.
    """
    key = derived(state.settings.secret_key, "guessing")
    with state.database.read() as session:  # a flood takes no lock and no sync
        wait = _wait(session.connection(), _named(key, what), now)
    if wait:
        return Tried(wait=wait)
    with acting(state.database, state.mint) as tx:
        return attempt_in(tx, key, what, now)


def attempt_in(tx: Transaction, key: str, what: Sequence[Subject], now: datetime) -> Tried:
    """``attempt`` inside a transaction that is under way; what it has counted already counts."""
    subjects = _named(key, what)
    if wait := _wait(tx, subjects, now, under_way=tx.added(Attempt)):
        return Tried(wait=wait)
    counted = tuple(tx.mint() for _ in subjects)
    for number, name in zip(counted, subjects, strict=True):
        tx.add(Attempt, id=number, at=now, subject=name)
    oldest = now - max(one.within for one in measures().values())
    tx.later(delete(Attempt).where(col(Attempt.at) < oldest))
    return Tried(counted)


def forgive(tx: Transaction, tried: Tried) -> None:
    """What was tried was right: it was no guess."""
    if tried.counted:
        tx.later(delete(Attempt).where(col(Attempt.id).in_(tried.counted)))


def forget(tx: Transaction, secret: str, what: Subject) -> None:
    """Whatever was tried at this is of no account any more."""
    name = named(derived(secret, "guessing"), *what)
    tx.later(delete(Attempt).where(col(Attempt.subject) == name))


def _named(key: str, what: Sequence[Subject]) -> dict[str, Measure]:
    return {named(key, kind, value): measures()[kind] for kind, value in what}


def _wait(
    reader: Any, subjects: Mapping[str, Measure], now: datetime, under_way: Sequence[Row] = ()
) -> timedelta:
    """The longest that one of them has to wait."""
    earliest = now - max(one.within for one in subjects.values())
    query = select(col(Attempt.subject), col(Attempt.at)).where(
        col(Attempt.subject).in_(list(subjects)), col(Attempt.at) > earliest
    )
    tries: dict[str, list[datetime]] = {name: [] for name in subjects}
    for name, at in reader.execute(query):
        tries[name].append(at)
    for row in under_way:
        if row["subject"] in tries:
            tries[row["subject"]].append(row["at"])
    waits = [_NONE]
    for name, measure in subjects.items():
        counted = [at for at in tries[name] if at > now - measure.within]
        if counted:
            waits.append(measure.wait(len(counted), max(counted), now))
    return max(waits)
