"""The change of shift: nobody leaves the desk with a matter that is not yet in anybody's hands.

What an operator still has in triage is offered to a colleague by name, who accepts it. What nobody
accepts in time is the head of shift's, and so is what somebody left behind who is no longer there.
The first responder never changes; the citizen's number leads to whoever has it now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, or_, select, union, update
from sqlmodel import col

from models.handovers import Handover, desk_person
from models.places import Staff
from models.requests import HelpRequest, said
from models.transaction import Row, Transaction
from models.vocabulary import Level, Role, Status, TaskKind
from referral import casework, telling
from referral.casework import Actor, Refusal
from referral.directory import Officer
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


def kept_by(connection: Any, login: str, most: int | None = None) -> Sequence[Any]:
    """What this person would leave behind, the most urgent first, each with its open offer; at
    most so many.

    Whoever has a request at the desk was its first responder or took it over: each way is read by
    an index of its own, so that it costs the same however many requests are open.
    """
    found: Sequence[Any] = connection.execute(_kept_by(most), {"login": login}).all()
    return found


@cache
def _kept_by(most: int | None) -> Any:
    login = bindparam("login", type_=String())
    took = select(col(Handover.request_id)).where(col(Handover.taken_by) == login)
    ways = (col(HelpRequest.first_responder) == login, col(HelpRequest.id).in_(took))
    each = [
        select(col(HelpRequest.id))
        .where(in_hand(), way, desk_person() == login)
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


def _keeps(connection: Any, login: str, request_id: int) -> bool:
    """Whether this request is among those, without reading the others."""
    one = select(col(HelpRequest.id)).where(
        col(HelpRequest.id) == request_id, in_hand(), desk_person() == login
    )
    return connection.execute(one).first() is not None


def offered_to(connection: Any, login: str) -> Sequence[Any]:
    """What colleagues offer to this person, the most urgent first."""
    found: Sequence[Any] = connection.execute(_offered_to(), {"login": login}).all()
    return found


@cache
def _offered_to() -> Any:
    return (
        select(*LINE)
        .join(Handover, open_offer())
        .where(col(Handover.offered_to) == bindparam("login", type_=String()))
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


def require_free_to_leave(connection: Any, actor: Actor) -> None:
    """Raise ``Refusal`` while the actor still has matters at the desk."""
    if actor.role in DESK_STAFF and (kept := kept_by(connection, actor.login)):
        params = {"count": str(len(kept)), "number": kept[0].number}
        raise Refusal("refusal.hand_over_first", params)


def colleagues(reader: Any, office: Office, actor: Actor) -> list[Officer]:
    """Who may be offered a matter: the others at the same desk who have been let in; behind an
    account without a password that nobody has opened nobody would accept anything."""
    let_in = select(col(Staff.login)).where(
        col(Staff.unit) == actor.unit,
        or_(col(Staff.password).is_not(None), col(Staff.signed_in_at).is_not(None)),
    )
    opened = set(reader.execute(let_in).scalars())
    return [
        officer
        for officer in office.directory.officers
        if officer.unit == actor.unit
        and officer.login != actor.login
        and officer.role in DESK_STAFF
        and officer.login in opened
    ]


def offer_handover(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    to: str,
    note: str = "",
    now: datetime,
) -> Row:
    """Offer a matter in one's hands to a named colleague. Until it is accepted it stays with the
    offerer; after some minutes it is the head of shift's. Raises ``Refusal``."""
    casework.require_open(request)
    if not _keeps(tx, actor.login, request["id"]):
        raise Refusal("refusal.not_in_your_hands", {"number": request["number"]}, 403)
    if to not in {officer.login for officer in colleagues(tx, office, actor)}:
        raise Refusal("refusal.no_such_colleague", {"to": to}, 422)
    minutes: Any = office.policy.values["handover_accept_minutes"].value
    due = now + timedelta(minutes=minutes)
    _settle(tx, request["id"], "withdrawn", None, now)
    tx.add(
        Handover,
        id=tx.mint(),
        request_id=request["id"],
        offered_by=actor.login,
        offered_to=to,
        note=note.strip(),
        offered_at=now,
        due_at=due,
    )
    _tell(tx, actor, "handover_offered", request, now, to=to, until=due.isoformat())
    return request


