"""Guessing stays slow: tries are counted for each thing guessed at and for each guesser.

What is counted is kept as a keyed hash, so that the table tells neither numbers nor addresses, and
forgotten within the hour. The pause ends by itself: nobody can lock a number for good.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlmodel import col

from gateway.settings import derived
from models.access import Attempt
from models.transaction import Transaction, acting

if TYPE_CHECKING:
    from gateway.state import State

TRIES = 5
WINDOW = timedelta(minutes=1)
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


def may_try(state: "State", subjects: Sequence[str], *, now: datetime) -> bool:
    """Count one try for every subject, or say False when one of them has had its tries.

    Five tries within any minute each. A refused try is not counted, so that hammering does not
    make the pause longer. Raises ``Busy``: then nothing was counted and nothing may be tried.
    """
    with state.database.read() as session:
        if _used_up(session.connection(), subjects, now):  # a flood takes no lock and no sync
            return False
    with acting(state.database, state.mint) as tx:
        return count_try(tx, subjects, now)


def count_try(tx: Transaction, subjects: Sequence[str], now: datetime) -> bool:
    """``may_try`` inside a transaction that is under way."""
    if _used_up(tx, subjects, now):
        return False
    for one in subjects:
        tx.add(Attempt, id=tx.mint(), at=now, subject=one)
    tx.later(delete(Attempt).where(col(Attempt.at) < now - KEPT))
    return True


def _used_up(reader: Any, subjects: Sequence[str], now: datetime) -> bool:
    query = (
        select(func.count())
        .where(col(Attempt.subject).in_(subjects), col(Attempt.at) > now - WINDOW)
        .group_by(col(Attempt.subject))
    )
    return any(count >= TRIES for (count,) in reader.execute(query))
