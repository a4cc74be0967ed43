"""What a citizen may see of a request: its way, who is responsible, until when, what was said.

The one place that decides it, for the page, the telephone and the chat (``gateway.progress_told``).
Nothing of other people, no internal note, no name of staff: only this request's rows.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import contact_due, exchanged
from gateway.exchanged import Message
from models.journal import UNFINISHED, JournalEntry
from models.requests import FormerNumber, HelpRequest, due_of
from models.tasks import Task
from models.transaction import Row
from models.vocabulary import Level, Status, Track
from referral import casework
from referral.joined import master_of
from referral.office import Office
from referral.requester import ANSWERED
from referral.transitions import CITIZEN

STEPS = ("received", "checking", "forwarded", "handling", "answered", "ended")

STEP_OF: Mapping[Status, str] = {
    Status.RECEIVED: "received",
    Status.NEEDS_CLARIFICATION: "received",
    Status.IN_TRIAGE: "checking",
    Status.EMERGENCY_HANDOFF: "checking",
    Status.ACCEPTED: "forwarded",
    Status.DISPATCHED: "forwarded",
    Status.IN_PROGRESS: "handling",
    Status.SUSPENDED: "handling",
    Status.REOPENED: "handling",
    Status.RESULT_REPORTED: "answered",
    Status.IN_CALLBACK: "answered",
    Status.CLOSED: "ended",
    Status.ARCHIVED: "ended",
    Status.MERGED: "ended",
}
"""The six steps a citizen sees (experience note 1.1 and 2.2)."""

_AGAIN = ("reopened", "rehandled")
_STEP_OF_EVENT = {"received": "received", "assessed": "checking", "dispatched": "forwarded"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way; ``at`` is when it was first reached, None while it was not."""

    name: str
    at: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """All that the status page shows. Times are aware. ``contact_due`` is by when somebody gets in
    touch with them, None where nobody owes that any more or it is owed to another; ``contact`` says
    how that stands: by, unreachable (nobody knows how to reach them), late, "" where nothing is
    owed. ``responder`` is who was named to them last as answerable; ``answer`` what they were
    answered since it was last taken up. ``was_due`` is the first promise where it has moved;
    ``reminded`` says that the ladder of reminders has already been climbed; ``joined`` that the
    request goes on together with another one, whose way is shown. ``view`` is the requester's own
    word on the last answer, which they gave back where ``again``; where ``checked`` a person
    decides on it."""

    number: str
    status: Status
    is_urgent: bool
    is_complaint: bool
    received_at: datetime
    steps: Sequence[Step]
    unit: str
    unit_phone: str
    due: datetime
    contact_due: datetime | None
    was_due: datetime | None
    reason: str
    late: bool
    reminded: bool
    messages: Sequence[Message]
    contact: str = ""
    responder: str = ""
    answer: Message | None = None
    joined: bool = False
    view: str = ""
    again: bool = False
    checked: bool = False

    @property
    def may_rate(self) -> bool:
        """Whether there is an answer of their own request that they can judge."""
        return self.status in ANSWERED and not self.joined and not self.checked

    @property
    def may_withdraw(self) -> bool:
        """Whether their own request still goes on; one that was joined ends with the other."""
        return self.is_open and not self.joined

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes an answer."""
        return self.status.is_open


@dataclass(frozen=True, slots=True)
class Held:
    """A call that was kept but not understood yet; ``due`` is when somebody has read it."""

    number: str
    due: datetime | None


def find(reader: Any, number: str, code: str) -> Row | Held | None:
    """The request, or the call in the holding pen, of a number with its code.

    An unknown number, a wrong code and one that was erased cost the same: both tables are always
    asked, by the number alone, and the code is compared in constant time whether or not there is
    one.
    """
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    request = reader.execute(select(*columns).where(col(HelpRequest.number) == number)).first()
    held = reader.execute(
        select(col(JournalEntry.id), col(JournalEntry.number), col(JournalEntry.code)).where(
            UNFINISHED,
            col(JournalEntry.number) == number,
        )
    ).first()
    former = reader.execute(
        select(*columns, col(FormerNumber.code).label("former_code"))
        .join(FormerNumber, col(FormerNumber.request_id) == col(HelpRequest.id))
        .where(col(FormerNumber.number) == number)
    ).first()
    given = code.encode()
    of_request = _opens(request.code if request else None, given)
    of_held = _opens(held.code if held else None, given)
    of_former = _opens(former.former_code if former else None, given)
    if request is not None and of_request:
        return dict(request._mapping)
    if former is not None and of_former:
        return {name: value for name, value in former._mapping.items() if name != "former_code"}
    if held is not None and of_held:
        due = reader.execute(
            select(col(Task.due_at)).where(col(Task.journal_id) == held.id).order_by(col(Task.id))
        ).scalar()
        return Held(held.number, due)
    return None


def _opens(kept: str | None, given: bytes) -> bool:
    """Whether this code was given out and not taken back: one that was erased opens nothing, least
    of all to who gives none."""
    is_it = hmac.compare_digest((kept or "-" * 6).encode(), given)
    return is_it and bool(kept)


def read(reader: Any, office: Office, request: Row, *, language: str, now: datetime) -> Progress:
    """What the citizen sees of this request at this moment."""
    own, request = request, dict(master_of(reader, request))
    events = casework.history(reader, request["id"])
    status = casework.standing(office, request)
    unit = office.directory.unit.get(request["lead_bureau"])
    due = due_of(request["queue_key"])
    first, reason = _first_promise(events)
    moved = first is not None and abs((first - due).total_seconds()) >= 60
    told = [e for e in events if e.kind in ("called_back", "rehandled", "result_reported")]
    last = told[-1] if told and told[-1].by == CITIZEN else None
    joined = own["id"] != request["id"]
    messages = exchanged.of(reader, office, own, request["id"])
    again = max((e.at for e in events if e.kind in _AGAIN), default=None)
    theirs = status.is_open and not joined and any(message.theirs for message in messages)
    owed = contact_due.of(reader, request) if theirs else None
    contact = ""
    if owed is not None:
        reached = contact_due.reachable(reader, own)
        contact = "late" if owed <= now else "by" if reached else "unreachable"
    return Progress(
        number=own["number"],
        status=status,
        is_urgent=Level(request["level"]).is_urgent,
        is_complaint=request["track"] == Track.GRIEVANCE,
        received_at=own["received_at"],
        steps=_steps(events, status),
        unit=unit.name(language) if unit else office.hotline,
        unit_phone=(unit.public_phone or unit.duty_phone) if unit else "",
        due=due,
        contact_due=owed,
        was_due=first if moved else None,
        reason=reason,
        late=status.is_open and now > due,
        reminded=any(event.kind in ("breached", "reminder") for event in events),
        messages=messages,
        contact=contact,
        responder=exchanged.responder(messages),
        answer=exchanged.answer(messages, again),
        joined=joined,
        view=str(last.detail.get("view") or "") if last else "",
        again=last is not None and last.kind == "rehandled",
        checked=last is not None and last.detail.get("resolved") is False,
    )


def _steps(events: Sequence[casework.Told], status: Status) -> list[Step]:
    reached: dict[str, datetime] = {}
    for event in events:
        name = _STEP_OF_EVENT.get(event.kind)
        moved_to = event.detail.get("now")
        if moved_to in set(Status):
            name = STEP_OF[Status(moved_to)]
        if name is not None:
            reached.setdefault(name, event.at)
    here = STEPS.index(STEP_OF[status])
    return [
        Step(name, reached.get(name) if index <= here else None, index == here)
        for index, name in enumerate(STEPS)
    ]


def _first_promise(events: Sequence[casework.Told]) -> tuple[datetime | None, str]:
    first = next((event for event in events if event.kind == "dispatched"), None)
    extended = next((event for event in reversed(events) if event.kind == "extended"), None)
    due = datetime.fromisoformat(first.detail["due"]) if first else None
    return due, str(extended.detail.get("reason", "")) if extended else ""
