"""What becomes urgent, or a danger to life, after it was opened: whoever must act has an order, so
that whoever is told of it can open and sign it."""

from datetime import datetime

from models.transaction import Row, Transaction
from referral import bringing_in, opening, passing, planning, promises
from referral.directory import ZONE, Unit
from referral.office import Arrival, Office
from referral.planning import Plan
from referral.routing import RouteRow

_SIGN = "CLK-SIGN"


def dispatch_more(
    tx: Transaction, office: Office, arrival: Arrival, *, request: Row, decided: Plan
) -> None:
    """Bring in the urgent route's lead beside a lead that stays (a person may change it), or the
    level above where a complaint keeps it out (I9), and the township that acts first; who helps
    already has its order. Where the lead stays the same, it signs as an urgent one."""
    route, now = decided.route.row, arrival.now
    unit = bringing_in.instead(tx, office, request, decided.lead, route, now)
    there = {request["lead_bureau"], *bringing_in.with_orders(tx, request, to_do=True)}
    brought = []
    if unit is not None and unit.code not in there:
        opening.cooperate(tx, office, arrival, request=request, decided=decided, unit=unit)
        brought.append(unit.code)
    elif unit is not None and unit.code == request["lead_bureau"]:
        _sign_at_once(tx, office, request, now)
    helper = first_aid(tx, office, request, route, decided.area, decided.lead_due.at, now)
    tx.event(
        "dispatched",
        at=now,
        request=request,
        route=route.id,
        why=decided.route.why,
        lead=request["lead_bureau"],
        cooperating=[*brought, *([helper.code] if helper else [])],
        due=decided.lead_due.at.isoformat(),
    )


def first_aid(
    tx: Transaction,
    office: Office,
    request: Row,
    route: RouteRow,
    area: str | None,
    due: datetime,
    now: datetime,
) -> Unit | None:
    """The township of the place, which acts first on what is urgent (RT-05), has an order. The
    unit, if it got one now: not where it holds the request, has an order or is kept out (I9)."""
    unit = planning.acts_first(office, route, area, now.astimezone(ZONE).date())
    there = {request["holder_unit"], *bringing_in.with_orders(tx, request)}
    if unit is None or unit.code in there or not bringing_in.may_help(tx, office, request, unit):
        return None
    passing.cooperate(
        tx,
        office,
        request,
        unit,
        service=route.service,
        lead_due=due,
        decided_by=route.id,
        now=now,
    )
    return unit


def _sign_at_once(tx: Transaction, office: Office, request: Row, now: datetime) -> None:
    """The lead's order is to be signed as an urgent one. Its own date stays: the urgent part has
    clocks of its own, and the rest of the matter its time (AS-19)."""
    order = bringing_in.lead_of(tx, request)
    if order["completed_at"] is not None or order["signed_at"] is not None:
        return
    rule = office.policy.clock(_SIGN, "urgent", now.astimezone(ZONE).date())
    sign = promises.start(
        tx, office, request, rule=rule, at=now, urgent=True, referral_id=order["id"]
    )
    promises.stop(tx, request["id"], (_SIGN,), now, referral_id=order["id"], but=sign["id"])
