"""What is kept is kept for a time, by class of data (``retention.toml``); then it is erased, and
that it was is in the ledger.

Erased are the words and what recognises a person; number, times, bureaus, clocks and the ledger
stay, so that the accounts still hold and the figures of years can be told. What a hold protects is
left alone.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import attachments
from models import assurances
from models.access import Look
from models.db import Database
from models.disputes import Dispute
from models.holds import LegalHold
from models.journal import JournalEntry
from models.likenesses import Likeness, Merger, RepeatKey
from models.outbox import Outgoing
from models.people import Address, Person
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import Transaction, acting
from models.vocabulary import ContactState

BATCH = 100
ERASED = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one class of data is kept, and who says so."""

    name: str
    days: int
    since: str
    source: str
    tag: str


@cache
def rules() -> dict[str, Kept]:
    """The shipped rules by name."""
    content = tomllib.loads(
        resources.files("gateway").joinpath("retention.toml").read_text("utf-8")
    )
    return {
        row["name"]: Kept(row["name"], row["days"], row["from"], row["source"], row["tag"])
        for row in content["class"]
    }


def held() -> Any:
    """The requests that a hold protects, as a subquery."""
    return select(col(LegalHold.request_id)).where(col(LegalHold.lifted_at).is_(None))


def purge(
    database: Database, mint: Callable[[], int], now: Callable[[], datetime]
) -> dict[str, int]:
    """Erase all whose time is over, batch after batch; how much of each class."""
    done = {"raw_calls": 0, "case_words": 0, "looks": 0}
    for name, part in (("raw_calls", _calls), ("case_words", _cases), ("looks", _looks)):
        while True:
            with acting(database, mint) as tx:
                ids = part(tx, now() - timedelta(days=rules()[name].days), now())
                done[name] += len(ids)
                if ids:
                    tx.event("purged", at=now(), what=name, count=len(ids), ids=_mark(ids))
            if len(ids) < BATCH:
                break
    with acting(database, mint) as tx:
        assurances.tell(tx, "purge", now(), holds=True, figures=done)
    return done


def _mark(ids: Sequence[int]) -> str:
    """What proves later which records were meant, and names none."""
    return sha256(",".join(map(str, sorted(ids))).encode()).hexdigest()


def _calls(tx: Transaction, before: datetime, _now: datetime) -> list[int]:
    query = (
        select(col(JournalEntry.id))
        .where(
            col(JournalEntry.state) == ContactState.HANDLED,
            col(JournalEntry.received_at) < before,
            col(JournalEntry.url).is_not(None),
            col(JournalEntry.part) != _EMPTIED,
            col(JournalEntry.request_id).is_(None) | col(JournalEntry.request_id).not_in(held()),
        )
        .order_by(col(JournalEntry.id))
        .limit(BATCH)
    )
    ids = list(tx.execute(query).scalars())
    _empty(tx, ids)
    return ids


_EMPTIED = "erased"


def _empty(tx: Transaction, ids: Sequence[int]) -> None:
    blank: dict[str, Any] = {
        "url": "",
        "query": "",
        "headers": {},
        "body": b"",
        "outcome": None,
        "error": None,
    }
    tx.execute(
        update(JournalEntry)
        .where(col(JournalEntry.id).in_(ids))
        .values(**blank, code=None, part=_EMPTIED)
    )


def _cases(tx: Transaction, before: datetime, now: datetime) -> list[int]:
    query = (
        select(col(HelpRequest.id))
        .where(
            col(HelpRequest.closed_at) < before,
            col(HelpRequest.erased_at).is_(None),
            col(HelpRequest.id).not_in(held()),
        )
        .order_by(col(HelpRequest.id))
        .limit(BATCH)
    )
    ids = list(tx.execute(query).scalars())
    erase(tx, ids, now)
    return ids


def _looks(tx: Transaction, before: datetime, _now: datetime) -> list[int]:
    query = select(col(Look.id)).where(col(Look.at) < before).limit(BATCH)
    ids = list(tx.execute(query).scalars())
    tx.execute(delete(Look).where(col(Look.id).in_(ids)))
    return ids


_NO_WORDS: dict[str, Any] = {
    "text": ERASED,
    "sender": ERASED,
    "name": None,
    "place": None,
    "location": None,
    "media": None,
    "assessment": None,
    "reporter": None,
}


def erase(tx: Transaction, requests: Sequence[int], now: datetime) -> None:
    """Take the words and what recognises a person out of these requests and all about them."""
    if not requests:
        return
    contacts = tx.execute(
        select(col(Contact.id), col(Contact.journal_id)).where(
            col(Contact.request_id).in_(requests)
        )
    ).all()
    _empty(tx, [row.journal_id for row in contacts])
    attachments.forget(tx, requests)
    for statement in (
        delete(RepeatKey).where(col(RepeatKey.contact_id).in_([row.id for row in contacts])),
        update(Contact).where(col(Contact.request_id).in_(requests)).values(**_NO_WORDS),
        update(Outgoing)
        .where(col(Outgoing.request_id).in_(requests))
        .values(text=ERASED, address=ERASED, params={}, error=None),
        update(Task).where(col(Task.request_id).in_(requests)).values(note=ERASED),
        update(Referral).where(col(Referral.request_id).in_(requests)).values(result=None),
        update(Dispute)
        .where(col(Dispute.request_id).in_(requests))
        .values(reason=ERASED, decided_reason=None),
        update(Likeness)
        .where(col(Likeness.request_id).in_(requests) | col(Likeness.other_id).in_(requests))
        .values(findings=[], reason=ERASED),
        update(Merger)
        .where(col(Merger.request_id).in_(requests) | col(Merger.master_id).in_(requests))
        .values(before={}, reason=ERASED),
        update(HelpRequest)
        .where(col(HelpRequest.id).in_(requests))
        .values(summary=ERASED, place=None, code=ERASED, erased_at=now),
    ):
        tx.execute(statement)
    _forget_people(tx, requests)


def _forget_people(tx: Transaction, requests: Sequence[int]) -> None:
    """Whoever has no request left with words in it is forgotten: the name and every address."""
    people = select(col(HelpRequest.person_id)).where(col(HelpRequest.id).in_(requests))
    still = select(col(HelpRequest.person_id)).where(col(HelpRequest.erased_at).is_(None))
    gone = list(
        tx.execute(
            select(col(Person.id)).where(col(Person.id).in_(people), col(Person.id).not_in(still))
        ).scalars()
    )
    tx.execute(update(Person).where(col(Person.id).in_(gone)).values(name=None))
    tx.execute(
        delete(Address).where(col(Address.person_id).in_(gone), col(Address.staff).is_(None))
    )
