"""What is kept is kept for a time, by class of data (``retention.toml``); then it is erased, and
that it was is in the ledger.

Erased are the words and what recognises a person; number, times, bureaus, clocks and the ledger
stay, so that the accounts still hold and the figures of years can be told. What a hold protects is
left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from itertools import takewhile
from typing import Any

import tomli
from sqlalchemy import delete, select
from sqlmodel import col

from gateway import expiry, look_audit
from gateway.erasure import EMPTIED, of_calls, of_requests
from gateway.expiry import BATCH, Part
from gateway.one_matter import going_on, held
from models import assurances
from models.access import Look
from models.db import Database
from models.journal import JournalEntry
from models.notes import Note, emptied, of_looks
from models.requests import HelpRequest
from models.transaction import Transaction, acting
from models.vocabulary import ContactState


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one class of data is kept, and who says so. ``wish`` is what becomes of it when the
    person asks: it goes "now" or "stays", by a duty (``ground``); "none" where it is not theirs."""

    name: str
    days: int
    since: str
    source: str
    tag: str
    wish: str
    ground: str = ""


@cache
def rules() -> dict[str, Kept]:
    """The shipped rules by name."""
    content = tomli.loads(resources.files("gateway").joinpath("retention.toml").read_text("utf-8"))
    return {
        row["name"]: Kept(**{("since" if key == "from" else key): row[key] for key in row})
        for row in content["class"]
    }


def purge(
    database: Database, mint: Callable[[], int], now: Callable[[], datetime]
) -> dict[str, int]:
    """Erase all whose time is over, batch after batch; how much of each class."""
    done: dict[str, int] = {}
    for name, part in PARTS.items():
        done[name] = 0
        while True:
            with acting(database, mint) as tx:
                ids = part(tx, now() - timedelta(days=rules()[name].days), now())
                done[name] += len(ids)
                if ids:
                    tx.event("purged", at=now(), what=name, count=len(ids), ids=_mark(ids))
            if not ids:
                break
    with acting(database, mint) as tx:
        assurances.tell(tx, "purge", now(), holds=True, figures=done)
    return done


def _mark(ids: Sequence[Any]) -> str:
    """What proves later which records were meant, and names none."""
    return sha256(",".join(sorted(map(str, ids))).encode()).hexdigest()


def _calls(tx: Transaction, before: datetime, _now: datetime) -> list[int]:
    query = (
        select(col(JournalEntry.id))
        .where(
            col(JournalEntry.state) == ContactState.HANDLED,
            col(JournalEntry.received_at) < before,
            col(JournalEntry.url).is_not(None),
            col(JournalEntry.part) != EMPTIED,
            col(JournalEntry.request_id).is_(None) | col(JournalEntry.request_id).not_in(held()),
        )
        .order_by(col(JournalEntry.id))
        .limit(BATCH)
    )
    ids = list(tx.execute(query).scalars())
    of_calls(tx, ids)
    return ids


def _cases(tx: Transaction, before: datetime, now: datetime) -> list[int]:
    query = (
        select(col(HelpRequest.id))
        .where(
            col(HelpRequest.closed_at) < before,
            col(HelpRequest.erased_at).is_(None),
            col(HelpRequest.id).not_in(held()),
            col(HelpRequest.id).not_in(going_on()),
        )
        .order_by(col(HelpRequest.id))
        .limit(BATCH)
    )
    ids = list(tx.execute(query).scalars())
    of_requests(tx, ids, now)
    return ids


def _looks(tx: Transaction, before: datetime, now: datetime) -> list[int]:
    """The oldest, one after the other up to the first whose time is not over: they are a chain."""
    query = select(*map(col, (Look.id, Look.at, Look.seq, Look.hash, Look.purpose)))
    oldest = tx.execute(query.order_by(col(Look.seq)).limit(BATCH))
    over = list(takewhile(lambda look: look.at < before, oldest))
    ids = [look.id for look in over]
    if over:
        tx.execute(emptied(col(Note.id).in_(of_looks(look.purpose for look in over))))
        tx.execute(delete(Look).where(col(Look.id).in_(ids)))
        look_audit.purged(tx, (over[-1].seq, over[-1].hash), now)
    return ids


PARTS: Mapping[str, Part] = {
    "raw_calls": _calls,
    "case_words": _cases,
    "looks": _looks,
    **expiry.PARTS,
}
"""What is erased of each class; cases before their tasks and messages lose them."""
