"""AS-02: a farewell in traditional characters; the head of shift is woken, and nobody is let go."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.notes import opened
from models.outbox import Outgoing
from models.tasks import Task
from models.vocabulary import Status
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.journeys.county import County

FAREWELL = "我已經把炭買好了,對不起大家😢"
NIGHT = datetime(2026, 11, 3, 19, 10, tzinfo=UTC)
"""03:10 in China."""


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = NIGHT
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    number = county.call("farewell", FAREWELL)
    assert county.request(number).level == "life_threat"
    return number


def open_tasks(county: County, number: str) -> list[str]:
    return [task.kind for task in county.rows(Task, number) if task.done_at is None]


def test_a_proposal_that_nobody_decides_is_the_head_of_shifts_own_task(
    county: County, case: str
) -> None:
    assert "confirm_handoff" in open_tasks(county, case), "the operator is asked at once"
    proposal = next(c for c in county.rows(Clock, case) if c.case == "proposal")
    assert proposal.due_at - NIGHT == timedelta(seconds=60)
    county.now.forward(seconds=59)
    county.tick()
    assert "handoff_undecided" not in open_tasks(county, case)
    county.now.forward(seconds=2)
    for _ in range(3):
        county.tick()
    assert open_tasks(county, case).count("handoff_undecided") == 1, "once, however often it ticks"
    woken = [row for row in county.rows(Outgoing, case) if row.phrase == "staff_handoff_undecided"]
    assert [row.staff[:4] for row in woken] == ["lead"]
    assert woken[0].urgent
    county.do("lead01", "hand_off", case, line="110")
    assert "handoff_undecided" not in open_tasks(county, case)
    assert county.request(case).status == Status.EMERGENCY_HANDOFF


def test_a_decision_in_time_wakes_nobody(county: County, case: str) -> None:
    county.now.forward(seconds=40)
    county.do("op01", "hand_off", case, line="110")
    county.now.forward(minutes=2)
    county.tick()
    assert "handoff_undecided" not in open_tasks(county, case)
    assert "handoff_undecided" not in county.kinds(case)


def test_safety_is_asked_three_times_and_only_a_head_of_shift_ends_it(
    county: County, case: str
) -> None:
    county.now.forward(seconds=50)
    with pytest.raises((Refusal, Impossible)):
        county.do("lead01", "confirm_safe", case, seen_by="无人", close=True)
    county.do("op01", "hand_off", case, line="110", receipt="110-0311")
    handed = county.now()
    last = [row for row in county.rows(Event, case) if row.kind == "handed_off"][-1]
    with county.state.database.read() as session:
        (told,) = opened(session.connection(), [last.detail])
    assert told["receipt"] == "110-0311"
    assert "handed_off" in county.said_to_citizen(case), "N2: who has taken over"
    safety = [c for c in county.rows(Clock, case) if c.name == "CLK-SAFETY-CONFIRM"]
    assert sorted(c.due_at - handed for c in safety) == [
        timedelta(minutes=30), timedelta(hours=2), timedelta(hours=24),
    ]  # fmt: skip
    county.now.forward(minutes=30)
    county.do("op01", "safety_check", case, outcome="unknown", note="派出所还在找")
    left = [
        c for c in county.rows(Clock, case) if c.name == "CLK-SAFETY-CONFIRM" and not c.stopped_at
    ]
    assert len(left) == 2, "one call is done, the others are still to come"
    county.now.forward(days=7)
    county.tick()
    assert county.request(case).status not in (Status.CLOSED, Status.ARCHIVED), (
        "silence ends nothing"
    )
    with pytest.raises(Impossible):
        county.do("op01", "confirm_safe", case, seen_by="民警李某", close=True)
    county.do("lead01", "confirm_safe", case, seen_by="民警李某当面见到", close=True)
    row = county.request(case)
    assert (row.status, row.close_reason) == (Status.CLOSED, "safe_confirmed")
    assert county.running(case) == {}


def test_still_in_danger_opens_the_hand_off_again(county: County, case: str) -> None:
    county.do("op01", "hand_off", case, line="120", receipt="120-7")
    county.now.forward(minutes=30)
    county.do("op01", "safety_check", case, outcome="in_danger", note="没有找到人")
    assert county.request(case).status == Status.EMERGENCY_HANDOFF
    assert "CLK-HANDOFF" in county.running(case)
    county.do("op01", "hand_off", case, line="110", receipt="110-9")
    assert "CLK-SAFETY-CONFIRM" in county.running(case)
