"""The clocks that start when a request is received, accepted and dispatched (domain note 3c.2)."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock
from models.events import SYSTEM
from models.requests import Contact
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, TaskKind
from referral import casework, clocks, falling_silent, promises, telling
from referral.directory import ZONE
from referral.office import Arrival, Office
from referral.planning import Plan
from referral.undecided import UNDECIDED

HANDOFF = (("CLK-HANDOFF", ""), UNDECIDED)
"""What danger to life starts: until the emergency line has the person, until somebody decides."""
MINOR = ("CLK-MINOR-REPORT", "")
"""Danger to a child is told to the police and civil affairs at once."""


def start_clocks(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    *,
    request: Row,
    decided: Plan,
    raised: bool = False,
) -> None:
    """Every clock that the domain note 3c.2 starts at receipt, acceptance or dispatch.

    CLK-DISPATCH is not started: the referrals leave in the same transaction.
    """
    urgent = decided.level.is_urgent
    day = arrival.now.astimezone(ZONE).date()
    names: list[tuple[str, str]] = []
    if not raised:
        _start_first_reply(tx, office, arrival, request, urgent=urgent)
    names.append(("CLK-TRIAGE", _triage_case(arrival, decided.level)))
    if urgent:
        names += [("CLK-URGENT-CONTACT", ""), ("CLK-URGENT-CONTACT", "on_site")]
        names += [("CLK-RELIEF", ""), ("CLK-RELIEF", "limit")]
    elif not arrival.inbound.missed:
        names.append(("CLK-CONTACT", ""))
    if not arrival.inbound.missed:
        names.append((decided.lead_rule.name, decided.lead_rule.case))
    if decided.level is Level.LIFE_THREAT:
        names += HANDOFF
    minor = arrival.assessment.facts.minor  # Law on the Protection of Minors Art. 11
    if minor and urgent:
        names.append(MINOR)
    if arrival.inbound.reporter and not raised:
        names.append(("CLK-DISCOVERY-FEEDBACK", "minor" if minor else ""))
    names += [(name, "") for name in decided.route.row.clocks]
    if raised:
        report_minor(tx, office, {**request, "level": decided.level}, arrival.now, MINOR in names)
    for name, case in dict.fromkeys(name for name in names if not (raised and name == MINOR)):
        rule = office.policy.clock(name, case, day)
        promises.start(tx, office, request, rule=rule, at=arrival.now, urgent=urgent)
    as_decided = {**request, "level": decided.level}
    falling_silent.heard(tx, office, arrival, as_decided, opened=not raised)
    if arrival.inbound.missed:
        missed_call(tx, office, arrival, request)


def start_handoff(tx: Transaction, office: Office, request: Row, at: datetime) -> None:
    """What was urgent already is danger to life now: the hand-off has its clock, and so has the
    decision on it (T05), each once."""
    day = at.astimezone(ZONE).date()
    going = {(clock["name"], clock["case"]) for clock in casework.running(tx, request["id"])}
    for name, case in HANDOFF:
        if (name, case) not in going:
            rule = office.policy.clock(name, case, day)
            promises.start(tx, office, request, rule=rule, at=at, urgent=True)


def report_minor(tx: Transaction, office: Office, request: Row, at: datetime, told: bool) -> None:
    """What is urgent and tells of a child is to be reported: where that neither is nor was asked
    for since the matter was last taken up, its clock starts now. ``told`` where the words that just
    came do."""
    if not Level(request["level"]).is_urgent or not (told or _tells_of_child(tx, request)):
        return
    begun = {clock["name"] for clock in casework.begun(tx, request["id"])}
    if MINOR[0] in begun or asked_for(tx, request["id"], MINOR[0]):
        return
    rule = office.policy.clock(*MINOR, at.astimezone(ZONE).date())
    promises.start(tx, office, request, rule=rule, at=at, urgent=True)


def asked_for(tx: Transaction, request_id: int, name: str) -> bool:
    """Whether this clock runs, or has run since the request was last opened again: what closing
    ended nobody has done for the danger that came after it."""
    ran = select(col(Clock.started_at), col(Clock.stopped_at)).where(
        col(Clock.request_id) == request_id, col(Clock.name) == name
    )
    rows = tx.execute(ran).all()
    if not rows or any(row.stopped_at is None for row in rows):
        return bool(rows)
    again = casework.history(tx, request_id, "reopened")
    return not again or any(row.started_at > again[-1].at for row in rows)


def _tells_of_child(tx: Transaction, request: Row) -> bool:
    kept = tx.execute(
        select(col(Contact.assessment)).where(col(Contact.request_id) == request["id"])
    ).scalars()
    just_now = (
        row["assessment"] for row in tx.added(Contact) if row["request_id"] == request["id"]
    )
    return any((one or {}).get("facts", {}).get("minor") for one in (*kept, *just_now))


def _start_first_reply(
    tx: Transaction, office: Office, arrival: Arrival, request: Row, *, urgent: bool
) -> None:
    """Sending the receipt stops it; where the page, the voice or the window that takes the words
    gives the receipt itself, it has stopped as it starts."""
    day = arrival.now.astimezone(ZONE).date()
    rule = office.policy.clock("CLK-FIRST-REPLY", _reply_case(arrival, urgent), day)
    face_to_face = arrival.source in ("phone", "walk_in") and not arrival.inbound.missed
    told = face_to_face or arrival.reply is None
    promises.start(tx, office, request, rule=rule, at=arrival.now, urgent=urgent, stopped=told)


def _reply_case(arrival: Arrival, urgent: bool) -> str:
    return "grid_urgent" if urgent and arrival.source == "grid_app" else arrival.source


def _triage_case(arrival: Arrival, level: Level) -> str:
    if level.is_urgent:
        return "danger"
    return "phone" if arrival.source == "phone" else ""


def missed_call(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """A missed call is a task with a clock; five minutes when an urgent case is open. Who rings
    again before anybody rang back waits for one call, at the time that was promised first, unless
    danger asks for an earlier one."""
    urgent = Level(request["level"]).is_urgent
    rule = office.policy.clock("CLK-MISSED-CALL", "urgent" if urgent else "")
    due = clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar).at
    first = _rings_back(tx, request["id"], due)
    if first is None:
        promises.start(tx, office, request, rule=rule, at=arrival.now, urgent=urgent)
        telling.ask(tx, office, TaskKind.CALL_BACK, request, now=arrival.now, due=due)
    telling.say(tx, office, arrival, request, "call_back_promised", due=first or due)


def _rings_back(tx: Transaction, request_id: int, by: datetime) -> datetime | None:
    """When somebody is to ring back at the latest, if that is by then and not over."""
    kept = tx.execute(
        select(col(Task.due_at)).where(
            col(Task.request_id) == request_id,
            col(Task.kind) == TaskKind.CALL_BACK,
            col(Task.done_at).is_(None),
            col(Task.due_at) <= by,
        )
    ).scalars()
    new = [
        one["due_at"]
        for one in tx.added(Task)
        if one["request_id"] == request_id and one["kind"] == TaskKind.CALL_BACK
    ]
    return min((*kept, *(due for due in new if due <= by)), default=None)


def got_through(tx: Transaction, request: Row, now: datetime, by: str = SYSTEM) -> None:
    """Somebody spoke with the caller: nobody rings back any more for the calls that were missed
    before, and nothing is sent after the talk."""
    waits = (
        col(Task.request_id) == request["id"],
        col(Task.kind) == TaskKind.CALL_BACK,
        col(Task.done_at).is_(None),
    )
    tx.later(update(Task).where(*waits).values(done_at=now, done_by=by))
    promises.stop(tx, request["id"], ("CLK-MISSED-CALL",), now)
