"""Whoever asks, at any hour, somebody by name answers for it; nobody only when there is nobody."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Role
from referral.directory import ZONE, Directory, Nobody, Officer, Place, Shift, Unit

DAY = date(2026, 9, 30)
PLACES = (
    Place("w", "county", "望河县", None),
    Place("w01", "township", "滨河街道", "w"),
    Place("w01a", "village", "临江社区", "w01"),
    Place("w02", "township", "柳林镇", "w"),
)


def unit(code: str, authority: str = "", **more) -> Unit:
    return Unit(code, f"{code}局", f"{code} bureau", authority or code, **more)


def officer(login: str, home: str, role: Role = Role.BUREAU_OFFICER) -> Officer:
    return Officer(login, f"姓{login}", role, home)


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=ZONE)


def minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def shift(home: str, login: str, begin: str, end: str, **more) -> Shift:
    return Shift(home, login, minutes(begin), minutes(end), **more)


COUNTY = Directory(
    units=(
        unit("hotline"),
        unit("civil_affairs"),
        unit("health", parent="civil_affairs"),
        unit("township_w01", "township", area="w01"),
        unit("township_w02", "township", area="w02"),
        unit("village_w01a", "township", area="w01a", parent="township_w01"),
        unit("empty"),
    ),
    officers=(
        officer("op01", "hotline", Role.OPERATOR),
        officer("op02", "hotline", Role.OPERATOR),
        officer("lead", "hotline", Role.DUTY_LEAD),
        officer("ca.head", "civil_affairs", Role.BUREAU_HEAD),
        officer("ca.1", "civil_affairs"),
        officer("w01.1", "township_w01", Role.TOWNSHIP_OFFICER),
    ),
    shifts=(
        shift("hotline", "op01", "08:00", "20:00"),
        shift("hotline", "op02", "08:00", "20:00"),
        shift("hotline", "lead", "20:00", "08:00"),
        shift("civil_affairs", "ca.1", "09:00", "17:30", weekdays="01234"),
    ),
    places=PLACES,
)


def who(code: str, when: datetime, turn: int = 0) -> tuple[str, str]:
    found = COUNTY.answerable(COUNTY.unit.get(code), when, turn)
    return found.officer.login, found.how


# Who answers.


@pytest.mark.parametrize(
    ("clock", "login"),
    [
        ("08:00", "op01"),
        ("19:59", "op01"),
        ("20:00", "lead"),
        ("23:59", "lead"),
        ("00:00", "lead"),
        ("07:59", "lead"),
    ],
)
def test_who_is_on_duty_answers_and_a_night_shift_goes_over_midnight(clock, login):
    assert who("hotline", at(clock)) == (login, "duty")


def test_those_on_duty_take_turns():
    assert [who("hotline", at("10:00"), turn)[0] for turn in range(4)] == [
        "op01",
        "op02",
        "op01",
        "op02",
    ]


def test_the_same_moment_in_another_zone_finds_the_same_person():
    utc = datetime.fromisoformat("2026-09-30T12:30:00+00:00")  # 20:30 in China
    assert who("hotline", utc) == ("lead", "duty")


def test_outside_the_shifts_the_head_answers():
    assert who("civil_affairs", at("10:00")) == ("ca.1", "duty")
    assert who("civil_affairs", at("18:00")) == ("ca.head", "head")
    assert who("civil_affairs", at("10:00", date(2026, 10, 3))) == ("ca.head", "head"), "Saturday"


def test_without_a_head_anybody_of_the_unit_answers():
    desk = Directory((unit("hotline"),), (officer("op01", "hotline", Role.OPERATOR),))
    found = desk.answerable(desk.unit["hotline"], at("03:00"))
    assert (found.officer.login, found.how) == ("op01", "staff")


def test_a_unit_without_people_is_answered_for_by_the_one_above_it():
    assert who("health", at("10:00")) == ("ca.1", "parent")
    assert who("village_w01a", at("10:00")) == ("w01.1", "parent")


def test_what_nobody_takes_is_held_by_the_backstop():
    assert who("empty", at("10:00")) == ("ca.1", "backstop")
    assert who("nowhere", at("10:00")) == ("ca.1", "backstop")


def test_the_last_person_there_is_answers():
    alone = Directory((unit("health"),), (officer("h1", "health"),))
    found = alone.answerable(None, at("10:00"))
    assert (found.officer.login, found.how) == ("h1", "last")


def test_a_system_without_staff_may_not_take_a_message():
    for empty in (Directory(), Directory((unit("hotline"),)), Directory((), (officer("a", "x"),))):
        with pytest.raises(Nobody):
            empty.answerable(empty.unit.get("hotline"), at("10:00"))


def test_units_that_name_each_other_as_parents_still_end_at_a_person():
    loop = Directory(
        (unit("a", parent="b"), unit("b", parent="a"), unit("civil_affairs")),
        (officer("ca", "civil_affairs"),),
    )
    assert loop.answerable(loop.unit["a"], at("10:00")).officer.login == "ca"


@given(
    st.sampled_from([*COUNTY.unit, "nowhere"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 a zone is added
    st.integers(0, 1000),
)
def test_somebody_of_a_real_unit_answers_at_any_minute(code, when, turn):
    found = COUNTY.answerable(COUNTY.unit.get(code), when.replace(tzinfo=ZONE), turn)
    assert found.officer in COUNTY.officers
    assert found.unit.code == found.officer.unit


# Which unit.


@pytest.mark.parametrize(
    ("area", "code"),
    [("w01a", "village_w01a"), ("w01", "township_w01"), ("w02", "township_w02")],
)
def test_the_innermost_unit_of_an_authority_is_responsible(area, code):
    assert COUNTY.responsible("township", area, DAY).code == code


def test_without_an_area_the_widest_unit_is_responsible():
    assert COUNTY.responsible("township", None, DAY).code in ("township_w01", "township_w02")
    assert COUNTY.responsible("civil_affairs", "w01a", DAY).code == "civil_affairs"
    assert COUNTY.responsible("railways", "w01", DAY) is None


REFORM = Directory(
    units=(
        unit("poverty", "poverty", valid_until=date(2023, 12, 31), successor="rural"),
        unit("rural", "rural", valid_from=date(2024, 1, 1)),
        unit("gone", "gone", valid_until=date(2023, 12, 31)),
        unit("a", valid_until=date(2020, 1, 1), successor="b"),
        unit("b", valid_until=date(2020, 1, 1), successor="a"),
    ),
)


def test_a_retired_unit_is_followed_by_its_successor():
    assert REFORM.current("poverty", date(2023, 12, 31)).code == "poverty"
    assert REFORM.current("poverty", date(2024, 1, 1)).code == "rural"
    assert REFORM.current("gone", date(2024, 1, 1)) is None
    assert REFORM.current("nobody", DAY) is None
    assert REFORM.responsible("gone", None, date(2024, 1, 1)) is None


def test_what_a_route_sends_to_an_authority_that_is_gone_goes_to_its_successor():
    assert REFORM.responsible("poverty", None, date(2023, 12, 31)).code == "poverty"
    assert REFORM.responsible("poverty", None, date(2024, 1, 1)).code == "rural"


MERGED = Directory(
    units=(
        unit("township_w01", "township", area="w01"),
        unit("township_w02", "township", area="w02", valid_until=date(2025, 12, 31),
             successor="township_w03"),
        unit("township_w03", "township", area="w03"),
        unit("township_w04", "township", area="w04", valid_until=date(2025, 12, 31)),
    ),
    places=(
        *PLACES,
        Place("w03", "township", "丙镇", None),
        Place("w04", "township", "丁镇", None),
    ),
)  # fmt: skip


def test_who_goes_on_for_a_township_serves_its_places_and_no_other_township_does():
    day = date(2026, 1, 1)
    assert MERGED.responsible("township", "w02", date(2025, 12, 31)).code == "township_w02"
    assert MERGED.responsible("township", "w02", day).code == "township_w03"
    assert MERGED.local("township", "w02", day).code == "township_w03"
    assert MERGED.local("township", "w04", day) is None, "nobody goes on for it"
    assert MERGED.local("township", None, day) is None


def test_units_that_succeed_each_other_do_not_go_round_for_ever():
    found = REFORM.current("a", DAY)
    assert found is None or found.code in ("a", "b")


# Places and shifts.


def test_a_place_lies_in_what_it_lies_in():
    assert COUNTY.ancestry("w01a") == ("w01a", "w01", "w")
    assert COUNTY.ancestry(None) == COUNTY.ancestry("unknown") == ()
    assert COUNTY.within("w01a", "w")
    assert not COUNTY.within("w01a", "w02")


def test_places_that_lie_in_each_other_do_not_go_round_for_ever():
    loop = Directory(places=(Place("a", "x", "a", "b"), Place("b", "x", "b", "a")))
    assert loop.ancestry("a") == ("a", "b")


def test_a_shift_has_its_days():
    part = shift("x", "y", "00:00", "24:00", weekdays="56", starts_on=date(2026, 10, 1))
    assert part.covers(at("12:00", date(2026, 10, 3)))
    assert not part.covers(at("12:00", date(2026, 10, 5))), "a Monday"
    assert not part.covers(at("12:00", date(2026, 9, 26))), "before it began"
    ended = shift("x", "y", "00:00", "24:00", ends_on=date(2026, 9, 29))
    assert not ended.covers(at("00:00"))


def test_a_night_shift_of_every_day_covers_both_ends_of_a_day():
    night = shift("x", "y", "22:00", "06:00")
    covered = [hour for hour in range(24) if night.covers(at(f"{hour:02d}:00"))]
    assert covered == [0, 1, 2, 3, 4, 5, 22, 23]


def test_a_unit_has_its_name_in_the_readers_language():
    found = COUNTY.unit["health"]
    assert (found.name("zh-CN"), found.name("en-GB")) == ("health局", "health bureau")


def test_a_withheld_number_is_no_field_workers_whose_telephone_is_not_known():
    """A roster with a dash for a telephone made every withheld number that worker's."""
    home = unit("village_w01a", "township", area="w01a")
    grid = Officer("g01", "姓g01", Role.GRID_WORKER, home.code, "w01a", phone="-")
    known = Officer("g02", "姓g02", Role.GRID_WORKER, home.code, "w01a", phone="+86 199-0000-0002")
    directory = Directory(units=(home,), officers=(grid, known), places=PLACES)
    assert directory.writer(None, "") is None
    assert directory.writer("g01", "") is grid
    assert directory.writer(None, "+8619900000002") is known
