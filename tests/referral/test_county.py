"""The demonstration county is whole: no unit without people, no hour without duty."""

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from models.vocabulary import Role
from referral.areas import Area, Gazetteer
from referral.policy import profiles
from tests import shipped

DEMO = Path(__file__).parents[2] / "gateway/demo"


def table(name: str) -> list[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AREAS, UNITS, STAFF, HOUSEHOLDS = map(table, ("areas", "units", "staff", "households"))
ROSTERS = tomllib.loads((DEMO / "rosters.toml").read_text(encoding="utf-8"))
UNIT = {row["code"]: row for row in UNITS}
AREA = {row["code"]: row for row in AREAS}
LOGINS = {row["login"]: row for row in STAFF}


def minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def test_the_county_has_its_levels() -> None:
    kinds = Counter(row["kind"] for row in AREAS)
    assert kinds["county"] == 1
    assert kinds["township"] >= 8
    assert kinds["village"] >= 60
    assert kinds["grid"] >= 180
    subdistricts = [row for row in AREAS if row["name"].endswith("街道")]
    assert len(subdistricts) >= 2
    assert len(AREA) == len(AREAS)


def test_every_area_lies_in_one_of_the_level_above() -> None:
    above = {"township": "county", "village": "township", "grid": "village"}
    for row in AREAS:
        if row["kind"] == "county":
            assert row["parent"] == ""
        else:
            assert AREA[row["parent"]]["kind"] == above[row["kind"]]
        assert 33 < float(row["latitude"]) < 34.5
        assert 111.5 < float(row["longitude"]) < 113.5


def test_two_villages_share_a_name_so_that_ambiguity_can_be_seen() -> None:
    names = Counter(row["name"] for row in AREAS if row["kind"] == "village")
    assert [name for name, times in names.items() if times > 1]


def test_the_gazetteer_takes_the_list() -> None:
    gazetteer = Gazetteer(
        Area(row["code"], row["kind"], row["name"], row["parent"] or None) for row in AREAS
    )
    assert len(gazetteer.areas) == len(AREAS)


@pytest.mark.parametrize("profile", profiles())
def test_every_authority_of_every_route_has_a_unit(profile: str) -> None:
    present = {row["authority"] for row in UNITS}
    for row in shipped.policy(profile).routes:
        wanted = {row.lead, row.danger_lead, row.alternate_lead, *row.cooperating, *row.by_need}
        assert wanted - {""} <= present


def test_units_name_known_authorities_areas_and_parents() -> None:
    authorities = shipped.policy().authorities
    for row in UNITS:
        assert row["authority"] in authorities
        assert row["area"] in AREA
        assert row["parent"] == "" or row["parent"] in UNIT
        assert row["name_zh"]
        assert row["name_en"].isascii()
        assert row["duty_phone"]
        assert row["public_phone"]
    assert len(UNIT) == len(UNITS)


def test_every_unit_climbs_to_the_coordination_office() -> None:
    for row in UNITS:
        seen = [row["code"]]
        while UNIT[seen[-1]]["parent"]:
            seen.append(UNIT[seen[-1]]["parent"])
            assert len(seen) == len(set(seen))
        assert seen[-1] == "coordination_office"


def test_every_township_has_an_office_and_every_village_a_committee() -> None:
    offices = {row["area"] for row in UNITS if row["authority"] == "township"}
    committees = {row["area"] for row in UNITS if row["authority"] == "village_committee"}
    assert offices == {row["code"] for row in AREAS if row["kind"] == "township"}
    assert committees == {row["code"] for row in AREAS if row["kind"] == "village"}


def test_staff_have_known_roles_units_and_areas() -> None:
    for row in STAFF:
        assert row["unit"] in UNIT
        assert row["area"] in AREA
        assert Role(row["role"])
        assert row["name"]
    assert len(LOGINS) == len(STAFF)


def test_there_are_enough_people_of_every_role() -> None:
    roles = Counter(row["role"] for row in STAFF)
    assert roles["operator"] >= 6
    assert set(roles) == set(Role)
    by_unit = Counter((row["unit"], row["role"]) for row in STAFF)
    for unit in UNITS:
        if unit["authority"] == "township":
            assert by_unit[unit["code"], "township_officer"] >= 3
        elif unit["authority"] == "village_committee":
            assert by_unit[unit["code"], "village_cadre"] >= 1
        elif unit["authority"] != "hotline":
            assert by_unit[unit["code"], "bureau_head"] == 1
            assert by_unit[unit["code"], "bureau_officer"] >= 2


def test_grid_workers_cover_two_townships_by_grid_and_the_rest_by_village() -> None:
    covered = {row["area"] for row in STAFF if row["role"] == "grid_worker"}
    whole = 0
    for township in (row for row in AREAS if row["kind"] == "township"):
        villages = [row["code"] for row in AREAS if row["parent"] == township["code"]]
        grids = [row["code"] for row in AREAS if row["parent"] in villages]
        if set(grids) <= covered:
            whole += 1
        else:
            assert set(villages) <= covered
    assert whole >= 2


def test_names_are_varied_and_long_and_dotted_ones_are_among_them() -> None:
    names = [row["name"] for row in STAFF]
    assert len(set(names)) == len(names)
    assert any("·" in name for name in names)
    assert max(map(len, names)) >= 15


def test_every_unit_has_somebody_on_duty_at_every_minute() -> None:
    """AS-11: the shifts are the same on every day, the National Day week included."""
    rostered = {duty["unit"]: duty for duty in ROSTERS["duty"]}
    assert set(rostered) == set(UNIT)
    assert len(ROSTERS["duty"]) == len(rostered)
    for unit, duty in rostered.items():
        shifts = ROSTERS["pattern"][duty["pattern"]]["shifts"]
        assert len(shifts) == len(duty["staff"])
        covered: set[int] = set()
        for (begin, end), logins in zip(shifts, duty["staff"], strict=True):
            assert logins
            assert all(LOGINS[login]["unit"] == unit for login in logins)
            first, last = minutes(begin), minutes(end)
            covered |= (
                set(range(first, last))
                if first < last
                else set(range(first, 1440)) | set(range(last))
            )
        assert covered == set(range(1440))


def test_phones_come_from_the_invented_range_and_belong_to_one_person() -> None:
    own = [row["phone"] for row in STAFF]
    assert all(phone.startswith("1990000") and len(phone) == 11 for phone in own)
    assert len(set(own)) == len(own)
    public = [row[kind] for row in UNITS for kind in ("public_phone", "duty_phone")]
    assert all(phone.startswith("1990000") or phone == "12345" for phone in public)


def test_households_stand_where_they_live() -> None:
    assert len(HOUSEHOLDS) >= 120
    assert len({row["household_id"] for row in HOUSEHOLDS}) == len(HOUSEHOLDS)
    for row in HOUSEHOLDS:
        assert AREA[row["area"]]["kind"] == "village"
        village = AREA[row["area"]]
        assert village["name"] in row["address"]
        assert AREA[village["parent"]]["name"] in row["address"]
        assert row["head_name"] in row["members"].split(";")
        phones = [phone for phone in row["phones"].split(";") if phone]
        assert all(phone.startswith("1990000") for phone in phones)


def test_hard_neighbours_are_among_the_households() -> None:
    """Sound-alike names in one building and one telephone for two households (AS-06, AS-07)."""
    heads = {row["head_name"]: row for row in HOUSEHOLDS}
    assert heads["贺芳"]["area"] == heads["何芳"]["area"]
    assert heads["章桂荣"]["area"] != heads["张桂荣"]["area"]
    shared = Counter(phone for row in HOUSEHOLDS for phone in row["phones"].split(";") if phone)
    assert [phone for phone, times in shared.items() if times > 1]
