"""A contact joins the request its sender already has open; danger in it raises the request."""

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.requests import HelpRequest, queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind, Track, worst
from referral import (
    falling_silent,
    level_told,
    opening,
    second_opinion,
    secrecy,
    starting,
    telling,
    waiting,
)
from referral.office import Arrival, Office
from referral.planning import plan

WAITS_FOR_WORDS = (Status.RESULT_REPORTED, Status.IN_CALLBACK, Status.SUSPENDED)
"""Where nobody works who would read what the requester adds: somebody is asked to."""


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
    request = secrecy.heard(tx, office, arrival, request)
    if request["status"] == Status.NEEDS_CLARIFICATION and not arrival.inbound.missed:
        request = waiting.answered(tx, office, request, now=now)
    elif request["status"] in WAITS_FOR_WORDS and not arrival.inbound.missed:
        telling.ask_once(
            tx, TaskKind.NEW_WORDS, unit=request["holder_unit"], note="", now=now, request=request
        )
    level = worst(before, arrival.level)
    if level.is_urgent and before.is_urgent and arrival.assessment.facts.minor:
        starting.report_minor(tx, office, request, now, True)
    if level is before:
        falling_silent.heard(tx, office, arrival, request)
        request = second_opinion.looked(tx, office, arrival, request)
    if level is before or arrival.inbound.missed:
        if arrival.inbound.missed:
            starting.missed_call(tx, office, arrival, request)
        else:
            telling.say(
                tx,
                office,
                arrival,
                request,
                telling.ATTACHED,
                due=telling.next_word(office, arrival, level),
            )
        return request
    return _raise(tx, office, arrival, request=request, level=level)


def _raise(tx: Transaction, office: Office, arrival: Arrival, *, request: Row, level: Level) -> Row:
    """Raise the level; where that makes it urgent, the urgent clocks start now and the urgent
    route's lead is brought in. The holder and the first responder stay."""
    now, before = arrival.now, Level(request["level"])
    decided = plan(office, arrival, tx.count("turn"))
    becomes_urgent = level.is_urgent and not before.is_urgent
    if level.is_urgent:
        request = waiting.danger_goes_on(tx, office, request, now=now, run=tx.later)
    changes: dict[str, Any] = {
        "level": level,
        "queue_key": queue_key(level.rank, decided.lead_due.at, request["id"]),
    }
    if becomes_urgent:
        changes["track"] = Track.URGENT
        changes["area"] = request["area"] or decided.area
        changes["place"] = request["place"] or decided.place
    elif before in (Level.NONE, Level.CONSULTATION):
        changes["track"] = decided.track
    tx.event("level_raised", at=now, request=request, was=before, now=level)
    request = {**request, **changes}
    tx.later(update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(**changes))
    if becomes_urgent:
        opening.dispatch_more(tx, office, arrival, request=request, decided=decided)
        starting.start_clocks(tx, office, arrival, request=request, decided=decided, raised=True)
    else:
        if level is Level.LIFE_THREAT:
            starting.start_handoff(tx, office, request, now)
        falling_silent.heard(tx, office, arrival, request)
    if level.is_urgent:
        telling.say(
            tx,
            office,
            arrival,
            request,
            "urgent_joined",
            due=telling.next_word(office, arrival, level),
        )
        level_told.acts_first(tx, office, request, decided, now)
    else:
        telling.say(
            tx,
            office,
            arrival,
            request,
            telling.ATTACHED,
            due=telling.next_word(office, arrival, level),
        )
    opening.ask_people(tx, office, arrival, request=request)
    return request
