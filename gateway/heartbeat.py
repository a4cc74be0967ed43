"""The sign of life to an outside address: its silence is the alarm (a dead-man switch).

It is given only when all is well: a sign that came while reminders stood still would be worse
than none.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx2
from sqlalchemy import select
from sqlmodel import Session, col

from models.clocks import FIRST
from models.db import Database
from models.events import GENESIS, Event, Ledger, first_broken

log = logging.getLogger(__name__)

SECONDS = 10


def address(url: str, seq: int, digest: str) -> str:
    """The address with where the ledger ends ("seq", "hash"), so that this is known outside."""
    return str(httpx2.URL(url).copy_merge_params({"seq": str(seq), "hash": digest}))


async def beat(url: str, head: Callable[[], tuple[int, str]]) -> None:
    """Call the address once, with the head of the ledger. Failing to reach it is not our failure:
    it alarms by itself."""
    seq, digest = await asyncio.to_thread(head)
    try:
        async with httpx2.AsyncClient(timeout=SECONDS) as client:
            answer = await client.get(address(url, seq, digest))
        failed = "" if answer.status_code < 400 else f"status {answer.status_code}"
    except httpx2.HTTPError as error:
        failed = type(error).__name__
    if failed:  # an address that was never right has no alarm of its own
        log.warning("the address of HUIYIN_HEARTBEAT_URL does not take the heartbeat: %s", failed)


def head_of(database: Database) -> tuple[int, str]:
    """Number and hash of the last entry of the ledger."""
    with database.read() as session:
        row = session.connection().execute(select(col(Ledger.seq), col(Ledger.hash))).one()
    return row.seq, row.hash


def ailments(session: Session, now: datetime, patience: timedelta) -> list[str]:
    """What is not well with the clocks and the ledger, one sentence each; [] when all is."""
    return [*_overdue(session, now, patience), *_head(session), *set_back(session, now, patience)]


def set_back(session: Session, now: datetime, patience: timedelta) -> list[str]:
    """Whether the clock of this machine stands before what was already written."""
    newest = select(col(Event.at)).order_by(col(Event.seq).desc()).limit(1)
    at = session.connection().scalar(newest)
    if at is None or at <= now + patience:
        return []
    return [
        f"the clock of this machine says {now:%Y-%m-%d %H:%M:%S} UTC, but the last entry of the "
        f"ledger is from {at:%Y-%m-%d %H:%M:%S} UTC; set the clock right"
    ]


def _overdue(session: Session, now: datetime, patience: timedelta) -> list[str]:
    """Steps that fell due longer ago than ``patience`` and still wait."""
    found = []
    for urgent in (True, False):
        at = session.connection().scalar(FIRST[urgent])
        if at is not None and at < now - patience:
            kind = "an urgent" if urgent else "a"
            found.append(f"{kind} clock step has waited since {at:%Y-%m-%d %H:%M:%S}")
    return found


def _head(session: Session) -> list[str]:
    """Whether the last entry follows from the one before and is the one that the head names."""
    head = session.scalars(select(Ledger)).one()
    last = list(session.scalars(select(Event).order_by(col(Event.seq).desc()).limit(2)))[::-1]
    tip = (last[-1].seq, last[-1].hash) if last else (0, GENESIS)
    if tip != (head.seq, head.hash):
        return [f"the ledger ends at entry {tip[0]}, its head says {head.seq}"]
    broken = first_broken(last, last[0].previous) if last else None
    return [f"entry {broken.seq} of the ledger does not follow"] if broken else []
