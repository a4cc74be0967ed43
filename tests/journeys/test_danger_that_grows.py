"""T05: an urgent matter that becomes danger to life has its hand-off then, and has it once."""

from collections import Counter
from datetime import timedelta

import orjson
import pytest

from gateway.clock_audit import audit
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.vocabulary import Status
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County
from tests.journeys.test_as_02_chat_at_night import FAREWELL, NIGHT, open_tasks

PHONE = "+8613600000008"
HANDOFF = ("CLK-HANDOFF", "")
PROPOSAL = ("CLK-HANDOFF", "proposal")


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = NIGHT
    return County(state, now)


@pytest.fixture
def hungry(county: County) -> str:
    number = county.call("food", FOOD, PHONE)
    assert county.request(number).level == "urgent"
    assert not handoffs(county, number)
    county.now.forward(minutes=20)
    return number


def handoffs(county: County, number: str) -> Counter[tuple[str, str]]:
    """The hand-off clocks that run."""
    running = [row for row in county.rows(Clock, number) if row.stopped_at is None]
    return Counter((row.name, row.case) for row in running if row.name == "CLK-HANDOFF")


def sound(county: County) -> None:
    """Every clock did what it promised."""
    county.tick()
    with county.state.database.read() as session:
        found = audit(session, county.state.offices.current(), county.now(), timedelta(minutes=5))
    assert found.faults == []


def test_words_of_danger_start_it_from_that_moment(county: County, hungry: str) -> None:
    assert county.call("farewell", FAREWELL, PHONE) == hungry
    assert handoffs(county, hungry) == {HANDOFF: 1, PROPOSAL: 1}
    rule = county.state.offices.current().policy.clock("CLK-HANDOFF")
    clock = next(row for row in county.rows(Clock, hungry) if (row.name, row.case) == HANDOFF)
    assert clock.started_at == county.now()
    assert clock.due_at - clock.started_at == timedelta(minutes=rule.amount)
    assert open_tasks(county, hungry).count("confirm_handoff") == 1
    county.now.forward(seconds=20)
    county.call("again", FAREWELL, PHONE)
    assert handoffs(county, hungry) == {HANDOFF: 1, PROPOSAL: 1}, "once"
    county.now.forward(seconds=61)
    for _ in range(3):
        county.tick()
    assert open_tasks(county, hungry).count("handoff_undecided") == 1, "the head of shift's own"
    county.now.forward(minutes=5)
    county.tick()
    sound(county)


def test_a_person_who_raises_it_starts_it_too_and_a_receipt_ends_it(
    county: County, hungry: str
) -> None:
    county.do("township_w01.1", "raise_urgency", hungry, level="life_threat", reason="人昏过去了")
    assert handoffs(county, hungry) == {HANDOFF: 1, PROPOSAL: 1}
    county.do("op01", "hand_off", hungry, line="120")
    assert handoffs(county, hungry) == {HANDOFF: 1}, "decided, not yet taken over"
    county.do("op01", "hand_off", hungry, line="120", receipt="120-0320")
    assert not handoffs(county, hungry)
    assert "confirm_handoff" not in open_tasks(county, hungry)
    sound(county)


def test_whoever_hands_over_what_was_only_urgent_has_the_clock_until_the_receipt(
    county: County, hungry: str
) -> None:
    county.do("op01", "hand_off", hungry, line="120", reason="人昏过去了")
    assert county.request(hungry).status == Status.EMERGENCY_HANDOFF
    assert handoffs(county, hungry) == {HANDOFF: 1}
    sound(county)


def test_what_was_no_danger_to_life_owes_no_hand_off_any_more(county: County, hungry: str) -> None:
    county.call("farewell", FAREWELL, PHONE)
    county.do("op01", "record_contact", hungry, who="本人", outcome="reached")
    for lead in ("lead01", "lead02"):
        county.do(lead, "lower_urgency", hungry, level="urgent", reason="是烧炭取暖，人清醒")
    assert not handoffs(county, hungry)
    assert "confirm_handoff" not in open_tasks(county, hungry)
    county.now.forward(minutes=10)
    county.call("farewell2", FAREWELL, PHONE)
    assert handoffs(county, hungry) == {HANDOFF: 1, PROPOSAL: 1}, "a new danger has its own"
    sound(county)


def test_whoever_is_safe_owes_no_hand_off_any_more(county: County, hungry: str) -> None:
    county.call("farewell", FAREWELL, PHONE)
    county.do("lead01", "confirm_safe", hungry, seen_by="民警当面见到")
    assert not handoffs(county, hungry)
    assert "confirm_handoff" not in open_tasks(county, hungry)
    assert county.request(hungry).status != Status.CLOSED


def test_a_danger_that_comes_back_after_its_end_has_its_hand_off_again(county: County) -> None:
    number = county.call("farewell", FAREWELL, PHONE)
    county.do("op01", "hand_off", number, line="110", receipt="110-0321")
    county.do("lead01", "confirm_safe", number, seen_by="民警当面见到", close=True)
    assert county.running(number) == {}
    county.now.forward(days=3)
    county.do("op01", "reopen", number, reason="家属说又不见了")
    assert handoffs(county, number) == {HANDOFF: 1, PROPOSAL: 1}
    started = [
        orjson.loads(row.detail) for row in county.rows(Event, number) if row.kind == "promised"
    ]
    assert any(clock[1] == "CLK-HANDOFF" for clock in started[-1]["clocks"])
