"""A dispute over an order is decided by a named person: upheld, refused, or designated (R5-R7).

The citizen hears of a new bureau once, with the original date (I6, N9).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col

from models.disputes import Dispute
from models.requests import queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Role, TaskKind
from referral import bringing_in, casework, clocks, clockwork, passing, returning, telling
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.clockwork import put_off
from referral.directory import Answerable, Unit
from referral.lifecycle import Transition, may_on_referral
from referral.office import Office
from referral.rerouting import route_of


def uphold_return(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """The bureau was right (R5): a new order with the original due time goes to the unit it named.
    Raises ``Refusal``, or ``Impossible``."""
    claim, order, why = _one(tx, request, actor, reason)
    row = may_on_referral("uphold_return", ReferralStatus(order["status"]), actor.role)
    unit = passing.bureau(office, claim["right_unit"], now)
    after, told = passing.send_on(
        tx, office, request, order, row, unit, route=route_of(office, request, now), now=now
    )
    _decided(tx, [claim], "upheld", {claim["id"]: unit.code}, actor, why, now)
    _record(tx, "return_upheld", actor, request, after, row, order, why, now=now, went_to=unit.code)
    _finish(tx, request, actor, now)
    if told is not None:
        passing.announce(tx, office, after, unit, told, due=order["due_at"], now=now)
    return after


def refuse_return(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """The order stays where it is, designated: it cannot be returned again (R6). Raises ``Refusal``
    or ``Impossible``."""
    claim, order, why = _one(tx, request, actor, reason)
    row = may_on_referral("refuse_return", ReferralStatus(order["status"]), actor.role)
    after = passing.keep(tx, office, request, order, claim["asked_by"], row, now)
    _decided(tx, [claim], "refused", {claim["id"]: order["bureau"]}, actor, why, now)
    _record(
        tx, "return_refused", actor, request, after, row, order, why, now=now,
        went_to=order["bureau"],
    )  # fmt: skip
    _finish(tx, request, actor, now)
    _tell_designated(tx, office, after, order["bureau"], claim["asked_by"], order["due_at"], now)
    return after


def reassign(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    lead: str,
    cooperating: Sequence[str] = (),
    ground: str = "duty_rule",
    reason: str,
    due: datetime | None = None,
    now: datetime,
) -> Row:
    """The supervisor decides the whole dispute (R7): who leads, who helps; both are designated.

    Orders keep their due time unless the supervisor sets another, whose reason the citizen hears
    (I6). Never down to a township. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    claims = returning.open_ones(tx, request["id"])
    old = casework.lead_of(tx, request["id"])
    row = may_on_referral("reassign", ReferralStatus(old["status"]), actor.role)
    if office.policy.ground("arbitrate", ground) is None:
        raise Refusal("refusal.ground", {"ground": ground}, 422)
    if due is not None and due <= now:
        raise Refusal("refusal.due_past", status=422)
    unit = passing.bureau(office, lead, now)
    if old["completed_at"] is not None and unit.code != old["bureau"]:
        raise Refusal("refusal.result_is_in", {"number": request["number"]})
    helpers = [passing.bureau(office, code, now) for code in cooperating if code != unit.code]
    orders = returning.orders_of(tx, claims)
    asked_by = {claim["referral_id"]: claim["asked_by"] for claim in claims}
    after, told = request, None
    new_due, moved = due or old["due_at"], due is not None and due != old["due_at"]
    if due is not None:
        _set_due(tx, office, request, old, due, now)
        old = {**old, "due_at": due, "original_due_at": old["original_due_at"] or old["due_at"]}
    if unit.code != old["bureau"]:
        after, told = passing.send_on(
            tx,
            office,
            request,
            old,
            row,
            unit,
            route=route_of(office, request, now),
            now=now,
            designated=True,
        )
    elif old["id"] in orders:
        after = passing.keep(tx, office, request, old, asked_by[old["id"]], row, now)
    else:
        casework.change_referral(tx, old, designated=True)
    if moved and told is None:
        key = queue_key(Level(after["level"]).rank, new_due, after["id"])
        after = casework.change(tx, after, queue_key=key)
    for order in orders.values():
        if order["role"] == ReferralRole.COOPERATING:
            helps = order["bureau"] in {helper.code for helper in helpers}
            if helps:
                passing.keep(tx, office, after, order, asked_by[order["id"]], row, now)
            else:
                passing.end_order(tx, request, order, ReferralStatus.RETURNED, now)
    _bring_in(tx, office, after, helpers, service=old["service"], due=new_due, now=now)
    went = {claim["id"]: _where(claim, unit, helpers) for claim in claims}
    _decided(tx, claims, "designated", went, actor, why, now)
    _record(
        tx, "arbitrated", actor, request, after, row, old, why, now=now,
        went_to=unit.code, cooperating=[helper.code for helper in helpers], ground=ground,
        due=new_due.isoformat(),
    )  # fmt: skip
    _finish(tx, request, actor, now)
    if told is not None:
        because = why if due is not None else ""
        passing.announce(
            tx, office, after, unit, told, due=new_due, now=now, new_date_because=because
        )
    else:
        if moved:
            tell(tx, office, after, "due_changed", due=new_due, now=now, unit=unit, reason=why)
        asker = asked_by.get(old["id"], request["holder_person"])
        _tell_designated(tx, office, after, unit.code, asker, new_due, now)
    return after


