"""Every case gets exactly one lead, and the catalogue says why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import Level, PlaceRule, Track
from referral.policy import profiles
from referral.routing import GRASSROOTS, SERVICES, route, row_for
from tests import shipped

BASE = shipped.policy()
TABLE = shipped.policy().routes
DAY = date(2026, 11, 24)


def lead(service: str | None, level: Level = Level.STANDARD, track: Track = Track.STANDARD) -> str:
    return route(service, level, track, DAY, TABLE).lead


@pytest.mark.parametrize(
    ("row", "service", "bureau", "place"),
    [
        ("RT-01", "dibao", "civil_affairs", "H"),
        ("RT-02", "dibao_margin", "civil_affairs", "H"),
        ("RT-03", "rigid_expense", "civil_affairs", "H"),
        ("RT-04", "tekun", "civil_affairs", "H"),
        ("RT-05", "temp_emergency", "civil_affairs", "E"),
        ("RT-06", "temp_expenditure", "civil_affairs", "E"),
        ("RT-07", "disaster", "emergency_management", "E"),
        ("RT-08", "medical", "medical_insurance", "H"),
        ("RT-09", "disease_emergency", "health", "E"),
        ("RT-10", "education", "education", "S"),
        ("RT-11", "housing", "housing", "H"),
        ("RT-12", "utilities_relief", "civil_affairs", "R"),
        ("RT-13", "employment", "human_resources", "R"),
        ("RT-14", "transient", "civil_affairs", "E"),
        ("RT-15", "child", "civil_affairs", "E"),
        ("RT-16", "domestic_violence", "civil_affairs", "E"),
        ("RT-17", "mental_crisis", "health", "E"),
        ("RT-18", "traffic_fund", "finance", "E"),
        ("RT-19", "legal_aid", "justice", "E"),
        ("RT-20", "judicial", "political_legal_committee", "-"),
        ("RT-21", "funeral", "civil_affairs", "E"),
        ("RT-22", "price_subsidy", "development_reform", "H"),
        ("RT-23", "disability", "civil_affairs", "H"),
        ("RT-24", "service_aid", "civil_affairs", "R"),
        ("RT-25", "charity", "civil_affairs", "R"),
        ("RT-26", "wage_arrears", "human_resources", "E"),
        ("RT-29", "other_place", "hotline", "-"),
        ("RT-30", "unclear", "civil_affairs", "E"),
    ],
)
def test_each_type_goes_where_the_catalogue_sends_it(
    row: str, service: str, bureau: str, place: str
) -> None:
    found = route(service, Level.STANDARD, Track.STANDARD, DAY, TABLE)
    assert (found.row.id, found.lead, found.place.value) == (row, bureau, place)
    assert found.why.startswith(row)


CASES = {
    "service": st.sampled_from([*SERVICES, None, "", "nonsense"]),
    "level": st.sampled_from(Level),
    "track": st.sampled_from(Track),
    "on": st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    "needs": st.lists(st.sampled_from([*SERVICES, "nonsense"]), max_size=5),
    "table": st.sampled_from(profiles()),
    "accused": st.sets(
        st.sampled_from(
            ["civil_affairs", "discipline_inspection", "housing", "health", "coordination_office"]
        )
    ),
}


@given(**CASES)
def test_every_case_on_every_day_has_one_lead_and_nobody_twice(
    service: str | None,
    level: Level,
    track: Track,
    on: date,
    needs: list[str],
    table: str,
    accused: set[str],
) -> None:
    found = route(service, level, track, on, shipped.policy(table).routes, needs, accused=accused)
    assert found.lead
    assert found.lead not in found.cooperating
    assert len(set(found.cooperating)) == len(found.cooperating)
    assert found.lead not in GRASSROOTS
    assert not accused & {found.lead, *found.cooperating}
    assert found.why


@given(**CASES)
def test_tracks_decide_before_types(
    service: str | None,
    level: Level,
    track: Track,
    on: date,
    needs: list[str],
    table: str,
    accused: set[str],
) -> None:
    found = route(service, level, track, on, shipped.policy(table).routes, needs)
    if track is Track.GRIEVANCE:
        assert found.row.id == "RT-27"
    elif service != "grievance" and track is Track.CONSULTATION and not level.is_urgent:
        assert found.row.id == "RT-28"


def test_what_nobody_recognises_is_held_by_civil_affairs() -> None:
    for service in (None, "", "nonsense"):
        found = route(service, Level.STANDARD, Track.STANDARD, DAY, TABLE)
        assert (found.row.id, found.lead) == ("RT-30", "civil_affairs")


def test_danger_inside_a_question_is_not_left_at_the_desk() -> None:
    found = route("temp_emergency", Level.URGENT, Track.CONSULTATION, DAY, TABLE)
    assert found.row.id == "RT-05"
    plain = route("consultation", Level.LIFE_THREAT, Track.CONSULTATION, DAY, TABLE)
    assert plain.row.id == "RT-30"


def test_a_question_names_who_answers_it_when_the_desk_cannot() -> None:
    found = route("medical", Level.CONSULTATION, Track.CONSULTATION, DAY, TABLE)
    assert (found.lead, found.ask_next) == ("hotline", "medical_insurance")
    assert found.cooperating == ()


def test_a_grievance_never_reaches_the_authority_complained_about() -> None:
    found = route("dibao", Level.STANDARD, Track.GRIEVANCE, DAY, TABLE)
    assert (found.lead, found.cooperating) == ("discipline_inspection", ())
    turned = route(
        "dibao", Level.STANDARD, Track.GRIEVANCE, DAY, TABLE, accused={"discipline_inspection"}
    )
    assert turned.lead == "civil_affairs"


def test_a_grievance_of_somebody_hungry_still_brings_help() -> None:
    found = route("temp_emergency", Level.URGENT, Track.GRIEVANCE, DAY, TABLE)
    assert found.lead == "discipline_inspection"
    assert "civil_affairs" in found.cooperating


def test_one_family_with_four_needs_has_one_lead() -> None:
    """AS-19: disabled father, dialysis, schoolchildren, a leaking roof, heating unpaid."""
    needs = ["medical", "education", "housing", "utilities_relief"]
    found = route("disability", Level.PRIORITY, Track.STANDARD, DAY, TABLE, needs)
    assert found.lead == "civil_affairs"
    assert {"medical_insurance", "education", "housing"} <= set(found.cooperating)
    other = route("medical", Level.PRIORITY, Track.STANDARD, DAY, TABLE, [*needs, "disability"])
    assert other.lead == "civil_affairs"
    assert {"medical_insurance", "education", "housing"} <= set(other.cooperating)


def test_a_question_beside_a_need_brings_no_desk_into_the_case() -> None:
    needs = ["consultation", "other_place", "grievance", "unclear"]
    found = route("medical", Level.STANDARD, Track.STANDARD, DAY, TABLE, needs)
    assert found.cooperating == found.row.cooperating


def test_two_departments_leave_the_type_with_its_own_lead() -> None:
    found = route("medical", Level.STANDARD, Track.STANDARD, DAY, TABLE, ["education"])
    assert found.lead == "medical_insurance"
    assert "education" in found.cooperating


def test_danger_decides_the_first_action_and_keeps_the_other_bureau() -> None:
    found = route("housing", Level.URGENT, Track.URGENT, DAY, TABLE, ["temp_emergency"])
    assert found.row.id == "RT-05"
    assert "housing" in found.cooperating


def test_stopped_medicine_is_led_by_civil_affairs_with_the_insurers_helping() -> None:
    """AS-04."""
    found = route("temp_emergency", Level.URGENT, Track.URGENT, DAY, TABLE, ["medical"])
    assert found.lead == "civil_affairs"
    assert "medical_insurance" in found.cooperating
    assert found.row.first_line == "township"
    assert (found.clock, found.clock_case) == ("CLK-RELIEF", "")


@pytest.mark.parametrize("service", ["domestic_violence", "mental_crisis"])
def test_the_police_lead_while_life_is_in_danger(service: str) -> None:
    found = route(service, Level.LIFE_THREAT, Track.URGENT, DAY, TABLE)
    assert found.lead == "public_security"
    assert found.row.lead in found.cooperating
    assert lead(service) == found.row.lead


def test_temporary_assistance_is_applied_for_where_the_emergency_is_since_2026() -> None:
    def place(day: date) -> PlaceRule:
        return route("temp_emergency", Level.URGENT, Track.URGENT, day, TABLE).place

    assert place(date(2026, 1, 28)) is PlaceRule.RESIDENCE
    assert place(date(2026, 1, 29)) is PlaceRule.EMERGENCY
    assert place(date(1999, 1, 1)) is PlaceRule.RESIDENCE
    assert place(date(2050, 1, 1)) is PlaceRule.EMERGENCY


def test_the_urgent_side_carries_calendar_clocks_only() -> None:
    for service in SERVICES:
        found = route(service, Level.URGENT, Track.URGENT, DAY, TABLE)
        assert BASE.clock(found.clock, found.clock_case).measure != "working_day", service


def test_a_table_without_the_last_resort_is_an_error() -> None:
    with pytest.raises(LookupError, match="unclear"):
        route("dibao", Level.STANDARD, Track.STANDARD, DAY, ())
    assert row_for("dibao", DAY, ()) is None
