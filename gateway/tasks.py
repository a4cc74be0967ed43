"""Work that waits for a person, and the holding pen, as the people see them who may do it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from gateway import access, calls
from gateway.access import Actor
from models.journal import IN_PEN, JournalEntry
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest, said
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import ContactState, TaskKind
from referral import handing_off
from referral.casework import Refusal, units_of
from referral.office import Office
from triage.redact import redact

MOST = 100
RINGS = (
    TaskKind.CALL_BACK,
    TaskKind.CALL_SILENT,
    TaskKind.NOBODY_CAME,
    TaskKind.TELL_STOPPED,
    TaskKind.UNDELIVERED,
)
"""Work for which the requester is rung: while somebody speaks with them nobody else does."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One piece of work. ``refused`` is why this person cannot finish it here with a note: the key
    of the phrase, None where they can. ``on_the_line`` is who speaks with the requester just now,
    "" where only the switchboard told, of work for which they would be rung; None otherwise."""

    id: int
    kind: str
    unit: str
    number: str | None
    journal_id: int | None
    urgent: bool
    note: str
    opened_at: datetime
    due_at: datetime
    phrase: str | None = None
    error: str | None = None
    refused: str | None = None
    on_the_line: str | None = None

    @property
    def decided_there(self) -> bool:
        """Whether it ends with a decision on the request itself."""
        return self.refused == handing_off.DECIDE_INSTEAD


def _mine(reader: Any, actor: Actor, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The desk sees all work it may see; others that of their own unit on requests that exist for
    them. Who looked at too many is for those who audit, and nobody judges himself."""
    conditions: list[ColumnElement[bool]] = [col(Task.kind) != TaskKind.BULK_LOOK]
    if actor.role in access.RIGHTS["see_audit"]:
        conditions = [col(Task.id).not_in(_about(reader, actor.login))]
    if actor.role not in access.DESK:
        conditions.append(col(Task.unit).in_(sorted(units_of(office, actor, now))))
    # asked by each task for its one request: a list of all that one may see is as long as the years
    its = select(col(HelpRequest.id)).where(
        col(HelpRequest.id) == col(Task.request_id), *access.scope(actor, office, now)
    )
    return [*conditions, or_(col(Task.request_id).is_(None), its.exists())]


def _about(reader: Any, login: str) -> list[int]:
    """The alarms about what this person looked at."""
    query = select(col(Task.id), col(Task.note)).where(col(Task.kind) == said(TaskKind.BULK_LOOK))
    return [row.id for row in reader.execute(query) if row.note.startswith(f"{login}: ")]


def waiting(session: Session, actor: Actor, office: Office, now: datetime) -> list[Waiting]:
    """What waits for this person's unit, urgent first, then by due time; at most a hundred. Whom
    somebody speaks with just now come last."""
    access.allow(actor, "see_tasks")
    query = (
        select(
            *Task.__table__.columns,  # type: ignore[attr-defined]
            col(Outgoing.phrase),
            col(Outgoing.error),
            col(JournalEntry.state).label("kept"),
        )
        .outerjoin(Outgoing, col(Outgoing.id) == col(Task.outbox_id))
        .outerjoin(JournalEntry, col(JournalEntry.id) == col(Task.journal_id))
        .where(col(Task.done_at).is_(None), *_mine(session.connection(), actor, office, now))
        .order_by(col(Task.urgent).desc(), col(Task.due_at), col(Task.id))
        .limit(MOST)
    )
    rows = session.connection().execute(query).all()
    rung = any(row.kind in RINGS for row in rows)
    speaking = calls.speaking(session, office, now) if rung else {}
    found = [
        Waiting(
            id=row.id,
            kind=row.kind,
            unit=row.unit,
            number=row.number,
            journal_id=row.journal_id,
            urgent=row.urgent,
            note=row.note if row.kind == TaskKind.CONFIRM_HANDOFF else redact(row.note),
            opened_at=row.opened_at,
            due_at=row.due_at,
            phrase=row.phrase,
            error=redact(row.error) if row.error else None,
            refused=_refused(office, actor, row._mapping, now),
            on_the_line=speaking.get(row.number) if row.kind in RINGS else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.on_the_line is not None)


def _refused(office: Office, actor: Actor, row: Any, now: datetime) -> str | None:
    why = handing_off.why_not_done(office, actor, row, kept=row["kept"], now=now)
    return why.key if why else None


def admit(tx: Transaction, office: Office, actor: Actor, task_id: int, *, now: datetime) -> Row:
    """The task's row when it exists for this person. Raises ``Refusal`` (404)."""
    columns = Task.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(
        select(*columns).where(col(Task.id) == task_id, *_mine(tx, actor, office, now))
    ).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return dict(found._mapping)


@dataclass(frozen=True, slots=True)
class Held:
    """A call in the holding pen: kept byte for byte, not understood. ``body`` and ``words`` are
    what came, shown only where one call is opened."""

    id: int
    channel: str
    received_at: datetime
    number: str | None
    error: str
    attempts: int
    next_at: datetime | None
    words: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    body: str = ""


_HELD = (
    "id", "channel", "received_at", "number", "error", "attempts", "next_at",
)  # fmt: skip


def held(session: Session, actor: Actor) -> list[Held]:
    """The holding pen, the longest waiting first. Error texts may quote what came: redacted."""
    access.allow(actor, "see_held")
    # found first: in the order of arrival it would be looked for in all that ever came
    pen = select(col(JournalEntry.id)).where(IN_PEN)
    rows = session.connection().execute(
        select(*(getattr(JournalEntry, name) for name in _HELD))
        .where(col(JournalEntry.id).in_(pen))
        .order_by(col(JournalEntry.received_at), col(JournalEntry.id))
        .limit(MOST)
    )
    return [_held(row) for row in rows]


def one_held(session: Session, actor: Actor, entry_id: int, *, left: bool = False) -> Held:
    """One call of the pen with everything that came; with ``left`` also one that has just left it
    under the hands of whoever reads it. Raises ``Refusal`` (404)."""
    access.allow(actor, "see_held")
    connection = session.connection()
    row = connection.execute(
        select(*(getattr(JournalEntry, name) for name in _HELD), col(JournalEntry.body)).where(
            col(JournalEntry.id) == entry_id,
            *([] if left else [col(JournalEntry.state) == ContactState.HOLDING_PEN]),
        )
    ).first()
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    contacts = connection.execute(
        select(col(Contact.text), col(Contact.sender))
        .where(col(Contact.journal_id) == entry_id)
        .order_by(col(Contact.id))
    ).all()
    return _held(row, contacts, bytes(row.body).decode("utf-8", "replace")[:4000])


def _held(row: Any, contacts: Sequence[Any] = (), body: str = "") -> Held:
    return Held(
        id=row.id,
        channel=row.channel,
        received_at=row.received_at,
        number=row.number,
        error=redact(row.error or ""),
        attempts=row.attempts,
        next_at=row.next_at,
        words=tuple(contact.text for contact in contacts),
        senders=tuple(contact.sender for contact in contacts if contact.sender),
        body=body,
    )
