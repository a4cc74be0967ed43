"""A bureau says that an order is not its own (R4). It keeps the order until somebody has decided.

No clock stops: the time for handling runs on, and CLK-ARBITRATE starts for those who decide.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models.disputes import Dispute
from models.referrals import Referral
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralStatus, TaskKind
from referral import casework, clocks, clockwork, passing, telling
from referral.casework import Actor, Refusal
from referral.clocks import Rung
from referral.directory import ZONE, Unit
from referral.lifecycle import may_on_referral
from referral.office import Office
from referral.rungs import decides


def request_return(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    rule: str,
    right_unit: str,
    reason: str,
    overlap: bool = False,
    first_aid: bool = False,
    now: datetime,
) -> Row:
    """Ask to return the order of one's own unit: within CLK-RETURN, once, with the rule of duty and
    the right unit; not when designated, an urgent one only while first aid goes on.

    The order, the holder and every clock stay. A second return on one request, or an overlap of
    city and county, is decided by the supervisor (R7). Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    units = casework.units_of(office, actor, now)
    order = casework.own_referral(tx, request["id"], units)
    row = may_on_referral("request_return", ReferralStatus(order["status"]), actor.role)
    cited = casework.need(rule, "refusal.rule_missing", at_least=4)
    why = casework.need(reason, "refusal.reason_missing")
    unit = _right_unit(office, order, right_unit, now)
    earlier = disputes(tx, request["id"])
    _may_return(office, request, order, earlier, first_aid=first_aid, now=now)
    casework.change_referral(tx, order, status=row.to)
    clock = clockwork.follow(tx, office, request, row, now=now, referral_id=order["id"])
    due = clock["CLK-ARBITRATE"]["due_at"]
    above = overlap or bool(earlier)
    tx.add(
        Dispute,
        id=tx.mint(),
        request_id=request["id"],
        referral_id=order["id"],
        service=order["service"],
        bureau=order["bureau"],
        asked_by=actor.login,
        asked_at=now,
        rule=cited,
        right_unit=unit.code,
        reason=why,
        overlap=overlap,
        first_aid=first_aid,
    )
    casework.record(
        tx,
        "return_requested",
        actor,
        before=request,
        after=request,
        now=now,
        row=row,
        bureau=order["bureau"],
        order_was=order["status"],
        order_now=row.to,
        rule=cited,
        right_unit=unit.code,
        reason=why,
        overlap=overlap,
        first_aid=first_aid,
        decides="supervisor" if above else "dispatcher",
        due=due.isoformat(),
    )
    _ask(tx, office, request, order, above=above, due=due, now=now)
    return request


def disputes(tx: Transaction, request_id: int) -> list[Row]:
    """Every request to return an order of this request, the oldest first."""
    columns = Dispute.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(
        select(*columns)
        .where(col(Dispute.request_id) == request_id)
        .order_by(col(Dispute.asked_at), col(Dispute.id))
    )
    return [dict(row._mapping) for row in found]


def open_ones(tx: Transaction, request_id: int) -> list[Row]:
    """Those that nobody has decided yet. Raises ``Refusal`` when there is none."""
    found = [one for one in disputes(tx, request_id) if one["decided_at"] is None]
    if not found:
        raise Refusal("refusal.no_return")
    return found


def is_contested(claims: Sequence[Row]) -> bool:
    """Whether the supervisor decides (R7): a second return, or an overlap of city and county."""
    return len(claims) > 1 or any(claim["overlap"] for claim in claims)


def until(office: Office, request: Row, order: Row) -> datetime:
    """Until when this order may be returned (CLK-RETURN, from dispatch)."""
    urgent = Level(request["level"]).is_urgent
    begun: datetime = order["dispatched_at"]
    day = begun.astimezone(ZONE).date()
    rule = office.policy.clock("CLK-RETURN", "urgent" if urgent else "", day)
    return clocks.due(begun, rule.amount, rule.measure, office.policy.calendar).at


def _may_return(
    office: Office,
    request: Row,
    order: Row,
    earlier: Sequence[Row],
    *,
    first_aid: bool,
    now: datetime,
) -> None:
    number = {"number": request["number"]}
    if order["designated"]:
        raise Refusal("refusal.designated", number)
    most = int(office.policy.values["returns_per_order_max"].value)
    if sum(one["referral_id"] == order["id"] for one in earlier) >= most:
        raise Refusal("refusal.returned_once", number)
    last = until(office, request, order)
    if now > last:
        raise Refusal("refusal.return_too_late", {**number, "due": last.isoformat()})
    if Level(request["level"]).is_urgent and not first_aid:
        raise Refusal("refusal.first_aid_goes_on", number, 422)


def _right_unit(office: Office, order: Row, code: str, now: datetime) -> Unit:
    unit = passing.bureau(office, code, now)
    if unit.code == order["bureau"]:
        raise Refusal("refusal.names_itself", {"unit": unit.code}, 422)
    return unit


def _ask(
    tx: Transaction,
    office: Office,
    request: Row,
    order: Row,
    *,
    above: bool,
    due: datetime,
    now: datetime,
) -> None:
    """The decision waits visibly, and whoever decides a contested one is told at once."""
    decider = decides(tx, office, request, Rung.SUPERVISOR, now) if above else None
    telling.ask(
        tx,
        office,
        TaskKind.DECIDE_RETURN,
        request,
        now=now,
        due=due,
        note=order["bureau"],
        unit=decider.unit.code if decider else None,
    )
    if decider is not None:
        asker = office.directory.unit.get(order["bureau"])
        name = asker.name_zh if asker else order["bureau"]
        telling.tell_staff(
            tx, office, "staff_decide_return", request, decider, due=due, now=now, asker=name
        )


def orders_of(tx: Transaction, claims: Sequence[Row]) -> dict[int, Row]:
    """The orders that these requests to return are about, by id."""
    columns = Referral.__table__.columns  # type: ignore[attr-defined]
    wanted = [claim["referral_id"] for claim in claims]
    rows = tx.execute(select(*columns).where(col(Referral.id).in_(wanted)))
    return {row.id: dict(row._mapping) for row in rows}
