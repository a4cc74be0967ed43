"""Huzhou 2006: every item of aid is filed when it is given; who is urgent is helped by the township
under the lead of civil affairs, and what is too heavy for it goes up; each unit is measured."""

import json

import pytest

from gateway import aid_report
from gateway.state import State
from models.events import Event
from models.posts import UnitPost
from referral.casework import Refusal
from tests.gateway.people import FOOD, application, signed_in
from tests.journeys.aid import TOWN
from tests.journeys.city import City

PROFILE = "huzhou"


def test_every_item_is_filed_when_it_is_given(county: City) -> None:
    number = county.file("education.1", amount=1000, recipient="贺小满", standard="高中每年1000元",
                         service="education", need="schooling", fund="own_budget")  # fmt: skip
    row = county.aid(number)
    assert (row.filed_at, row.filed_with) == (county.now(), "coordination_office")
    assert (row.service, row.amount_fen, row.standard, row.recipient) == (
        "education", 100_000, "高中每年1000元", "贺小满",
    )  # fmt: skip
    with pytest.raises(Refusal, match="standard_missing"):
        county.file("education.1", amount=1000, standard=" ")


def test_aid_first_is_filed_by_being_delivered(county: City) -> None:
    at = county.propose(TOWN, amount=300, need="living", fund="temp_aid", recipient="甲")
    county.on(TOWN, "authorise", at)
    assert county.aid(at).filed_at is None, "nothing was given yet"
    county.on(TOWN, "deliver", at, received_by="甲")
    assert (county.aid(at).filed_at, county.aid(at).filed_with) == (
        county.now(), "coordination_office",
    )  # fmt: skip


def test_the_township_acts_and_civil_affairs_leads(county: City) -> None:
    number = county.call("food", FOOD)
    assert county.lead(number).bureau == "civil_affairs"
    assert county.held(number)[0] == "township_w01", "it acts first"


def test_what_is_too_heavy_goes_to_the_county_and_on_to_the_charities(
    county: City, state: State
) -> None:
    number = county.call("food", FOOD)
    at = county.propose(TOWN, number, amount=4000, need="living", fund="reserve", recipient="乙")
    county.on(TOWN, "authorise", at, reason="备用金里没有这么多")
    assert county.aid(at).asked_unit == "civil_affairs"
    county.do("dispatch01", "bring_in", number, bureau="charity_federation", reason="超出政府标准")
    assert county.orders(number)["charity_federation"].role == "cooperating"


def test_the_citys_emergency_fund_stands_in_the_ledger_with_its_sum(
    county: City, state: State
) -> None:
    fund = state.offices.current().policy.values["city_emergency_fund_year"]
    assert (fund.value, fund.tag) == (1_100_000, "S")
    number = county.given("civil_affairs.1", amount=20_000, need="shelter", cause="accident",
                          fund="emergency_fund", recipient="丙", received_by="丙")  # fmt: skip
    assert county.aid(number).fund == "emergency_fund"
    with state.database.read() as session:
        found = aid_report.report(
            session, county.actor("super01"), state.offices.current(), year=2026, quarter=4,
            now=county.now(),
        )  # fmt: skip
    assert (found.whole.grants, found.whole.yuan) == (1, "20000")


def test_each_department_is_measured_and_its_misses_are_named(county: City) -> None:
    number = county.asked("housing")
    county.now.forward(days=10)
    county.tick()
    signed = county.quarter("housing").rate("signed_in_time")
    assert (len(signed.met), list(signed.missed)) == (0, [number])


def test_county_township_and_village_see_their_own_households(county: City, state: State) -> None:
    app = application(state)
    home = next(one for one in county.homes().values() if (one.area or "").startswith("W0101"))
    for login, seen in (("super01", 200), (TOWN, 200), ("village_w0101.1", 200),
                        ("township_w02.1", 404)):  # fmt: skip
        assert signed_in(state, app, login).get(f"/households/{home.id}").status_code == seen, login


def test_one_person_of_each_township_answers_for_its_data(county: City, state: State) -> None:
    app = application(state)
    home = next(one for one in county.homes().values() if (one.area or "").startswith("W0101"))
    super01, admin = signed_in(state, app, "super01"), signed_in(state, app, "admin01")
    assert "信息有误找" not in super01.get(f"/households/{home.id}").text
    naming = {"code": "township_w01", "post": "data"}
    for login in (TOWN, "township_w01.2"):
        reply = admin.form("/admin/units/post", **naming, login=login, reason="分工")
        assert reply.status_code == 303, "the next one ends the one before"
    officer = state.offices.current().directory.officer["township_w01.2"]
    assert f"{officer.name}" in super01.get(f"/households/{home.id}").text
    named = [one for one in county.every(UnitPost) if one.ended_at is None]
    assert [(one.post, one.login) for one in named] == [("data", "township_w01.2")]
    said = [json.loads(one.detail) for one in county.every(Event) if one.kind == "post_named"]
    assert [(one["login"], one["before"]) for one in said] == [
        (TOWN, ""), ("township_w01.2", TOWN),
    ]  # fmt: skip
