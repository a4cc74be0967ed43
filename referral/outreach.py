"""The rules of looking for people: warnings, visits, closed doors, what may be found. Pure.

Nothing here decides about anybody: a warning is a reason to knock, a visit a question, and every
number is a row with its source (``rules/warnings.toml``, ``visits``, ``doors``, ``outcomes``).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from referral.rows import Layers, PolicyError, build, merged

COLOURS = ("red", "orange", "yellow")
"""The most pressing first; each is a case of CLK-WARNING."""
MEASURES = ("day", "month", "quarter")
CALLERS = ("holder", "village", "township")
URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class WarningRule:
    """When a row of a list is a reason to knock. ``groups`` () means every household, and people
    who are in no register as well. ``adds``: the values of the window are added up (money), else
    the highest of them counts (months without work)."""

    id: str
    kind: str
    measure: str
    threshold: float
    window_days: float
    colour: str
    sender: str
    name_zh: str
    name_en: str
    care_zh: str
    care_en: str
    source: str
    tag: str
    groups: tuple[str, ...] = ()
    adds: bool = False
    effective_from: date = date.min
    effective_until: date | None = None

    def since(self, day: date) -> date:
        """The first day whose values count together with those of ``day``."""
        return day - timedelta(days=int(self.window_days) - 1)


@dataclass(frozen=True, slots=True)
class VisitRule:
    """How often households of some categories are visited; ``mode`` "" is ordinary times."""

    code: str
    categories: tuple[str, ...]
    every: float
    measure: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    mode: str = ""
    case: str = ""
    effective_from: date = date.min
    effective_until: date | None = None

    def period(self, day: date, origin: date) -> tuple[date, date]:
        """The first and last day of the round that ``day`` lies in; periods of days are counted
        from ``origin``, those of the calendar from its own beginnings."""
        if self.measure == "day":
            length = int(self.every)
            first = day - timedelta(days=(day - origin).days % length)
            return first, first + timedelta(days=length - 1)
        months = int(self.every) * (3 if self.measure == "quarter" else 1)
        month = (day.month - 1) // months * months
        after = month + months
        return (
            date(day.year, month + 1, 1),
            date(day.year + after // 12, after % 12 + 1, 1) - timedelta(days=1),
        )


@dataclass(frozen=True, slots=True)
class DoorStep:
    """What is done when nobody opens."""

    code: str
    place: float
    amount: float
    measure: str
    who: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of a closed list of what may be found."""

    act: str
    code: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    ends: bool = False
    seen: bool = False
    help: bool = False
    reason: bool = False
    next: bool = False

    def name(self, language: str) -> str:
        """How it is called."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class Outreach:
    """All of it."""

    warnings: tuple[WarningRule, ...] = ()
    visits: tuple[VisitRule, ...] = ()
    doors: tuple[DoorStep, ...] = ()
    findings: tuple[Finding, ...] = ()

    def finding(self, act: str, code: str) -> Finding | None:
        """The entry of a closed list, or None."""
        return next((one for one in self.findings if (one.act, one.code) == (act, code)), None)

    def listed(self, act: str) -> tuple[Finding, ...]:
        """One closed list."""
        return tuple(one for one in self.findings if one.act == act)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The lists that can be compared."""
        return tuple(dict.fromkeys(rule.kind for rule in self.warnings))

    def sought(self, kind: str, groups: Collection[str], day: date) -> tuple[WarningRule, ...]:
        """The rules for a list, for a household of these categories, in force on a day; the most
        pressing first."""
        found = [
            rule
            for rule in self.warnings
            if rule.kind == kind
            and in_force(rule, day)
            and (not rule.groups or set(rule.groups) & set(groups))
        ]
        return tuple(sorted(found, key=lambda rule: (COLOURS.index(rule.colour), rule.id)))

    def visit(self, code: str) -> VisitRule | None:
        """A visit rule by its code, or None."""
        return next((rule for rule in self.visits if rule.code == code), None)

    def modes(self) -> tuple[str, ...]:
        """The modes that can be switched on."""
        return tuple(dict.fromkeys(rule.mode for rule in self.visits if rule.mode))

    def routine(self, groups: Collection[str], day: date) -> VisitRule | None:
        """The ordinary rule of a household: of several the one that comes most often."""
        found = [
            rule
            for rule in self.visits
            if not rule.mode and in_force(rule, day) and set(rule.categories) & set(groups)
        ]
        return min(found, key=_length, default=None)

    def door(self, after: str, *, urgent: bool) -> DoorStep | None:
        """The step after the one called ``after`` ("" for the first); the last one stays."""
        steps = sorted(
            (step for step in self.doors if step.case == (URGENT if urgent else "")),
            key=lambda step: step.place,
        )
        codes = [step.code for step in steps]
        if not steps:
            return None
        at = codes.index(after) + 1 if after in codes else 0
        return steps[min(at, len(steps) - 1)]


def in_force(rule: WarningRule | VisitRule, day: date) -> bool:
    """Whether a rule counts on a day."""
    return rule.effective_from <= day <= (rule.effective_until or day)


def _length(rule: VisitRule) -> float:
    return rule.every * {"day": 1, "month": 30, "quarter": 91}[rule.measure]


def read(layers: Layers) -> Outreach:
    """The rules of all layers. Raises PolicyError in one sentence naming file and row."""
    found = Outreach(
        warnings=tuple(
            build(WarningRule, where, row)
            for where, row in merged(layers, "warnings.toml", "warning", ("id",))
        ),
        visits=tuple(
            build(VisitRule, where, row)
            for where, row in merged(layers, "visits.toml", "visit", ("code",))
        ),
        doors=tuple(
            build(DoorStep, where, row)
            for where, row in merged(layers, "doors.toml", "door", ("code", "case"))
        ),
        findings=tuple(
            build(Finding, where, row)
            for where, row in merged(layers, "outcomes.toml", "outcome", ("act", "code"))
        ),
    )
    for fault in faults(found):
        raise PolicyError(fault)
    return found


def faults(rules: Outreach) -> Iterator[str]:
    """What cannot be used, one sentence each."""
    for rule in rules.warnings:
        if rule.colour not in COLOURS:
            yield f"warnings.toml: {rule.id}: colour is one of {', '.join(COLOURS)}"
        if rule.window_days < 1 or rule.threshold <= 0:
            yield f"warnings.toml: {rule.id}: threshold and window_days are more than nothing"
    for visit in rules.visits:
        if visit.measure not in MEASURES or visit.every < 1 or visit.every % 1:
            yield f"visits.toml: {visit.code}: a visit every whole number of {', '.join(MEASURES)}"
        if not visit.categories:
            yield f"visits.toml: {visit.code}: categories say whom it is for"
    for step in rules.doors:
        if step.who not in CALLERS:
            yield f"doors.toml: {step.code}: who is one of {', '.join(CALLERS)}"
    for one in rules.findings:
        if one.ends and one.next:
            yield f"outcomes.toml: {one.act} {one.code}: what goes on does not end"
