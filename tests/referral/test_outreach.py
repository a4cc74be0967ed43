"""The rules of looking for people: thresholds, periods, closed doors, quiet places."""

from dataclasses import replace
from datetime import date

import pytest

from referral import silence
from referral.leads import Lead, weigh
from referral.outreach import Outreach, faults
from referral.silence import Place, Sound
from tests import shipped

RULES = shipped.policy("national_baseline").outreach
TODAY = date(2026, 11, 25)


def lead(kind: str, value: float, day: date = TODAY) -> Lead:
    return Lead("医保局", kind, "somebody", f"{day}", day, value)


def before(kind: str, value: float, day: date) -> dict[str, object]:
    return {"kind": kind, "subject": "somebody", "value": value, "happened_on": day}


def colour(one: Lead, groups: tuple[str, ...] = (), earlier=()) -> str | None:
    rule = weigh(RULES.sought(one.kind, groups, TODAY), one, earlier)
    return rule.colour if rule else None


def test_the_shipped_rules_are_usable():
    assert list(faults(RULES)) == []


@pytest.mark.parametrize(
    ("value", "groups", "expected"),
    [
        (9_999, (), None),
        (10_000, (), "yellow"),
        (30_000, (), "orange"),
        (5_000, ("dibao",), "orange"),
        (4_999, ("dibao",), None),
    ],
)
def test_medical_costs_warn_sooner_where_a_household_is_already_in_difficulty(
    value, groups, expected
):
    assert colour(lead("medical_self_pay", value), groups) == expected


def test_costs_of_one_window_are_added_up_and_older_ones_are_not():
    half = lead("medical_self_pay", 6_000)
    assert colour(half, earlier=[before(half.kind, 5_000, date(2026, 3, 1))]) == "yellow"
    assert colour(half, earlier=[before(half.kind, 5_000, date(2025, 3, 1))]) is None


def test_months_of_arrears_are_not_added_up():
    """One month in October and one in November are not two months at once."""
    one = lead("utility_arrears", 1)
    assert colour(one, earlier=[before(one.kind, 1, date(2026, 10, 31))]) is None
    assert colour(lead("utility_arrears", 2)) == "yellow"
    assert colour(one, ("elderly_alone",)) == "red"


def test_a_rule_counts_between_its_dates_only():
    later = replace(RULES.warnings[0], effective_from=date(2027, 1, 1))
    rules = Outreach(warnings=(later,))
    assert rules.sought(later.kind, (), TODAY) == ()
    assert rules.sought(later.kind, (), date(2027, 1, 1)) == (later,)


def test_of_several_visit_rules_the_one_that_comes_most_often_counts():
    rule = RULES.routine(("dibao", "serious_illness"), TODAY)
    assert rule is not None
    assert rule.code == "monthly_serious_illness"
    assert RULES.routine(("nothing known",), TODAY) is None


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("monthly_tekun", date(2026, 2, 14), (date(2026, 2, 1), date(2026, 2, 28))),
        ("monthly_tekun", date(2026, 12, 31), (date(2026, 12, 1), date(2026, 12, 31))),
        ("quarterly_stable", date(2026, 11, 25), (date(2026, 10, 1), date(2026, 12, 31))),
        ("extreme_weather", date(2026, 11, 25), (date(2026, 11, 25), date(2026, 11, 25))),
        ("epidemic", date(2026, 11, 25), (date(2026, 11, 23), date(2026, 11, 25))),
    ],
)
def test_a_round_is_a_period_of_the_calendar_or_so_many_days(code, day, expected):
    rule = RULES.visit(code)
    assert rule is not None
    assert rule.period(day, date(2026, 11, 20)) == expected


def test_a_shut_door_goes_up_the_ladder_and_stays_at_the_top():
    steps, door = [], ""
    for _ in range(6):
        step = RULES.door(door, urgent=False)
        assert step is not None
        door = step.code
        steps.append(door)
    assert steps == ["again", "neighbour", "cadre", "police", "police", "police"]
    first = RULES.door("", urgent=True)
    assert first is not None
    assert first.code == "neighbour", "in a storm nobody comes back tomorrow"


def test_no_finding_both_ends_the_work_and_goes_on():
    assert all(not (one.ends and one.next) for one in RULES.findings)
    assert {one.code for one in RULES.listed("visit") if one.next} == {"nobody"}


def test_of_a_place_with_few_known_households_nothing_is_said():
    found = silence.judge([Place("a", 4, 0), Place("b", 200, 40)], least=10)
    assert (found[0].sound, found[0].expected) == (Sound.TOO_FEW, None)


def test_a_place_is_silent_only_when_silence_is_odd():
    county = [Place("loud", 500, 100), Place("silent", 60, 0), Place("small", 12, 0)]
    county.append(Place("quiet", 200, 20))
    sounds = {one.place.code: one.sound for one in silence.judge(county, least=10)}
    assert sounds["silent"] is Sound.SILENT
    assert sounds["quiet"] is Sound.QUIET
    assert sounds["small"] is Sound.HEARD, "two expected, none came: that happens"
    assert sounds["loud"] is Sound.HEARD


def test_where_nobody_asks_at_all_no_place_is_singled_out():
    found = silence.judge([Place("a", 50, 0), Place("b", 60, 0)], least=10)
    assert {one.sound for one in found} == {Sound.HEARD}


@pytest.mark.parametrize(("came", "expected"), [(390, 410.0), (500, 800.0), (0, 3.0), (40, 40.0)])
def test_the_chance_of_few_is_the_poisson_sum(came, expected):
    from math import exp, lgamma, log

    exact = sum(exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(came + 1))
    assert silence.chance(came, expected) == pytest.approx(exact, abs=0.02)
