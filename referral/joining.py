"""A contact joins the request its sender already has open; danger in it raises the request."""

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.requests import HelpRequest, queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind, Track, worst
from referral import (
    accusing,
    complaint_inside,
    falling_silent,
    level_told,
    opening,
    placing,
    second_opinion,
    secrecy,
    starting,
    telling,
    unheard,
    urgent_orders,
    waiting,
    withholding,
    word_given,
)
from referral.directory import ZONE
from referral.office import Arrival, Office
from referral.planning import plan

WAITS_FOR_WORDS = (Status.RESULT_REPORTED, Status.IN_CALLBACK, Status.SUSPENDED)
"""Where nobody works who would read what the requester adds: somebody is asked to."""
UNKNOWN = (None, "unclear")
"""The service of a request whose matter nobody knows yet."""


def attach(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> Row:
    """Add a contact to its sender's open request; danger in it raises the request (T24)."""
    before, now = Level(request["level"]), arrival.now
    tx.event(
        "contact_attached",
        at=now,
        request=request,
        channel=arrival.channel,
        journal=arrival.journal_id,
        words=arrival.mark,
    )
    opening.record_assessment(tx, arrival, request)
    day = now.astimezone(ZONE).date()
    named = accusing.perhaps(office, arrival.inbound.text, request["area"], day)
    complaint_inside.look(tx, office, arrival, request, named)
    request = withholding.heard(tx, office, arrival, request, named)
    if arrival.inbound.answered:
        starting.got_through(tx, request, now)
    request = secrecy.heard(tx, office, arrival, request)
    where, request = request, placing.heard(tx, office, arrival, request)
    if request["status"] == Status.NEEDS_CLARIFICATION and not arrival.inbound.missed:
        request = waiting.answered(tx, office, request, now=now)
    elif not arrival.inbound.missed and _waits_for_a_reader(arrival, request):
        telling.ask_once(
            tx, TaskKind.NEW_WORDS, unit=request["holder_unit"], note="", now=now, request=request
        )
    level = worst(before, arrival.level)
    if level.is_urgent and before.is_urgent and arrival.assessment.facts.minor:
        starting.report_minor(tx, office, request, now, True)
    if level is before and level.is_urgent and where["area"] != request["area"]:
        placing.bring_in(tx, office, request, now)
    if level is before:
        falling_silent.heard(tx, office, arrival, request)
        request = second_opinion.looked(tx, office, arrival, request)
    if level is before or arrival.inbound.missed:
        if arrival.inbound.missed:
            starting.missed_call(tx, office, arrival, request)
        else:
            _say_added(tx, office, arrival, request)
        return request
    return _raise(tx, office, arrival, request=request, level=level)


def _waits_for_a_reader(arrival: Arrival, request: Row) -> bool:
    """Whether a person must read what was added: nobody works on the request, or it says at last
    what a missed call or a greeting was about, and nobody has decided where that goes."""
    named = arrival.assessment.service not in UNKNOWN and request["service"] in UNKNOWN
    return request["status"] in WAITS_FOR_WORDS or named


def _raise(tx: Transaction, office: Office, arrival: Arrival, *, request: Row, level: Level) -> Row:
    """Raise the level; where that makes it urgent, the urgent clocks start now; where it does or is
    danger to life now, those who must act have orders as urgent ones (``urgent_orders``) and are
    told. The holder and the first responder stay."""
    now, before = arrival.now, Level(request["level"])
    decided = plan(office, arrival, tx.count("turn"), request["area"])
    becomes_urgent = level.is_urgent and not before.is_urgent
    if level.is_urgent:
        request = waiting.danger_goes_on(tx, office, request, now=now, run=tx.later)
    changes: dict[str, Any] = {
        "level": level,
        "queue_key": queue_key(level.rank, decided.lead_due.at, request["id"]),
    }
    if becomes_urgent:
        changes["track"] = Track.URGENT
    elif before in (Level.NONE, Level.CONSULTATION):
        changes["track"] = decided.track
    tx.event("level_raised", at=now, request=request, was=before, now=level)
    request = {**request, **changes}
    tx.later(update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(**changes))
    if becomes_urgent or level is Level.LIFE_THREAT:
        urgent_orders.dispatch_more(tx, office, arrival, request=request, decided=decided)
    if becomes_urgent:
        starting.start_clocks(tx, office, arrival, request=request, decided=decided, raised=True)
    else:
        if level is Level.LIFE_THREAT:
            starting.start_handoff(tx, office, request, now)
        falling_silent.heard(tx, office, arrival, request)
    if level.is_urgent:
        due = word_given.standing(tx, office, request, level, now)
        if level is Level.LIFE_THREAT:
            telling.say(tx, office, arrival, request, "handoff", due=due)
        telling.say(tx, office, arrival, request, "urgent_joined", due=due)
        holder = office.directory.holder(request)
        level_told.brought_in(
            tx, office, request, holder, due=decided.lead_due.at, decided=decided, now=now
        )
    else:
        _say_added(tx, office, arrival, request)
    opening.ask_people(tx, office, arrival, request=request)
    return request


def _say_added(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """What was added is in the request, and by when they hear from somebody; nothing after a
    talk."""
    if arrival.inbound.answered:
        return
    until = unheard.asked(tx, office, arrival, request)
    if until is not None and until > arrival.now:
        telling.say(tx, office, arrival, request, unheard.TOLD, due=until)
        return
    word_given.say_added(tx, office, arrival, request)
