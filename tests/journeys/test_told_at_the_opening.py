"""Every bureau whose time to sign begins when a request opens is told at that moment."""

from datetime import timedelta

import pytest

from gateway.state import State
from models.clocks import Clock
from models.outbox import Outgoing
from tests.conftest import Clock as Watch
from tests.journeys.county import County

FOOD = "家里断粮两天了，孩子饿得直哭，在滨河街道临江社区"
ACCUSED = "我要投诉滨河街道办，办事的人把救济款给了自己亲戚，我住滨河街道临江社区"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


def told(county: County, number: str) -> list[tuple[str, str, Outgoing]]:
    """Unit, account and message of every notice of a new order."""
    known = county.state.offices.current().directory.officer
    rows = [one for one in county.rows(Outgoing, number) if one.phrase == "staff_new_referral"]
    return [(known[one.staff].unit, one.staff, one) for one in rows]


def ends(text: str) -> str:
    """By when, as the message says it."""
    return text.split("签收，")[1].split("前", maxsplit=1)[0]


def test_the_lead_hears_at_once_of_what_a_township_acts_on_first(county: County) -> None:
    number = county.call("food", FOOD)
    assert county.request(number).holder_unit == "township_w01"
    assert county.lead(number).bureau == "civil_affairs"
    readers = [unit for unit, _, _ in told(county, number)]
    assert {"township_w01", "civil_affairs"} <= set(readers)
    assert all(message.urgent for _, _, message in told(county, number))


def test_who_helps_hears_at_once_with_the_date_of_its_own_part(county: County) -> None:
    number = county.call("roof", "下大雨房子塌了一角，没地方住，孩子也没饭吃，在滨河街道临江社区")
    orders = county.orders(number)
    helping = {code for code, order in orders.items() if order.role == "cooperating"}
    assert helping
    notices = told(county, number)
    assert {unit for unit, _, _ in notices} == {*orders, county.request(number).holder_unit}
    assert len(notices) == len({login for _, login, _ in notices}), "each person once"
    text = {unit: message.text for unit, _, message in notices}
    first = county.request(number).holder_unit
    part = ends(text[first])
    assert all(ends(text[code]) < part for code in helping), "before the whole is due"


def test_nobody_is_first_told_by_a_reminder(county: County) -> None:
    number = county.call("food", FOOD)
    units = {unit for unit, _, _ in told(county, number)}
    county.now.forward(minutes=16)
    county.tick()
    known = county.state.offices.current().directory.officer
    reminded = {known[row.staff].unit for row in county.rows(Outgoing, number) if row.staff}
    signing = [row for row in county.rows(Clock, number) if row.name == "CLK-SIGN"]
    assert [row.due_at - row.started_at for row in signing] == [timedelta(minutes=30)]
    assert reminded <= units


def test_what_is_not_urgent_is_told_to_those_who_help_too(county: County) -> None:
    number = county.call(
        "school", "我在滨河街道临江社区，想申请低保，孩子的学费也交不起，房子太旧想申请危房改造"
    )
    orders = county.orders(number)
    assert len(orders) > 1, "several bureaus have a part"
    assert {unit for unit, _, _ in told(county, number)} == set(orders)
    assert not any(message.urgent for _, _, message in told(county, number))


def test_a_bureau_that_is_complained_about_is_told_nothing(county: County) -> None:
    number = county.call("accused", ACCUSED)
    units = {unit for unit, _, _ in told(county, number)}
    assert units == {*county.orders(number)}
    assert "township_w01" not in units
