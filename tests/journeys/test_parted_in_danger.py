"""Somebody in danger to life was joined to another by mistake: what was said or done for the other
says nothing of them. Undone (T13), they have their hand-off and their safety calls again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway.clock_audit import audit
from gateway.state import State
from models.clocks import Clock
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Status, TaskKind
from referral import casework, undecided
from tests.conftest import Clock as Watch
from tests.gateway.people import JUMP
from tests.journeys.county import County

SAFETY, HANDOFF, SILENCE = "CLK-SAFETY-CONFIRM", "CLK-HANDOFF", "CLK-SILENCE"
ONE, OTHER = "+8613800000001", "+8613800000002"
WRONG = "并错了，是两家人"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def safe(county: County) -> str:
    """The older one, whose person was taken over and is safe."""
    number = county.call("one", JUMP, ONE)
    county.do("op04", "hand_off", number, line="110", receipt="110-76")
    county.do("lead01", "confirm_safe", number, seen_by="民警")
    county.now.forward(minutes=2)
    return number


def dues(county: County, number: str, *names: str) -> dict[tuple[str, str], Any]:
    rows = county.rows(Clock, number)
    runs = [row for row in rows if row.stopped_at is None and row.name in names]
    return {(row.name, row.case): (row.id, row.due_at) for row in runs}


def waits(county: County, number: str) -> set[str]:
    return {task.kind for task in county.rows(Task, number) if task.done_at is None}


def joined(county: County, older: str, newer: str) -> None:
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    county.now.forward(minutes=5)


def parted(county: County, older: str, newer: str) -> None:
    county.now.forward(minutes=1)
    county.do("lead01", "undo_merge", newer, other=older, reason=WRONG, keep=True)


def sound(county: County) -> None:
    """Every clock did what it promised, once time has been looked at."""
    county.tick()
    county.now.forward(minutes=45)
    county.tick()
    with county.state.database.read() as session:
        found = audit(session, county.state.offices.current(), county.now(), timedelta(minutes=5))
    assert found.faults == []


@pytest.mark.quick
def test_undone_after_the_other_was_said_to_be_safe_the_safety_calls_go_on(
    county: County, safe: str
) -> None:
    newer = county.call("other", JUMP, OTHER)
    county.do("op04", "hand_off", newer, line="110", receipt="110-77")
    before = dues(county, newer, SAFETY)
    assert len(before) == 3
    joined(county, safe, newer)
    county.do("lead01", "confirm_safe", safe, seen_by="民警，见到的是前一位")
    parted(county, safe, newer)
    assert dues(county, newer, SAFETY) == before, "the same calls at the same times"
    assert dues(county, safe, SAFETY) == {}, "the other is safe"
    assert all(row.next_at for row in county.rows(Clock, newer) if row.name == SAFETY)
    sound(county)
    assert "breached" in county.kinds(newer), "the first call was due meanwhile"


@pytest.mark.quick
def test_undone_after_the_other_was_handed_off_the_hand_off_is_still_owed(
    county: County, safe: str
) -> None:
    newer = county.call("other", JUMP, OTHER)
    county.do("op04", "hand_off", newer, line="110")
    before = dues(county, newer, HANDOFF)
    assert (HANDOFF, "") in before
    assert TaskKind.CONFIRM_HANDOFF in waits(county, newer)
    joined(county, safe, newer)
    county.do("op04", "hand_off", safe, line="110", receipt="110-99")
    county.do("lead01", "confirm_safe", safe, seen_by="民警")
    parted(county, safe, newer)
    assert county.request(newer).status == Status.EMERGENCY_HANDOFF
    assert dues(county, newer, HANDOFF) == before
    assert TaskKind.CONFIRM_HANDOFF in waits(county, newer)
    sound(county)


def test_undone_after_a_hand_off_of_the_other_the_proposal_still_waits_for_somebody(
    county: County, safe: str
) -> None:
    newer = county.call("other", JUMP, OTHER)
    before = dues(county, newer, HANDOFF)
    assert {case for _, case in before} == {"", "proposal"}
    joined(county, safe, newer)
    county.do("op04", "hand_off", safe, line="110", receipt="110-99")
    parted(county, safe, newer)
    assert dues(county, newer, HANDOFF) == before
    assert TaskKind.CONFIRM_HANDOFF in waits(county, newer)


def silent(county: County) -> str:
    """Handed off before, and fell silent while writing."""
    newer = county.call("other", JUMP, OTHER)
    assert SILENCE in county.running(newer)
    return newer


def test_that_another_was_reached_ends_no_silence(county: County, safe: str) -> None:
    newer = silent(county)
    before = dues(county, newer, SILENCE)
    joined(county, safe, newer)
    county.do("op04", "record_contact", safe, who="前一位本人", outcome="reached")
    assert dues(county, safe, SILENCE) == {}
    parted(county, safe, newer)
    assert dues(county, newer, SILENCE) == before


def test_who_wrote_meanwhile_has_the_silence_that_began_with_their_own_words(
    county: County, safe: str
) -> None:
    newer = silent(county)
    (first,) = dues(county, newer, SILENCE).values()
    joined(county, safe, newer)
    assert county.call("again", "我还在楼顶上", OTHER) == newer
    (anew,) = dues(county, safe, SILENCE).values()
    assert anew != first
    parted(county, safe, newer)
    assert list(dues(county, newer, SILENCE).values()) == [anew]
    assert dues(county, safe, SILENCE) == {}


def test_undone_though_no_clock_was_left_somebody_asks_again(county: County, safe: str) -> None:
    """A clock that another version, or a hand in the database, has ended."""
    taken = county.call("taken", JUMP, OTHER)
    county.do("op04", "hand_off", taken, line="110", receipt="110-77")
    open_one = county.call("open", JUMP, "+8613800000003")
    county.do("op04", "hand_off", open_one, line="110")
    for newer in (taken, open_one):
        state, request_id = county.state, county.request(newer).id
        with acting(state.database, state.mint) as tx:
            casework.halt(tx, request_id, (SAFETY, HANDOFF), county.now())
        joined(county, safe, newer)
        parted(county, safe, newer)
    assert set(dues(county, taken, SAFETY)) == {(SAFETY, "")}
    assert set(dues(county, open_one, HANDOFF)) == {(HANDOFF, "")}


def test_where_nothing_happened_meanwhile_no_clock_begins(county: County, safe: str) -> None:
    newer = county.call("other", JUMP, OTHER)
    county.do("op04", "hand_off", newer, line="110", receipt="110-77")
    county.do("op04", "safety_check", newer, outcome="in_danger")
    before = county.rows(Clock, newer)
    joined(county, safe, newer)
    county.do("lead01", "undo_merge", newer, other=safe, reason=WRONG)
    assert county.rows(Clock, newer) == before


def test_a_joined_request_whose_merge_is_not_on_record_is_asked_for_by_all_that_was_said(
    county: County, safe: str
) -> None:
    newer = county.call("other", JUMP, OTHER)
    county.do("op04", "hand_off", newer, line="110", receipt="110-77")
    older, state = county.request(safe), county.state
    with acting(state.database, state.mint) as tx:
        row = update(HelpRequest).where(HelpRequest.id == county.request(newer).id)
        tx.execute(row.values(merged_into=older.id))
    with acting(state.database, state.mint) as tx, pytest.raises(casework.Refusal, match="safe"):
        undecided.require_none(tx, {"id": older.id, "number": safe})
    county.do("lead01", "confirm_safe", safe, seen_by="民警，两个人都见到了")
    with acting(state.database, state.mint) as tx:
        undecided.require_none(tx, {"id": older.id, "number": safe})
