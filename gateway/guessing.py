"""Guessing stays slow: tries are counted for each thing guessed at and for each guesser.

What is counted is kept as a keyed hash, so that the table tells neither numbers nor addresses, and
forgotten within the hour. The pause ends by itself: nobody can lock a number for good.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlmodel import col

from gateway.settings import derived
from models.access import Attempt
from models.transaction import Row, Transaction, acting

if TYPE_CHECKING:
    from gateway.state import State

TRIES = 10
"""Wrong tries at one number within the hour that cost no waiting."""
TRIES_OF_ADDRESS = 20  # a village behind one address has many people
TRIES_TO_BIND = 5
"""Wrong codes for binding that one chat may send within the hour."""
TRIES_TO_BIND_OF_ALL = 100
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
KEPT = timedelta(hours=1)


def subject(secret: str, kind: str, value: str) -> str:
    """The name under which tries at ``value`` are counted; ``kind`` keeps purposes apart."""
    return named(derived(secret, "guessing"), kind, value)


def named(key: str, kind: str, value: str) -> str:
    """``subject`` for whoever has only the key that is derived for this purpose."""
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


def may_try(state: "State", free: Mapping[str, int], *, now: datetime) -> tuple[int, ...]:
    """Count one try for every subject (with its free tries an hour), or say () when one of them
    has to wait: a minute after the last free try, then twice as long after each, at most a quarter
    of an hour.

    A refused try is not counted, so that hammering does not make the pause longer; a right one is
    given back with ``forgive``. Raises ``Busy``: then nothing was counted and nothing may be tried.
    """
    with state.database.read() as session:
        if _must_wait(session.connection(), free, now):  # a flood takes no lock and no sync
            return ()
    with acting(state.database, state.mint) as tx:
        return count_try(tx, free, now)


def count_try(tx: Transaction, free: Mapping[str, int], now: datetime) -> tuple[int, ...]:
    """``may_try`` inside a transaction that is under way; what it has counted already counts."""
    if _must_wait(tx, free, now, under_way=tx.added(Attempt)):
        return ()
    tries = tuple(tx.mint() for _ in free)
    for key, subject in zip(tries, free, strict=True):
        tx.add(Attempt, id=key, at=now, subject=subject)
    tx.later(delete(Attempt).where(col(Attempt.at) < now - KEPT))
    return tries


def forgive(tx: Transaction, tries: Sequence[int]) -> None:
    """What was tried was right: it was no guess."""
    if tries:
        tx.later(delete(Attempt).where(col(Attempt.id).in_(tries)))


def _must_wait(
    reader: Any, free: Mapping[str, int], now: datetime, under_way: Sequence[Row] = ()
) -> bool:
    query = (
        select(col(Attempt.subject), func.count(), func.max(Attempt.at))
        .where(col(Attempt.subject).in_(list(free)), col(Attempt.at) > now - KEPT)
        .group_by(col(Attempt.subject))
    )
    counted = {subject: (count, last) for subject, count, last in reader.execute(query)}
    for row in under_way:
        count, last = counted.get(row["subject"], (0, row["at"]))
        counted[row["subject"]] = count + 1, max(last, row["at"])
    for subject, most in free.items():
        count, last = counted.get(subject, (0, now))
        over = count - most
        if over >= 0 and now < last + min(FIRST_PAUSE * 2 ** min(over, 8), LONGEST_PAUSE):
            return True
    return False
