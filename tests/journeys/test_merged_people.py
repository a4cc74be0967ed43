"""Two requests are one matter and not one person: nobody is forgotten because of the other."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.clocks import Clock
from models.messages import Undeliverable
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import TaskKind
from referral import casework, undecided
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, JUMP, application, signed_in
from tests.journeys.county import County

DIBAO = "柳湾镇柳湾村一户人家想申请低保"
PAPER = "CLK-REFUSAL-NOTICE"
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


def refused(county: County, mark: str) -> str:
    """Refused in writing, to somebody whom no message reaches."""
    number = county.call(mark, DIBAO, "")
    county.do("dispatch01", "confirm", number)
    lead = county.lead(number).bureau
    county.do(f"{lead}.1", "sign", number)
    county.do(f"{lead}.1", "refuse_aid", number, rule="低保办法第五条", reasons="收入超过标准")
    return number


def papers_due(county: County, number: str) -> list[datetime]:
    rows = county.rows(Clock, number)
    return [row.due_at for row in rows if row.name == PAPER and row.stopped_at is None]


def test_each_whose_answer_is_brought_on_paper_has_it_brought_in_its_time(county: County) -> None:
    papers = [refused(county, "one")]
    county.now.forward(days=1)
    papers.append(refused(county, "other"))
    due = [papers_due(county, number)[0] for number in papers]
    before = len(waiting(county, TaskKind.DELIVER_PAPER))
    joined(county, *papers)
    assert len(waiting(county, TaskKind.DELIVER_PAPER)) == before == len(papers)
    assert sorted(papers_due(county, papers[0])) == sorted(due), "each has its clock"
    county.do("lead01", "undo_merge", papers[1], other=papers[0], reason="是两户")
    assert [papers_due(county, number) for number in papers] == [[one] for one in due]


def test_a_paper_is_owed_where_the_other_request_was_refused_nothing(county: County) -> None:
    older = county.call("one", DIBAO, ONE)
    newer = refused(county, "other")
    (due,) = papers_due(county, newer)
    joined(county, older, newer)
    assert papers_due(county, older) == [due]


def test_the_time_for_a_paper_ends_when_that_paper_is_brought(county: County) -> None:
    papers = [refused(county, "one")]
    county.now.forward(days=1)
    papers.append(refused(county, "other"))
    joined(county, *papers)
    for left in (1, 0):
        task = waiting(county, TaskKind.DELIVER_PAPER)[0]
        desk = signed_in(county.state, application(county.state), "lead01")
        done = desk.post(f"/api/v1/tasks/{task.id}/done", {"note": "已当面送达"})
        assert done.status_code == 200, done.text
        assert task.due_at not in papers_due(county, papers[0])
        assert len(papers_due(county, papers[0])) == left


def handed_off(county: County, mark: str, sender: str, *, receipt: str = "110-77") -> str:
    number = county.call(mark, JUMP, sender)
    county.do("op04", "hand_off", number, line="110", receipt=receipt)
    return number


def test_that_one_is_safe_ends_no_safety_call_of_the_other(county: County) -> None:
    older = handed_off(county, "one", ONE)
    county.do("lead01", "confirm_safe", older, seen_by="民警")
    newer = handed_off(county, "other", OTHER)
    joined(county, older, newer)
    assert "CLK-SAFETY-CONFIRM" in county.running(older)
    with pytest.raises(Refusal, match="safe_first"):
        county.do("op04", "close", older, reason="redirected", note="110-77")


def test_what_an_emergency_line_took_over_is_known_without_a_clock(county: County) -> None:
    older = handed_off(county, "one", ONE)
    county.do("lead01", "confirm_safe", older, seen_by="民警")
    joined(county, older, handed_off(county, "other", OTHER))
    state = county.state
    with acting(state.database, state.mint) as tx:
        casework.halt(tx, county.request(older).id, ("CLK-SAFETY-CONFIRM",), county.now())
        with pytest.raises(Refusal, match="safe_first"):
            undecided.require_none(tx, {"id": county.request(older).id, "number": older})
    county.do("lead01", "confirm_safe", older, seen_by="民警，两个人都见到了")
    with acting(state.database, state.mint) as tx:
        undecided.require_none(tx, {"id": county.request(older).id, "number": older})


def test_that_one_is_safe_ends_no_open_hand_off_of_the_other(county: County) -> None:
    older = handed_off(county, "one", ONE)
    county.do("lead01", "confirm_safe", older, seen_by="民警")
    newer = handed_off(county, "other", OTHER, receipt="")
    joined(county, older, newer)
    assert "CLK-HANDOFF" in county.running(older)
    with pytest.raises(Refusal, match="hand_off_first"):
        county.do("op04", "close", older, reason="redirected", note="110-77")


def test_who_was_handed_off_is_asked_for_though_the_level_was_lowered_before_it_joined(
    county: County,
) -> None:
    older = county.call("one", FOOD, ONE)
    county.now.forward(hours=1)
    newer = handed_off(county, "other", OTHER)
    county.do("op04", "record_contact", newer, who="本人", outcome="reached")
    for login in ("lead01", "super01"):
        county.do(login, "lower_urgency", newer, level="priority", reason="已经下来")
    joined(county, older, newer)
    assert county.request(older).level == "urgent"
    assert "CLK-SAFETY-CONFIRM" in county.running(older)
    desk = signed_in(county.state, application(county.state), "op04")
    assert "confirm_safe" in desk.get(f"/api/v1/requests/{older}").json()["acts"]
    county.do("op04", "confirm_safe", older, seen_by="民警")
    assert "CLK-SAFETY-CONFIRM" not in county.running(older)


def test_the_same_work_on_the_matter_waits_once(county: County) -> None:
    older, newer = county.call("one", JUMP, ONE), county.call("other", JUMP, OTHER)
    joined(county, older, newer)
    assert [task.number for task in waiting(county, TaskKind.CONFIRM_HANDOFF)] == [older]


def test_one_handed_to_the_fire_brigade_ends_no_hand_off_of_another_in_the_house(
    county: County,
) -> None:
    older = county.call("fire", "柳湾镇柳湾村81号着火了，有人被困", ONE)
    county.do("lead01", "hand_off", older, line="119", receipt="接警12345")
    county.now.forward(minutes=3)
    newer = county.call("gas", "柳湾镇柳湾村81号老人煤气中毒晕倒了", OTHER)
    asked = [row for row in county.rows(Clock, newer) if row.name == "CLK-HANDOFF"]
    assert {row.case for row in asked} == {"", "proposal"}
    joined(county, older, newer)
    runs = [row for row in county.rows(Clock, older) if row.stopped_at is None]
    left = {row.id for row in runs if row.name == "CLK-HANDOFF"}
    assert left == {row.id for row in asked}, "nobody has decided on the second yet"
    assert [task.number for task in waiting(county, TaskKind.CONFIRM_HANDOFF)] == [older]
    with pytest.raises(Refusal, match="hand_off_first"):
        county.do("op04", "close", older, reason="redirected", note="119-12345")
