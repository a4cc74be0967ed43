"""Complaints: whoever is complained about is kept out, and there is always a level above (N18)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Status, Track
from referral import accused, bringing_in, casework, clocks, passing, telling
from referral.accused import Accused
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.directory import Unit
from referral.office import Office
from referral.rerouting import route_of, start

RESULT = "CLK-GRIEVANCE-RESULT"
AT_WORK = (
    Status.ACCEPTED, Status.IN_PROGRESS, Status.RESULT_REPORTED, Status.IN_CALLBACK,
    Status.REOPENED,
)  # fmt: skip


def bar(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    reason: str,
    unit: str = "",
    login: str = "",
    now: datetime,
) -> Row:
    """Keep a unit or a person from this request. Orders of a barred unit go to the level above at
    the same instant, with their due time. Raises ``Refusal``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    officer = office.directory.officer.get(login)
    known = office.directory.unit.get(unit)
    if (known is None) == (officer is None) or (unit and known is None) or (login and not officer):
        raise Refusal("refusal.bar_nobody", status=422)
    if known is not None and accused.at_the_desk(office.directory, known.code):
        raise Refusal("refusal.bar_desk", status=422)
    units = {known.code} if known else set()
    if officer is not None and not accused.at_the_desk(office.directory, officer.unit):
        units.add(officer.unit)
    new = Accused(frozenset(units), frozenset({officer.login} if officer else ()))
    names = {*(f"unit:{code}" for code in units), *new.logins}
    names |= bringing_in.kept_out(tx, request)
    after = request
    for order in casework.referrals(tx, request["id"]):
        bureau = office.directory.unit.get(order["bureau"])
        if order["status"] in casework.GONE or bureau is None:
            continue
        if accused.may_have(office.directory, names, bureau):
            continue
        if order["role"] == ReferralRole.LEAD:
            above = _above(office, request, names, {order["bureau"]}, now)
            after = _move(tx, office, after, order, above, due=order["due_at"], now=now)
        else:
            passing.end_order(tx, request, order, ReferralStatus.CANCELLED, now)
    accused.keep(tx, request, new, why=why, by=actor.login, now=now)
    casework.record(tx, "bar_set", actor, before=request, after=after, now=now, reason=why)
    return after


def take_upward(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """The complainant wants the next level to look (the second path): the unit that had it takes no
    part any more, the next one has the full time, and the complainant is told. Raises ``Refusal``
    or ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    if request["track"] != Track.GRIEVANCE:
        raise Refusal("refusal.not_a_grievance", {"number": request["number"]})
    lead = casework.lead_of(tx, request["id"])
    had = {order["bureau"] for order in casework.referrals(tx, request["id"])}
    names = bringing_in.kept_out(tx, request)
    unit = _above(office, request, names, had, now)
    casework.halt(tx, request["id"], (RESULT, "CLK-GRIEVANCE-ACK", "CLK-CALLBACK"), now)
    clock = start(tx, office, request, (RESULT, ""), now)
    after = _move(tx, office, request, lead, unit, due=clock["due_at"], now=now)
    if not accused.at_the_desk(office.directory, lead["bureau"]):  # it still rings them back
        had_it = Accused(frozenset({lead["bureau"]}))
        accused.keep(tx, request, had_it, why="had_it_before", by=actor.login, now=now)
    casework.record(
        tx, "taken_upward", actor, before=request, after=after, now=now, reason=why,
        old_lead=lead["bureau"], lead=unit.code, due=clock["due_at"].isoformat(),
    )  # fmt: skip
    tell(tx, office, after, "grievance_upward", due=clock["due_at"], now=now, unit=unit)
    return after


def _above(
    office: Office, request: Row, barred: set[str] | frozenset[str], had: set[str], now: datetime
) -> Unit:
    """The next body that has not had it and is not complained about. Raises ``Refusal``."""
    unit = bringing_in.above(office, route_of(office, request, now), barred, had, now)
    if unit is None:
        raise Refusal("refusal.no_higher_body", {"number": request["number"]})
    return unit


def _move(
    tx: Transaction,
    office: Office,
    request: Row,
    order: Row,
    unit: Unit,
    *,
    due: datetime,
    now: datetime,
) -> Row:
    passing.end_order(tx, request, order, ReferralStatus.CANCELLED, now)
    passing.cancel_other(tx, request, unit, now)
    passing.new_order(
        tx,
        office,
        request,
        unit,
        role=ReferralRole.LEAD,
        service=order["service"],
        due=clocks.Due(due, order["provisional"]),
        decided_by="above",
        now=now,
        designated=True,
    )
    route = route_of(office, request, now)
    after, holder = passing.hand_over(tx, office, request, unit, route=route, due=due, now=now)
    if after["status"] in AT_WORK:  # what waits for an answer or is paused goes on waiting
        after = casework.change(tx, after, status=Status.DISPATCHED)
    urgent = Level(request["level"]).is_urgent
    telling.notify(tx, office, after, holder, due=due, now=now, urgent=urgent)
    return after
