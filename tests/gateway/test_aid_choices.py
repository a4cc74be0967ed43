"""The forms of aid: a household is looked up and chosen, nobody types a number by hand."""

import re

import pytest
from fastapi import FastAPI

from gateway.state import State
from models.access import Look
from models.households import Resident
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application, signed_in
from tests.journeys.aid import TOWN, Aid

HOME = "HH00001"
GIVEN = {"urgent": "true", "small": "true", "immediate": "true", "need": "food",
         "cause": "income_lost", "form": "goods", "goods": "米面油", "proof": "照片"}  # fmt: skip


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    return Aid(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def member(county: Aid, name: str) -> int:
    return next(
        one.id for one in county.every(Resident) if (one.household_id, one.name) == (HOME, name)
    )


def test_a_household_is_found_chosen_and_its_person_named_by_the_register(
    state: State, app: FastAPI, county: Aid
) -> None:
    town = signed_in(state, app, TOWN)
    found = town.search("/relief/new", name="贺芳", address="滨江路18号院2号楼3单元301").text
    assert f'href="/relief/new?household={HOME}#whose"' in found
    chosen = town.get(f"/relief/new?household={HOME}").text
    assert f'name="household_id" value="{HOME}"' in chosen
    assert "贺小满" not in chosen, "names stay masked"
    child = member(county, "贺小满")
    assert f'name="resident_id" value="{child}"' in chosen
    answer = town.form("/relief/record_given", household_id=HOME, resident_id=str(child), **GIVEN)
    assert answer.status_code == 303, answer.text[:2000]
    number = re.search(r"JZ[\d-]+", answer.headers["location"])
    assert number is not None
    row = county.aid(number[0])
    assert (row.household_id, row.resident_id, row.recipient) == (HOME, child, "贺小满")
    looks = {look.act for look in county.every(Look) if look.login == TOWN}
    assert {"search_household", "see_household"} <= looks


def test_what_was_chosen_stays_chosen_when_something_is_missing(
    state: State, app: FastAPI, county: Aid
) -> None:
    town = signed_in(state, app, TOWN)
    child = member(county, "贺小满")
    told = {**GIVEN, "small": ""}
    answer = town.form("/relief/record_given", household_id=HOME, resident_id=str(child), **told)
    assert answer.status_code == 422
    assert re.search(rf'value="{child}" checked', answer.text)
    assert f'name="household_id" value="{HOME}"' in answer.text


def test_requests_and_grants_are_chosen_from_ones_own(
    state: State, app: FastAPI, county: Aid
) -> None:
    case = county.call("food", FOOD)
    grant = county.given(TOWN, case, recipient="贺芳", proof="照片")
    page = signed_in(state, app, TOWN).get("/relief/new").text
    for value in (case, grant):
        assert f'<option value="{value}"' in page
    foreign = signed_in(state, app, "township_w03.1").get("/relief/new").text
    assert case not in foreign
    assert grant not in foreign


def test_a_bureau_that_may_not_search_is_offered_the_households_of_its_requests(
    state: State, app: FastAPI, county: Aid
) -> None:
    case = county.call("food", FOOD)
    county.do("dispatch01", "link_household", case, household=HOME, reason="地址一致")
    bureau = county.lead(case).bureau
    page = signed_in(state, app, f"{bureau}.1").get("/relief/new").text
    assert f"household={HOME}#whose" in page
    assert 'id="whose-name"' not in page


def test_a_relatives_colleague_is_chosen_from_the_list(
    state: State, app: FastAPI, county: Aid
) -> None:
    page = signed_in(state, app, TOWN).get("/relief/new").text
    assert '<option value="village_w0101.1"' in page
    assert "/relief/kin" in page


def test_a_household_or_a_person_that_is_not_in_the_register_is_named(county: Aid) -> None:
    with pytest.raises(Refusal) as home:
        county.propose(TOWN, household_id="HH-NONE")
    assert (home.value.key, home.value.params) == ("refusal.no_household", {"household": "HH-NONE"})
    other = next(one for one in county.every(Resident) if one.household_id == "HH00002")
    with pytest.raises(Refusal) as person:
        county.propose(TOWN, household_id=HOME, resident_id=other.id)
    assert person.value.params == {"field": "resident_id"}
