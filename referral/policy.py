"""What the rules say: one frozen value read once at start from TOML, stamped with its hash.

Clocks, routes, ladders, lines, calendar and the number register of a jurisdiction profile (domain
note 4.2). No number of the law stands in code; every row carries its source and the tag of how
sure it is (0.1). The hash covers every byte read: a decision names the rules it was made by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from referral import usable
from referral.calendars import Calendar
from referral.categories import Category
from referral.clocks import LadderStep
from referral.directory import ZONE
from referral.notices import NoticeRow, Paper
from referral.outreach import Outreach
from referral.outreach import read as read_outreach
from referral.rates import RateRule
from referral.routing import AccusedWords, RouteRow
from referral.rows import Laid, Layers, PolicyError, build, in_force, merged
from referral.timetables import calendar_in, ladders_of, last

__all__ = ["ClockRule", "Policy", "PolicyError", "load_policy", "profiles"]

BASELINE = "national_baseline"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One row of the table of service clocks (domain note 3c.2).

    ``starts`` and ``stops`` are the events in words. ``relative_to`` is "" or, for ``CLK-COOP``,
    "before_lead_due" (so many measures before the lead's due time) or "share_of_lead_time".
    ``is_law``: the number may be shown to a user as law.
    """

    name: str
    amount: float
    measure: str
    starts: str
    stops: str
    ladder: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    case: str = ""
    relative_to: str = ""
    is_law: bool = False
    effective_from: date = date.min
    effective_until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A public telephone line. ``for_danger``: may be the only target while life is in danger."""

    number: str
    name_zh: str
    name_en: str
    hours: str
    source: str
    tag: str
    for_danger: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A number or choice of the register that is no clock: caps, reserves, limits, retention."""

    key: str
    value: bool | float | str
    source: str
    tag: str
    name_zh: str = ""
    unit: str = ""
    is_law: bool = False
    effective_from: date = date.min
    effective_until: date | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """A body named by the catalogue; the seven of Art. 4 are assistance authorities."""

    code: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    is_assistance_authority: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason of a closed list: why a request may wait, by what a dispute is decided, what a
    person is revealed for. ``roles`` may give it; without any, whoever may do the act."""

    act: str
    code: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Profile:
    name_zh: str
    name_en: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one jurisdiction. ``hash`` is "sha256:…" of every byte read."""

    name: str
    name_zh: str
    name_en: str
    note: str
    hash: str
    files: tuple[str, ...]
    clocks: tuple[ClockRule, ...]
    routes: tuple[RouteRow, ...]
    ladders: Mapping[str, tuple[LadderStep, ...]]
    calendar: Calendar
    lines: tuple[Line, ...]
    values: Mapping[str, Value]
    authorities: Mapping[str, Authority]
    grounds: tuple[Ground, ...]
    categories: Mapping[str, Category]
    papers: Mapping[str, Paper]
    notices: tuple[NoticeRow, ...]
    accused: tuple[AccusedWords, ...]
    rates: tuple[RateRule, ...]
    _by_name: Mapping[tuple[str, str], tuple[ClockRule, ...]] = field(repr=False, compare=False)
    _versions: tuple[Value, ...] = field(default=(), repr=False, compare=False)
    outreach: Outreach = field(default_factory=Outreach)

    def value(self, key: str, on: date) -> Value | None:
        """The value of the register in force that day, or None: what comes later, or ended before,
        binds nobody. In a gap between two versions the earlier one goes on."""
        followed = False
        for one in reversed(self._versions):
            if one.key == key and one.effective_from <= on:
                return one if followed or in_force(one, on) else None
            followed = followed or one.key == key
        return None

    def versions(self) -> tuple[Value, ...]:
        """The values of the register in all their versions."""
        return self._versions

    def on(self, day: date) -> "Policy":
        """The same rules with ``values`` as they stand that day: what is written for a later one
        waits. One that has ended without another, or only comes, stays: the code reads it."""
        if len(self._versions) == len(self.values):
            return self
        found: dict[str, Value] = {}
        for one in self._versions:
            if one.key not in found or one.effective_from <= day:
                found[one.key] = one
        return replace(self, values=MappingProxyType(found))

    def clock(self, name: str, case: str = "", on: date | None = None) -> ClockRule:
        """The rule of a clock in a case, else of the clock itself; KeyError for an unknown clock.

        ``on`` chooses the version in force that day; outside all versions the nearest before counts
        and else the first, so that a recorded case of any year has its clock. None is the newest.
        """
        versions = self._by_name.get((name, case)) or self._by_name[name, ""]
        if on is None or len(versions) == 1:
            return versions[-1]
        past = [rule for rule in versions if rule.effective_from <= on]
        return past[-1] if past else versions[0]

    def rule_of(self, clock: Any) -> ClockRule | None:
        """The rule of a clock's row; None for an old one whose rule the profile no longer has."""
        try:
            started = clock.started_at.astimezone(ZONE).date()
            return self.clock(clock.name, clock.case, started)
        except KeyError:
            return None

    def cases(self, name: str) -> tuple[str, ...]:
        """The cases a clock distinguishes, "" among them."""
        return tuple(case for known, case in self._by_name if known == name)

    def ground(self, act: str, code: str) -> Ground | None:
        """The reason with this code in the closed list of an act, or None."""
        return next((one for one in self.grounds if (one.act, one.code) == (act, code)), None)

    def ladder(self, rule: ClockRule) -> tuple[LadderStep, ...]:
        """The reminders of a clock."""
        return self.ladders[rule.ladder]

    def check(self, on: date | None = None) -> list[str]:
        """Every sentence that is wrong with the rules as a whole; [] when they may be used."""
        from referral.soundness import faults  # it needs the types above

        return faults(self, on)


