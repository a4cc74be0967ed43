"""Weihai 2020: nine groups of people in one register, looked after before they ask; limits,
reserves and the second aid of a type by the numbers of the document."""

from datetime import timedelta

from gateway import purses
from gateway.state import State
from models.households import HouseholdCategory
from models.relief import Relief
from models.transaction import acting
from tests.gateway.people import FOOD
from tests.journeys.aid import TOWN
from tests.journeys.city import City
from tests.journeys.same_matter import told

PROFILE = "weihai_shandong"

NINE = (
    "dibao", "tekun", "temporary_hardship", "disability", "child_in_adversity", "left_behind",
    "registered_poor", "low_income", "homeless",
)  # fmt: skip
MIGRANT = "我是外地来打工的，两天没吃饭了，身份证也丢了，在滨河街道临江社区"


def test_each_of_the_nine_groups_is_visited_by_a_named_person(county: City, state: State) -> None:
    homes = sorted(county.homes())[: len(NINE)]
    with acting(state.database, state.mint) as tx:
        for home, code in zip(homes, NINE, strict=True):
            tx.add(HouseholdCategory, id=tx.mint(), household_id=home, code=code)
    county.reach_out()
    assert set(homes) <= {one.household_id for one in county.visits()}
    officers = state.offices.current().directory.officer
    assert all(officers[one.holder].unit == one.unit for one in county.visits())


def test_what_the_four_levels_find_comes_by_the_path_of_every_call(county: City) -> None:
    county.reach_out()
    [*_, one] = county.visits()
    kept = county.door(one.holder, one, "needs_help", note="断粮两天了，炉子也没生")
    assert county.request(kept.number).level in ("urgent", "life_threat")


def test_the_citys_numbers_are_the_clocks_of_a_case(county: City) -> None:
    urgent = county.call("food", FOOD)
    assert county.span(urgent, "CLK-RELIEF") == timedelta(hours=24)
    number = county.asked("housing")
    assert county.workdays(number, "CLK-HANDLE") == 5
    given = county.given(TOWN, urgent, goods="米面", recipient="甲", proof="照片")
    county.on(TOWN, "lift", given)
    row = county.aid(given)
    assert row.explain_due_at.date() - county.now().date() == timedelta(days=5)


def test_12345_and_12349_are_two_doors_of_one_intake(county: City, state: State) -> None:
    lines = {line.number: line for line in state.offices.current().policy.lines}
    assert lines["12349"].source.startswith("威海一（三）")
    first = told(state, "phone", "+8613800007777", MIGRANT)
    county.now.forward(minutes=5)
    second = told(state, "sms", "+8613800007777", "还是我，还没有人来")
    assert first.number == second.number


def test_a_migrant_is_helped_where_he_is(county: City) -> None:
    number = county.call("migrant", MIGRANT)
    assert county.request(number).level == "urgent"
    assert county.lead(number).bureau == "civil_affairs", "not sent home to where he is registered"
    assert "rescue_station" in county.orders(number)


def test_limit_3000_reserve_50000_and_the_second_aid_of_a_type(county: City, state: State) -> None:
    county.keep(TOWN, "township_w01", "top_up", amount=49_999, voucher="拨款 1")
    office = state.offices.current()
    with state.database.read() as session:
        purse, _ = purses.one(session, county.actor(TOWN), office, "township_w01", county.now())
    assert purse.least is not None
    assert (purse.least.yuan, purse.short) == ("50000", True)
    assert purse.least.source.startswith("威海二（四）1")
    at = county.propose(TOWN, amount=3000, need="living", fund="reserve", recipient="甲")
    county.on(TOWN, "authorise", at)
    assert county.aid(at).state == "authorized", "3000 is the township's own"
    above = county.propose(TOWN, amount=3000.01, need="living", fund="reserve", recipient="乙")
    county.on(TOWN, "authorise", above, reason="两户合并安置")
    assert county.aid(above).asked_unit == "civil_affairs"
    second = county.propose(TOWN, amount=100, need="living", cause="fire", fund="reserve",
                            recipient="甲")  # fmt: skip
    county.on(TOWN, "authorise", second, reason="又失火")
    assert county.aid(second).asked_unit == "coordination_office", "the leading group"


def test_the_countys_reserve_is_five_yuan_a_resident(county: City, state: State) -> None:
    county.keep("civil_affairs.1", "civil_affairs", "top_up", amount=100, voucher="拨款")
    county.keep("civil_affairs.1", "civil_affairs", "set_residents", residents=420_000)
    office = state.offices.current()
    with state.database.read() as session:
        purse, _ = purses.one(
            session, county.actor("civil_affairs.1"), office, "civil_affairs", county.now()
        )
    assert purse.least is not None
    assert purse.least.yuan == "2100000"


def test_nothing_is_paid_that_nobody_approved(county: City) -> None:
    county.keep(TOWN, "township_w01", "top_up", amount=50_000, voucher="拨款")
    at = county.propose(TOWN, amount=500, need="living", fund="reserve", recipient="丙")
    assert county.entries(at) == []
    county.on(TOWN, "authorise", at)
    county.on(TOWN, "deliver", at, received_by="丙")
    [row] = [one for one in county.every(Relief) if one.number == at]
    assert (row.authorised_by, county.entries(at)) == (TOWN, [("grant", -50_000)])


def test_an_applicant_is_told_once_and_in_full(county: City) -> None:
    assert county.notices(county.asked("dibao")) == 1
