"""Back to the lead: the result does not hold, or the requester says that it is not done."""

from datetime import datetime

from models.requests import queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralStatus, Role, Status, TaskKind
from referral import casework, clockwork, promises, telling
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.directory import ZONE, Answerable
from referral.lifecycle import may, may_on_referral
from referral.office import Office
from referral.reporting import handling_clocks


def rehandle(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Somebody of ours gives it back to the lead (``give_back``): whoever has it again hears it,
    and so does the requester. Raises ``Refusal`` or ``Impossible``."""
    after = give_back(tx, office, actor, request, reason=reason, now=now)
    _tell(tx, office, after, casework.lead_of(tx, request["id"])["due_at"], now)
    return after


def give_back(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Give it back to the lead: the result does not hold (T19, with the time that was left), or the
    requester says it is not done (T22, with CLK-REHANDLE). After the limit of the number register
    only a supervisor reopens. Tells nobody. Raises ``Refusal`` or ``Impossible``."""
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
    after = _give_back(
        tx, office, request, lead=lead, due=due, actor=actor, status=Status.IN_PROGRESS, now=now
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


def _tell(tx: Transaction, office: Office, request: Row, due: datetime, now: datetime) -> None:
    """Whoever has it again hears it: for them it was done, and no clock reminds of it before most
    of the time that was left is over. So does the requester, whose last word was that it is done,
    where there is still a date to be told."""
    unit = office.directory.unit.get(request["holder_unit"])
    officer = office.directory.officer.get(request["holder_person"])
    if due > now:
        tell(tx, office, request, "taken_up_again", due=due, now=now, unit=unit)
    if unit is not None and officer is not None:
        reader = Answerable(unit, officer, "holder")
        telling.tell_staff(tx, office, "staff_sent_back", request, reader, due=due, now=now)


def take_up_again(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime
) -> Row:
    """Danger shows after the result: the lead's order is in hand again with the time that was left,
    so that the request can go on once the danger is over. Its status is for the caller to change;
    where no result stands, nothing changes."""
    if request["status"] not in (Status.RESULT_REPORTED, Status.IN_CALLBACK):
        return request
    lead = casework.lead_of(tx, request["id"])
    due = _resume(tx, office, request, lead=lead, now=now)
    return _give_back(
        tx, office, request, lead=lead, due=due, actor=actor, status=request["status"], now=now
    )


def _give_back(
    tx: Transaction,
    office: Office,
    request: Row,
    *,
    lead: Row,
    due: datetime,
    actor: Actor,
    status: str,
    now: datetime,
) -> Row:
    """The order, and the request, to who had it last at the lead, or signed it there, or answers
    for that unit."""
    casework.halt(tx, request["id"], ("CLK-CALLBACK",), now)
    for kind in (TaskKind.NOT_DONE, TaskKind.NEW_WORDS):
        casework.finish_tasks(tx, request["id"], kind, actor, now)
    step = may_on_referral("rehandle", ReferralStatus(lead["status"]), "system")
    casework.change_referral(tx, lead, status=step.to, completed_at=None, due_at=due)
    unit = office.directory.current(lead["bureau"], now.astimezone(ZONE).date())
    had = (_had_last(tx, request, lead["bureau"]), lead["signed_by"])
    theirs = next(filter(None, (office.directory.member(unit, login) for login in had)), None)
    found = office.directory.answerable(unit, now)
    return casework.change(
        tx,
        request,
        status=status,
        holder_unit=theirs.unit if theirs else found.unit.code,
        holder_person=theirs.login if theirs else found.officer.login,
        queue_key=queue_key(Level(request["level"]).rank, due, request["id"]),
    )


def _had_last(tx: Transaction, request: Row, bureau: str) -> str | None:
    """Who became the holder at this unit last: a colleague may have taken it from who signed."""
    told = reversed(casework.history(tx, request["id"]))
    theirs = (one.detail for one in told if one.detail.get("holder_unit") == bureau)
    return next((detail.get("holder") for detail in theirs), None)


def _resume(tx: Transaction, office: Office, request: Row, *, lead: Row, now: datetime) -> datetime:
    """The handling clocks that the result stopped run on with what was left of them."""
    names = handling_clocks(office, request, now)
    moved = clockwork.run_on(tx, office, request, names, since=lead["completed_at"], at=now)
    due: datetime = lead["due_at"]
    return moved.get(due, due)
