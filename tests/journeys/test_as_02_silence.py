"""AS-02, the silence: after three minutes somebody calls; unanswered, it goes to 110."""

from datetime import timedelta

import orjson
import pytest

from gateway.clock_audit import audit
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County
from tests.journeys.test_as_02_chat_at_night import FAREWELL, NIGHT, open_tasks


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = NIGHT
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    return county.call("farewell", FAREWELL)


def minutes_of(county: County, case: str) -> timedelta:
    rule = county.state.offices.current().policy.clock("CLK-SILENCE", case)
    return timedelta(**{f"{rule.measure}s": rule.amount})


def silent(county: County, case: str) -> None:
    county.now.forward(seconds=minutes_of(county, "").total_seconds() + 1)
    county.tick()
    county.tick()


def test_silence_asks_for_a_call_and_without_an_answer_for_110_each_once(
    county: County, case: str
) -> None:
    county.now.forward(seconds=minutes_of(county, "").total_seconds() - 1)
    county.tick()
    assert "call_silent" not in open_tasks(county, case), "not yet"
    county.now.forward(seconds=2)
    for _ in range(3):
        county.tick()
    assert open_tasks(county, case).count("call_silent") == 1
    assert "hand_silent" not in open_tasks(county, case)
    county.now.forward(seconds=minutes_of(county, "unanswered").total_seconds() + 1)
    for _ in range(3):
        county.tick()
    assert open_tasks(county, case).count("hand_silent") == 1
    woken = {row.phrase: row.staff for row in county.rows(Outgoing, case) if row.staff}
    role = {one.login: one.role for one in county.state.offices.current().directory.officers}
    assert role[woken["staff_call_silent"]] == "operator", "the desk's own people first"
    assert role[woken["staff_hand_silent"]] == "duty_lead", "nobody of the desk acted"
    assert "running_late" not in county.said_to_citizen(case), "nobody is told that we are late"
    with county.state.database.read() as session:
        found = audit(session, county.state.offices.current(), county.now(), timedelta(minutes=5))
    assert found.faults == []


def test_a_call_that_nobody_answers_goes_to_110_at_once(county: County, case: str) -> None:
    silent(county, case)
    county.do("op01", "record_contact", case, who="本人", outcome="no_answer")
    assert "hand_silent" in open_tasks(county, case)
    assert "call_silent" not in open_tasks(county, case)
    [asked] = [row for row in county.rows(Event, case) if row.kind == "hand_silent_asked"]
    assert orjson.loads(asked.detail)["to"].startswith("lead")
    county.do("op01", "hand_off", case, line="110", receipt="110-0316")
    assert "hand_silent" not in open_tasks(county, case)
    assert "CLK-SILENCE" not in county.running(case)


def test_whoever_is_reached_is_not_called_again(county: County, case: str) -> None:
    silent(county, case)
    county.do("op01", "record_contact", case, who="本人", outcome="reached")
    assert "call_silent" not in open_tasks(county, case)
    silent(county, case)
    assert "hand_silent" not in open_tasks(county, case)


def test_whoever_writes_again_has_the_whole_time_again(county: County, case: str) -> None:
    county.now.forward(minutes=2)
    assert county.call("again", "我不知道该怎么办") == case
    county.now.forward(minutes=2)
    county.tick()
    assert "call_silent" not in open_tasks(county, case)
    running = [
        row for row in county.rows(Clock, case) if row.name == "CLK-SILENCE" and not row.stopped_at
    ]
    assert len(running) == 1
    county.now.forward(minutes=2)
    county.tick()
    assert "call_silent" in open_tasks(county, case)


def test_an_urgent_matter_that_becomes_danger_to_life_has_its_silence_then(county: County) -> None:
    number = county.call("food", FOOD, "+8613600000008")
    assert county.request(number).level == "urgent"
    assert "CLK-SILENCE" not in county.running(number)
    assert county.call("farewell", FAREWELL, "+8613600000008") == number
    assert "CLK-SILENCE" in county.running(number)


def test_whoever_raises_it_by_hand_gives_it_its_silence_and_whoever_hands_over_takes_it(
    county: County,
) -> None:
    number = county.call("food", FOOD, "+8613600000008")
    county.do("op01", "raise_urgency", number, level="life_threat", reason="电话里说想走")
    assert "CLK-SILENCE" in county.running(number)
    lesser = county.call("lesser", "小区路灯坏了，请派人来修", "+8613600000009")
    county.do("op01", "hand_off", lesser, line="110", receipt="110-0317", reason="有人触电")
    county.now.forward(minutes=10)
    for _ in range(3):
        county.tick()
    assert not {"call_silent", "hand_silent", "handoff_undecided"} & set(open_tasks(county, lesser))


def test_a_lesser_matter_has_no_silence(county: County) -> None:
    lesser = county.call("lesser", "小区路灯坏了，请派人来修", "+8613600000009")
    assert "CLK-SILENCE" not in county.running(lesser)
