"""AS-13: a bureau that says nothing is reminded, breached and named; a false "done" comes back."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.notes import opened
from models.outbox import Outgoing
from models.vocabulary import Status
from tests.conftest import Clock as Watch
from tests.journeys.county import County

LEAK = "小区楼道的灯坏了两个月，晚上老人看不清路，请住建局派人修，南门街道和平社区"
TUESDAY = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    return county.led_by_housing("leak", LEAK)


def ladder(county: County, number: str, clock: str) -> list[str]:
    told = [row for row in county.rows(Event, number) if f'"{clock}"' in row.detail]
    return [row.kind for row in told if row.kind != "promised"]


def test_silence_climbs_the_ladder_and_the_breach_stays(county: County, case: str) -> None:
    due, holder = county.lead(case).due_at, county.held(case)
    clock = next(c for c in county.running(case).values() if c.due_at == due)
    while county.now() < due + timedelta(days=9):
        county.now.forward(hours=6)
        county.tick()
    steps = ladder(county, case, clock.name)
    assert steps[0] == "reminder", "before it is late"
    assert steps.count("breached") == 1
    for act in ("written_reminder", "supervision_order", "circular"):
        assert act in steps, f"{act} comes in its turn"
    assert steps.index("breached") < steps.index("written_reminder")
    assert county.held(case) == holder, "the order stays theirs (R3)"
    assert county.lead(case).due_at == due, "not signing moves nothing (I2)"

    county.do("housing.1", "sign", case)
    county.do("housing.1", "reply", case, text="已派电工更换楼道灯。")
    county.do("housing.1", "report_result", case, result="已联系")
    late = next(c for c in county.rows(Clock, case) if c.id == clock.id)
    assert late.stopped_at is not None
    assert late.breached_at == due, "late completion does not clear the breach"


def test_a_false_entry_comes_back_with_the_remaining_time(county: County, case: str) -> None:
    due = county.lead(case).due_at
    county.now.forward(days=1)
    county.do("housing.1", "sign", case)
    county.do("housing.1", "reply", case, text="已经派人处理。")
    county.do("housing.1", "report_result", case, result="已联系")
    reported = county.now()
    left = due - reported
    county.now.forward(hours=26)
    county.do("op04", "rehandle", case, reason="诉求人说没有人打过电话，登记不实")
    lead = county.lead(case)
    assert county.request(case).status == Status.IN_PROGRESS
    assert county.held(case) == ("housing", "housing.1")
    (again,) = (row for row in county.rows(Outgoing, case) if row.phrase == "staff_sent_back")
    assert again.staff == "housing.1"
    assert "登记不实" not in again.text
    assert county.said_to_citizen(case)[-1] == "taken_up_again", "she had heard that it is done"
    assert lead.due_at - county.now() <= left + timedelta(hours=24), "what was left, no new time"
    marked = [row for row in county.rows(Event, case) if row.kind == "rehandled"][-1]
    assert orjson.loads(marked.detail)["row"] == "T19"
    assert "登记不实" not in marked.detail, "the ledger has only the mark of what was typed"
    with county.state.database.read() as session:
        (told,) = opened(session.connection(), [marked.detail])
    assert "登记不实" in told["reason"]


def test_after_two_reopenings_nobody_but_the_supervisor_sends_it_back(
    county: County, case: str
) -> None:
    county.do("housing.1", "sign", case)
    for turn in range(2):
        county.do("housing.1", "reply", case, text=f"第{turn}次处理完毕，请查看。")
        county.do("housing.1", "report_result", case, result="已修")
        county.do("op04", "callback", case, outcome="reached", resolved=False)
        county.do("op04", "rehandle", case, reason="还是不亮")
    county.do("housing.1", "reply", case, text="第三次处理完毕，请查看。")
    county.do("housing.1", "report_result", case, result="已修")
    county.do("op04", "callback", case, outcome="reached", resolved=False)
    with pytest.raises(Exception, match="supervisor_takes_it"):
        county.do("op04", "rehandle", case, reason="还是不亮")
    county.do("super01", "rehandle", case, reason="督办")
    assert county.held(case)[0] == "housing"
