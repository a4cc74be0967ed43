"""A person decides what the software proposed: confirms it, raises it, lowers it.

Anybody may raise. Only a named head of shift lowers, with a reason, and out of life danger two
people sign (I3; PIPL Art. 24: no decision by software alone).
"""

import dataclasses
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.messages import Inbound
from models.requests import Contact, queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralStatus, Role, Status, Track
from referral import (
    casework,
    falling_silent,
    informing,
    level_told,
    opening,
    starting,
    undecided,
    urgent_orders,
    waiting,
    word_given,
)
from referral.answering import correspondent, tell
from referral.casework import Actor, Refusal
from referral.directory import Answerable
from referral.handling import SPOKEN
from referral.lifecycle import may
from referral.office import Arrival, Office
from referral.planning import plan
from referral.rerouting import handling_clock, route_of, start
from triage.assess import Assessment


def confirm(tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime) -> Row:
    """Confirm the triage (T08, T09): the track is decided, CLK-TRIAGE stops, and on the standard
    track everything needed is told at once (N4). Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    status = Status(request["status"])
    if request["confirmed_at"] is not None and status is not Status.IN_TRIAGE:
        raise Refusal("refusal.already_confirmed", {"number": request["number"]})
    begin = Status.EMERGENCY_HANDOFF if status is Status.EMERGENCY_HANDOFF else Status.IN_TRIAGE
    row = may("accept", begin, actor.role, track=Track(request["track"]))
    changes: dict[str, Any] = {"confirmed_at": now, "confirmed_by": actor.login}
    if status is Status.IN_TRIAGE:
        changes["status"] = _onward(tx, office, request, now)
    casework.halt(tx, request["id"], ("CLK-TRIAGE",), now)
    after = casework.change(tx, request, **changes)
    casework.record(tx, "confirmed", actor, before=request, after=after, now=now, row=row)
    if request["track"] == Track.STANDARD and request["confirmed_at"] is None:
        lead = casework.lead_of(tx, request["id"])
        unit = office.directory.unit.get(lead["bureau"])
        informing.inform(tx, office, after, due=lead["due_at"], now=now, unit=unit, by=actor.login)
    if not Level(request["level"]).is_urgent and request["confirmed_at"] is None:
        informing.tell_rights(tx, office, after, now=now)
    return after


def _onward(tx: Transaction, office: Office, request: Row, now: datetime) -> Status:
    """Accepted in triage, the order is out at once (T14), and in hand where it is signed (T15).

    A missed call has no handling clock yet: what it is about is known only now."""
    may("dispatch", Status.ACCEPTED, "system")
    lead = casework.lead_of(tx, request["id"])
    clocks_running = {clock["name"] for clock in casework.running(tx, request["id"])}
    route = route_of(office, request, now)
    urgent = Level(request["level"]).is_urgent
    name, case = handling_clock(route, urgent)
    if name not in clocks_running and lead["completed_at"] is None:
        start(tx, office, request, (name, case), now, urgent=urgent)
        if not urgent and "CLK-CONTACT" not in clocks_running:
            start(tx, office, request, ("CLK-CONTACT", ""), now)
    signed = lead["status"] in (ReferralStatus.SIGNED, ReferralStatus.IN_PROGRESS)
    return Status.IN_PROGRESS if signed else Status.DISPATCHED


def raise_urgency(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    level: Level,
    reason: str,
    now: datetime,
) -> Row:
    """Raise the level (T24): anybody may, at any time while the request is open. Where it becomes
    urgent the urgent clocks start now and the urgent route's lead is brought in beside the lead;
    the holder and whoever must act now are told. Raises ``Refusal``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    before = Level(request["level"])
    if level.rank >= before.rank:
        raise Refusal("refusal.not_higher", {"level": before}, 422)
    row = may("raise_urgency", Status(request["status"]), actor.role)
    if level.is_urgent:
        request = waiting.danger_goes_on(tx, office, request, now=now)
    arrival = again(tx, office, request, level=level, now=now)
    decided = plan(office, arrival, tx.count("turn"))
    becomes_urgent = level.is_urgent and not before.is_urgent
    due = casework.lead_of(tx, request["id"])["due_at"]
    changes: dict[str, Any] = {"level": level}
    if becomes_urgent:
        changes["track"] = Track.URGENT
        due = min(due, decided.lead_due.at)
    elif before in (Level.NONE, Level.CONSULTATION) and request["track"] != Track.GRIEVANCE:
        changes["track"] = Track.STANDARD
    changes["queue_key"] = queue_key(level.rank, due, request["id"])
    after = casework.change(tx, request, **changes)
    casework.record(
        tx,
        "level_raised",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        was_level=before,
        level=level,
        reason=why,
    )
    if becomes_urgent:
        urgent_orders.dispatch_more(tx, office, arrival, request=after, decided=decided)
        starting.start_clocks(tx, office, arrival, request=after, decided=decided, raised=True)
    else:
        if level is Level.LIFE_THREAT:
            starting.start_handoff(tx, office, after, now)
        falling_silent.heard(tx, office, arrival, after)
    if level.is_urgent:
        word = word_given.standing(tx, office, after, level, now)
        tell(tx, office, after, "urgent_joined", due=word, now=now)
        new = decided if becomes_urgent else None
        level_told.brought_in(
            tx, office, after, _holder(office, after, now), due=due, decided=new, now=now
        )
    opening.ask_people(tx, office, arrival, request=after)
    return after


