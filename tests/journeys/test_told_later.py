"""What is told in a second message counts as if it had stood in the first: danger, the place."""

from datetime import timedelta

import pytest

from gateway.ledger_audit import disagreements
from gateway.state import State
from models.clocks import Clock
from models.outbox import Outgoing
from models.tasks import Task
from tests.conftest import Clock as Watch
from tests.journeys.county import County

HUNGRY = "家里断粮两天了,孩子饿得直哭"
PLACE = "我住滨河街道临江社区3号楼501"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


def told_since(county: County, number: str, since: int) -> set[str]:
    return {row.staff for row in county.rows(Outgoing, number)[since:] if row.staff}


@pytest.mark.parametrize("words", ["我妈昏迷了叫不醒,快没气了", "我不想活了,站在楼顶要跳下去"])
def test_danger_to_life_told_later_is_told_to_who_holds_it_and_to_who_can_open_it(
    county: County, now: Watch, words: str
) -> None:
    number = county.call("hungry", f"{HUNGRY},{PLACE}")
    holder = county.held(number)[1]
    since = len(county.rows(Outgoing, number))
    now.forward(minutes=30)
    assert county.call("danger", words) == number
    assert county.request(number).level == "life_threat"
    told = told_since(county, number, since)
    assert holder in told
    assert len(told) > 1, "and the lead for danger to life"
    assert all(county.sees(login, number) for login in told)
    units = county.state.offices.current().directory.officer
    assert {units[login].unit for login in told} <= {
        *county.orders(number),
        county.held(number)[0],
    }
    assert "handoff" in county.said_to_citizen(number)


def test_what_becomes_urgent_is_signed_and_helped_as_what_is(county: County, now: Watch) -> None:
    number = county.call("papers", "我家申请低保,交了材料没消息")
    date = county.lead(number).due_at
    holder = county.held(number)[1]
    since = len(county.rows(Outgoing, number))
    now.forward(hours=3)
    assert county.call("hungry", "我两天没吃东西了,家里断粮,滨河街道望月社区2号楼") == number
    assert county.request(number).level == "urgent"
    signs = [row for row in county.rows(Clock, number) if row.name == "CLK-SIGN"]
    running = [row for row in signs if row.stopped_at is None]
    assert len(running) == 1, "one to sign, no longer in a week"
    assert running[0].due_at - now() <= timedelta(minutes=30)
    assert county.lead(number).due_at == date, "the rest of the matter has its time (AS-19)"
    assert {"CLK-URGENT-CONTACT", "CLK-RELIEF"} <= set(county.running(number))
    told = told_since(county, number, since)
    assert holder in told
    units = county.state.offices.current().directory.officer
    township = next(login for login in told if units[login].unit == "township_w01")
    county.do(township, "sign", number)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_a_place_told_later_brings_in_the_township(county: County, now: Watch) -> None:
    number = county.call("hungry", HUNGRY)
    assert county.request(number).area is None
    since = len(county.rows(Outgoing, number))
    now.forward(seconds=30)
    assert county.call("place", PLACE) == number
    assert county.request(number).area == "W0101"
    units = county.state.offices.current().directory.officer
    told = told_since(county, number, since)
    township = next(login for login in told if units[login].unit == "township_w01")
    county.do(township, "sign", number)
    holder = county.held(number)[0]
    asked = [(row.kind, row.unit) for row in county.rows(Task, number)]
    assert ("new_words", holder) in asked
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_a_place_told_before_the_danger_counts_for_it(county: County, now: Watch) -> None:
    number = county.call("papers", f"我想申请低保,{PLACE}")
    since = len(county.rows(Outgoing, number))
    now.forward(minutes=30)
    assert county.call("hungry", HUNGRY) == number
    units = county.state.offices.current().directory.officer
    told = {units[login].unit for login in told_since(county, number, since)}
    assert "township_w01" in told
    assert "township_w01" in county.orders(number)


def test_a_place_that_is_known_is_not_replaced(county: County, now: Watch) -> None:
    number = county.call("hungry", f"{HUNGRY},{PLACE}")
    before = county.request(number)
    now.forward(minutes=5)
    assert county.call("other", "我妹妹住在南门街道和平社区,她也可以来领") == number
    after = county.request(number)
    assert (after.area, after.place) == (before.area, before.place)
    assert "place_told" not in county.kinds(number)


def test_what_a_greeting_was_about_is_read_by_a_person_at_once(county: County, now: Watch) -> None:
    number = county.call("hello", "你好")
    now.forward(minutes=1)
    assert county.call("papers", f"我想申请低保,家里没有收入,{PLACE}") == number
    asked = [(row.kind, row.unit) for row in county.rows(Task, number)]
    assert ("new_words", county.held(number)[0]) in asked
    assert county.request(number).area == "W0101"
