"""What is kept beside a request against the ledger: what was typed for an act, who is barred, how
many orders there are; and what was typed about a call that was in the holding pen."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from gateway.erasure import EMPTIED
from gateway.ledger_told import Told
from models.bars import bars
from models.events import Event
from models.journal import JournalEntry
from models.notes import Note, mark_of, named
from models.referrals import Referral

PAGE = 500


def faults(session: Session, rows: Sequence[Any], told: Mapping[int, Told]) -> Iterator[str]:
    """What stands otherwise beside these requests than the entries about them say."""
    ids = [row.id for row in rows]
    notes = _notes(session, Note.request_id, ids)
    barred = bars(session.connection(), ids)
    orders = Counter(
        session.connection().scalars(
            select(col(Referral.request_id)).where(col(Referral.request_id).in_(ids))
        )
    )
    for row in rows:
        said = told.get(row.id, Told())
        for note, marked in said.notes.items():
            yield from _note_fault(row.number, notes.get(note), marked, erased=bool(row.erased_at))
        if missing := said.barred - barred.get(row.id, frozenset()):
            yield f"{row.number} is not barred for {', '.join(sorted(missing))}, as the ledger says"
        if not said.carried and orders[row.id] < said.orders:
            yield f"{row.number} has {orders[row.id]} orders, the ledger says {said.orders}"


def of_calls(session: Session) -> Iterator[str]:
    """What was typed about calls that nobody could read, where it is not what was marked."""
    after = 0
    while True:
        entries = (
            session.connection()
            .execute(
                select(col(Event.seq), col(Event.detail))
                .where(col(Event.kind) == "held_read", col(Event.seq) > after)
                .order_by(col(Event.seq))
                .limit(PAGE)
            )
            .all()
        )
        if not entries:
            return
        after = entries[-1].seq
        marks = dict(filter(None, (named(orjson.loads(row.detail)) for row in entries)))
        notes = _notes(session, Note.id, list(marks))
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
                f"a held call (note {note})",
                found,
                marked,
                erased=found is not None and found.journal_id in emptied,
            )


def _notes(session: Session, column: Any, ids: Sequence[int]) -> dict[int, Any]:
    rows = session.connection().execute(
        select(col(Note.id), col(Note.journal_id), col(Note.said), col(Note.salt)).where(
            col(column).in_(ids)
        )
    )
    return {row.id: row for row in rows}


def _note_fault(what: str, note: Any, marked: str, *, erased: bool) -> Iterator[str]:
    if note is None:
        yield f"what was typed about {what} is gone"
    elif note.said is None:
        if not erased:
            yield f"what was typed about {what} is blanked without being erased"
    elif mark_of(note.salt, note.said) != marked:
        yield f"what was typed about {what} is not what the ledger has marked"
