"""The calendar says what the State Council's notices say, and admits what it does not know."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.calendars import SHANGHAI, Calendar, calendar_of
from tests import shipped

CALENDAR = shipped.policy().calendar
FILES = sorted((Path(__file__).parents[2] / "referral/rules/calendars").glob("*.toml"))


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_is_worked_or_free_as_an_independent_table_says(year: int) -> None:
    ours = {day: CALENDAR.works(day) for day in days_of(year)}
    assert ours == {day: chinese_calendar.is_workday(day) for day in days_of(year)}


def test_the_2026_notice_frees_33_days_and_makes_up_6() -> None:
    assert len([day for day in CALENDAR.off if day.year == 2026]) == 33
    assert sorted(str(day) for day in CALENDAR.made_up if day.year == 2026) == [
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ]


def test_each_year_names_its_notice() -> None:
    assert [(n.year, n.number, str(n.issued)) for n in CALENDAR.notices] == [
        (2025, "国办发明电〔2024〕12号", "2024-11-12"),
        (2026, "国办发明电〔2025〕7号", "2025-11-04"),
    ]


def test_a_year_without_a_notice_is_counted_monday_to_friday_and_not_loaded() -> None:
    assert not CALENDAR.loaded(2027)
    assert CALENDAR.works(date(2027, 2, 8))
    assert not CALENDAR.works(date(2027, 2, 13))


def test_a_typhoon_day_is_not_worked() -> None:
    tables = [tomllib.loads(path.read_text()) for path in FILES]
    closed = calendar_of(tables, closed_locally=frozenset({date(2026, 7, 21)}))
    assert CALENDAR.works(date(2026, 7, 21))
    assert not closed.works(date(2026, 7, 21))
    assert closed.closing_after(date(2026, 7, 20), 1)[0].astimezone(SHANGHAI).day == 22


def test_a_calendar_is_a_value() -> None:
    tables = [tomllib.loads(path.read_text()) for path in FILES]
    assert calendar_of(tables) == calendar_of(tables)
    assert calendar_of(tables) != calendar_of(tables, close_of_business=time(18, 0))


@given(
    st.dates(date(2023, 1, 1), date(2031, 12, 31)),
    st.integers(1, 400),
)
def test_the_table_of_closings_agrees_with_counting_day_by_day(day: date, count: int) -> None:
    closing, provisional = CALENDAR.closing_after(day, count)
    reached, left = day, count
    years = {day.year}
    while left:
        reached += timedelta(1)
        years.add(reached.year)
        left -= CALENDAR.works(reached)
    expected = datetime.combine(reached, time(17, 30), SHANGHAI).astimezone(UTC)
    assert closing == expected
    assert provisional == (not years <= {2025, 2026})


@given(st.dates(date(2023, 1, 1), date(2031, 12, 31)), st.integers(1, 300))
def test_working_days_between_undoes_shifting(day: date, count: int) -> None:
    assert CALENDAR.between(day, CALENDAR.shift(day, count)) == count


@given(st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(1, 40))
def test_shifting_back_lands_on_a_worked_day(day: date, count: int) -> None:
    back = CALENDAR.shift(day, -count)
    assert back < day
    assert CALENDAR.works(back)
    strictly_between = [back + timedelta(n) for n in range(1, (day - back).days)]
    assert sum(CALENDAR.works(d) for d in strictly_between) == count - 1


def test_no_notice_at_all_still_counts_but_only_provisionally() -> None:
    bare = Calendar(off=frozenset(), made_up=frozenset(), notices=())
    closing, provisional = bare.closing_after(date(2026, 9, 30), 1)
    assert closing.astimezone(SHANGHAI).date() == date(2026, 10, 1)
    assert provisional


HOLIDAY = {"name_zh": "假", "name_en": "h", "from": date(2026, 1, 1), "to": date(2026, 1, 3)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": date(2025, 12, 31)}, "does not run forward"),
        ({"work": [date(2026, 1, 5)]}, "no Saturday or Sunday"),
        ({"work": [date(2026, 1, 3)]}, "no Saturday or Sunday"),
        ({"days": 3}, "unknown key 'days'"),
    ],
)
def test_an_impossible_holiday_is_refused(change: dict[str, object], words: str) -> None:
    table = {"year": 2026, "issued": date(2025, 11, 4), "holiday": [{**HOLIDAY, **change}]}
    with pytest.raises(ValueError, match=words):
        calendar_of([table])


FREE_BY_HAND = {  # every day that is not worked, month by month, read off the two notices
    2025: (
        "1 4 5 11 12 18 19 25 28 29 30 31",
        "1 2 3 4 9 15 16 22 23",
        "1 2 8 9 15 16 22 23 29 30",
        "4 5 6 12 13 19 20 26",
        "1 2 3 4 5 10 11 17 18 24 25 31",
        "1 2 7 8 14 15 21 22 28 29",
        "5 6 12 13 19 20 26 27",
        "2 3 9 10 16 17 23 24 30 31",
        "6 7 13 14 20 21 27",
        "1 2 3 4 5 6 7 8 12 18 19 25 26",
        "1 2 8 9 15 16 22 23 29 30",
        "6 7 13 14 20 21 27 28",
    ),
    2026: (
        "1 2 3 10 11 17 18 24 25 31",
        "1 7 8 15 16 17 18 19 20 21 22 23",
        "1 7 8 14 15 21 22 28 29",
        "4 5 6 11 12 18 19 25 26",
        "1 2 3 4 5 10 16 17 23 24 30 31",
        "6 7 13 14 19 20 21 27 28",
        "4 5 11 12 18 19 25 26",
        "1 2 8 9 15 16 22 23 29 30",
        "5 6 12 13 19 25 26 27",
        "1 2 3 4 5 6 7 11 17 18 24 25 31",
        "1 7 8 14 15 21 22 28 29",
        "5 6 12 13 19 20 26 27",
    ),
}


@pytest.mark.parametrize("year", FREE_BY_HAND)
def test_every_free_day_is_the_one_written_out_by_hand(year: int) -> None:
    months = enumerate(FREE_BY_HAND[year], 1)
    by_hand = {date(year, month, int(day)) for month, days in months for day in days.split()}
    assert {day for day in days_of(year) if not CALENDAR.works(day)} == by_hand
    assert {day for day in days_of(year) if not chinese_calendar.is_workday(day)} == by_hand
