"""Another bureau must act: a person corrects where the request goes.

Reassigning keeps the original due time (I6), leaves no moment without a holder (I1), and the
citizen is told the new name.
"""

from datetime import date, datetime

from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, ReferralRole, ReferralStatus, Role, Status, Track
from referral import bringing_in, casework, clocks, passing, promises
from referral.answering import correspondent
from referral.casework import Actor, Refusal
from referral.directory import ZONE, Unit
from referral.lifecycle import Impossible, Transition, may, may_on_referral
from referral.office import Office
from referral.routing import UNCLEAR, RouteRow, row_for

DESK = (Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD)
_DECIDES_LATER = ("CLK-ARBITRATE", "CLK-CONSULT")
"""Clocks that are no handling time: they say by when somebody decides, or answers a question."""


def correct_route(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    reason: str,
    service: str | None = None,
    bureau: str | None = None,
    now: datetime,
) -> Row:
    """Send the request to the right lead: by the kind of help, or to a named bureau.

    The old lead's order is cancelled, the new one bears the original due time (I6), the holder
    moves, and the citizen hears the new name with the unchanged date, or with the new one and why
    where the right kind of help has a time of its own (N9). Work is never pushed
    down to a township or village (国办函〔2025〕66号). Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    day = now.astimezone(ZONE).date()
    old = casework.lead_of(tx, request["id"])
    row = _may_correct(old, actor)
    if old["status"] == ReferralStatus.RETURN_REQUESTED:
        raise Refusal("refusal.decide_return_first", {"number": request["number"]})
    if old["completed_at"] is not None:
        raise Refusal("refusal.result_is_in", {"number": request["number"]})
    if old["designated"] and actor.role is not Role.SUPERVISOR:
        raise Refusal("refusal.designated", {"number": request["number"]}, 403)
    route = route_of(office, request, now, service)
    unit = _wanted(office, request, route, service, bureau, day)
    if service is not None:
        unit = bringing_in.instead(tx, office, request, unit, route, now) or unit
    if unit.code == old["bureau"] and (service is None or service == request["service"]):
        raise Refusal("refusal.same_bureau", {"unit": unit.code})
    urgent = Level(request["level"]).is_urgent
    due, clock = _kept_due(office, request, old, route=route, corrected=service is not None)
    passing.end_order(tx, request, old, ReferralStatus.CANCELLED, now)
    casework.halt(tx, request["id"], ("CLK-ARBITRATE",), now)
    passing.cancel_other(tx, request, unit, now)
    passing.new_order(
        tx,
        office,
        request,
        unit,
        role=ReferralRole.LEAD,
        service=route.service,
        due=clocks.Due(due, old["provisional"]),
        decided_by=route.id if service else f"person:{actor.login}",
        now=now,
        original_due=old["original_due_at"],
    )
    if clock is not None:
        start(tx, office, request, clock, request["received_at"], urgent=urgent)
    after, holder = passing.hand_over(
        tx, office, request, unit, route=route, due=due, now=now, service=service
    )
    casework.record(
        tx,
        "route_corrected",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        reason=why,
        old_lead=old["bureau"],
        lead=unit.code,
        service=service,
        due=due.isoformat(),
    )
    because = ""
    if due != old["due_at"]:
        language = correspondent(tx, office, request).language
        because = office.phrases.say("words.own_time", {}, Form.FULL, language)
    passing.announce(tx, office, after, unit, holder, due=due, now=now, new_date_because=because)
    return after


def bring_in(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    bureau: str,
    reason: str,
    now: datetime,
) -> Row:
    """Give another bureau a part of the request (R1), due at the lead before the lead's own date
    (CLK-COOP). Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    row = may_on_referral("dispatch", None, actor.role)
    unit = passing.bureau(office, bureau, now)
    if unit.code in bringing_in.with_orders(tx, request):
        raise Refusal("refusal.has_order", {"unit": unit.code})
    lead = casework.lead_of(tx, request["id"])
    if lead["completed_at"] is not None:
        raise Refusal("refusal.result_is_in", {"number": request["number"]})
    order = passing.cooperate(
        tx,
        office,
        request,
        unit,
        service=lead["service"],
        lead_due=lead["due_at"],
        decided_by=f"person:{actor.login}",
        now=now,
    )
    casework.record(
        tx,
        "brought_in",
        actor,
        before=request,
        after=request,
        now=now,
        row=row,
        reason=why,
        bureau=unit.code,
        due=order["due_at"].isoformat(),
    )
    passing.tell_helper(tx, office, request, unit, due=order["due_at"], now=now)
    return request


