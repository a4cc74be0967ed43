"""Deciding where a contact goes, before anything is written. Pure but for its named inputs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.vocabulary import Form, Level, Track
from referral import clocks
from referral.accused import NOBODY, Accused, accused_of, may_have
from referral.accusing import perhaps
from referral.areas import Found
from referral.directory import BACKSTOP, HOTLINE, ZONE, Answerable, Unit
from referral.office import Arrival, Office, wordless
from referral.policy import ClockRule
from referral.routing import ABOVE, Route, RouteRow, route
from triage.assess import Signal

TOWNSHIP = "township"
_SURE = 0.9  # how certain a place must be to go before another that the text names


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided for a request before anything is written. Pure values."""

    level: Level
    track: Track
    route: Route
    area: str | None
    place: str | None
    lead: Unit
    holder: Answerable
    first: Answerable
    lead_rule: ClockRule
    lead_due: clocks.Due
    accused: Accused = NOBODY
    perhaps: Accused = NOBODY
    """Whom the words perhaps accuse, of what is no complaint."""
    unsure: Accused = NOBODY
    """Those of them who do not get it until somebody has looked: nobody of what is urgent."""


def plan(
    office: Office,
    arrival: Arrival,
    turn: int,
    known: str | None = None,
    *,
    kept_out: Accused = NOBODY,
) -> Plan:
    """Decide place, route, lead, first responder and holder. ``known`` is the area that the request
    has already, where these words name none; who is ``kept_out`` is given nothing, whatever the
    words say. Raises ``Nobody`` without staff."""
    day = arrival.now.astimezone(ZONE).date()
    assessment = arrival.assessment
    area = area_named(office, arrival) or known
    needs = [need.service for need in assessment.needs if need.service]
    asked = "consultation" if assessment.track is Track.NONE else assessment.service
    complaint = assessment.track is Track.GRIEVANCE
    accused = accused_of(office, arrival.inbound.text, area, day) if complaint else NOBODY
    accused = accused.also(kept_out)
    named = NOBODY if complaint else perhaps(office, arrival.inbound.text, area, day)
    unsure = NOBODY if assessment.level.is_urgent else named
    apart = accused.logins | unsure.logins
    chosen = route(
        asked,
        assessment.level,
        assessment.track,
        day,
        office.policy.routes,
        needs=needs,
        accused=accused.authorities(office.directory),
    )
    desk = office.directory.responsible(HOTLINE, None, day)
    first = _first_responder(office, arrival, desk, turn, apart)
    lead = _lead(office, chosen.lead, area, day, accused) or desk or first.unit
    if not may_have(office.directory, unsure.names, lead):
        lead = desk or lead
    acting = acts_first(office, chosen.row, area, day) if assessment.level.is_urgent else None
    if acting is not None and not may_have(office.directory, accused.names, acting):
        acting = None
    rule = office.policy.clock(chosen.clock, chosen.clock_case, day)
    return Plan(
        level=assessment.level,
        track=assessment.track,
        route=chosen,
        area=area,
        place=place_named(arrival),
        lead=lead,
        holder=_answerable(office, acting or lead, arrival.now, turn, apart),
        first=first,
        lead_rule=rule,
        lead_due=clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar),
        accused=accused,
        perhaps=named,
        unsure=unsure,
    )


def area_named(office: Office, arrival: Arrival) -> str | None:
    """The area that a contact names; a reporter's own where it names none."""
    found = _locate(office, arrival)
    return found.area.code if found else _own_area(office, arrival)


def place_named(arrival: Arrival) -> str | None:
    """The place that a contact names, in its own words."""
    return arrival.assessment.facts.place or arrival.inbound.place


def acts_first(office: Office, row: RouteRow, area: str | None, day: date) -> Unit | None:
    """The township of the place, or who goes on for it, where it acts first on what is urgent; the
    lead stays with the bureau (RT-05)."""
    if row.first_line != TOWNSHIP or area is None:
        return None
    return office.directory.local(TOWNSHIP, area, day)


def summary(office: Office, chosen: Route, arrival: Arrival) -> str:
    """What we understood, in a few words: the kind of help and the words that decided."""
    quotes = _apart([signal for signal in arrival.assessment.signals if signal.counts])[:2]
    known = arrival.assessment.service is not None or not quotes
    language = arrival.language
    if wordless(arrival.inbound):
        name = office.phrases.say("words.unheard", {}, Form.FULL, language)
    elif chosen.row.service == "unclear":
        name = office.phrases.say("words.unclear", {}, Form.FULL, language)
    else:
        name = chosen.row.name_en if language.startswith("en") else chosen.row.name_zh
    parts = [name] if known else []
    colon, comma = (": ", ", ") if language.startswith("en") else ("：", "、")
    return colon.join([*parts, comma.join(quotes)]) if quotes else name


def _apart(signals: Sequence[Signal]) -> list[str]:
    """The words of the signals, each part of the text once: of those that overlap the first."""
    kept: list[Signal] = []
    for signal in signals:
        if all(signal.end <= one.start or one.end <= signal.start for one in kept):
            kept.append(signal)
    return [signal.quote for signal in kept]


def _locate(office: Office, arrival: Arrival) -> Found | None:
    inbound = arrival.inbound
    point = (inbound.location.latitude, inbound.location.longitude) if inbound.location else None
    own = _own_area(office, arrival)
    if inbound.place:
        words = f"{inbound.place} {inbound.text}"
        return office.gazetteer.locate(words, hint=own, location=point)
    found = office.gazetteer.locate(inbound.text, hint=own, location=point)
    named = arrival.assessment.facts.place
    lives = office.gazetteer.locate(named, hint=own) if named and found and found.quote else None
    if found is None or lives is None or not lives.quote or lives.certainty < _SURE:
        return found
    # Of several places the one where somebody lives or is, not where they come from.
    return found if office.gazetteer.within(found.area.code, lives.area.code) else lives


def _own_area(office: Office, arrival: Arrival) -> str | None:
    """That of who reports for others, by their account or in a text from their own telephone."""
    telephone = arrival.inbound.sender if arrival.source == "sms" else ""
    officer = office.directory.writer(arrival.inbound.reporter, telephone)
    return officer.area if officer else None


def _first_responder(
    office: Office, arrival: Arrival, desk: Unit | None, turn: int, barred: Collection[str]
) -> Answerable:
    officer = office.directory.officer.get(
        arrival.inbound.reporter or arrival.inbound.taken_by or ""
    )
    if officer is not None and officer.unit in office.directory.unit:
        return Answerable(office.directory.unit[officer.unit], officer, "first asked")
    return _answerable(office, desk, arrival.now, turn, barred)


def _answerable(
    office: Office, unit: Unit | None, now: datetime, turn: int, barred: Collection[str]
) -> Answerable:
    """Who answers for a unit: of those on duty there one whom no complaint is about."""
    found = office.directory.answerable(unit, now, turn)
    if found.officer.login not in barred:
        return found
    others = (office.directory.answerable(unit, now, turn + n) for n in range(1, 9))
    return next((one for one in others if one.officer.login not in barred), found)


def _lead(
    office: Office, authority: str, area: str | None, day: date, accused: Accused
) -> Unit | None:
    """The unit that leads: of the route's authority, else of the backstop; never one of the
    accused, in whose place the next body above does."""
    directory = office.directory
    for name in (authority, BACKSTOP, *(ABOVE if accused else ())):
        unit = directory.responsible(name, area, day)
        if unit is not None and may_have(directory, accused.names, unit):
            return unit
    return None
