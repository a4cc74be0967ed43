"""A closed request comes back under its number (T23), or is kept for good (T27).

Software proposes when somebody writes again with words of danger; a person reopens.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import col

from models.clocks import Clock
from models.events import SYSTEM
from models.requests import HelpRequest, queue_key
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, Status, TaskKind
from referral import casework, clocks, clockwork, passing, starting, telling
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.directory import BACKSTOP, ZONE
from referral.handling import OUTCOMES, SPOKEN
from referral.lifecycle import may
from referral.office import Arrival, Office
from referral.rerouting import handling_clock, route_of, start
from referral.standing_in import at_the_desk


def reopen(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Take a closed request up again within the profile's days: new clocks, one history. The desk
    holds it and the lead has an order at once. Raises ``Refusal`` or ``Impossible``."""
    why = casework.need(reason, "refusal.reason_missing")
    if request["status"] == Status.IN_CALLBACK:  # T22: the order goes back by ``rehandle``
        raise Refusal("refusal.rehandle_instead", {"number": request["number"]})
    row = may("reopen", Status(request["status"]), actor.role)
    if now > request["closed_at"] + window(office):
        days = str(window(office).days)
        raise Refusal("refusal.reopen_too_late", {"number": request["number"], "days": days})
    day = now.astimezone(ZONE).date()
    level, urgent = Level(request["level"]), Level(request["level"]).is_urgent
    route = route_of(office, request, now)
    directory = office.directory
    unit = directory.current(request["lead_bureau"], day)
    unit = unit or directory.responsible(route.lead, request["area"], day)
    unit = unit or directory.responsible(BACKSTOP, request["area"], day)
    desk = at_the_desk(tx, office, request, now)
    name, case = handling_clock(route, urgent)
    case_of_triage = {"CLK-TRIAGE": "danger"} if urgent else {}
    clockwork.follow(tx, office, request, row, now=now, cases={"CLK-TRIAGE": "", **case_of_triage})
    clock = start(tx, office, request, (name, case), now, urgent=urgent)
    more = ["CLK-URGENT-CONTACT", "CLK-RELIEF"] if urgent else ["CLK-CONTACT"]
    for one in more:
        if one != name:
            start(tx, office, request, (one, ""), now, urgent=urgent)
    bureau = unit or desk.unit
    if level is Level.LIFE_THREAT:
        starting.start_handoff(tx, office, request, now)
    due = clocks.Due(clock["due_at"], clock["provisional"])
    passing.new_order(
        tx, office, request, bureau, role=ReferralRole.LEAD, service=route.service, due=due,
        decided_by=route.id, now=now,
    )  # fmt: skip
    after = casework.change(
        tx, request, status=row.to, closed_at=None, close_reason=None, confirmed_at=None,
        confirmed_by=None, resolved=None, satisfaction=None, lead_bureau=bureau.code,
        holder_unit=desk.unit.code, holder_person=desk.officer.login,
        queue_key=queue_key(level.rank, due.at, request["id"]),
    )  # fmt: skip
    casework.finish_tasks(tx, request["id"], TaskKind.REOPEN, actor, now)
    casework.record(
        tx, "reopened", actor, before=request, after=after, now=now, row=row, reason=why,
        closed_as=request["close_reason"], closed_at=request["closed_at"].isoformat(),
        lead=bureau.code, due=due.at.isoformat(),
    )  # fmt: skip
    tell(tx, office, after, "reopened", due=due.at, now=now, unit=bureau)
    reader = directory.answerable(bureau, now)
    telling.notify(tx, office, after, reader, due=due.at, now=now, urgent=urgent)
    return after


def window(office: Office) -> timedelta:
    """How long after its end a request may be reopened."""
    return timedelta(days=float(office.policy.values["reopen_window_days"].value))


_CLOSED = (
    select(col(HelpRequest.id), col(HelpRequest.number), col(HelpRequest.level))
    .where(
        col(HelpRequest.person_id) == bindparam("person"),
        col(HelpRequest.status) == Status.CLOSED,
        col(HelpRequest.closed_at) >= bindparam("since"),
    )
    .order_by(col(HelpRequest.closed_at).desc())
    .limit(1)
)


def propose(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """Words of danger from somebody whose request was closed lately: a person decides whether it
    is the same matter. The new request is handled meanwhile as any other."""
    if not arrival.level.is_urgent or arrival.inbound.reporter or arrival.newcomer:
        return
    since = arrival.now - window(office)
    closed = tx.execute(_CLOSED, {"person": arrival.person_id, "since": since}).first()
    if closed is None:
        return
    old = {**request, **dict(closed._mapping)}
    rule = office.policy.clock("CLK-TRIAGE", "danger")
    due = clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar).at
    note = request["number"]
    telling.ask(tx, office, TaskKind.REOPEN, old, now=arrival.now, due=due, note=note)
    tx.event("reopen_proposed", at=arrival.now, request=old, new=request["number"])


def follow_up(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    outcome: str,
    by: str = "phone",
    note: str = "",
    now: datetime,
) -> Row:
    """Ask after somebody who was helped. Whoever spoke with them ends the aftercare that is due
    first. Raises ``Refusal``."""
    if outcome not in OUTCOMES:
        raise Refusal("refusal.outcome", {"allowed": ", ".join(OUTCOMES)}, 422)
    waits = [c for c in casework.running(tx, request["id"]) if c["name"] == "CLK-AFTERCARE"]
    if not waits:
        raise Refusal("refusal.no_aftercare", {"number": request["number"]})
    first = min(waits, key=lambda clock: clock["due_at"])
    if outcome in SPOKEN:
        casework.halt(tx, request["id"], ("CLK-AFTERCARE",), now, case=first["case"])
    casework.record(
        tx, "followed_up", actor, before=request, after=request, now=now, outcome=outcome,
        channel=by, note=note.strip(), case=first["case"],
    )  # fmt: skip
    return request


def archive_due(tx: Transaction, office: Office, now: datetime, most: int = 100) -> int:
    """Archive what has been closed longer than it may be reopened, when aftercare, explanation and
    every piece of work are done (T27). Returns how many."""
    row = may("archive", Status.CLOSED, SYSTEM)
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    of_it: Any = col(HelpRequest.id)
    runs = select(col(Clock.id)).where(
        col(Clock.request_id) == of_it, col(Clock.stopped_at).is_(None)
    )
    waits = select(col(Task.id)).where(col(Task.request_id) == of_it, col(Task.done_at).is_(None))
    found = tx.execute(
        select(*columns)
        .where(
            col(HelpRequest.status) == Status.CLOSED,
            col(HelpRequest.closed_at) <= now - window(office),
            ~runs.exists(),
            ~waits.exists(),
        )
        .order_by(col(HelpRequest.closed_at))
        .limit(most)
    ).all()
    for one in found:
        before = dict(one._mapping)
        tx.execute(update(HelpRequest).where(col(HelpRequest.id) == one.id).values(status=row.to))
        after = {**before, "status": row.to}
        tx.event("archived", at=now, request=after, row=row.id, was=before["status"], now=row.to)
    return len(found)
