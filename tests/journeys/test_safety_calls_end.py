"""The safety calls end with what is true: nobody writes "safe" of somebody who is dead, or of a
danger that never was, so that a request can be closed."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock_audit import audit
from gateway.sentences import faults
from gateway.state import State
from models.events import Event
from models.transaction import acting
from models.vocabulary import Role, Status
from referral import casework, handing_off
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, JUMP, application, signed_in
from tests.journeys.county import County
from tests.journeys.test_after_the_answer import again, answered

SAFETY = "CLK-SAFETY-CONFIRM"
SENDER = "+8613800000001"
POLICE = "城关派出所王警官电话告知"
ENDS = ["person_deceased", "false_report"]


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def taken(county: County) -> str:
    """In triage, in the hands of 110."""
    number = county.call("jump", JUMP, SENDER)
    county.do("op04", "hand_off", number, line="110", receipt="110-76")
    return number


@pytest.fixture
def called(county: County) -> str:
    """Answered and handed off; every call found nothing, and nobody can be spoken with."""
    number = answered(county)
    county.do("op04", "hand_off", number, line="110", receipt="110-77", reason="说想跳楼")
    county.do("op04", "confirm", number)
    again(county, number)
    for _ in range(4):
        county.now.forward(hours=9)
        county.do("op04", "safety_check", number, outcome="unknown")
    for hours, by in ((1, "phone"), (3, "phone"), (5, "phone"), (26, "sms")):
        county.now.forward(hours=hours)
        county.do("op04", "callback", number, outcome="no_answer", by=by)
    return number


def sound(county: County) -> None:
    county.tick()
    with county.state.database.read() as session:
        office = county.state.offices.current()
        assert audit(session, office, county.now(), timedelta(minutes=30)).faults == []


@pytest.mark.quick
@pytest.mark.parametrize("end", ENDS)
def test_what_the_police_say_ends_the_calls_and_is_the_reason(
    county: County, called: str, end: str
) -> None:
    with pytest.raises(Refusal, match="safe_first"):
        county.do("op04", "close", called, reason=end, note=POLICE)
    county.do("op04", "safety_check", called, outcome=end, note=POLICE)
    assert SAFETY not in county.running(called)
    county.do("op04", "close", called, reason=end, note=POLICE)
    row = county.request(called)
    assert (row.status, row.close_reason) == (Status.CLOSED, end)
    assert "safe_confirmed" not in county.kinds(called), "nothing false is on record"
    sound(county)


@pytest.mark.parametrize("end", ENDS)
def test_out_of_triage_too_once_whoever_called_has_an_answer(
    county: County, taken: str, end: str
) -> None:
    county.do("op04", "safety_check", taken, outcome=end, note=POLICE)
    for other in ("answered", *(one for one in ENDS if one != end)):
        with pytest.raises(Refusal, match="danger_first"):
            county.do("op04", "close", taken, reason=other, note=POLICE)
    with pytest.raises(Refusal, match="reply_first"):
        county.do("op04", "close", taken, reason=end, note=POLICE)
    county.do("op04", "reply", taken, text="民警已经到场处置，有事请再联系我们。")
    county.do("op04", "close", taken, reason=end, note=POLICE)
    assert county.request(taken).close_reason == end
    sound(county)


@pytest.mark.parametrize("end", ENDS)
def test_it_opens_the_way_to_no_other_end(county: County, called: str, end: str) -> None:
    county.do("op04", "safety_check", called, outcome=end, note=POLICE)
    for other in ("unreachable", *(one for one in ENDS if one != end)):
        with pytest.raises(Refusal, match="close_as_found"):
            county.do("op04", "close", called, reason=other, note=POLICE)
    county.do("op04", "confirm_safe", called, seen_by="民警：认错了人，本人平安")
    county.do("op04", "close", called, reason="unreachable")


def test_that_nobody_answers_ends_no_call(county: County, called: str) -> None:
    office = county.state.offices.current()
    with acting(county.state.database, county.state.mint) as tx:
        request = {"id": county.request(called).id, "number": called, "status": "in_callback"}
        with pytest.raises(Refusal, match="outcome"):
            handing_off.safety_check(
                tx, office, county.actor("op04"), request, outcome="unreachable", now=county.now()
            )
    assert SAFETY in county.running(called)


@pytest.mark.parametrize("end", ENDS)
def test_the_note_says_who_says_so(county: County, taken: str, end: str) -> None:
    with pytest.raises(Refusal, match="who_says") as refused:
        county.do("op04", "safety_check", taken, outcome=end, note=" ")
    assert set(faults(county.state.offices.current().phrases, refused.value, "zh-CN")) == {"note"}
    assert SAFETY in county.running(taken)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.BUREAU_HEAD, "system"])
def test_only_who_may_close_so_says_it(county: County, taken: str, role: Role | str) -> None:
    state = county.state
    actor = Actor("somebody", role, "hotline")
    with acting(state.database, state.mint) as tx:
        request = {"id": county.request(taken).id, "number": taken, "status": "in_triage"}
        with pytest.raises(Impossible):
            handing_off.safety_check(
                tx, state.offices.current(), actor, request,
                outcome="person_deceased", note=POLICE, now=county.now(),
            )  # fmt: skip
    assert SAFETY in county.running(taken)


def test_whoever_is_taken_over_again_is_called_again(county: County, called: str) -> None:
    county.do("op04", "safety_check", called, outcome="false_report", note=POLICE)
    county.now.forward(hours=1)
    county.do("op04", "hand_off", called, line="110", receipt="110-99", reason="又说想跳楼")
    assert SAFETY in county.running(called)
    with pytest.raises((Refusal, Impossible)):
        county.do("op04", "close", called, reason="false_report", note=POLICE)


def test_what_was_found_out_binds_nobody_once_it_is_taken_up_again(
    county: County, called: str
) -> None:
    county.do("op04", "safety_check", called, outcome="false_report", note=POLICE)
    county.do("op04", "close", called, reason="false_report", note=POLICE)
    county.do("op04", "reopen", called, reason="另有新情况")
    with pytest.raises(Refusal, match="danger_first"):
        county.do("op04", "close", called, reason="false_report", note=POLICE)


def test_of_whom_no_call_is_left_it_can_be_said_too(county: County, taken: str) -> None:
    """Ended by another version, or by a hand in the database."""
    state = county.state
    with acting(state.database, state.mint) as tx:
        casework.halt(tx, county.request(taken).id, (SAFETY,), county.now())
    with pytest.raises(Refusal, match="nothing_to_confirm"):
        county.do("op04", "safety_check", taken, outcome="unknown")
    county.do("op04", "safety_check", taken, outcome="person_deceased", note=POLICE)
    with pytest.raises(Refusal, match="nothing_to_confirm"):
        county.do("op04", "safety_check", taken, outcome="person_deceased", note=POLICE)


def test_of_another_joined_by_mistake_it_says_nothing_once_they_are_apart(
    county: County, taken: str
) -> None:
    county.do("lead01", "confirm_safe", taken, seen_by="民警")
    other = county.call("other", JUMP, "+8613800000002")
    county.do("op04", "hand_off", other, line="110", receipt="110-78")
    county.do("lead01", "merge", other, other=taken, reason="同一件")
    county.do("op04", "safety_check", taken, outcome="false_report", note=POLICE)
    county.do("lead01", "undo_merge", other, other=taken, reason="是两个人", keep=True)
    assert SAFETY in county.running(other)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("本人已去世", "情况不实", "备注里写明是谁说的")),
        ("en", ("the person has died", "false report", "the note says who says so")),
    ],
)
def test_the_page_offers_it_and_the_ledger_shows_it(
    county: County, taken: str, language: str, words: tuple[str, ...]
) -> None:
    desk = signed_in(county.state, application(county.state), "op04")
    page = desk.get(f"/desk/{taken}", params={"lang": language}).text
    for word in words:
        assert word in page
    token = {"outcome": "person_deceased", "note": POLICE}
    done = desk.post(f"/api/v1/requests/{taken}/safety_check", json=token)
    assert done.status_code == 200, done.text
    page = desk.get(f"/desk/{taken}", params={"lang": language}).text
    shown = page[page.index(POLICE) - 60 : page.index(POLICE)]
    assert words[0] in shown, shown
    assert "person_deceased" not in shown
    said = next(row for row in county.rows(Event, taken) if row.kind == "safety_checked")
    assert said.by == "op04"


def test_it_is_said_of_nobody_who_was_not_handed_off(county: County) -> None:
    number = county.call("food", FOOD, SENDER)
    with pytest.raises(Refusal, match="nothing_to_confirm"):
        county.do("op04", "safety_check", number, outcome="false_report", note=POLICE)