def lower_urgency(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    level: Level,
    reason: str,
    now: datetime,
) -> Row:
    """Lower the level (T25): the head of shift, with a reason, after speaking with the person.

    Out of life danger the first signature only proposes; the request changes when a second person
    (another head of shift, or a supervisor) gives the same level. Words that came in between, or
    anybody's raising, undo the proposal. The urgent clocks stop as downgraded; the standard ones
    count from the original receipt; the requester is told. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    before = Level(request["level"])
    if level.rank <= before.rank:
        raise Refusal("refusal.not_lower", {"level": before}, 422)
    if request["status"] == Status.EMERGENCY_HANDOFF:
        raise Refusal("refusal.settle_handoff", {"number": request["number"]})
    proposal = _proposal(tx, request, level) if before is Level.LIFE_THREAT else None
    if proposal is not None and proposal.by != actor.login and actor.role is Role.SUPERVISOR:
        row = may("lower_urgency", Status(request["status"]), Role.DUTY_LEAD)
    else:
        row = may("lower_urgency", Status(request["status"]), actor.role)
    if before.is_urgent and not _spoken(tx, office, request):
        raise Refusal("refusal.speak_first", {"number": request["number"]})
    if before is Level.LIFE_THREAT and (proposal is None or proposal.by == actor.login):
        casework.record(
            tx,
            "lowering_proposed",
            actor,
            before=request,
            after=request,
            now=now,
            row=row,
            level=level,
            reason=why,
        )
        return request
    after = _lowered(tx, office, actor, request, level=level, now=now)
    if before is Level.LIFE_THREAT:
        undecided.needless(tx, request, actor, now)
    casework.record(
        tx,
        "level_lowered",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        was_level=before,
        level=level,
        reason=why,
        proposed_by=proposal.by if proposal else None,
        clocks="downgraded",
    )
    if before.is_urgent and not level.is_urgent:
        level_told.no_longer_urgent(tx, office, actor, after, now)
    return after


def _lowered(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, level: Level, now: datetime
) -> Row:
    lead = casework.lead_of(tx, request["id"])
    due = lead["due_at"]
    changes: dict[str, Any] = {"level": level}
    if Level(request["level"]).is_urgent and not level.is_urgent:
        names = {"CLK-URGENT-CONTACT", "CLK-RELIEF", "CLK-HANDOFF", "CLK-TRIAGE"}
        route = route_of(office, request, now)
        standard = handling_clock(route, urgent=False)
        if standard[0] in names:  # a kind of help that is urgent by itself
            standard = ("CLK-HANDLE", "")
        names.add(handling_clock(route, urgent=True)[0])
        casework.halt(tx, request["id"], tuple(names), now)
        received = request["received_at"]
        going = {clock["name"]: clock for clock in casework.running(tx, request["id"])}
        clock = going.get(standard[0]) or start(tx, office, request, standard, received)
        if "CLK-CONTACT" not in going and not _contacted(tx, request):
            start(tx, office, request, ("CLK-CONTACT", ""), received)
        if lead["signed_at"] is None:
            casework.halt(tx, request["id"], ("CLK-SIGN",), now, referral_id=lead["id"])
            start(tx, office, request, ("CLK-SIGN", ""), received, referral_id=lead["id"])
        due = max(due, clock["due_at"])
        casework.change_referral(tx, lead, due_at=due, provisional=clock["provisional"])
        changes["track"] = {Level.CONSULTATION: Track.CONSULTATION, Level.NONE: Track.NONE}.get(
            level, Track.STANDARD
        )
    changes["queue_key"] = queue_key(level.rank, due, request["id"])
    if request["confirmed_at"] is None:
        changes |= {"confirmed_at": now, "confirmed_by": actor.login}
    return casework.change(tx, request, **changes)


def again(tx: Transaction, office: Office, request: Row, *, level: Level, now: datetime) -> Arrival:
    """The request's latest words once more, at the level a person says they have."""
    contact = tx.execute(
        select(*Contact.__table__.columns)  # type: ignore[attr-defined]
        .where(col(Contact.request_id) == request["id"])
        .order_by(col(Contact.received_at).desc(), col(Contact.id).desc())
        .limit(1)
    ).first()
    text, sender = (contact.text, contact.sender) if contact else ("", "")
    where = request["place"] or (contact.place if contact else None)
    inbound = Inbound("", sender, text, place=where, confidential=request["confidential"])
    assessed: Assessment = office.assess(text, request["channel"], inbound)
    track = Track.URGENT if level.is_urgent else Track(request["track"])
    service = request["service"] or assessed.service
    who = correspondent(tx, office, request)
    return Arrival(
        inbound=inbound,
        channel=request["channel"],
        source=request["channel"],
        now=now,
        said_at=now,
        journal_id=contact.journal_id if contact else 0,
        person_id=request["person_id"],
        language=who.language,
        assessment=dataclasses.replace(assessed, level=level, track=track, service=service),
        reply=who.reply,
        stopped=who.stopped,
    )


def _proposal(tx: Transaction, request: Row, level: Level) -> casework.Told | None:
    """A standing first signature for this level: nothing was said or raised since."""
    kinds = ("lowering_proposed", "level_raised", "level_lowered", "assessed", "contact_attached")
    told = casework.history(tx, request["id"], *kinds)
    last = told[-1] if told else None
    if last is None or last.kind != "lowering_proposed" or last.detail.get("level") != level:
        return None
    return last


def _spoken(tx: Transaction, office: Office, request: Row) -> bool:
    """Whether somebody spoke with the person, or nobody can: they left no address."""
    return _contacted(tx, request) or correspondent(tx, office, request).reply is None


def _contacted(tx: Transaction, request: Row) -> bool:
    told = casework.history(tx, request["id"], "contacted")
    return any(one.detail.get("outcome") in SPOKEN for one in told)


def _holder(office: Office, request: Row, now: datetime) -> Answerable:
    held = office.directory.holder(request)
    unit = office.directory.unit.get(request["holder_unit"])
    return held if held is not None else office.directory.answerable(unit, now)
