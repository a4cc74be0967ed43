"""Due times to the minute, what pauses do to them, and who is woken when."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import ClockUnit
from referral import clocks
from referral.calendars import SHANGHAI
from referral.clocks import LadderAct, LadderStep, Rung
from tests import shipped

POLICY = shipped.policy()
CALENDAR = POLICY.calendar
STANDARD, URGENT = POLICY.ladders["standard"], POLICY.ladders["urgent"]


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-09-30 16:40", 5, "2026-10-13 17:30"),  # AS-11; Saturday 10-10 counts
        ("2026-02-13 11:00", 5, "2026-02-27 17:30"),  # 3c.1; Saturday 02-14 counts
        ("2026-02-13 23:59", 5, "2026-02-27 17:30"),
        ("2026-10-02 09:00", 1, "2026-10-08 17:30"),
        ("2026-09-18 18:00", 1, "2026-09-20 17:30"),  # Friday; the Sunday is made up
        ("2026-09-24 10:00", 2, "2026-09-29 17:30"),  # Mid-Autumn lies between
        ("2026-04-03 10:00", 1, "2026-04-07 17:30"),
        ("2026-06-18 10:00", 1, "2026-06-22 17:30"),
        ("2025-01-24 10:00", 2, "2025-01-27 17:30"),  # Sunday 01-26 is made up
        ("2025-09-30 08:00", 1, "2025-10-09 17:30"),
        ("2025-12-31 17:29", 1, "2026-01-04 17:30"),
        ("2026-11-24 00:00", 30, "2027-01-05 17:30"),
        ("2026-11-24 00:00", 25, "2026-12-29 17:30"),
    ],
)
def test_a_working_day_clock_ends_at_close_of_business(start: str, days: int, due: str) -> None:
    assert local(clocks.due(china(start), days, "working_day", CALENDAR).at) == due


def test_the_starting_day_is_the_day_in_china() -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # 00:30 on Tuesday in China
    assert local(clocks.due(late, 1, "working_day", CALENDAR).at) == "2026-11-25 17:30"


@pytest.mark.parametrize(
    ("amount", "measure", "due"),
    [
        (24, "hour", "2026-10-03 09:00"),  # AS-11: an urgent case in the holiday
        (3, "day", "2026-10-05 09:00"),
        (30, "minute", "2026-10-02 09:30"),
        (60, "second", "2026-10-02 09:01"),
        (0, "minute", "2026-10-02 09:00"),
    ],
)
def test_calendar_time_runs_through_the_holiday(amount: float, measure: str, due: str) -> None:
    found = clocks.due(china("2026-10-02 09:00"), amount, measure, CALENDAR)
    assert local(found.at) == due
    assert not found.provisional


def test_a_clock_that_crosses_into_a_year_without_a_notice_is_provisional() -> None:
    assert clocks.due(china("2026-12-28 09:00"), 5, "working_day", CALENDAR).provisional
    assert not clocks.due(china("2026-12-21 09:00"), 8, "working_day", CALENDAR).provisional
    assert clocks.due(china("2027-03-01 09:00"), 1, "working_day", CALENDAR).provisional
    assert not clocks.due(china("2027-03-01 09:00"), 24, "hour", CALENDAR).provisional


@pytest.mark.parametrize(
    ("start", "amount", "measure", "words"),
    [
        (datetime(2026, 1, 1), 1, "hour", "aware"),  # noqa: DTZ001 the naive time is the point
        (china("2026-01-01 00:00"), -1, "hour", "cannot run"),
        (china("2026-01-01 00:00"), 1.5, "working_day", "whole"),
        (china("2026-01-01 00:00"), 1, "week", "is not one of"),
    ],
)
def test_a_clock_that_makes_no_sense_is_refused(
    start: datetime, amount: float, measure: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        clocks.due(start, amount, measure, CALENDAR)


INSTANTS = st.datetimes(datetime(2024, 6, 1), datetime(2029, 6, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)


@given(INSTANTS, st.integers(0, 250), st.sampled_from(clocks.MEASURES))
def test_due_never_precedes_start_and_grows_with_the_amount(
    start: datetime, amount: int, measure: str
) -> None:
    first = clocks.due(start, amount, measure, CALENDAR)
    longer = clocks.due(start, amount + 1, measure, CALENDAR)
    assert start <= first.at < longer.at
    assert first.at.utcoffset() == timedelta()


@given(INSTANTS, st.integers(1, 60), st.integers(1, 10**6))
def test_a_later_start_is_never_due_earlier(start: datetime, days: int, seconds: int) -> None:
    later = start + timedelta(seconds=seconds)
    first = clocks.due(start, days, "working_day", CALENDAR).at
    assert first <= clocks.due(later, days, "working_day", CALENDAR).at


@given(INSTANTS, st.integers(2, 60))
def test_a_working_day_before_undoes_a_working_day(start: datetime, days: int) -> None:
    due = clocks.due(start, days, "working_day", CALENDAR).at
    shorter = clocks.due(start, days - 1, "working_day", CALENDAR).at
    assert clocks.working_days_before(due, 1, CALENDAR) == shorter


def test_what_is_left_stands_still_in_a_pause_and_turns_negative_in_breach() -> None:
    due = china("2026-11-02 18:00")
    pause = [(china("2026-11-02 12:00"), None)]
    assert clocks.remaining(due, china("2026-11-02 17:00"), pause) == timedelta(hours=6)
    assert clocks.remaining(due, china("2026-11-02 19:00")) == timedelta(hours=-1)


def test_a_pause_gives_back_exactly_the_working_days_that_were_left() -> None:
    due = clocks.due(china("2026-11-02 10:00"), 5, "working_day", CALENDAR).at
    resumed = clocks.resumed(
        due, china("2026-11-04 15:00"), china("2026-11-11 09:00"), "working_day", CALENDAR
    )
    assert local(due) == "2026-11-09 17:30"
    assert local(resumed.at) == "2026-11-16 17:30"  # three were left on the fourth


def test_a_pause_on_the_last_day_leaves_the_next_working_day() -> None:
    due = clocks.due(china("2026-11-02 10:00"), 1, "working_day", CALENDAR).at
    resumed = clocks.resumed(
        due, china("2026-11-03 10:00"), china("2026-11-05 09:00"), "working_day", CALENDAR
    )
    assert local(resumed.at) == "2026-11-06 17:30"


def test_a_pause_moves_calendar_time_by_its_length_and_a_breach_not_at_all() -> None:
    due = china("2026-11-02 18:00")
    paused, until = china("2026-11-02 12:00"), china("2026-11-02 13:30")
    assert local(clocks.resumed(due, paused, until, "hour", CALENDAR).at) == "2026-11-02 19:30"
    late, later = china("2026-11-03 12:00"), china("2026-11-05 12:00")
    assert clocks.resumed(due, late, later, "hour", CALENDAR).at == due


@given(INSTANTS, st.integers(1, 30), st.integers(0, 40), st.integers(1, 60))
def test_a_pause_never_shortens_a_clock(start: datetime, days: int, after: int, long: int) -> None:
    due = clocks.due(start, days, "working_day", CALENDAR).at
    paused = start + timedelta(days=after)
    until = paused + timedelta(days=long)
    assert clocks.resumed(due, paused, until, "working_day", CALENDAR).at >= due


def test_a_silent_bureau_climbs_the_ladder() -> None:
    """AS-13, on a five-day order of 2026-11-02."""
    start = china("2026-11-02 10:00")
    due = clocks.due(start, 5, "working_day", CALENDAR).at
    steps = [
        (STANDARD[index].act.value, STANDARD[index].who.value, local(at))
        for index, at in clocks.reminders(start, due, STANDARD, "working_day", CALENDAR)
    ]
    assert steps == [
        ("reminder", "holder", "2026-11-05 13:00"),
        ("reminder", "unit_duty", "2026-11-06 17:30"),
        ("breach", "bureau_head", "2026-11-09 17:30"),
        ("written_reminder", "bureau_head", "2026-11-10 08:30"),
        ("supervision_order", "bureau_head", "2026-11-12 17:30"),
        ("circular", "county_duty_head", "2026-11-16 17:30"),
    ]


def test_half_of_a_working_day_clock_never_falls_into_a_holiday() -> None:
    start = china("2026-09-30 16:40")
    due = clocks.due(start, 5, "working_day", CALENDAR).at
    (_, half), *_ = clocks.reminders(start, due, STANDARD, "working_day", CALENDAR)
    assert local(half) == "2026-10-10 13:00"


def test_an_urgent_clock_climbs_a_rung_every_half_hour_to_the_top() -> None:
    start = china("2026-10-02 09:00")
    due = clocks.due(start, 1, "hour", CALENDAR).at
    seen, index = [], -1
    for _ in range(7):
        found = clocks.next_step(start, due, URGENT, index, "hour", CALENDAR)
        assert found is not None
        index, at = found
        step = clocks.step_at(URGENT, index)
        seen.append((local(at)[11:], step.who.value, step.act.value))
    assert seen == [
        ("09:30", "holder", "reminder"),
        ("09:48", "unit_duty", "reminder"),
        ("10:00", "bureau_head", "breach"),
        ("10:30", "supervisor", "reminder"),
        ("11:00", "county_duty_head", "reminder"),
        ("11:30", "coordination_office", "reminder"),
        ("12:00", "coordination_office", "reminder"),
    ]


def test_a_clock_of_one_working_day_has_no_day_before() -> None:
    start = china("2026-11-02 10:00")
    due = clocks.due(start, 1, "working_day", CALENDAR).at
    taken = [i for i, _ in clocks.reminders(start, due, STANDARD, "working_day", CALENDAR)]
    assert taken == [0, 2, 3, 4, 5]


@given(
    INSTANTS,
    st.integers(1, 60),
    st.sampled_from(["minute", "hour", "day", "working_day"]),
    st.sampled_from(sorted(POLICY.ladders)),
)
def test_steps_come_in_order_and_the_breach_is_exactly_at_due(
    start: datetime, amount: int, measure: str, ladder: str
) -> None:
    steps = POLICY.ladders[ladder]
    due = clocks.due(start, amount, measure, CALENDAR).at
    found = clocks.reminders(start, due, steps, measure, CALENDAR)
    instants = [at for _, at in found]
    assert instants == sorted(instants)
    assert all(at > start for at in instants)
    assert [i for i, _ in found] == sorted(i for i, _ in found)
    assert [at for i, at in found if steps[i].at == "due"] == [due]
    walked, index = [], -1
    for _ in found:
        step = clocks.next_step(start, due, steps, index, measure, CALENDAR)
        assert step is not None
        walked.append(step)
        index = step[0]
    assert walked == list(found)


@given(INSTANTS, st.integers(1, 500))
def test_a_repeating_ladder_never_ends_and_its_index_grows(start: datetime, times: int) -> None:
    due = start + timedelta(minutes=10)
    first = clocks.next_step(start, due, URGENT, len(URGENT) - 2 + times, "minute", CALENDAR)
    second = clocks.next_step(start, due, URGENT, len(URGENT) - 1 + times, "minute", CALENDAR)
    assert first is not None
    assert second is not None
    assert second[0] == first[0] + 1
    assert second[1] - first[1] == timedelta(minutes=30)


def test_a_ladder_that_does_not_repeat_ends() -> None:
    start = china("2026-11-02 10:00")
    due = clocks.due(start, 5, "working_day", CALENDAR).at
    last = len(STANDARD) - 1
    assert clocks.next_step(start, due, STANDARD, last, "working_day", CALENDAR) is None
    assert clocks.next_step(start, due, (), -1, "working_day", CALENDAR) is None


def test_rungs_rise_from_the_holder_to_the_coordination_office() -> None:
    step = LadderStep("every 30min after", Rung.HOLDER, LadderAct.REMINDER)
    risen = [clocks.step_at((step,), index).who for index in range(8)]
    assert risen[:6] == clocks.CLIMB
    assert all(low == high or low < high for low, high in pairwise(map(clocks.CLIMB.index, risen)))


def test_a_cooperating_part_is_due_a_working_day_before_the_lead() -> None:
    start = china("2026-11-02 10:00")
    lead = clocks.due(start, 5, "working_day", CALENDAR).at
    assert local(clocks.cooperating_due(start, lead, CALENDAR, half=False).at) == (
        "2026-11-06 17:30"
    )


def test_an_urgent_cooperating_part_has_half_of_the_lead_time() -> None:
    start = china("2026-10-02 09:00")
    lead = clocks.due(start, 24, "hour", CALENDAR).at
    assert local(clocks.cooperating_due(start, lead, CALENDAR, half=True).at) == "2026-10-02 21:00"
    soon = clocks.due(start, 2, "hour", CALENDAR).at
    assert local(clocks.cooperating_due(start, soon, CALENDAR, half=False).at) == "2026-10-02 10:00"


def test_the_unit_of_an_export_follows_the_measure() -> None:
    assert clocks.unit("working_day") is ClockUnit.WORKING_DAY
    assert {clocks.unit(m) for m in clocks.SECONDS} == {ClockUnit.CALENDAR}
