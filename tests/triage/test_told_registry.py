"""A second invented county, of other clerks and callers than the one that the weights were tuned
on: how many are found, and how many strangers are told nothing."""

from collections import Counter

from tests.benchmarks.measure_told import asked_of, queries
from tests.benchmarks.told_registry import KINDS, STRANGERS, ToldCounty
from triage.household_index import HouseholdIndex


def test_nineteen_of_twenty_are_found_first_and_strangers_are_not_proposed():
    county = ToldCounty(3_000, seed=41)
    index = HouseholdIndex(county.listed())
    first, five, proposed = Counter[bool](), Counter[bool](), Counter[bool]()
    for told in queries(county, 12, seed=42):
        found = index.matches(asked_of(told))
        if not told.truth:
            proposed[bool(found)] += 1
            continue
        best = {one.household_id for one in found if one.score == found[0].score}
        first[bool(best & {*told.truth})] += 1
        five[bool({one.household_id for one in found} & {*told.truth})] += 1
    assert first.total() > 10 * len(KINDS)
    assert proposed.total() == 12 * len(STRANGERS)
    assert first[True] >= 0.97 * first.total()
    assert five[True] >= 0.98 * five.total()
    assert proposed[True] <= 0.02 * proposed.total()
