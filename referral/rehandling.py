"""Back to the lead: the result does not hold, or the requester says that it is not done."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock
from models.requests import queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralStatus, Role, Status
from referral import casework, clocks, promises
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.lifecycle import may, may_on_referral
from referral.office import Office
from referral.reporting import handling_clocks


def rehandle(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Give it back to the lead: the result does not hold (T19, with the time that was left), or the
    requester says it is not done (T22, with CLK-REHANDLE). After the limit of the number register
    only a supervisor reopens. Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    status = Status(request["status"])
    asked = status is Status.IN_CALLBACK
    row = may("reopen" if asked else "rehandle", status, actor.role)
    before = [
        one for one in casework.history(tx, request["id"], "rehandled") if one.detail["asked"]
    ]
    limit = int(office.policy.values["reopen_limit"].value)
    if asked and len(before) >= limit and actor.role is not Role.SUPERVISOR:
        raise Refusal("refusal.supervisor_takes_it", {"limit": str(limit)}, 403)
    lead = casework.lead_of(tx, request["id"])
    urgent = Level(request["level"]).is_urgent
    if asked:
        may("rehandle", Status.REOPENED, actor.role)
        rule = office.policy.clock("CLK-REHANDLE", "urgent" if urgent else "")
        due = promises.start(tx, office, request, rule=rule, at=now, urgent=urgent)["due_at"]
    else:
        due = _resume(tx, office, request, lead=lead, now=now)
        casework.halt(tx, request["id"], ("CLK-CALLBACK",), now)
    step = may_on_referral("rehandle", ReferralStatus(lead["status"]), "system")
    casework.change_referral(tx, lead, status=step.to, completed_at=None, due_at=due)
    unit = office.directory.current(lead["bureau"], now.astimezone(ZONE).date())
    signer = office.directory.officer.get(lead["signed_by"] or "")
    there = unit is not None and signer is not None and signer.unit == unit.code
    found = office.directory.answerable(unit, now)
    after = casework.change(
        tx,
        request,
        status=Status.IN_PROGRESS,
        holder_unit=signer.unit if there and signer else found.unit.code,
        holder_person=signer.login if there and signer else found.officer.login,
        queue_key=queue_key(Level(request["level"]).rank, due, request["id"]),
    )
    casework.record(
        tx,
        "rehandled",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        reason=why,
        asked=asked,
        due=due.isoformat(),
    )
    return after


def _resume(tx: Transaction, office: Office, request: Row, *, lead: Row, now: datetime) -> datetime:
    """The handling clocks that the result stopped run on with what was left of them."""
    columns = Clock.__table__.columns  # type: ignore[attr-defined]
    stopped = tx.execute(
        select(*columns).where(
            col(Clock.request_id) == request["id"],
            col(Clock.name).in_(handling_clocks(office, request, now)),
            col(Clock.stopped_at) == lead["completed_at"],
        )
    ).all()
    calendar = office.policy.calendar
    due: datetime = lead["due_at"]
    for clock in stopped:
        later = clocks.resumed(clock.due_at, clock.stopped_at, now, clock.measure, calendar).at
        ladder = office.policy.ladders.get(clock.ladder, ())
        step = clocks.next_step(
            clock.started_at, later, ladder, clock.step - 1, clock.measure, calendar
        )
        pause = [clock.stopped_at.isoformat(), now.isoformat()]
        tx.execute(
            update(Clock)
            .where(col(Clock.id) == clock.id)
            .values(
                stopped_at=None,
                due_at=later,
                paused=[*clock.paused, pause],
                step=step[0] if step else clock.step,
                next_at=step[1] if step else None,
            )
        )
        promises.moved(tx, request, clock._mapping, later, now)
        if clock.due_at == lead["due_at"]:
            due = later
    return due
