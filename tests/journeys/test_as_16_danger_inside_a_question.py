"""AS-16: hunger inside a question: the danger has its clocks, the question its answer."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.requests import HelpRequest
from tests.conftest import Clock as Watch
from tests.journeys.county import County

QUESTION = "请问低保要等几天？我妈两顿没吃了，腿也肿，滨河街道临江社区"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def test_the_danger_runs_on_urgent_clocks_and_the_question_is_answered_too(
    county: County,
) -> None:
    number = county.call("question", QUESTION)
    row = county.request(number)
    assert row.level in ("urgent", "life_threat")
    assert row.track == "urgent", "a question does not route danger"
    assert {"CLK-URGENT-CONTACT", "CLK-RELIEF"} <= county.running(number).keys()
    relief = county.running(number)["CLK-RELIEF"].due_at
    county.do("op01", "reply", number, text="低保从受理起30个工作日内确认，依据民发〔2021〕57号。")
    assert county.running(number)["CLK-RELIEF"].due_at == relief, "an answer stops no urgent clock"
    assert "CLK-URGENT-CONTACT" in county.running(number)
    assert "reply_to_citizen" in county.said_to_citizen(number)


def test_the_question_alone_can_go_its_own_way_beside_the_danger(county: County) -> None:
    calm = county.call("calm", "请问低保要等几天", "+8613700000001")
    assert county.request(calm).track == "consultation"
    before = dict(county.request(calm)._mapping)
    part = "我妈两顿没吃了，腿也肿，滨河街道临江社区"
    county.do("op01", "split_off", calm, part=part, level="urgent")
    rows = [r for r in county.every(HelpRequest) if r.number != calm]
    assert [r.level for r in rows] == ["urgent"]
    after = county.request(calm)
    assert (after.level, after.track) == (before["level"], before["track"])
    assert {"CLK-URGENT-CONTACT", "CLK-RELIEF"} <= county.running(rows[0].number).keys()
