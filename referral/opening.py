"""A contact becomes a request: one transaction writes the whole promise.

The request with its number and its holder, the referrals with their due times, the clocks, what is
said to the citizen and to the unit, and the events. The software proposes and may raise; it never
lowers, refuses, merges or closes (I3, I4).
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from models import numbers
from models.events import SYSTEM
from models.referrals import Referral
from models.requests import HelpRequest, queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, Status, TaskKind, Track
from referral import (
    accused,
    clocks,
    complaint_inside,
    former,
    kin,
    opening_told,
    promises,
    reopening,
    second_opinion,
    secrecy,
    starting,
    telling,
    unheard,
    withholding,
)
from referral.accused import NOBODY, Accused
from referral.directory import ZONE, Unit
from referral.office import Arrival, Office
from referral.planning import Plan, plan, summary
from triage.assess import Assessment


def open_request(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    *,
    number: str | None = None,
    code: str | None = None,
    kept_out: Accused = NOBODY,
    by: str = SYSTEM,
    withheld: Collection[str] = (),
) -> Row:
    """Open a request for a contact. Number and code are those already given in the holding pen.
    Who is ``kept_out`` of it, by whose act, never had it: not as lead, nor to be told (I9); from
    whom its words are ``withheld`` whatever they say, never reads them."""
    turn = tx.count("turn")
    decided = plan(office, arrival, turn, kept_out=kept_out)
    were_there = former.of(tx, office, decided.accused, arrival.now)
    if were_there:  # nor is it first with them
        decided = plan(office, arrival, turn, kept_out=kept_out.also(were_there))
    now = arrival.now
    request_id = tx.mint()
    request = tx.add(
        HelpRequest,
        id=request_id,
        number=number or tx.next_number(now.astimezone(ZONE).date()),
        code=(number and code) or numbers.code(),
        person_id=arrival.person_id,
        channel=arrival.channel,
        status=Status.IN_TRIAGE if arrival.inbound.missed else Status.DISPATCHED,
        track=decided.track,
        level=decided.level,
        service=arrival.assessment.service,
        route=decided.route.row.id,
        area=decided.area,
        place=decided.place,
        lead_bureau=decided.lead.code,
        first_unit=decided.first.unit.code,
        first_responder=decided.first.officer.login,
        holder_unit=decided.holder.unit.code,
        holder_person=decided.holder.officer.login,
        queue_key=queue_key(decided.level.rank, decided.lead_due.at, request_id),
        confidential=decided.track is Track.GRIEVANCE or secrecy.is_asked(office, arrival),
        withheld=withholding.of(tx, office, arrival, decided.area, decided.perhaps, also=withheld),
        received_at=now,
        policy=office.stamp(),
        second_opinion=second_opinion.compare(
            office,
            arrival.assessment.opinion,
            level=decided.level,
            service=arrival.assessment.service,
            lead=decided.lead,
        ),
        summary=summary(office, decided.route, arrival),
    )
    tx.event(
        "received",
        at=now,
        request=request,
        channel=arrival.channel,
        journal=arrival.journal_id,
        words=arrival.mark,
        status=request["status"],
        level=request["level"],
        first_responder=decided.first.officer.login,
        confidential=request["confidential"],
    )
    record_assessment(tx, arrival, request)
    withholding.record(tx, office, request, request["withheld"] or (), now, by)
    if found := decided.accused.without(kept_out).without(were_there):
        former.keep(tx, office, request, found, why="complained_of", by=SYSTEM, now=now)
    if kept_out:
        accused.keep(tx, request, kept_out, why=accused.JOINED, by=by, now=now)
    orders = _dispatch(tx, office, arrival, request=request, decided=decided)
    starting.start_clocks(tx, office, arrival, request=request, decided=decided)
    opening_told.tell(tx, office, arrival, request=request, decided=decided, orders=orders)
    ask_people(tx, office, arrival, request=request)
    second_opinion.ask(tx, office, arrival, request)
    reopening.propose(tx, office, arrival, request)
    kin.look(tx, office, arrival, request)
    complaint_inside.look(tx, office, arrival, request, decided.perhaps)
    return request


def record_assessment(tx: Transaction, arrival: Arrival, request: Row) -> None:
    assessment = arrival.assessment
    tx.event(
        "assessed",
        at=arrival.now,
        request=request,
        level=assessment.level,
        rules=[signal.rule for signal in assessment.signals if signal.counts],
        claims=arrival.inbound.claims,
        policy=assessment.policy,
        **_learned(assessment),
    )


def _learned(assessment: Assessment) -> dict[str, Any]:
    """What a learned opinion said, for the record; nothing where there is no model."""
    heard = assessment.opinion
    if heard is None:
        return {}
    return {"opinion": heard.label, "confidence": heard.confidence, "sure": heard.sure}


def _dispatch(
    tx: Transaction, office: Office, arrival: Arrival, *, request: Row, decided: Plan
) -> list[Row]:
    """The lead's referral and the cooperating ones, with their due times, and CLK-SIGN."""
    day = arrival.now.astimezone(ZONE).date()
    urgent = decided.level.is_urgent
    lead = _refer(tx, arrival, request, decided.lead, decided.lead_due, decided, lead=True)
    sign = office.policy.clock("CLK-SIGN", "urgent" if urgent else "", day)
    promises.start(
        tx, office, request, rule=sign, at=arrival.now, urgent=urgent, referral_id=lead["id"]
    )
    helpers = _helpers(office, decided, day, without={decided.lead.code})
    helping = [
        cooperate(tx, office, arrival, request=request, decided=decided, unit=unit)
        for unit in helpers
    ]
    tx.event(
        "dispatched",
        at=arrival.now,
        request=request,
        route=decided.route.row.id,
        why=decided.route.why,
        lead=decided.lead.code,
        cooperating=[unit.code for unit in helpers],
        holder=decided.holder.officer.login,
        holder_unit=decided.holder.unit.code,
        found_by=decided.holder.how,
        due=decided.lead_due.at.isoformat(),
    )
    return [lead, *helping]


