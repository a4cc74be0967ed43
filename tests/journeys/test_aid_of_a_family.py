"""The guards of aid see a family through its household, whoever of it asks by whichever request."""

import pytest

from gateway import aid_filing
from gateway.aid_bodies import KinEntry
from gateway.state import State
from referral.casework import Refusal
from tests.journeys.aid import TOWN
from tests.journeys.city import City

PROFILE = "linfen"

HOME = "HH00001"
WORDS = "我住滨河街道临江社区滨江路18号院，家里没有吃的了，想申请临时救助"
MONEY = {"amount": 800, "need": "living", "fund": "temp_aid", "area": "W0101"}


def linked(county: City, key: str) -> str:
    number = county.call(key, WORDS, f"+861361111000{ord(key) % 10}")
    county.do("dispatch01", "link_household", number, household=HOME, reason="地址一致")
    return number


def given(county: City, request: str = "", **more: object) -> str:
    at = county.propose(TOWN, request, **{**MONEY, "cause": "illness", **more})
    county.on(TOWN, "authorise", at, reason="另有原因", agreed_by="civil_affairs.head")
    county.on(TOWN, "deliver", at, received_by="本人")
    return at


def test_two_requests_of_one_household_warn_each_other_under_whatever_name(county: City) -> None:
    first = given(county, linked(county, "a"), recipient="贺芳")
    second = county.propose(TOWN, linked(county, "b"), **MONEY, cause="illness", recipient="女儿")
    with pytest.raises(Refusal) as asked:
        county.on(TOWN, "authorise", second)
    assert "repeat_same_cause" in asked.value.params["guards"]
    assert asked.value.params["decides"], "who may decide is named"
    county.on(TOWN, "authorise", second, reason="又住院了")
    row = county.aid(second)
    assert (row.state, row.asked_unit) == ("proposed", "civil_affairs")
    (warning,) = [one for one in row.guards if one["key"] == "repeat_same_cause"]
    assert warning["earlier"] == [first]


def test_aid_by_the_households_number_counts_for_its_requests(county: City) -> None:
    given(county, household_id=HOME, recipient="甲", amount=4900)
    at = given(county, linked(county, "a"), recipient="乙", cause="fire", amount=5200)
    assert "cap_family_year" in county.warned(at)


def test_a_link_taken_back_leaves_no_warning(county: City) -> None:
    given(county, household_id=HOME, recipient="甲")
    number = linked(county, "a")
    county.do("dispatch01", "unlink_household", number, household=HOME, reason="另一户")
    at = given(county, number, recipient="乙")
    assert county.warned(at) == set()


def test_food_goes_out_whatever_the_family_had(county: City) -> None:
    given(county, linked(county, "a"), recipient="贺芳", amount=9000)
    food = county.propose(TOWN, linked(county, "b"), recipient="贺小满", cause="illness")
    county.on(TOWN, "authorise", food)
    county.on(TOWN, "deliver", food, received_by="贺小满")
    assert county.aid(food).state == "delivered"
    assert {one["asks"] for one in county.aid(food).guards} == {"note"}


def test_a_relative_in_the_linked_household_asks_for_a_reason_and_names_who_decides(
    county: City, state: State
) -> None:
    entry = KinEntry(login="village_w0101.1", name="某人", relation="表妹", household_id=HOME)
    aid_filing.register_kin(state, county.actor("civil_affairs.1"), entry, now=county.now())
    number = county.call("a", WORDS)
    at = county.propose(TOWN, number, **MONEY, cause="illness", recipient="贺芳")
    assert county.aid(at).kin == ""
    county.do("dispatch01", "link_household", number, household=HOME, reason="地址一致")
    with pytest.raises(Refusal) as asked:
        county.on(TOWN, "authorise", at)
    assert asked.value.params["guards"] == "near_relative"
    assert asked.value.params["decides"]
    county.on(TOWN, "authorise", at, reason="与经办人无利害，已备案")
    row = county.aid(at)
    assert (row.state, row.kin, row.kin_of) == ("authorized", "matched", "village_w0101.1")


def test_a_relative_who_lives_there_is_seen_whoever_takes_the_aid(
    county: City, state: State
) -> None:
    entry = KinEntry(login="village_w0101.1", name="贺小满", relation="侄子")
    aid_filing.register_kin(state, county.actor("civil_affairs.1"), entry, now=county.now())
    at = county.propose(TOWN, household_id=HOME, recipient="贺芳", area="W0101")
    county.on(TOWN, "authorise", at)
    row = county.aid(at)
    assert (row.kin, row.state) == ("matched", "authorized"), "food is not held up"
