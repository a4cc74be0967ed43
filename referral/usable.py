"""What rules must have to be used at all. Pure.

Where a row names what does not exist a clock would remind nobody, or a message would wait to be
read instead of going its way: no process begins by such rules. ``referral.soundness`` says what
else is wrong with rules that may be used.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from referral.clocks import MEASURES, WORKING_DAY
from referral.routing import FAMILIES, FIRST_LINES, SERVICES, UNCLEAR, RouteRow
from referral.rows import PolicyError, Row

if TYPE_CHECKING:
    from referral.policy import ClockRule

RELATIVE = ("", "before_lead_due", "share_of_lead_time")
SHARE = "share_of_lead_time"


def require(
    clocks: Sequence[tuple[str, "ClockRule"]],
    routes: Sequence[tuple[str, RouteRow]],
    ladders: Collection[str],
    authorities: Collection[str],
) -> None:
    """Raise ``PolicyError`` for the first row that cannot be used, each given with where it stands:
    one sentence naming file, row and key, and what exists."""
    for where, rule in clocks:
        for fault in _clock(rule, ladders):
            raise PolicyError(f"{where}: {fault}")
    cases: dict[str, dict[str, str]] = {}
    for _, rule in clocks:
        cases.setdefault(rule.name, {})[rule.case] = rule.relative_to
    for where, row in routes:
        for fault in (*_route(row, authorities), *_timed(row, cases)):
            raise PolicyError(f"{where}: {fault}")
    if not any(row.service == UNCLEAR for _, row in routes):
        raise PolicyError(f"routes.toml: no route is for the service {UNCLEAR!r}, the last resort")


def lent(clocks: Sequence["ClockRule"]) -> Callable[[Row, Row], Row]:
    """What a route that names another clock takes over of the older row: not the case of the clock
    before where the new one has none of that name. A clock's case that is written down must be
    there."""
    known = {(rule.name, rule.case) for rule in clocks}

    def of(older: Row, newer: Row) -> Row:
        gone = {
            f"{key}_case"
            for key in ("clock", "urgent_clock")
            if key in newer and (newer[key], older.get(f"{key}_case", "")) not in known
        }
        return {name: value for name, value in older.items() if name not in gone}

    return of


def _clock(rule: "ClockRule", ladders: Collection[str]) -> Iterator[str]:
    if rule.ladder not in ladders:
        yield _unknown("ladder", rule.ladder, ladders)
    if rule.relative_to not in RELATIVE:
        yield _unknown("relative_to", rule.relative_to, RELATIVE[1:])
    if rule.relative_to == SHARE:
        if not 0 < rule.amount <= 1:
            yield f"amount: {rule.amount:g} is no share of the lead's time: more than 0, at most 1"
    elif rule.measure not in MEASURES:
        yield _unknown("measure", rule.measure, MEASURES)
    if rule.amount < 0 or (rule.measure == WORKING_DAY and rule.amount % 1):
        yield f"amount: no clock runs {rule.amount:g} {rule.measure}; working days are whole"


def _route(row: RouteRow, authorities: Collection[str]) -> Iterator[str]:
    if row.service not in SERVICES:
        yield _unknown("service", row.service, SERVICES)
    if row.family not in FAMILIES:
        yield _unknown("family", row.family, FAMILIES)
    if row.first_line not in FIRST_LINES:
        yield _unknown("first_line", row.first_line, FIRST_LINES)
    one = [(key, getattr(row, key)) for key in ("lead", "danger_lead", "alternate_lead")]
    many = [(key, code) for key in ("cooperating", "by_need") for code in getattr(row, key)]
    for key, code in (*one, *many):
        if code not in authorities and (code or key in ("lead", "cooperating", "by_need")):
            yield _unknown(key, code, authorities)


def _timed(row: RouteRow, cases: dict[str, dict[str, str]]) -> Iterator[str]:
    named = [
        ("clock", row.clock, row.clock_case),
        ("urgent_clock", row.urgent_clock, row.urgent_clock_case),
        *(("clocks", name, "") for name in row.clocks),
        *(("later_clocks", *one.partition("/")[::2]) for one in row.later_clocks),
    ]
    for key, name, case in named:
        if name not in cases:
            yield _unknown(key, name, cases)
        elif case not in cases[name]:
            known = [one or "none" for one in cases[name]]
            yield f"{key}: {name} has no case {case!r}; there are {', '.join(known)}"
        elif cases[name][case] == SHARE:
            yield f"{key}: {name} {case} is a share of another clock's time, no time of its own"


def _unknown(key: str, value: str, known: Collection[str]) -> str:
    return f"{key}: {value!r} does not exist; there are {', '.join(sorted(known))}"
