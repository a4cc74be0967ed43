"""AS-15: words of danger without danger stay calm and are not lost; a threat goes to a person."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.tasks import Task
from models.vocabulary import Status
from tests.conftest import Clock as Watch
from tests.journeys.county import County

DECOYS = (
    "新闻说外地有人饿死，是真的吗",
    "排查情况：断粮0户",
    "万一以后断粮呢，到时找谁",
    "饿死我了，在窗口排队两小时",
    "昨天已经送医院没事了",
    "去年家里失火，现在想问低保怎么办",
)
THREAT = "你们不给我办我就从楼上跳下去"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def test_decoys_are_answered_at_their_level_and_none_is_lost(county: County) -> None:
    numbers = []
    for index, words in enumerate(DECOYS):
        numbers.append(county.call(f"decoy{index}", words, f"+86136000000{index:02d}"))
        county.now.forward(minutes=8)
    for number, words in zip(numbers, DECOYS, strict=True):
        row = county.request(number)
        assert row.level not in ("urgent", "life_threat"), words
        assert Status(row.status).is_open, words
        assert "receipt" in county.said_to_citizen(number), words
        assert "assessed" in county.kinds(number), "the reason is on record"
        county.held(number)


def test_a_threat_waits_for_a_person_within_ten_minutes(county: County) -> None:
    number = county.call("threat", THREAT)
    assert county.request(number).level == "life_threat"
    waits = [task for task in county.rows(Task, number) if task.done_at is None]
    assert {"confirm_handoff"} <= {task.kind for task in waits}
    assert all(task.due_at - county.now() <= timedelta(minutes=10) for task in waits)
    assert county.running(number)["CLK-TRIAGE"].due_at - county.now() <= timedelta(minutes=10)
