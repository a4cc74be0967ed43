"""AS-20, the part of aid: the money was given, the request closed, the explanation missing."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import rounds
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application, signed_in
from tests.journeys.aid import TOWN, Aid

THIRD = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
FIFTH = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)  # the fifth working day, close of business


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = THIRD
    return Aid(state, now)


@pytest.fixture
def closed(county: Aid) -> tuple[str, str]:
    """A request that was helped on the third, closed; the emergency lifted on the fifth."""
    case = county.call("food", FOOD)
    county.do("op04", "confirm", case)
    county.keep(TOWN, "township_w01", "top_up", amount=5000, voucher="财政凭证 31")
    number = county.propose(TOWN, case, need="living", amount=600, fund="reserve")
    county.on(TOWN, "authorise", number)
    county.on(TOWN, "deliver", number, received_by="本人", witness="邻居")
    county.do("civil_affairs.1", "sign", case)
    county.do(TOWN, "record_contact", case, who="本人", outcome="on_site")
    county.do("civil_affairs.1", "reply", case, text="已经送到生活费，请安心。")
    county.do("civil_affairs.1", "report_result", case, result="已上门", absent="无")
    county.now.at = FIFTH
    county.on(TOWN, "lift", number)
    county.do("op04", "callback", case, outcome="reached", resolved=True)
    county.do("op04", "close", case, reason="resolved")
    return case, number


def later(county: Aid, at: datetime) -> None:
    county.now.at = at
    county.tick()
    state = county.state
    rounds.run(state.database, state.mint, state.offices, county.now())


def test_the_clock_of_the_explanation_runs_on_after_the_end(
    county: Aid, closed: tuple[str, str]
) -> None:
    case, number = closed
    assert county.request(case).status == "closed"
    clock = county.running(case)["CLK-EXPLAIN"]
    assert (clock.started_at, clock.due_at) == (FIFTH, DUE)
    assert county.aid(number).explain_due_at == DUE


def test_who_gave_is_reminded_although_the_request_is_back_at_the_desk(
    county: Aid, closed: tuple[str, str]
) -> None:
    case, _ = closed
    first = county.running(case)["CLK-EXPLAIN"].next_at
    assert FIFTH < first < DUE
    later(county, first)
    reminded = [e for e in county.rows(Event, case) if '"CLK-EXPLAIN"' in e.detail]
    told = [e for e in reminded if e.kind == "reminder"]
    assert told
    assert f'"to":"{TOWN}"' in told[-1].detail
    assert [m.staff for m in county.rows(Outgoing, case) if m.phrase == "staff_reminder"][
        -1
    ] == TOWN


def test_what_is_missing_is_listed_by_name_to_the_supervisor(
    county: Aid, closed: tuple[str, str], state: State
) -> None:
    case, number = closed
    later(county, DUE + timedelta(minutes=1))
    row = county.aid(number)
    assert (row.state, row.overdue_at) == ("overdue", DUE)
    clock = next(c for c in county.rows(Clock, case) if c.name == "CLK-EXPLAIN")
    assert clock.breached_at == DUE
    (task,) = [t for t in county.every(Task)
               if t.kind == "explain_relief" and t.unit == "coordination_office"]  # fmt: skip
    assert number in task.note
    assert TOWN in task.note
    supervisor = signed_in(state, application(state), "super01")
    page = supervisor.get("/relief?state=overdue").text
    assert number in page
    quarter = supervisor.get("/relief/report?year=2026&quarter=4").text
    assert number in quarter
    reserve = supervisor.get("/relief/reserves/township_w01").text
    assert "4,400 元" in reserve, "the balance"
    assert number in reserve, "and the missing paper"


def test_a_late_explanation_ends_the_reminders_and_not_the_breach(
    county: Aid, closed: tuple[str, str]
) -> None:
    case, number = closed
    later(county, DUE + timedelta(hours=1))
    county.on(TOWN, "explain", number, explanation="断粮两天，先给600元", signatures="文晓娥、彭宁")
    later(county, DUE + timedelta(days=8))
    clock = next(c for c in county.rows(Clock, case) if c.name == "CLK-EXPLAIN")
    assert (clock.breached_at, clock.next_at) == (DUE, None)
    assert county.aid(number).overdue_at == DUE
    waits = [t for t in county.every(Task) if t.kind == "explain_relief" and not t.done_at]
    assert waits == []
