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

from gateway import erasure, ledger_kept
from gateway.ledger_told import SILENT, Told
from models.events import Event
from models.messages import mark
from models.requests import Contact, HelpRequest
from models.vocabulary import Level, Status

PAGE = 1000
AT_ONCE = 20_000
_OPEN = frozenset(status for status in Status if status.is_open)
_WITH_WORDS = ("received", "contact_attached")
_OF_REQUEST: tuple[Any, ...] = (
    HelpRequest.id, HelpRequest.number, HelpRequest.status, HelpRequest.level,
    HelpRequest.closed_at, HelpRequest.erased_at, HelpRequest.lead_bureau, HelpRequest.confidential,
    HelpRequest.person_id,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Words:
    """A contact whose words are marked elsewhere, and the hash of what it says now; "" when it says
    nothing any more."""

    journal: int
    number: str
    erased: bool
    now: str


Marks = Mapping[int, set[str]]
"""What the ledger marks the words of a call (its id in the journal) with."""
Span = tuple[int, int]
"""The first and the last id of a page of requests."""


def disagreements(session: Session) -> Iterator[str]:
    """Requests whose row says something else than the last entry about it: a status that no act
    brought about, a level that nobody lowered, another lead; what is kept beside them otherwise
    than the ledger says (``ledger_kept``). Contacts whose words, name, sender or place are not
    those that the ledger has marked, and marked words that are gone without their request or
    their person being erased."""
    elsewhere: list[_Words] = []
    reader = session.connection()
    after = -(2**63)
    while rows := _requests(session, after):
        span = rows[0].id, rows[-1].id  # and not a thousand ids to bind, four times over
        after = span[1]
        said, marks = _entries(session, span)
        silent = _in_ledger(session, [row.id for row in rows if row.id not in said])
        for row in rows:
            told = said.get(row.id) or (Told() if row.id in silent else None)
            yield from _row_faults(row, told)
        yield from ledger_kept.faults(session, rows, said)
        request = {row.id: row for row in rows}
        for request_id, person, journal, salt, *words in _contacts(session, span):
            one, now = request[request_id], mark(salt or "", *words)
            erased = one.erased_at is not None
            if not now and not erased and person != one.person_id:
                erased = person is not None and not erasure.still_known(reader, [person])
            found = _Words(journal, one.number, erased, now)
            if journal in marks:
                yield from _word_faults(found, marks)
            else:
                elsewhere.append(found)
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


def _entries(session: Session, span: Span) -> tuple[Mapping[int, Told], Marks]:
    said: defaultdict[int, Told] = defaultdict(Told)
    marks: defaultdict[int, set[str]] = defaultdict(set)
    columns: tuple[Any, ...] = (Event.request_id, Event.kind, Event.detail)
    entries = session.connection().execute(
        select(*map(col, columns))
        .where(col(Event.request_id).between(*span), col(Event.kind).not_in(SILENT))
        .order_by(col(Event.request_id), col(Event.seq))  # as the index has them: nothing to sort
    )
    for request_id, kind, written in entries.yield_per(PAGE):
        detail = orjson.loads(written)
        said[request_id].hear(kind, detail)
        if kind in _WITH_WORDS and detail.get("words"):
            marks[int(detail["journal"])].add(detail["words"])
    return said, marks


def _in_ledger(session: Session, ids: Sequence[int]) -> set[int]:
    """Which of these requests are in any entry at all."""
    if not ids:
        return set()
    query = select(col(Event.request_id)).where(col(Event.request_id).in_(ids)).distinct()
    return set(session.connection().scalars(query))


def _row_faults(one: Any, told: Told | None) -> Iterator[str]:
    if told is None:
        yield f"{one.number} is in no entry of the ledger"
        told = Told()
    if told.status is not None and one.status != told.status:
        yield f"{one.number} stands at {one.status}, the ledger says {told.status}"
    if told.level not in (None, one.level) and Level(one.level).rank > Level(told.level).rank:
        yield f"{one.number} has the level {one.level}, the ledger says {told.level}"
    if (one.closed_at is None) != (one.status in _OPEN):
        yield f"{one.number} stands at {one.status} and was closed at {one.closed_at}"
    if told.lead is not None and one.lead_bureau != told.lead:
        yield f"{one.number} is led by {one.lead_bureau}, the ledger says {told.lead}"
    if told.confidential and not one.confidential:
        yield f"{one.number} is not confidential, the ledger says it is"


def _contacts(session: Session, span: Span) -> Iterator[Any]:
    """The request, the person, the call and the salt of each contact, and what was said, as it is
    marked."""
    columns: tuple[Any, ...] = (
        Contact.request_id, Contact.person_id, Contact.journal_id, Contact.salt,
        Contact.sender, Contact.name, Contact.text, Contact.place,
    )  # fmt: skip
    query = select(*map(col, columns)).join(
        HelpRequest, col(HelpRequest.id) == col(Contact.request_id)
    )
    wanted = query.where(col(Contact.request_id).between(*span))
    ordered = wanted.order_by(col(Contact.request_id), col(Contact.id))
    yield from session.connection().execute(ordered).yield_per(PAGE)


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