def _one(tx: Transaction, request: Row, actor: Actor, reason: str) -> tuple[Row, Row, str]:
    """The one open return and its order. A contested one is the supervisor's (R7)."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    claims = returning.open_ones(tx, request["id"])
    if len(claims) > 1:
        raise Refusal("refusal.reassign_instead", {"number": request["number"]})
    contested = returning.is_contested(returning.disputes(tx, request["id"]))
    if contested and actor.role is not Role.SUPERVISOR:
        raise Refusal("refusal.supervisor_decides", {"number": request["number"]}, 403)
    return claims[0], returning.orders_of(tx, claims)[claims[0]["referral_id"]], why


def _bring_in(
    tx: Transaction,
    office: Office,
    request: Row,
    helpers: Sequence[Unit],
    *,
    service: str | None,
    due: datetime,
    now: datetime,
) -> None:
    there = bringing_in.with_orders(tx, request)
    for unit in helpers:
        if unit.code not in there:
            order = passing.cooperate(
                tx,
                office,
                request,
                unit,
                service=service,
                lead_due=due,
                decided_by="arbitration",
                now=now,
                designated=True,
            )
            passing.tell_helper(tx, office, request, unit, due=order["due_at"], now=now)


def _set_due(
    tx: Transaction, office: Office, request: Row, order: Row, due: datetime, now: datetime
) -> None:
    first = order["original_due_at"] or order["due_at"]
    casework.change_referral(tx, order, due_at=due, original_due_at=first)
    names = clockwork.handling(office, request, now)
    for clock in casework.running(tx, request["id"]):
        if clock["name"] in names and clock["due_at"] == order["due_at"]:
            put_off(tx, office, request, clock, clocks.Due(due, provisional=False), now)


def _where(claim: Row, unit: Unit, helpers: Sequence[Unit]) -> str:
    return claim["bureau"] if claim["bureau"] in {one.code for one in helpers} else unit.code


def _decided(
    tx: Transaction,
    claims: Sequence[Row],
    decision: str,
    went: dict[int, str],
    actor: Actor,
    reason: str,
    now: datetime,
) -> None:
    for claim in claims:
        tx.execute(
            update(Dispute)
            .where(col(Dispute.id) == claim["id"])
            .values(
                decision=decision,
                went_to=went[claim["id"]],
                decided_by=actor.login,
                decided_at=now,
                decided_reason=reason,
            )
        )


def _record(
    tx: Transaction,
    kind: str,
    actor: Actor,
    before: Row,
    after: Row,
    row: Transition,
    order: Row,
    reason: str,
    *,
    now: datetime,
    went_to: str,
    **more: object,
) -> None:
    detail = {"due": order["due_at"].isoformat(), **more}
    casework.record(
        tx, kind, actor, before=before, after=after, now=now, row=row, reason=reason,
        bureau=order["bureau"], order_was=order["status"], went_to=went_to, **detail,
    )  # fmt: skip


def _finish(tx: Transaction, request: Row, actor: Actor, now: datetime) -> None:
    casework.finish_tasks(tx, request["id"], TaskKind.DECIDE_RETURN, actor, now)


def _tell_designated(
    tx: Transaction,
    office: Office,
    request: Row,
    bureau: str,
    login: str | None,
    due: datetime,
    now: datetime,
) -> None:
    unit = office.directory.unit.get(bureau)
    officer = office.directory.member(unit, login)
    reader = office.directory.answerable(unit, now)
    if unit is not None and officer is not None:
        reader = Answerable(unit, officer, "holder")
    telling.tell_staff(tx, office, "staff_designated", request, reader, due=due, now=now)
