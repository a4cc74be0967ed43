"""Requests and contacts against what the ledger says of them, some thousand requests at a time.

Nothing is held for the whole ledger: a page of requests is compared with the entries about them.
Only a contact whose marks stand with another request, because the two were merged, waits for one
more pass over the entries with words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from gateway import ledger_kept
from gateway.ledger_told import Told
from models.events import Event
from models.messages import mark
from models.requests import Contact, HelpRequest
from models.vocabulary import Level, Status

PAGE = 2000
AT_ONCE = 20_000
_WITH_WORDS = ("received", "contact_attached")
_OF_REQUEST: tuple[Any, ...] = (
    HelpRequest.id, HelpRequest.number, HelpRequest.status, HelpRequest.level,
    HelpRequest.closed_at, HelpRequest.erased_at, HelpRequest.lead_bureau, HelpRequest.confidential,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Words:
    """A contact, and the hash of what it says now; "" when it says nothing any more."""

    journal: int
    number: str
    erased: bool
    now: str


Marks = Mapping[int, set[str]]
"""What the ledger marks the words of a call (its id in the journal) with."""


def disagreements(session: Session) -> Iterator[str]:
    """Requests whose row says something else than the last entry about it: a status that no act
    brought about, a level that nobody lowered, another lead; what is kept beside them otherwise
    than the ledger says (``ledger_kept``). Contacts whose words, name, sender or place are not
    those that the ledger has marked, and marked words that are gone without their request being
    erased."""
    elsewhere: list[_Words] = []
    after = -(2**63)
    while rows := _requests(session, after):
        after = rows[-1].id
        ids = [row.id for row in rows]
        said, marks = _entries(session, ids)
        for row in rows:
            yield from _row_faults(row, said.get(row.id))
        yield from ledger_kept.faults(session, rows, said)
        for words in _contacts(session, ids):
            if words.journal in marks:
                yield from _word_faults(words, marks)
            else:
                elsewhere.append(words)
        if len(elsewhere) >= AT_ONCE:
            yield from _moved(session, elsewhere)
            elsewhere = []
    if elsewhere:
        yield from _moved(session, elsewhere)


def _requests(session: Session, after: int) -> Sequence[Any]:
    query = select(*map(col, _OF_REQUEST))
    wanted = query.where(col(HelpRequest.id) > after).order_by(col(HelpRequest.id)).limit(PAGE)
    found: Sequence[Any] = session.connection().execute(wanted).all()
    return found


def _entries(session: Session, ids: Sequence[int]) -> tuple[Mapping[int, Told], Marks]:
    said: defaultdict[int, Told] = defaultdict(Told)
    marks: defaultdict[int, set[str]] = defaultdict(set)
    entries = session.connection().execute(
        select(col(Event.request_id), col(Event.kind), col(Event.detail))
        .where(col(Event.request_id).in_(ids))
        .order_by(col(Event.seq))
    )
    for row in entries:
        detail = orjson.loads(row.detail)
        said[row.request_id].hear(row.kind, detail)
        if row.kind in _WITH_WORDS and detail.get("words"):
            marks[int(detail["journal"])].add(detail["words"])
    return said, marks


def _row_faults(one: Any, told: Told | None) -> Iterator[str]:
    if told is None:
        yield f"{one.number} is in no entry of the ledger"
        told = Told()
    if told.status is not None and one.status != told.status:
        yield f"{one.number} stands at {one.status}, the ledger says {told.status}"
    if told.level is not None and Level(one.level).rank > Level(told.level).rank:
        yield f"{one.number} has the level {one.level}, the ledger says {told.level}"
    if (one.closed_at is None) != Status(one.status).is_open:
        yield f"{one.number} stands at {one.status} and was closed at {one.closed_at}"
    if told.lead is not None and one.lead_bureau != told.lead:
        yield f"{one.number} is led by {one.lead_bureau}, the ledger says {told.lead}"
    if told.confidential and not one.confidential:
        yield f"{one.number} is not confidential, the ledger says it is"


def _contacts(session: Session, ids: Sequence[int]) -> Iterator[_Words]:
    said = (Contact.sender, Contact.name, Contact.text, Contact.place)
    rows = session.connection().execute(
        select(
            col(Contact.journal_id),
            col(Contact.salt),
            *map(col, said),
            col(HelpRequest.number),
            col(HelpRequest.erased_at),
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(col(Contact.request_id).in_(ids))
        .order_by(col(Contact.id))
    )
    for row in rows:
        now = mark(row.salt or "", row.sender, row.name, row.text, row.place)
        yield _Words(row.journal_id, row.number, row.erased_at is not None, now)


def _word_faults(words: _Words, marks: Marks) -> Iterator[str]:
    if not words.now:
        if not words.erased:
            yield f"words of {words.number} have lost what the ledger marks them by"
    elif words.now not in marks[words.journal]:
        yield f"words of {words.number} are not those that the ledger has marked"


def _moved(session: Session, elsewhere: Sequence[_Words]) -> Iterator[str]:
    """Contacts whose marks do not stand with their own request; some, of before words were marked,
    have none at all."""
    wanted = {words.journal for words in elsewhere}
    marks: defaultdict[int, set[str]] = defaultdict(set)
    entries = session.connection().execute(
        select(col(Event.detail)).where(col(Event.kind).in_(_WITH_WORDS))
    )
    for row in entries.yield_per(PAGE):
        detail = orjson.loads(row.detail)
        if detail.get("words") and int(detail["journal"]) in wanted:
            marks[int(detail["journal"])].add(detail["words"])
    for words in elsewhere:
        if words.journal in marks:
            yield from _word_faults(words, marks)
