"""The figures of a quarter as they are kept, and as they are shown to one person.

- ``figures(report)`` are those of a report with ``each``: what every order adds to every sum, by
  its number. They are kept when a quarter is closed, and shown to nobody as they are.
- ``without(figures, unsaid)`` are figures for somebody to whom these numbers are not said (I9);
  every reader of what was told goes through it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from statistics import median
from typing import Any

from gateway.quarter import Report
from referral import rates
from referral.rates import Matter

EACH = "each"


def figures(report: Report) -> dict[str, Any]:
    """All that is needed to count again without one of the orders."""
    each = [_one(report, matter) for matter in report.matters]
    return {**report.as_json(), EACH: each}


def _one(report: Report, matter: Matter) -> dict[str, Any]:
    codes = [one.rule.code for one in report.rates]
    found = {code: rates.verdict(code, matter, report.as_of) for code in codes}
    return {
        "number": matter.number,
        "unit": matter.unit,
        "door": matter.door,
        "gone": matter.gone,
        "disputed_seconds": [span.total_seconds() for span in matter.disputed_for],
        "met": [code for code in codes if found[code]],
        "missed": [code for code in codes if found[code] is False],
    }


def without(kept: Mapping[str, Any], unsaid: Collection[str]) -> Mapping[str, Any]:
    """The figures as they are shown to somebody to whom these numbers are not said: in no list, and
    counted by no sum, or the difference would say it."""
    shown = {name: value for name, value in kept.items() if name != EACH}
    if not unsaid:
        return shown
    if EACH not in kept:
        return {**shown, **_of_before(shown, unsaid)}
    each = [one for one in kept[EACH] if one["number"] not in unsaid]
    if len(each) == len(kept[EACH]):
        return shown
    standing = {one["number"]: one["door"] for one in each if not one["gone"]}
    waited = [span for one in each for span in one["disputed_seconds"]]
    return {
        **shown,
        "orders": sum(not one["gone"] for one in each),
        "requests": len(standing),
        "doors": dict(Counter(standing.values()).most_common()),
        "median_dispute_minutes": (median(waited) / 60 if waited else 0) or None,
        "rates": [
            _rate(
                rate,
                unsaid,
                met=sum(rate["code"] in one["met"] for one in each),
                missed=sum(rate["code"] in one["missed"] for one in each),
                small=kept["small_below"],
            )
            for rate in kept["rates"]
        ],
    }


def _of_before(kept: Mapping[str, Any], unsaid: Collection[str]) -> dict[str, Any]:
    """Of figures that were kept without ``each``: the lists say which orders stood, but not by
    which door they came nor how long a dispute was. Neither is said to somebody to whom any
    number is not, whether it is one of these or not, for that would say it."""
    listed = {number for one in kept["rates"] for number in one["numbers"]} & {*unsaid}
    standing = [one["numbers"] for one in kept["rates"] if one["code"] not in rates.OF_RETURNS]
    fewer = len(listed & {number for numbers in standing for number in numbers})
    found = []
    for rate in kept["rates"]:
        gone, missed = listed & {*rate["numbers"]}, listed & {*rate["missed"]}
        left = {
            "met": rate["met"] - len(gone - missed),
            "missed": rate["counted"] - rate["met"] - len(missed),
        }
        found.append(_rate(rate, unsaid, **left, small=kept["small_below"]))
    return {
        "orders": kept["orders"] - fewer,
        "requests": kept["requests"] - fewer,
        "doors": {},
        "median_dispute_minutes": None,
        "rates": found,
    }


def _rate(
    rate: Mapping[str, Any], unsaid: Collection[str], *, met: int, missed: int, small: int
) -> dict[str, Any]:
    counted = met + missed
    return {
        **rate,
        "met": met,
        "counted": counted,
        "share": met / counted if counted else None,
        "small": counted < small,
        **{name: only(rate[name], unsaid) for name in ("numbers", "missed")},
    }


def only(these: Sequence[str], those: Collection[str]) -> tuple[str, ...]:
    """These without those, in their order."""
    known = set(those)
    return tuple(number for number in these if number not in known)
