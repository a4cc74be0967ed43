"""Rates from matters: what counts, what does not yet, and the list behind every number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from referral.rates import VERDICTS, Matter, doors, median_dispute, rates
from tests import shipped

NINE = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = shipped.policy().rates
LATER = NINE + 60 * DAY
PLAIN = Matter(
    number="HY1", unit="civil_affairs", lead=True, door="sms", urgent=False, dispatched_at=NINE,
    due_at=NINE + 5 * DAY, sign_due=NINE + DAY, contact_due=NINE + DAY,
)  # fmt: skip


def rate(code: str, *matters: Matter, now: datetime = LATER):
    found = rates(matters, RULES, small=20, now=now)
    return next(one for one in found if one.rule.code == code)


def test_every_rule_can_be_counted_and_every_count_has_its_rule():
    assert {rule.code for rule in RULES} == set(VERDICTS)
    assert all(rule.tag == "P" for rule in RULES), "no public formula was found"


@pytest.mark.parametrize(
    ("code", "done", "due"),
    [
        ("signed_in_time", "signed_at", "sign_due"),
        ("contacted_in_time", "contacted_at", "contact_due"),
        ("done_in_time", "completed_at", "due_at"),
    ],
)
def test_what_may_still_be_in_time_is_not_counted(code, done, due):
    until = getattr(PLAIN, due)
    on_time, late = replace(PLAIN, **{done: until}), replace(PLAIN, **{done: until + DAY / 24})
    assert rate(code, on_time).share == 1
    assert rate(code, late).share == 0
    assert rate(code, late).missed == ("HY1",)
    assert rate(code, PLAIN).share == 0, "silence past the time counts"
    assert rate(code, PLAIN, now=until).share is None, "until then nobody is late"


def test_only_who_was_reached_can_say_it_is_solved():
    reached = replace(PLAIN, called_back=True, reached=True, resolved=True)
    unsolved = replace(reached, number="HY2", resolved=False, satisfaction="dissatisfied")
    nobody = replace(PLAIN, number="HY3", called_back=True)
    found = rate("resolved", reached, unsolved, nobody)
    assert (found.met, found.counted) == (("HY1",), ("HY1", "HY2"))
    assert rate("called_back_reached", reached, unsolved, nobody).missed == ("HY3",)
    assert rate("satisfied", reached, unsolved).counted == ("HY2",), "who said nothing is not rated"


def test_returns_are_counted_apart_from_whether_they_were_right():
    asked = replace(PLAIN, returns=(None,))
    right, wrong = replace(PLAIN, returns=("upheld",)), replace(PLAIN, returns=("refused",))
    assert rate("returned", asked, right, wrong, PLAIN).share == 0.75
    assert rate("return_upheld", asked, right, wrong).share == 0.5


@pytest.mark.parametrize("code", sorted(VERDICTS))
def test_an_order_that_is_gone_counts_only_among_the_returns(code):
    said = {"called_back": True, "reached": True, "satisfaction": "satisfied", "notices": 2}
    done = replace(
        PLAIN, urgent=True, signed_at=NINE, contacted_at=NINE, completed_at=NINE,
        relief_due=NINE + DAY, returns=("upheld",), **said,
    )  # fmt: skip
    assert rate(code, done).counted == ("HY1",)
    gone = rate(code, replace(done, gone=True)).counted
    assert gone == (("HY1",) if code in ("returned", "return_upheld") else ())


def test_a_helper_answers_for_signing_and_not_for_the_answer():
    helper = replace(PLAIN, lead=False, signed_at=NINE)
    assert rate("signed_in_time", helper).share == 1
    for code in ("done_in_time", "contacted_in_time", "resolved", "breached"):
        assert rate(code, helper).share is None


def test_danger_found_late_and_by_whom():
    seen = replace(PLAIN, urgent=True, relief_due=NINE + DAY, relieved_at=NINE + DAY)
    late = replace(seen, number="HY2", raised_later=True, raised_by_person=True, relieved_at=None)
    assert rate("missed_danger", seen, late).met == ("HY2",)
    assert rate("danger_by_person", seen, late).share == 0.5
    assert rate("relief_24h", seen, late).missed == ("HY2",)


def test_small_groups_are_marked_and_nothing_is_divided_by_nothing():
    many = [replace(PLAIN, number=f"HY{n}") for n in range(20)]
    assert not rate("breached", *many).small
    assert rate("breached", *many[:19]).small
    assert rate("breached").share is None


def test_a_request_comes_by_one_door_and_disputes_have_a_median():
    again = replace(PLAIN, unit="health", lead=False)
    other = replace(PLAIN, number="HY2", door="voice", disputed_for=(DAY, 3 * DAY))
    assert doors([PLAIN, again, other]) == {"sms": 1, "voice": 1}
    assert doors([PLAIN, replace(other, gone=True)]) == {"sms": 1}
    assert median_dispute([PLAIN, other]) == 2 * DAY
    assert median_dispute([PLAIN]) is None
