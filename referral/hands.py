"""In whose hands at the desk a request is, and what is offered to whom: read only.

A matter that complains about somebody is in no list of theirs (I9), whatever stands in the rows.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, or_, select, union
from sqlmodel import col

from models.bars import UNBARRED
from models.handovers import Handover, desk_person
from models.places import UnitRow
from models.requests import HelpRequest, said
from models.vocabulary import Role, Status
from referral.casework import Actor, Refusal, barred_as
from referral.directory import HOTLINE
from referral.office import Office

DESK_STAFF = (Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD)
IN_HAND = (
    Status.RECEIVED,
    Status.NEEDS_CLARIFICATION,
    Status.IN_TRIAGE,
    Status.EMERGENCY_HANDOFF,
)


def in_hand() -> ColumnElement[bool]:
    """What is still at the desk: not yet decided, or sent out by the software and confirmed by
    nobody. Said in the words of an index (models.requests)."""
    status = col(HelpRequest.status)
    unconfirmed = and_(status == said(Status.DISPATCHED), col(HelpRequest.confirmed_at).is_(None))
    return and_(
        col(HelpRequest.closed_at).is_(None),
        or_(status.in_([said(one) for one in IN_HAND]), unconfirmed),
    )


def kept_by(
    connection: Any, login: str, units: Collection[str] = (), most: int | None = None
) -> Sequence[Any]:
    """What this person of these units (``casework.barred_as``) would leave behind, the most urgent
    first, each with its open offer; at most so many.

    Whoever has a request at the desk was its first responder, took it over, or holds it there for
    the desk though another was asked first: each way is read by an index of its own, so that it
    costs the same however many requests are open.
    """
    found: Sequence[Any] = connection.execute(
        _kept_by(most), {"login": login, "units": list(units)}
    ).all()
    return found


@cache
def _kept_by(most: int | None) -> Any:
    login = bindparam("login", type_=String())
    took = select(col(Handover.request_id)).where(col(Handover.taken_by) == login)
    mine = desk_person() == login
    ways = (
        (col(HelpRequest.first_responder) == login, mine),
        (col(HelpRequest.id).in_(took), mine),
        (_holds(login),),
    )
    each = [
        select(col(HelpRequest.id))
        .where(in_hand(), *way, UNBARRED)
        .order_by(col(HelpRequest.queue_key))
        .limit(most)
        for way in ways
    ]
    return (
        select(*LINE)
        .outerjoin(Handover, open_offer())
        .where(col(HelpRequest.id).in_(union(*(select(one.subquery()) for one in each))))
        .order_by(col(HelpRequest.queue_key))
        .limit(most)
    )


def _holds(login: Any) -> ColumnElement[bool]:
    """Whether somebody is the one person who holds it, and holds it for the desk (I1)."""
    desk = select(col(UnitRow.code)).where(
        col(UnitRow.code) == col(HelpRequest.holder_unit), col(UnitRow.authority) == HOTLINE
    )
    return and_(col(HelpRequest.holder_person) == login, desk.correlate(HelpRequest).exists())


def keeps(connection: Any, login: str, request_id: int) -> bool:
    """Whether this request is among those, without reading the others."""
    one = select(col(HelpRequest.id)).where(
        col(HelpRequest.id) == request_id, in_hand(), or_(desk_person() == login, _holds(login))
    )
    return connection.execute(one).first() is not None


def person_of(connection: Any, request_id: int) -> str | None:
    """Who has this request at the desk; None where it is there no more."""
    one = select(desk_person()).where(col(HelpRequest.id) == request_id, in_hand())
    found: str | None = connection.execute(one).scalar()
    return found


def offer_of(connection: Any, request_id: int) -> Any:
    """The open offer of this request; None where there is none."""
    one = select(*LINE).join(Handover, open_offer()).where(col(HelpRequest.id) == request_id)
    return connection.execute(one).first()


def offered_to(connection: Any, login: str, units: Collection[str] = ()) -> Sequence[Any]:
    """What colleagues offer to this person of these units, the most urgent first."""
    named = {"login": login, "units": list(units)}
    found: Sequence[Any] = connection.execute(_offered_to(), named).all()
    return found


@cache
def _offered_to() -> Any:
    return (
        select(*LINE)
        .join(Handover, open_offer())
        .where(col(Handover.offered_to) == bindparam("login", type_=String()), UNBARRED)
        .order_by(col(HelpRequest.queue_key))
    )


def open_offer() -> ColumnElement[bool]:
    return and_(col(Handover.request_id) == col(HelpRequest.id), col(Handover.settled_at).is_(None))


LINE = (
    col(HelpRequest.id),
    col(HelpRequest.number),
    col(HelpRequest.level),
    col(HelpRequest.status),
    col(HelpRequest.summary),
    col(HelpRequest.first_responder),
    col(Handover.offered_by),
    col(Handover.offered_to),
    col(Handover.due_at),
    col(Handover.note),
)


def require_free_to_leave(connection: Any, office: Office, actor: Actor, now: datetime) -> None:
    """Raise ``Refusal`` while the actor still has matters at the desk."""
    if actor.role not in DESK_STAFF:
        return
    if kept := kept_by(connection, actor.login, barred_as(office, actor, now)):
        params = {"count": str(len(kept)), "number": kept[0].number}
        raise Refusal("refusal.hand_over_first", params)


def unaccepted(connection: Any, now: datetime, *which: ColumnElement[bool]) -> Sequence[Any]:
    """Offers that nobody accepted in time, the most urgent first; with ``which``, of these requests
    alone."""
    found: Sequence[Any] = connection.execute(
        select(*LINE)
        .join(Handover, open_offer())
        .where(col(Handover.due_at) <= now, *which)
        .order_by(col(HelpRequest.queue_key))
    ).all()
    return found