def _may_correct(old: Row, actor: Actor) -> Transition:
    """While nobody has signed, the desk's people choose the kind of help (T09); a signed order
    takes who may cancel it (R10)."""
    if old["signed_at"] is None and actor.role in DESK:
        return may("accept", Status.IN_TRIAGE, actor.role, track=Track.STANDARD)
    try:
        return may_on_referral("cancel", ReferralStatus(old["status"]), actor.role)
    except Impossible as error:
        raise Impossible(
            error.key, str(error), **{**error.params, "act": "correct_route"}
        ) from None


def _wanted(
    office: Office,
    request: Row,
    route: RouteRow,
    service: str | None,
    bureau: str | None,
    day: date,
) -> Unit:
    if (service is None) == (bureau is None):
        raise Refusal("refusal.service_or_bureau", status=422)
    if bureau is not None:
        unit = office.directory.current(bureau, day)
    else:
        unit = office.directory.responsible(route.lead, request["area"], day)
        if Level(request["level"]) is Level.LIFE_THREAT and route.danger_lead:
            unit = office.directory.responsible(route.danger_lead, request["area"], day) or unit
    return passing.not_below(unit, bureau or route.lead)


def _kept_due(
    office: Office, request: Row, old: Row, *, route: RouteRow, corrected: bool
) -> tuple[datetime, tuple[str, str] | None]:
    """The original due time; an earlier one where the right kind of help has a shorter clock, and
    its own where the old clock was none for handling. With the clock to start, if any."""
    urgent = Level(request["level"]).is_urgent
    before = next((row for row in office.policy.routes if row.id == request["route"]), route)
    name, case = handling_clock(route, urgent)
    if not corrected and handling_clock(before, urgent)[0] == "CLK-ARBITRATE":
        name, case = "CLK-HANDLE", ""  # who leads is decided now: the handling has its own time
    elif not corrected or handling_clock(before, urgent) == (name, case):
        return old["due_at"], None
    rule = office.policy.clock(name, case)
    due = clocks.due(request["received_at"], rule.amount, rule.measure, office.policy.calendar).at
    if due < old["due_at"] or handling_clock(before, urgent)[0] in _DECIDES_LATER:
        return due, (name, case)
    return old["due_at"], None


def route_of(office: Office, request: Row, now: datetime, service: str | None = None) -> RouteRow:
    """The row of the catalogue: of a kind of help, else the one that decided."""
    day = now.astimezone(ZONE).date()
    if service is not None:
        row = row_for(service, day, office.policy.routes)
        if row is None:
            raise Refusal("refusal.no_such_service", {"service": service}, 422)
        return row
    found = [row for row in office.policy.routes if row.id == request["route"]]
    chosen = found[0] if found else row_for(UNCLEAR, day, office.policy.routes)
    if chosen is None:
        raise LookupError("the routing catalogue has no row for 'unclear'")
    return chosen


def handling_clock(route: RouteRow, urgent: bool) -> tuple[str, str]:
    """The clock of the lead's order and its case."""
    if urgent:
        return route.urgent_clock, route.urgent_clock_case
    return route.clock, route.clock_case


def start(
    tx: Transaction,
    office: Office,
    request: Row,
    clock: tuple[str, str],
    at: datetime,
    *,
    urgent: bool = False,
    referral_id: int | None = None,
) -> Row:
    """Start a clock (name and case) by the version of its rule in force that day."""
    rule = office.policy.clock(*clock, at.astimezone(ZONE).date())
    return promises.start(
        tx, office, request, rule=rule, at=at, urgent=urgent, referral_id=referral_id
    )