def accept_handover(
    tx: Transaction, _office: Office, actor: Actor, request: Row, *, now: datetime
) -> Row:
    """Accept what was offered: from now on the matter is in the actor's hands. Raises
    ``Refusal``."""
    offer = _offer(tx, actor, request)
    _settle(tx, request["id"], "accepted", actor.login, now)
    after = _hold(tx, request, offer.offered_by, actor.login, actor.unit)
    held = {"holder": after["holder_person"], "holder_unit": after["holder_unit"]}
    _tell(tx, actor, "handover_accepted", after, now, offered_by=offer.offered_by, **held)
    return after


def decline_handover(
    tx: Transaction, _office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Decline what was offered; it stays where it is. Raises ``Refusal``."""
    why = casework.need(reason, "refusal.reason_missing")
    offer = _offer(tx, actor, request)
    _settle(tx, request["id"], "declined", None, now)
    _tell(tx, actor, "handover_declined", request, now, offered_by=offer.offered_by, reason=why)
    return request


def _offer(tx: Transaction, actor: Actor, request: Row) -> Any:
    casework.require_open(request)
    offers = {row.id: row for row in offered_to(tx, actor.login)}
    if request["id"] not in offers:
        raise Refusal("refusal.nothing_offered", {"number": request["number"]})
    return offers[request["id"]]


def _settle(
    tx: Transaction, request_id: int, outcome: str, taker: str | None, now: datetime
) -> int:
    done = tx.execute(
        update(Handover)
        .where(col(Handover.request_id) == request_id, col(Handover.settled_at).is_(None))
        .values(settled_at=now, outcome=outcome, taken_by=taker)
    )
    return int(done.rowcount)


def _hold(tx: Transaction, request: Row, before: str, taker: str, unit: str) -> Row:
    """Where the desk itself holds the request the holder changes too (I1)."""
    if request["holder_person"] != before:
        return request
    return casework.change(tx, request, holder_person=taker, holder_unit=unit)


def _tell(
    tx: Transaction, actor: Actor, kind: str, request: Row, now: datetime, **detail: Any
) -> None:
    casework.record(tx, kind, actor, before=request, after=request, now=now, **detail)


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


def pass_on(
    tx: Transaction, office: Office, request: Row, *, outcome: str, person: str, now: datetime
) -> bool:
    """The head of shift takes what nobody accepted (``outcome`` "unaccepted") or what somebody
    left behind ("absent"), and is asked to look at it; False when there is nothing to take any
    more."""
    if not _keeps(tx, person, request["id"]):
        _settle(tx, request["id"], "done", None, now)
        return False
    lead = office.directory.head_of_shift(now)
    if outcome == "unaccepted":
        if not _settle(tx, request["id"], outcome, lead.officer.login, now):
            return False
    else:
        tx.add(
            Handover,
            id=tx.mint(),
            request_id=request["id"],
            offered_by=person,
            offered_to=lead.officer.login,
            offered_at=now,
            due_at=now,
            settled_at=now,
            outcome=outcome,
            taken_by=lead.officer.login,
        )
    after = _hold(tx, request, person, lead.officer.login, lead.unit.code)
    tx.event(
        "handover_to_lead",
        at=now,
        request=after,
        to=lead.officer.login,
        found_by=lead.how,
        was=person,
        because=outcome,
        holder=after["holder_person"],
        holder_unit=after["holder_unit"],
    )
    telling.ask_once(
        tx,
        TaskKind.TAKEN_OVER,
        unit=lead.unit.code,
        note=f"{person}{telling.BECOMES}{lead.officer.login}",
        request=after if outcome == "unaccepted" else None,
        urgent=Level(request["level"]).is_urgent,
        now=now,
    )
    return True