def _helpers(office: Office, decided: Plan, day: date, without: set[str]) -> list[Unit]:
    units: list[Unit] = []
    apart = decided.accused.also(decided.unsure).names
    for authority in decided.route.cooperating:
        unit = office.directory.responsible(authority, decided.area, day)
        if unit is None or not accused.may_have(office.directory, apart, unit):
            continue
        if unit.code not in without:
            without.add(unit.code)
            units.append(unit)
    return units


def _refer(
    tx: Transaction,
    arrival: Arrival,
    request: Row,
    unit: Unit,
    due: clocks.Due,
    decided: Plan,
    *,
    lead: bool,
) -> Row:
    return tx.add(
        Referral,
        id=tx.mint(),
        request_id=request["id"],
        bureau=unit.code,
        role=ReferralRole.LEAD if lead else ReferralRole.COOPERATING,
        service=decided.route.row.service,
        dispatched_at=arrival.now,
        due_at=due.at,
        provisional=due.provisional,
        decided_by=decided.route.row.id,
    )


def cooperate(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    *,
    request: Row,
    decided: Plan,
    unit: Unit,
) -> Row:
    """Give a unit a cooperating order with its clock (CLK-COOP)."""
    urgent = decided.level.is_urgent
    due = clocks.cooperating_due(
        arrival.now, decided.lead_due.at, office.policy.calendar, half=urgent
    )
    referral = _refer(tx, arrival, request, unit, due, decided, lead=False)
    promises.start(
        tx,
        office,
        request,
        rule=office.policy.clock("CLK-COOP", "urgent" if urgent else ""),
        at=arrival.now,
        urgent=urgent,
        referral_id=referral["id"],
        due=due,
    )
    return referral


def ask_people(tx: Transaction, office: Office, arrival: Arrival, *, request: Row) -> None:
    """Life danger waits for a person to confirm the hand-off to 110, 119 or 120 (T05); what has no
    words for one who listens or looks."""
    unheard.asked(tx, office, arrival, request)
    if Level(request["level"]) is not Level.LIFE_THREAT or arrival.level is not Level.LIFE_THREAT:
        return
    rule = office.policy.clock("CLK-HANDOFF")
    due = clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar)
    note = " ".join(arrival.assessment.handoff)
    telling.ask(
        tx, office, TaskKind.CONFIRM_HANDOFF, request, now=arrival.now, due=due.at, note=note
    )
