"""Whoever is kept out of a request has no part in it any more: its orders go to the level above
with their due time, and who held it holds it no longer (I9, N18)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models.bars import Bar, name_of
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Status
from referral import accused, bringing_in, casework, clocks, former, handing_over, passing, telling
from referral.accused import Accused
from referral.casework import Actor, Refusal
from referral.directory import Unit
from referral.office import Office
from referral.rerouting import route_of

AT_WORK = (
    Status.ACCEPTED, Status.IN_PROGRESS, Status.RESULT_REPORTED, Status.IN_CALLBACK,
    Status.REOPENED,
)  # fmt: skip
_AT_MOST = 8
"""So many of those on duty are asked for somebody whom no complaint is about."""


def keep_out(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    new: Accused,
    *,
    why: str,
    now: datetime,
) -> Row:
    """Keep units and people from this request. Orders of a barred unit go to the level above at the
    same instant, with their due time; whoever of them holds it gives it to the lead, and whoever
    has it at the desk to another one there. Raises ``Refusal`` where no body is left."""
    former.keep(tx, office, request, new, why=why, by=actor.login, now=now)
    return clear(tx, office, request, now)


def clear(tx: Transaction, office: Office, request: Row, now: datetime) -> Row:
    """Whoever is kept out has no order and does not hold it from this moment. Raises ``Refusal`` as
    ``keep_out``."""
    names, after = bringing_in.kept_out(tx, request), request
    for order in casework.referrals(tx, request["id"]):
        bureau = office.directory.unit.get(order["bureau"])
        if order["status"] in casework.GONE or bureau is None:
            continue
        if accused.may_have(office.directory, names, bureau):
            continue
        if order["role"] == ReferralRole.LEAD:
            unit = above(office, request, names, {order["bureau"]}, now)
            after = move(tx, office, after, order, unit, due=order["due_at"], now=now)
        else:
            passing.end_order(tx, request, order, ReferralStatus.CANCELLED, now)
    after = handing_over.take_from(tx, office, after, names, now)
    return _held_by_another(tx, office, after, names, now)


def along(
    tx: Transaction, office: Office, actor: Actor, request: Row, other: Row, now: datetime
) -> Row:
    """Whoever is kept out of ``other``, which joins this request, is kept out of this one too: its
    words are read here. Raises ``Refusal`` as ``keep_out``."""
    return _also(tx, office, actor, request, bringing_in.kept_out(tx, other), now)


def also_since(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    other: Row,
    since: datetime,
    now: datetime,
) -> Row:
    """Whoever was kept out of ``other`` since then, while this request was a part of it, is kept
    out of this one too: whose words it was about nobody wrote down. Raises ``Refusal`` as
    ``keep_out``."""
    bars = tx.execute(
        select(col(Bar.unit), col(Bar.login)).where(
            col(Bar.request_id) == other["id"], col(Bar.at) > since
        )
    )
    return _also(tx, office, actor, request, set(map(name_of, bars)), now)


def _also(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    names: Collection[str],
    now: datetime,
) -> Row:
    new = frozenset(names) - bringing_in.kept_out(tx, request)
    if not new:
        return request
    return keep_out(tx, office, actor, request, Accused.named(new), why=accused.JOINED, now=now)


def above(
    office: Office, request: Row, barred: Collection[str], had: set[str], now: datetime
) -> Unit:
    """The next body that has not had it and is not complained about. Raises ``Refusal``."""
    unit = bringing_in.above(office, route_of(office, request, now), barred, had, now)
    if unit is None:
        raise Refusal("refusal.no_higher_body", {"number": request["number"]})
    return unit


def move(
    tx: Transaction,
    office: Office,
    request: Row,
    order: Row,
    unit: Unit,
    *,
    due: datetime,
    now: datetime,
) -> Row:
    """Give the lead's order to another unit, with this due time, and the request with it."""
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


def _held_by_another(
    tx: Transaction, office: Office, request: Row, names: Collection[str], now: datetime
) -> Row:
    """Who holds it without an order, as the township does that acts first, gives it to the lead."""
    directory = office.directory
    held = directory.holder(request)
    if held is None or not accused.is_barred(directory, names, held):
        return request
    lead = directory.unit.get(request["lead_bureau"])
    found = [directory.answerable(lead, now, turn) for turn in range(_AT_MOST)]
    found += [directory.head_of_shift(now)]
    free = [one for one in found if not accused.is_barred(directory, names, one)]
    holder = next(iter(free), found[0])
    after = casework.change(
        tx, request, holder_unit=holder.unit.code, holder_person=holder.officer.login
    )
    due = bringing_in.lead_of(tx, request)["due_at"]
    urgent = Level(request["level"]).is_urgent
    telling.notify(tx, office, after, holder, due=due, now=now, urgent=urgent)
    return after
