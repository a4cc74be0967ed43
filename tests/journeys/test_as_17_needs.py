"""AS-17, what each household lacks: one event, danger first, five needs in twenty-four hours."""

import pytest
from fastapi import FastAPI

from gateway import disasters
from gateway.state import State
from models.clocks import Clock
from models.likenesses import Link
from tests.conftest import Clock as Watch
from tests.gateway.people import application, signed_in
from tests.journeys.aid import Aid
from tests.journeys.same_matter import told

KINDS = ("food", "water", "clothing", "shelter", "medical")
OFFICER = "emergency_management.1"


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    return Aid(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def flood(state: State, county: Aid, now: Watch) -> list[str]:
    """Three households of a village in the water; who called first is in the least danger."""
    said = (
        "柳湾村11号受灾了，家里没有吃的了",
        "柳湾村12号，洪水进屋了，我们被困在二楼，家里四口人",
        "柳湾村13号，洪水涨到屋顶了，人被困在房顶下不来，快救命",
    )
    numbers = []
    for place, words in enumerate(said):
        numbers.append(told(state, "phone", f"+8613800{place:06}", words).number)
        now.forward(minutes=5)
    county.do("dispatch01", "link", numbers[0], others=" ".join(numbers[1:]), relation="event",
              reason="柳湾村洪水")  # fmt: skip
    return numbers


def bundle(county: Aid) -> int:
    return next(row.bundle for row in county.every(Link))


def households(county: Aid, login: str = "super01"):
    office = county.state.offices.current()
    with county.state.database.read() as session:
        return disasters.households(
            session, county.actor(login), office, bundle(county), now=county.now()
        )


def test_the_greatest_danger_stands_first_and_each_keeps_its_own_request(
    county: Aid, flood: list[str]
) -> None:
    found = households(county)
    assert {one.number for one in found} == set(flood)
    assert [one.level for one in found] == ["life_threat", "life_threat", "urgent"]
    assert found[-1].number == flood[0], "hungry and dry, though it called first"
    assert [one.missing for one in found] == [KINDS] * 3, "what nobody asked is missing"


def test_a_reply_to_one_household_is_no_reply_to_the_others(county: Aid, flood: list[str]) -> None:
    county.do("dispatch01", "reply", flood[1], text="帐篷和饭正在送来。")
    assert {one.number for one in households(county) if one.replied} == {flood[1]}


def test_the_day_of_the_first_needs_ends_when_nothing_is_missing(
    county: Aid, flood: list[str]
) -> None:
    number = flood[1]
    clock = county.running(number)["CLK-DISASTER"]
    assert (clock.due_at - clock.started_at).total_seconds() == 24 * 3600
    for kind in KINDS[:3]:
        county.do(OFFICER, "set_need", number, need=kind, need_state="met", supplier="应急局")
    county.do(OFFICER, "set_need", number, need="shelter", need_state="promised",
              supplier="柳湾镇中心小学")  # fmt: skip
    county.do(OFFICER, "set_need", number, need="medical", need_state="not_needed")
    assert "CLK-DISASTER" in county.running(number)
    mine = next(one for one in households(county) if one.number == number)
    assert mine.missing == ("shelter",), "a promise is not a roof"
    county.do(OFFICER, "set_need", number, need="shelter", need_state="met", supplier="柳湾镇")
    assert "CLK-DISASTER" not in county.running(number)
    stopped = [c for c in county.rows(Clock, number) if c.name == "CLK-DISASTER"]
    assert all(c.stopped_at is not None for c in stopped)
    others = [n for n in flood if n != number and "CLK-DISASTER" in county.running(n)]
    assert others, "the others' day runs on"


def test_aid_that_arrived_meets_the_need_it_was_for(county: Aid, flood: list[str]) -> None:
    county.given("township_w03.1", flood[0], need="food", cause="natural_disaster",
                 goods="干粮三日份", proof="照片")  # fmt: skip
    mine = next(one for one in households(county) if one.number == flood[0])
    assert "food" not in mine.missing
    sums = {one.kind: one for one in disasters.sums(households(county))}
    assert (sums["food"].met, sums["food"].missing, sums["water"].missing) == (1, 2, 3)


def test_the_page_shows_the_list_of_needs_and_takes_them_need_by_need(
    state: State, app: FastAPI, county: Aid, flood: list[str]
) -> None:
    officer = signed_in(state, app, OFFICER)
    assert "3 户" in officer.get("/events").text
    path = f"/events/{bundle(county)}"
    page = officer.get(path).text
    assert page.index(flood[2]) < page.index(flood[0])
    answer = officer.form(f"{path}/{flood[0]}", need="water", need_state="promised")
    assert answer.status_code == 422, "a promise has a name"
    answer = officer.form(f"{path}/{flood[0]}", need="water", need_state="promised",
                          supplier="县供水公司")  # fmt: skip
    assert answer.status_code == 303
    assert "县供水公司" in officer.get(path).text
    only = officer.get(f"{path}?missing=food").text
    assert all(number in only for number in flood)
    assert signed_in(state, app, "township_w01.1").get(path).status_code == 404
