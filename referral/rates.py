"""The rates of domain note 3c.4, each from the matters themselves. Pure.

A rate is two lists: the matters that count and those of them that meet it. A number never stands
without the list behind it, and a group too small to mean anything says so.

For a page of figures:

- ``Matter`` is one order of one unit with everything that a rate asks; ``gateway.quarter`` makes
  them from the ledger and the orders.
- ``rates(matters, rules, small=20, now=...)`` gives one ``Rate`` a rule, in the order of
  ``rates.toml``: ``met`` and ``counted`` (request numbers), ``share`` (None of nothing), ``small``
  (grey, not ranked), ``missed`` (counted but not met).
- ``doors(matters)`` counts by which door they came; ``median_dispute(matters)`` is the median time
  of a dispute, or None.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType

OF_RETURNS = frozenset(("returned", "return_upheld"))
"""The rates that count an order which was taken back or cancelled; nobody owes it any more, and a
request that was joined to another counts as that one."""
SATISFIED = ("satisfied", "fairly_satisfied")
Verdict = Callable[["Matter", datetime], bool | None]


@dataclass(frozen=True, slots=True)
class RateRule:
    """How a rate is called and what it counts, in words; ``others`` are those that are counted and
    do not meet it, which is good news of some rates and bad news of others."""

    code: str
    name_zh: str
    name_en: str
    definition_zh: str
    definition_en: str
    others_zh: str
    others_en: str
    source: str
    tag: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One order of one unit. Times are None for what has not happened, due times for what has no
    clock. ``satisfaction`` and ``resolved`` are the requester's last word; ``returns`` holds the
    decision on each return asked, None while it is open; ``gone`` is the order that was taken back
    or cancelled."""

    number: str
    unit: str
    lead: bool
    door: str
    urgent: bool
    dispatched_at: datetime
    due_at: datetime
    sign_due: datetime | None = None
    signed_at: datetime | None = None
    contact_due: datetime | None = None
    contacted_at: datetime | None = None
    completed_at: datetime | None = None
    relief_due: datetime | None = None
    relieved_at: datetime | None = None
    breached: bool = False
    called_back: bool = False
    reached: bool = False
    resolved: bool | None = None
    satisfaction: str | None = None
    returns: tuple[str | None, ...] = ()
    disputed_for: tuple[timedelta, ...] = ()
    redone: bool = False
    raised_later: bool = False
    raised_by_person: bool = False
    notices: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """One number with the lists behind it."""

    rule: RateRule
    met: tuple[str, ...]
    counted: tuple[str, ...]
    small: bool

    @property
    def share(self) -> float | None:
        """The share that meets it; None where there is nothing to count."""
        return len(self.met) / len(self.counted) if self.counted else None

    @property
    def missed(self) -> tuple[str, ...]:
        """The requests that were counted and do not meet it."""
        met = Counter(self.met)
        left = Counter(self.counted)
        left.subtract(met)
        return tuple(dict.fromkeys(number for number in self.counted if left[number] > 0))


def rates(
    matters: Sequence[Matter], rules: Iterable[RateRule], *, small: int, now: datetime
) -> tuple[Rate, ...]:
    """Every rate of these matters as things stand at ``now``. KeyError for a rule that nobody can
    count."""
    found = []
    for rule in rules:
        if rule.code not in VERDICTS:
            raise KeyError(rule.code)
        told = [(matter.number, verdict(rule.code, matter, now)) for matter in matters]
        counted = tuple(number for number, met in told if met is not None)
        met = tuple(number for number, met in told if met)
        found.append(Rate(rule, met, counted, len(counted) < small))
    return tuple(found)


def verdict(code: str, matter: Matter, now: datetime) -> bool | None:
    """Whether a matter meets a rate, or None when the rate does not count it."""
    if matter.gone and code not in OF_RETURNS:
        return None
    return VERDICTS[code](matter, now)


def standing(matters: Iterable[Matter]) -> tuple[Matter, ...]:
    """The orders that were neither taken back nor cancelled."""
    return tuple(matter for matter in matters if not matter.gone)


def doors(matters: Iterable[Matter]) -> Mapping[str, int]:
    """How many requests came by which door; a request with two orders came once."""
    came = {matter.number: matter.door for matter in standing(matters)}
    return dict(Counter(came.values()).most_common())


def median_dispute(matters: Iterable[Matter]) -> timedelta | None:
    """The median time from asking to return an order to the decision."""
    spans = [span for matter in matters for span in matter.disputed_for]
    return timedelta(seconds=median(one.total_seconds() for one in spans)) if spans else None


def _in_time(done: datetime | None, due: datetime | None, now: datetime) -> bool | None:
    """Done by its time; None while it may still be, or where nothing was promised."""
    if due is None:
        return None
    if done is None:
        return False if now > due else None
    return done <= due


def _of_lead(verdict: Verdict) -> Verdict:
    return lambda matter, now: verdict(matter, now) if matter.lead else None


def _upheld(matter: Matter, _now: datetime) -> bool | None:
    decided = [one for one in matter.returns if one is not None]
    return any(one == "upheld" for one in decided) if decided else None


VERDICTS: Mapping[str, Verdict] = MappingProxyType(
    {
        "signed_in_time": lambda m, now: _in_time(m.signed_at, m.sign_due, now),
        "contacted_in_time": _of_lead(lambda m, now: _in_time(m.contacted_at, m.contact_due, now)),
        "done_in_time": _of_lead(lambda m, now: _in_time(m.completed_at, m.due_at, now)),
        "resolved": _of_lead(lambda m, _: bool(m.resolved) if m.reached else None),
        "satisfied": _of_lead(lambda m, _: m.satisfaction in SATISFIED if m.satisfaction else None),
        "called_back_reached": _of_lead(lambda m, _: m.reached if m.called_back else None),
        "returned": lambda m, _: bool(m.returns),
        "return_upheld": _upheld,
        "redone": _of_lead(lambda m, _: m.redone if m.completed_at or m.redone else None),
        "relief_24h": _of_lead(
            lambda m, now: _in_time(m.relieved_at, m.relief_due, now) if m.urgent else None
        ),
        "breached": _of_lead(lambda m, _: m.breached),
        "danger_by_person": _of_lead(lambda m, _: m.raised_by_person if m.urgent else None),
        "missed_danger": _of_lead(lambda m, _: m.raised_later if m.urgent else None),
        "asked_again": _of_lead(lambda m, _: m.notices > 1 if m.notices else None),
    }
)
"""Whether a matter meets a rate, or None when the rate does not count it."""
