"""Whether the rules hold together: what ``huiyin check`` says about a policy. Pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from referral import notices, rates
from referral.clocks import MEASURES, WORKING_DAY, LadderAct
from referral.routing import FAMILIES, FIRST_LINES, GRASSROOTS, SERVICES, RouteRow
from referral.rows import NOT_LAW, TAGS, Dated
from referral.usable import RELATIVE, SHARE

if TYPE_CHECKING:
    from referral.policy import Policy

_NOTICE_IS_OUT = 12  # the State Council's notice appears in November; December is late


def faults(policy: "Policy", on: date | None) -> list[str]:
    """Every fault as one sentence. With a day given, the calendar must reach that far."""
    return [
        *_sourced(policy),
        *gaps(policy),
        *_clocks(policy),
        *_ladders(policy),
        *_routes(policy),
        *notices.faults(policy, SERVICES),
        *(
            f"nobody can count the rate {row.code!r}"
            for row in policy.rates
            if row.code not in rates.VERDICTS
        ),
        *(_calendar(policy, on) if on else ()),
    ]


class Sourced(Protocol):
    """A row that says where it comes from and how sure it is."""

    @property
    def source(self) -> str: ...
    @property
    def tag(self) -> str: ...


def _sourced(policy: "Policy") -> Iterator[str]:
    rows: list[tuple[str, Sourced]] = [
        *((f"clock {rule.name} {rule.case}".strip(), rule) for rule in policy.clocks),
        *((f"route {row.id}", row) for row in policy.routes),
        *((f"line {line.number}", line) for line in policy.lines),
        *((f"value {key}", value) for key, value in policy.values.items()),
        *((f"authority {code}", body) for code, body in policy.authorities.items()),
        *((f"paper {code}", paper) for code, paper in policy.papers.items()),
        *((f"notice {row.service}", row) for row in policy.notices),
        *((f"accused {row.authority}", row) for row in policy.accused),
        *((f"rate {row.code}", row) for row in policy.rates),
        *((f"ground {one.act} {one.code}", one) for one in policy.grounds),
        *((f"warning {rule.id}", rule) for rule in policy.outreach.warnings),
        *((f"visit {rule.code}", rule) for rule in policy.outreach.visits),
        *((f"door {step.code} {step.case}", step) for step in policy.outreach.doors),
        *((f"outcome {one.act} {one.code}", one) for one in policy.outreach.findings),
    ]
    for name, row in rows:
        if not row.source.strip():
            yield f"{name} names no source"
        if row.tag not in TAGS:
            yield f"{name} has the tag {row.tag!r}, which is none of {', '.join(TAGS)}"
        if getattr(row, "is_law", False) and row.tag in NOT_LAW:
            yield f"{name} is shown as law but tagged {row.tag}"


def gaps(policy: "Policy") -> Iterator[str]:
    """Where a row ends before its next version begins. Nothing fails by it: the earlier version
    goes on until then, and who wrote the days should know."""
    versions: dict[str, list[Dated]] = {}
    rows: list[tuple[str, Dated]] = [
        *((f"value {value.key}", value) for value in policy.versions()),
        *((f"clock {rule.name} {rule.case}".strip(), rule) for rule in policy.clocks),
        *((f"route {row.id}", row) for row in policy.routes),
    ]
    for name, row in rows:
        versions.setdefault(name, []).append(row)
    for name, dated in versions.items():
        for before, after in pairwise(dated):
            ended = before.effective_until
            if ended is not None and (after.effective_from - ended).days > 1:
                yield (
                    f"{name} ends on {ended} and begins again on {after.effective_from}: the "
                    "earlier version goes on until then"
                )


def _clocks(policy: "Policy") -> Iterator[str]:
    seen = Counter((rule.name, rule.case, rule.effective_from) for rule in policy.clocks)
    for (name, case, _), times in seen.items():
        if times > 1:
            yield f"clock {name} {case} is written {times} times for one day"
    for rule in policy.clocks:
        name = f"clock {rule.name} {rule.case}".strip()
        if not policy.cases(rule.name).count(""):
            yield f"{name} has cases but no row for the rest"
        if rule.ladder not in policy.ladders:
            yield f"{name} names the ladder {rule.ladder!r}, which does not exist"
        if rule.relative_to not in RELATIVE:
            yield f"{name} is relative to {rule.relative_to!r}, which nothing can compute"
        if rule.relative_to == SHARE:
            if not 0 < rule.amount <= 1:
                yield f"{name} is no share of the lead's time"
        elif rule.measure not in MEASURES:
            yield f"{name} is measured in {rule.measure!r}"
        if rule.amount < 0 or (rule.measure == WORKING_DAY and rule.amount % 1):
            yield f"{name} cannot run {rule.amount} {rule.measure}"
        if rule.effective_until and rule.effective_until < rule.effective_from:
            yield f"{name} ends before it begins"


def _ladders(policy: "Policy") -> Iterator[str]:
    for name, steps in policy.ladders.items():
        breaches = sum(step.act is LadderAct.BREACH for step in steps)
        if breaches != 1:
            yield f"ladder {name} has {breaches} breaches; a clock is breached once"
        for step in steps[:-1]:
            if step.at.startswith("every"):
                yield f"ladder {name} repeats before its last step"


def _routes(policy: "Policy") -> Iterator[str]:
    present = {row.service for row in policy.routes}
    for service in SERVICES:
        if service not in present:
            yield f"no route for the type {service}"
    seen = Counter((row.id, row.effective_from) for row in policy.routes)
    for (identity, _), times in seen.items():
        if times > 1:
            yield f"route {identity} is written {times} times for one day"
    services: dict[str, str] = {}
    for row in policy.routes:
        if services.setdefault(row.id, row.service) != row.service:
            yield f"route {row.id} is used for {services[row.id]} and {row.service}"
        yield from _route(policy, row)


def _route(policy: "Policy", row: RouteRow) -> Iterator[str]:
    bodies = (row.lead, row.danger_lead, row.alternate_lead, *row.cooperating, *row.by_need)
    for code in bodies:
        if code and code not in policy.authorities:
            yield f"route {row.id} names the authority {code!r}, which does not exist"
    if row.service not in SERVICES:
        yield f"route {row.id} is for {row.service!r}, which is no type of assistance"
    if row.family not in FAMILIES:
        yield f"route {row.id} belongs to the family {row.family!r}, which does not exist"
    if row.first_line not in FIRST_LINES:
        yield f"route {row.id} has the first line {row.first_line!r}"
    if {row.lead, row.danger_lead, row.alternate_lead} & set(GRASSROOTS):
        yield f"route {row.id} pushes a department's work down to the grassroots"
    if row.lead in row.cooperating or len(set(row.cooperating)) < len(row.cooperating):
        yield f"route {row.id} names a bureau twice"
    named = [(row.clock, row.clock_case), (row.urgent_clock, row.urgent_clock_case)]
    named += [(clock, "") for clock in row.clocks]
    named += [(clock, case) for clock, _, case in (c.partition("/") for c in row.later_clocks)]
    for clock, case in named:
        if case not in policy.cases(clock):
            yield f"route {row.id} names the clock {clock}/{case}, which does not exist"
    if row.effective_until and row.effective_until < row.effective_from:
        yield f"route {row.id} ends before it begins"


def missing_years(policy: "Policy", on: date) -> list[int]:
    """The years whose holiday notice should be here by this day and is not."""
    wanted = [on.year, *([on.year + 1] if on.month >= _NOTICE_IS_OUT else [])]
    return [year for year in wanted if not policy.calendar.loaded(year)]


def _calendar(policy: "Policy", on: date) -> Iterator[str]:
    for year in missing_years(policy, on):
        yield (
            f"no holiday notice for {year}: add rules/calendars/{year}.toml; "
            "until then working-day clocks are provisional"
        )
