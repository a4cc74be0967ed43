"""An order passes to another unit: the due time goes with it, and nobody is without a holder."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col

from models.disputes import Dispute
from models.referrals import Referral
from models.requests import queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Status
from referral import bringing_in, casework, clocks, clockwork, lapsing, promises, telling
from referral.answering import tell
from referral.casework import Refusal
from referral.directory import ZONE, Answerable, Unit
from referral.lifecycle import Transition, may_on_referral
from referral.office import Office
from referral.planning import TOWNSHIP
from referral.routing import GRASSROOTS, RouteRow


def bureau(office: Office, code: str, now: datetime) -> Unit:
    """The unit that serves under this code today. Raises ``Refusal`` (422) when there is none, or
    when the order would push a bureau's work down to a township or village."""
    return not_below(office.directory.current(code, now.astimezone(ZONE).date()), code)


def not_below(unit: Unit | None, code: str) -> Unit:
    """The unit, if it is one and above the grassroots. Raises ``Refusal`` (422) as ``bureau``."""
    if unit is None:
        raise Refusal("refusal.no_such_bureau", {"bureau": code}, 422)
    if unit.authority in GRASSROOTS:
        raise Refusal("refusal.never_down", {"unit": unit.code}, 422)
    return unit


def cooperate(
    tx: Transaction,
    office: Office,
    request: Row,
    unit: Unit,
    *,
    service: str | None,
    lead_due: datetime,
    decided_by: str,
    now: datetime,
    designated: bool = False,
) -> Row:
    """Give a cooperating order, due before the lead's own (``CLK-COOP``)."""
    half = Level(request["level"]).is_urgent
    due = clocks.cooperating_due(now, max(lead_due, now), office.policy.calendar, half=half)
    return new_order(
        tx,
        office,
        request,
        unit,
        role=ReferralRole.COOPERATING,
        service=service,
        due=due,
        decided_by=decided_by,
        now=now,
        designated=designated,
    )


def new_order(
    tx: Transaction,
    office: Office,
    request: Row,
    unit: Unit,
    *,
    role: ReferralRole,
    service: str | None,
    due: clocks.Due,
    decided_by: str,
    now: datetime,
    original_due: datetime | None = None,
    designated: bool = False,
) -> Row:
    """Give an order with its due time (R1). The lead's has CLK-SIGN, a cooperating one CLK-COOP."""
    may_on_referral("dispatch", None, "system")
    if not bringing_in.may_help(tx, office, request, unit):
        raise Refusal("refusal.barred", {"unit": unit.code}, 422)
    urgent = Level(request["level"]).is_urgent
    order = tx.add(
        Referral,
        id=tx.mint(),
        request_id=request["id"],
        bureau=unit.code,
        role=role,
        service=service,
        designated=designated,
        dispatched_at=now,
        due_at=due.at,
        original_due_at=original_due,
        provisional=due.provisional,
        decided_by=decided_by,
    )
    leads = role is ReferralRole.LEAD
    name = "CLK-SIGN" if leads else "CLK-COOP"
    rule = office.policy.clock(name, "urgent" if urgent else "", now.astimezone(ZONE).date())
    promises.start(
        tx,
        office,
        request,
        rule=rule,
        at=now,
        urgent=urgent,
        referral_id=order["id"],
        due=None if leads else due,
    )
    return order


def end_order(tx: Transaction, request: Row, order: Row, status: str, now: datetime) -> None:
    """The order is no longer this bureau's: its own clocks stop, the request's run on, what the
    bureau asked for lapses."""
    casework.change_referral(tx, order, status=status)
    lapsing.lapse(tx, request, order, now)
    names = ("CLK-SIGN", "CLK-COOP", "CLK-ARBITRATE")
    casework.halt(tx, request["id"], names, now, referral_id=order["id"])
    end_dispute(tx, order, now)


def end_dispute(tx: Transaction, order: Row, now: datetime) -> None:
    """An order that ends is no longer disputed; a decision says more, where there is one."""
    tx.execute(
        update(Dispute)
        .where(col(Dispute.referral_id) == order["id"], col(Dispute.decided_at).is_(None))
        .values(decision="ended", decided_at=now)
    )


def cancel_other(tx: Transaction, request: Row, unit: Unit, now: datetime) -> None:
    """A bureau that helped and now leads has one order, not two."""
    for other in casework.referrals(tx, request["id"]):
        helps = other["role"] == ReferralRole.COOPERATING and other["bureau"] == unit.code
        if helps and other["status"] not in casework.GONE:
            end_order(tx, request, other, ReferralStatus.CANCELLED, now)


