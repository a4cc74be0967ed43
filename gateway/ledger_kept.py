"""What is kept beside a request against the ledger: what was typed for an act, who is barred, how
many orders there are; and what was typed about a call that was in the holding pen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from gateway.erasure import EMPTIED
from gateway.ledger_told import Told
from models.bars import bars
from models.events import OF_NO_REQUEST, Event
from models.journal import JournalEntry
from models.notes import Note, mark_of, named
from models.referrals import Referral

PAGE = 500
_BESIDE = ("held_read", "household_revealed")
"""Entries about no request that have a note."""
_NOTHING = Told()


def faults(session: Session, rows: Sequence[Any], told: Mapping[int, Told]) -> Iterator[str]:
    """What stands otherwise beside these requests than the entries about them say."""
    span = rows[0].id, rows[-1].id
    noted = any(said.notes for said in told.values())
    notes = _notes(session, col(Note.request_id).between(*span)) if noted else {}
    barred = bars(
        session.connection(), [row.id for row in rows if told.get(row.id, _NOTHING).barred]
    )
    orders = dict(
        session.connection()
        .execute(
            select(col(Referral.request_id), func.count())
            .where(col(Referral.request_id).between(*span))
            .group_by(col(Referral.request_id))
        )
        .all()
    )
    for row in rows:
        said = told.get(row.id, _NOTHING)
        for note, marked in said.notes.items():
            yield from _note_fault(row.number, notes.get(note), marked, erased=bool(row.erased_at))
        if missing := said.barred - barred.get(row.id, frozenset()):
            yield f"{row.number} is not barred for {', '.join(sorted(missing))}, as the ledger says"
        given = orders.get(row.id, 0)
        if not said.carried and given < said.orders:
            yield f"{row.number} has {given} orders, the ledger says {said.orders}"


def of_calls(session: Session) -> Iterator[str]:
    """What was typed about calls that nobody could read, and for a look at a household, where it is
    not what was marked. A note of the latter may be empty: which request took it is in no row."""
    after = 0
    while True:
        entries = (
            session.connection()
            .execute(
                select(col(Event.seq), col(Event.detail))
                .where(OF_NO_REQUEST, col(Event.kind).in_(_BESIDE), col(Event.seq) > after)
                .order_by(col(Event.seq))
                .limit(PAGE)
            )
            .all()
        )
        if not entries:
            return
        after = entries[-1].seq
        marks = dict(filter(None, (named(orjson.loads(row.detail)) for row in entries)))
        notes = _notes(session, col(Note.id).in_(marks))
        calls = {row.journal_id for row in notes.values() if row.journal_id}
        emptied = set(
            session.connection().scalars(
                select(col(JournalEntry.id)).where(
                    col(JournalEntry.id).in_(calls), col(JournalEntry.part) == EMPTIED
                )
            )
        )
        for note, marked in marks.items():
            found = notes.get(note)
            yield from _note_fault(
                f"a held call or a household (note {note})",
                found,
                marked,
                erased=found is not None
                and (found.journal_id is None or found.journal_id in emptied),
            )


def _notes(session: Session, which: ColumnElement[bool]) -> dict[int, Any]:
    columns = (Note.id, Note.journal_id, Note.said, Note.salt)
    rows = session.connection().execute(select(*map(col, columns)).where(which))
    return {row.id: row for row in rows}


def _note_fault(what: str, note: Any, marked: str, *, erased: bool) -> Iterator[str]:
    if note is None:
        yield f"what was typed about {what} is gone"
    elif note.said is None:
        if not erased:
            yield f"what was typed about {what} is blanked without being erased"
    elif mark_of(note.salt, note.said) != marked:
        yield f"what was typed about {what} is not what the ledger has marked"