def profiles() -> tuple[str, ...]:
    """The names of the shipped profiles."""
    return tuple(sorted(path.name for path in (_HERE / "profiles").iterdir() if path.is_dir()))


def load_policy(
    profile: str = BASELINE, overlay: Path | None = None, laid: Sequence[Laid] = ()
) -> Policy:
    """The baseline with a shipped profile over it, a county's own folder over both, and ``laid``,
    what was decided in the running system, over all.

    Raises PolicyError, a ValueError whose message is one sentence naming file and key.
    """
    if profile not in profiles():
        raise PolicyError(f"there is no profile {profile!r}; there are {', '.join(profiles())}")
    folders = [_HERE / "rules", _HERE / "profiles" / profile]
    layers = Layers(folders if overlay is None else [*folders, overlay], laid)
    about = build(_Profile, profile, last(layers, "profile.toml"))
    clocks_at = [
        (where, build(ClockRule, where, row))
        for where, row in merged(layers, "clocks.toml", "clock", ("name", "case"))
    ]
    clocks = tuple(rule for _, rule in clocks_at)
    routes_at = [
        (where, build(RouteRow, where, row))
        for where, row in merged(layers, "routes.toml", "route", ("id",), usable.lent(clocks))
    ]
    values = [
        build(Value, where, row) for where, row in merged(layers, "values.toml", "value", ("key",))
    ]
    authorities = [
        build(Authority, where, row)
        for where, row in merged(layers, "authorities.toml", "authority", ("code",))
    ]
    categories = [
        build(Category, where, row)
        for where, row in merged(layers, "categories.toml", "category", ("code",))
    ]
    papers = [
        build(Paper, where, row) for where, row in merged(layers, "papers.toml", "paper", ("code",))
    ]
    ladders = ladders_of(layers)
    usable.require(clocks_at, routes_at, ladders, [body.code for body in authorities])
    by_name: dict[tuple[str, str], tuple[ClockRule, ...]] = {}
    for rule in clocks:
        by_name[rule.name, rule.case] = (*by_name.get((rule.name, rule.case), ()), rule)
    return Policy(
        name=profile,
        name_zh=about.name_zh,
        name_en=about.name_en,
        note=about.note,
        hash=layers.digest,
        files=tuple(layers.files),
        clocks=clocks,
        routes=tuple(row for _, row in routes_at),
        ladders=MappingProxyType(ladders),
        calendar=calendar_in(layers),
        lines=tuple(
            build(Line, where, row)
            for where, row in merged(layers, "lines.toml", "line", ("number",))
        ),
        values=MappingProxyType({value.key: value for value in values}),
        authorities=MappingProxyType({body.code: body for body in authorities}),
        grounds=tuple(
            build(Ground, where, row)
            for where, row in merged(layers, "grounds.toml", "ground", ("act", "code"))
        ),
        categories=MappingProxyType({one.code: one for one in categories}),
        papers=MappingProxyType({paper.code: paper for paper in papers}),
        notices=tuple(
            build(NoticeRow, where, row)
            for where, row in merged(layers, "notices.toml", "notice", ("service",))
        ),
        accused=tuple(
            build(AccusedWords, where, row)
            for where, row in merged(layers, "accused.toml", "accused", ("authority",))
        ),
        rates=tuple(
            build(RateRule, where, row)
            for where, row in merged(layers, "rates.toml", "rate", ("code",))
        ),
        _by_name=MappingProxyType(by_name),
        _versions=tuple(values),
        outreach=read_outreach(layers),
    )
