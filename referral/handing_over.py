"""The change of shift: nobody leaves the desk with a matter that is not yet in anybody's hands.

What an operator still has in triage is offered to a colleague by name, who accepts it. What nobody
accepts in time is the head of shift's, and so is what somebody left behind who is no longer there.
The first responder never changes; the citizen's number leads to whoever has it now.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import col

from models.handovers import Handover
from models.places import Staff
from models.transaction import Row, Transaction
from models.vocabulary import Level, TaskKind
from referral import accused, bringing_in, casework, hands, standing_in, telling
from referral.casework import Actor, Refusal
from referral.directory import Answerable, Officer
from referral.hands import DESK_STAFF
from referral.office import Office


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
    if not hands.keeps(tx, actor.login, request["id"]):
        raise Refusal("refusal.not_in_your_hands", {"number": request["number"]}, 403)
    if to not in {officer.login for officer in colleagues(tx, office, actor)}:
        raise Refusal("refusal.no_such_colleague", {"to": to}, 422)
    if _is_kept_out(office, bringing_in.kept_out(tx, request), to):
        params = {"number": request["number"], "to": to}
        raise Refusal("refusal.another_colleague", params, 422)
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
    offers = {row.id: row for row in hands.offered_to(tx, actor.login)}
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


def pass_on(
    tx: Transaction, office: Office, request: Row, *, outcome: str, person: str, now: datetime
) -> bool:
    """The head of shift takes what nobody accepted (``outcome`` "unaccepted"), what somebody left
    behind ("absent") or may not have any more ("barred"), and is asked to look at it; where a
    complaint is about the head, the next at the desk whom it is not about (I9). False when there is
    nothing to take any more."""
    if not hands.keeps(tx, person, request["id"]):
        _settle(tx, request["id"], "done", None, now)
        return False
    taker = standing_in.at_the_desk(tx, office, request, now, head_first=True)
    if outcome != "unaccepted" and taker.officer.login == person:
        return False  # nobody else is left
    return _take(tx, request, taker, outcome, person, now) is not None


def take_from(
    tx: Transaction, office: Office, request: Row, names: Collection[str], now: datetime
) -> Row:
    """Nobody of ``names`` (``models.bars.bars``) keeps the request at the desk or has it offered:
    another one there has it from this moment (I1, I9), and what was offered to them stays with the
    offerer. Raises ``Refusal`` where nobody is left."""
    person, offer = hands.person_of(tx, request["id"]), hands.offer_of(tx, request["id"])
    if person is not None and _is_kept_out(office, names, person):
        taker = standing_in.at_the_desk(tx, office, request, now, head_first=True)
        if accused.is_barred(office.directory, names, taker):
            raise Refusal("refusal.no_higher_body", {"number": request["number"]})
        return _take(tx, request, taker, "barred", person, now) or request
    if offer is not None and _is_kept_out(office, names, offer.offered_to):
        _settle(tx, request["id"], "barred", None, now)
        tx.event(
            "handover_withdrawn",
            at=now,
            request=request,
            offered_by=offer.offered_by,
            to=offer.offered_to,
            because="barred",
        )
    return request


def _is_kept_out(office: Office, names: Collection[str], login: str) -> bool:
    officer = office.directory.officer.get(login)
    unit = office.directory.unit.get(officer.unit) if officer is not None else None
    if officer is None or unit is None:
        return login in names
    return accused.is_barred(office.directory, names, Answerable(unit, officer, "staff"))


def _take(
    tx: Transaction, request: Row, taker: Answerable, outcome: str, person: str, now: datetime
) -> Row | None:
    """Put it into these hands; None where another process has settled it."""
    login, unit = taker.officer.login, taker.unit.code
    if not _settle(tx, request["id"], outcome, login, now):
        if outcome == "unaccepted":
            return None
        tx.add(
            Handover,
            id=tx.mint(),
            request_id=request["id"],
            offered_by=person,
            offered_to=login,
            offered_at=now,
            due_at=now,
            settled_at=now,
            outcome=outcome,
            taken_by=login,
        )
    after = _hold(tx, request, person, login, unit)
    tx.event(
        "handover_to_lead",
        at=now,
        request=after,
        to=login,
        found_by=taker.how,
        was=person,
        because=outcome,
        holder=after["holder_person"],
        holder_unit=after["holder_unit"],
    )
    telling.ask_once(
        tx,
        TaskKind.TAKEN_OVER,
        unit=unit,
        note=f"{person}{telling.BECOMES}{login}",
        request=None if outcome == "absent" else after,
        urgent=Level(request["level"]).is_urgent,
        now=now,
    )
    return after