def new_holder(
    tx: Transaction, office: Office, request: Row, unit: Unit, route: RouteRow, now: datetime
) -> Answerable:
    """The new lead's person on duty; on an urgent matter the township goes on with first aid, but
    where it is kept out. Nobody who is kept out of it themselves, as long as there is another of
    the lead or at the desk (I9)."""
    held = office.directory.unit.get(request["holder_unit"])
    officer = office.directory.officer.get(request["holder_person"])
    first = Level(request["level"]).is_urgent and route.first_line == TOWNSHIP
    if first and held is not None and officer is not None and held.authority == TOWNSHIP:
        helper = Answerable(held, officer, "first_aid")
        if bringing_in.may_hear(tx, office, request, helper):
            return helper
    found = bringing_in.reader_of(tx, office, request, unit, now)
    if found is None:
        found = office.directory.head_of_shift(now)
        if not bringing_in.may_hear(tx, office, request, found):
            found = office.directory.answerable(unit, now)
    return found


def hand_over(
    tx: Transaction,
    office: Office,
    request: Row,
    unit: Unit,
    *,
    route: RouteRow,
    due: datetime,
    now: datetime,
    service: str | None = None,
) -> tuple[Row, Answerable]:
    """The request has a new lead and, at the same instant, the lead's person as holder (I1)."""
    holder = new_holder(tx, office, request, unit, route, now)
    after = casework.change(
        tx,
        request,
        lead_bureau=unit.code,
        service=service or request["service"],
        route=route.id,
        holder_unit=holder.unit.code,
        holder_person=holder.officer.login,
        queue_key=queue_key(Level(request["level"]).rank, due, request["id"]),
    )
    return after, holder


def announce(
    tx: Transaction,
    office: Office,
    request: Row,
    unit: Unit,
    holder: Answerable,
    *,
    due: datetime,
    now: datetime,
    new_date_because: str = "",
) -> None:
    """The citizen hears the new name with the unchanged date, or the new one and why (N9); the
    holder is told."""
    if new_date_because:
        reason = new_date_because
        tell(tx, office, request, "handed_over_later", due=due, now=now, unit=unit, reason=reason)
    else:
        tell(tx, office, request, "handed_over", due=due, now=now, unit=unit)
    urgent = Level(request["level"]).is_urgent
    telling.notify(tx, office, request, holder, due=due, now=now, urgent=urgent)


def tell_helper(
    tx: Transaction, office: Office, request: Row, unit: Unit, *, due: datetime, now: datetime
) -> None:
    """The bureau that was given a part hears it, and not first when half of its time is over."""
    reader = bringing_in.reader_of(tx, office, request, unit, now)
    urgent = Level(request["level"]).is_urgent
    if reader is not None:
        telling.notify(tx, office, request, reader, due=due, now=now, urgent=urgent)


def send_on(
    tx: Transaction,
    office: Office,
    request: Row,
    order: Row,
    row: Transition,
    unit: Unit,
    *,
    route: RouteRow,
    now: datetime,
    designated: bool = False,
) -> tuple[Row, Answerable | None]:
    """End the old order and give the new one with its due time; the lead's holder moves along. The
    bureau that has a part now is told here, a new lead by ``announce``."""
    end_order(tx, request, order, str(row.to), now)
    leads = order["role"] == ReferralRole.LEAD
    if leads:
        cancel_other(tx, request, unit, now)
    elif unit.code in bringing_in.with_orders(tx, request):
        return request, None
    new_order(
        tx,
        office,
        request,
        unit,
        role=ReferralRole(order["role"]),
        service=order["service"],
        due=clocks.Due(order["due_at"], order["provisional"]),
        decided_by=f"dispute:{order['id']}",
        now=now,
        original_due=order["original_due_at"],
        designated=designated,
    )
    if not leads:
        tell_helper(tx, office, request, unit, due=order["due_at"], now=now)
        return request, None
    return hand_over(tx, office, request, unit, route=route, due=order["due_at"], now=now)


def keep(
    tx: Transaction, office: Office, request: Row, order: Row, signer: str, row: Transition,
    now: datetime,
) -> Row:  # fmt: skip
    """The order stays with its bureau, signed by who wanted to return it, and designated."""
    clockwork.follow(tx, office, request, row, now=now, referral_id=order["id"])
    casework.halt(tx, request["id"], ("CLK-SIGN",), now, referral_id=order["id"])
    casework.change_referral(
        tx,
        order,
        status=ReferralStatus.SIGNED,
        designated=True,
        signed_at=order["signed_at"] or now,
        signed_by=order["signed_by"] or signer,
    )
    if order["role"] == ReferralRole.LEAD and request["status"] == Status.DISPATCHED:
        return casework.change(tx, request, status=Status.IN_PROGRESS)
    return request
