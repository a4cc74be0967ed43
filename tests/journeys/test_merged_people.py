"""Two requests are one matter and not one person: nobody is forgotten because of the other."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.messages import Undeliverable
from models.tasks import Task
from models.vocabulary import TaskKind
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, JUMP
from tests.journeys.county import County

DIBAO = "柳湾镇柳湾村一户人家想申请低保"
ONE, OTHER = "+8613800000001", "+8613800000002"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


def waiting(county: County, kind: TaskKind) -> list[Task]:
    return [task for task in county.every(Task) if task.kind == kind and task.done_at is None]


def joined(county: County, older: str, newer: str) -> None:
    county.do("lead01", "merge", newer, other=older, reason="同一户")


def test_whom_nothing_reached_is_told_by_somebody_though_the_other_is_too(county: County) -> None:
    county.state.channels["recording"].fails = [Undeliverable("no")] * 9
    older = county.call("one", FOOD, ONE)
    county.deliver()
    county.now.forward(minutes=5)
    newer = county.call("other", FOOD, OTHER)
    county.deliver()
    before = {task.outbox_id for task in waiting(county, TaskKind.UNDELIVERED)}
    joined(county, older, newer)
    after = waiting(county, TaskKind.UNDELIVERED)
    assert {task.outbox_id for task in after} == before
    assert {task.number for task in after} == {older}, "it waits at the request that goes on"
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    again = waiting(county, TaskKind.UNDELIVERED)
    assert {task.outbox_id for task in again} == before
    assert {task.number for task in again} == {older, newer}


def test_each_whose_answer_is_brought_on_paper_has_it_brought(county: County) -> None:
    papers = []
    for mark in ("one", "other"):
        number = county.call(mark, DIBAO, "")
        county.do("dispatch01", "confirm", number)
        lead = county.lead(number).bureau
        county.do(f"{lead}.1", "sign", number)
        county.do(f"{lead}.1", "refuse_aid", number, rule="低保办法第五条", reasons="收入超过标准")
        papers.append(number)
    before = len(waiting(county, TaskKind.DELIVER_PAPER))
    joined(county, *papers)
    assert len(waiting(county, TaskKind.DELIVER_PAPER)) == before == len(papers)


def test_the_same_work_on_the_matter_waits_once(county: County) -> None:
    older, newer = county.call("one", JUMP, ONE), county.call("other", JUMP, OTHER)
    joined(county, older, newer)
    assert [task.number for task in waiting(county, TaskKind.CONFIRM_HANDOFF)] == [older]
