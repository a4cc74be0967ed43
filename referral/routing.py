"""Who must act: the routing catalogue as rows and one total rule over them. Pure.

Look-up by type, place rule and date (domain note 3d). Every request gets a lead: what fits no row
goes to civil affairs as secretariat of the coordination mechanism (Order 649 Art. 60; Social
Assistance Law Art. 4). The lead is always a department: work is never pushed down to the township
or the village (国办函〔2025〕66号), which act first but do not answer for the bureau.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from models.vocabulary import Level, PlaceRule, Track
from referral.rows import in_force

UNCLEAR, CONSULTATION, GRIEVANCE, OTHER_PLACE = (
    "unclear",
    "consultation",
    "grievance",
    "other_place",
)
SERVICES = (
    "dibao",
    "dibao_margin",
    "rigid_expense",
    "tekun",
    "temp_emergency",
    "temp_expenditure",
    "disaster",
    "medical",
    "disease_emergency",
    "education",
    "housing",
    "utilities_relief",
    "employment",
    "transient",
    "child",
    "domestic_violence",
    "mental_crisis",
    "traffic_fund",
    "legal_aid",
    "judicial",
    "funeral",
    "price_subsidy",
    "disability",
    "service_aid",
    "charity",
    "wage_arrears",
    GRIEVANCE,
    CONSULTATION,
    OTHER_PLACE,
    UNCLEAR,
)
FAMILIES = ("basic_living", "special", "urgent_hardship", "other")
FIRST_LINES = ("township", "direct", "desk")
GRASSROOTS = ("township", "village_committee")
_COORDINATOR = "civil_affairs"  # 民政牵头, Social Assistance Law Art. 4
_MANY_DEPARTMENTS = 3
_AT_THE_DESK = (GRIEVANCE, CONSULTATION, OTHER_PLACE)
ABOVE = ("discipline_inspection", "coordination_office")


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One row of the catalogue, in force from ``effective_from`` to ``effective_until`` inclusive.

    ``danger_lead`` leads while life is in danger; ``alternate_lead`` when the lead itself is
    complained about; ``by_need`` are candidates asked only where the case needs them.
    ``urgent_clock`` replaces ``clock`` on the urgent side. ``clocks`` start beside it at dispatch;
    ``later_clocks`` (NAME or NAME/case) start at an event of their own. ``acts_first``: in danger
    this type brings the first help itself, as those of the urgent family do.
    """

    id: str
    service: str
    name_zh: str
    name_en: str
    family: str
    place: PlaceRule
    lead: str
    first_line: str
    clock: str
    source: str
    tag: str
    cooperating: tuple[str, ...] = ()
    by_need: tuple[str, ...] = ()
    place_fallback: PlaceRule | None = None
    danger_lead: str = ""
    alternate_lead: str = ""
    clock_case: str = ""
    urgent_clock: str = "CLK-RELIEF"
    urgent_clock_case: str = ""
    clocks: tuple[str, ...] = ()
    later_clocks: tuple[str, ...] = ()
    note: str = ""
    acts_first: bool = False
    effective_from: date = date.min
    effective_until: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the row counts on this day."""
        return in_force(self, on)


@dataclass(frozen=True, slots=True)
class AccusedWords:
    """By which words people name the office that they complain about."""

    authority: str
    words: tuple[str, ...]
    source: str
    tag: str


@dataclass(frozen=True, slots=True)
class Route:
    """Who leads, who helps, whose place decides and which clock the lead's order carries.

    ``ask_next`` is who answers a question the knowledge base cannot (RT-28), else None.
    """

    row: RouteRow
    lead: str
    cooperating: tuple[str, ...]
    place: PlaceRule
    why: str
    clock: str
    clock_case: str = ""
    ask_next: str | None = None


def row_for(service: str, on: date, table: Sequence[RouteRow]) -> RouteRow | None:
    """The row of a type on a day; outside all dates the one nearest before, else the first."""
    for row in table:
        if row.service == service and row.in_force(on):
            return row
    rows = sorted((r for r in table if r.service == service), key=lambda r: r.effective_from)
    past = [row for row in rows if row.effective_from <= on]
    return past[-1] if past else next(iter(rows), None)


def route(
    service: str | None,
    level: Level,
    track: Track,
    on: date,
    table: Sequence[RouteRow],
    needs: Sequence[str] = (),
    *,
    accused: Collection[str] = (),
) -> Route:
    """Lead and cooperating bureaus of a case; total: it never fails for a complete table.

    ``needs`` are further types the same household needs; their leads cooperate and answer to the
    one lead. ``accused`` are authorities complained about: they never receive the case. Raises
    LookupError only when the table has no row ``unclear``.
    """
    row, why = _choose(service, level, track, on, table, needs)
    lead = row.lead
    if level is Level.LIFE_THREAT and row.danger_lead:
        lead, why = row.danger_lead, f"{why}; life in danger: {row.danger_lead} leads"
    helpers = [*([row.lead] if lead != row.lead else []), *row.cooperating]
    if row.service not in _AT_THE_DESK or level.is_urgent:
        # An urgent complaint still brings help: food does not wait for a complaint.
        for need in (service or "", *needs):
            other = row_for(need, on, table)
            if other is not None and other.service not in (*_AT_THE_DESK, UNCLEAR):
                helpers.append(other.lead)
    if lead in accused:
        untouched = (n for n in (row.alternate_lead, *ABOVE) if n and n not in accused)
        lead = next(untouched, "hotline")
        why = f"{why}; {row.lead} is complained about: {lead} leads"
    cooperating = tuple(
        dict.fromkeys(name for name in helpers if name != lead and name not in accused)
    )
    urgent = level.is_urgent
    return Route(
        row=row,
        lead=lead,
        cooperating=cooperating,
        place=row.place,
        why=why,
        clock=row.urgent_clock if urgent else row.clock,
        clock_case=row.urgent_clock_case if urgent else row.clock_case,
        ask_next=_asked_next(service, row, on, table),
    )


def _choose(
    service: str | None,
    level: Level,
    track: Track,
    on: date,
    table: Sequence[RouteRow],
    needs: Sequence[str],
) -> tuple[RouteRow, str]:
    """The row that leads: grievance and consultation by their track, then danger, then many
    departments, then the type itself, then the unclear row."""
    unclear = row_for(UNCLEAR, on, table)
    if unclear is None:
        raise LookupError("the routing catalogue has no row for 'unclear'")
    if track is Track.GRIEVANCE or service == GRIEVANCE:
        row = row_for(GRIEVANCE, on, table) or unclear
        return row, f"{row.id}: a grievance never goes to the unit complained about"
    if track is Track.CONSULTATION and not level.is_urgent:
        row = row_for(CONSULTATION, on, table) or unclear
        return row, f"{row.id}: a question is answered at the desk"
    named = None if service is None else row_for(service, on, table)
    if service == CONSULTATION and level.is_urgent:
        named = None  # danger inside a question: the words of the question do not route it
    helped = [need for need in needs if need not in (*_AT_THE_DESK, UNCLEAR)]
    needed = [found for need in helped if (found := row_for(need, on, table)) is not None]
    at_once = named is not None and (named.acts_first or named.family == "urgent_hardship")
    if level.is_urgent and not at_once:
        for row in needed:
            if row.family == "urgent_hardship":
                return row, f"{row.id}: danger decides the first action"
    if named is None and len({row.lead for row in needed}) == 1:
        return needed[0], f"{needed[0].id}: the one department needed"
    matching = [*([named] if named else []), *needed]
    if not level.is_urgent and len({row.lead for row in matching}) >= _MANY_DEPARTMENTS:
        for row in matching:
            if row.lead == _COORDINATOR:
                return row, f"{row.id}: several departments, civil affairs leads"
    if named is not None:
        return named, f"{named.id}: {named.service}"
    return unclear, f"{unclear.id}: no type recognised, civil affairs holds it until decided"


def _asked_next(
    service: str | None, row: RouteRow, on: date, table: Sequence[RouteRow]
) -> str | None:
    if row.service != CONSULTATION or service in {None, CONSULTATION}:
        return None
    other = row_for(service or "", on, table)
    return other.lead if other else None
