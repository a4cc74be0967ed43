"""A unit is gone or an officer has left: their work has a new holder at once (I1, R10).

A retired bureau's open orders move to its successor with their due times, to be signed there by
name; whoever held a request and is no longer there is followed by the unit's person on duty.
Nothing is asked of anybody.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

from models.clocks import Clock
from models.disputes import Dispute
from models.events import SYSTEM
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus
from referral import casework, rerouting, standing_in, telling
from referral.directory import ZONE
from referral.lifecycle import may_on_referral
from referral.office import Office
from referral.transitions import R_OPEN

_UNSIGNED = {"signed_at": None, "signed_by": None}


def move(tx: Transaction, office: Office, now: datetime) -> int:
    """Move every open order and every open request whose holder is gone. Returns how many."""
    moved = 0
    for order, request in _orphaned(tx, office, now):
        _move_order(tx, office, order, request, now)
        moved += 1
    for request in standing_in.held_by(tx, standing_in.orphaned(tx, office, now)):
        moved += standing_in.replace(tx, office, request, now)
    return moved


def settle(tx: Transaction, office: Office, request: Row, now: datetime) -> Row:
    """The same for one request that came back as it once was: units and people of that day may be
    gone. Returns its row as it is now."""
    for order, current in _orphaned(tx, office, now, col(HelpRequest.id) == request["id"]):
        _move_order(tx, office, order, current, now)
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    this = select(*columns).where(col(HelpRequest.id) == request["id"])
    standing_in.replace(tx, office, dict(tx.execute(this).one()._mapping), now)
    return dict(tx.execute(this).one()._mapping)


def _orphaned(
    tx: Transaction, office: Office, now: datetime, *which: ColumnElement[bool]
) -> Iterator[tuple[Row, Row]]:
    day = now.astimezone(ZONE).date()
    gone = [unit.code for unit in office.directory.units if not unit.serves_on(day)]
    if not gone:
        return
    orders = Referral.__table__.columns  # type: ignore[attr-defined]
    requests = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(
        select(*orders)
        .join(HelpRequest, col(HelpRequest.id) == col(Referral.request_id))
        .where(
            col(HelpRequest.closed_at).is_(None),
            col(Referral.bureau).in_(gone),
            col(Referral.status).in_(R_OPEN),
            *which,
        )
        .order_by(col(Referral.id))
    ).all()
    for order in found:
        request = tx.execute(select(*requests).where(col(HelpRequest.id) == order.request_id)).one()
        yield dict(order._mapping), dict(request._mapping)


def _move_order(tx: Transaction, office: Office, order: Row, request: Row, now: datetime) -> None:
    unit = standing_in.heir(tx, office, request, order["bureau"], now)
    if unit is None:
        return
    row = may_on_referral("reassign", ReferralStatus(order["status"]), "administrator")
    waits = order["status"] in (ReferralStatus.RETURN_REQUESTED, ReferralStatus.RESULT_SUBMITTED)
    new = tx.add(
        Referral,
        **{
            **order,
            "id": tx.mint(),
            "bureau": unit.code,
            "status": order["status"] if waits else ReferralStatus.DISPATCHED,
            "decided_by": f"successor:{order['bureau']}",
            **({} if waits else _UNSIGNED),
        },
    )
    casework.change_referral(tx, order, status=row.to)
    theirs = [col(Clock.request_id) == request["id"], col(Clock.referral_id) == order["id"]]
    if not waits:  # a signature that does not go along leaves its clock behind
        theirs.append(col(Clock.stopped_at).is_(None))
    tx.later(update(Clock).where(*theirs).values(referral_id=new["id"]))
    tx.later(
        update(Dispute)
        .where(col(Dispute.referral_id) == order["id"], col(Dispute.decided_at).is_(None))
        .values(referral_id=new["id"])
    )
    leads = order["role"] == ReferralRole.LEAD
    if leads and not waits and order["signed_at"] is not None:
        _sign_anew(tx, office, request, new, now)
    changes: dict[str, Any] = {"lead_bureau": unit.code} if leads else {}
    reader = office.directory.answerable(unit, now)
    if request["holder_unit"] == order["bureau"]:
        changes |= {"holder_unit": reader.unit.code, "holder_person": reader.officer.login}
    if changes:
        this = col(HelpRequest.id) == request["id"]
        tx.execute(update(HelpRequest).where(this).values(**changes))
    after = {**request, **changes}
    tx.event(
        "succeeded", at=now, by=SYSTEM, request=after, row=row.id, bureau=order["bureau"],
        successor=unit.code, lead=leads, due=order["due_at"].isoformat(),
        holder=after["holder_person"], holder_unit=after["holder_unit"],
    )  # fmt: skip
    telling.tell_staff(
        tx, office, "staff_new_referral", after, reader, due=order["due_at"], now=now
    )


def _sign_anew(tx: Transaction, office: Office, request: Row, order: Row, now: datetime) -> None:
    """Who signed is gone: somebody of the successor signs by name (R2), in the time for it."""
    urgent = Level(request["level"]).is_urgent
    clock = ("CLK-SIGN", "urgent" if urgent else "")
    rerouting.start(tx, office, request, clock, now, urgent=urgent, referral_id=order["id"])
