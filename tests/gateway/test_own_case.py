"""What a requester does with their own request: rate the answer, give it back, take it back."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from gateway.web import passes
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from models.vocabulary import Status, TaskKind
from tests.client import TestClient
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
MISSING = "只换了一楼的，二楼三楼还是黑的"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def lamp(county: County) -> str:
    """A lamp, dispatched to housing, signed."""
    number = county.led_by_housing("lamp", LAMP, "+8613800000001")
    county.do("housing.1", "sign", number)
    return number


@pytest.fixture
def requester(state: State) -> TestClient:
    """A browser of the public pages."""
    return TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
    )


def opened(county: County, requester: TestClient, number: str) -> str:
    """Prove number and code; the page of the case."""
    code = county.request(number).code
    answer = requester.post("/status", data={"number": number, "code": code})
    assert answer.headers["location"] == "/status/case"
    return requester.get("/status/case").text


def answered(county: County, number: str) -> None:
    """Housing answers and hands in the result."""
    county.do("housing.1", "record_contact", number, who="本人", outcome="reached")
    county.do(
        "housing.1", "feedback", number, found="十一月三日上门看过，三盏灯都不亮",
        result="当天换了灯泡和开关", basis="《物业管理条例》", contacted="reached",
    )  # fmt: skip


def of_kind(county: County, number: str, kind: str) -> list[Event]:
    return [row for row in county.rows(Event, number) if row.kind == kind]


NOT_SOLVED = {"resolved": "no", "view": "dissatisfied", "note": MISSING}
CONTENT = {"resolved": "yes", "view": "fairly_satisfied"}


def test_an_answer_that_does_not_hold_goes_back_to_the_same_unit_with_the_time_that_was_left(
    county: County, requester: TestClient, lamp: str
) -> None:
    county.now.forward(days=1)
    answered(county, lamp)
    left = county.lead(lamp).due_at - county.now()
    county.now.forward(hours=20)
    assert "给这次答复评价" in opened(county, requester, lamp)
    before = len(county.rows(Outgoing, lamp))
    sent = requester.post("/status/case/rate", data=NOT_SOLVED)
    assert sent.headers["location"] == "/status/case?done=rated"
    row = county.request(lamp)
    assert (row.status, row.holder_unit, row.resolved) == (Status.IN_PROGRESS, "housing", False)
    assert county.lead(lamp).bureau == "housing"
    assert county.lead(lamp).due_at - county.now() >= left - timedelta(minutes=1)
    page = requester.get("/status/case?done=rated").text
    assert "已退回望河县住房和城乡建设局重新办理" in page
    assert "给这次答复评价" not in page
    said = [row.phrase for row in county.rows(Outgoing, lamp)][before:]
    assert said == ["given_back", "staff_given_back"], "once to each"


def test_a_rating_is_the_requesters_word_at_the_callback_and_closes_nothing(
    county: County, requester: TestClient, lamp: str
) -> None:
    answered(county, lamp)
    opened(county, requester, lamp)
    for _ in range(2):  # a double click
        assert requester.post("/status/case/rate", data=CONTENT).status_code == 303
    row = county.request(lamp)
    assert (row.status, row.resolved, row.satisfaction) == (
        Status.IN_CALLBACK, True, "fairly_satisfied",
    )  # fmt: skip
    assert row.closed_at is None
    assert [one.by for one in of_kind(county, lamp, "called_back")] == ["citizen"]
    assert "您的评价：基本满意" in requester.get("/status/case?done=rated").text
    county.do("op04", "close", lamp, reason="resolved")
    assert county.request(lamp).status == Status.CLOSED


def test_giving_it_back_twice_in_a_row_is_giving_it_back_once(
    county: County, requester: TestClient, lamp: str
) -> None:
    answered(county, lamp)
    opened(county, requester, lamp)
    for _ in range(2):
        assert requester.post("/status/case/rate", data=NOT_SOLVED).status_code == 303
    assert len(of_kind(county, lamp, "rehandled")) == 1


def test_after_the_limit_of_the_register_a_person_decides(
    county: County, requester: TestClient, lamp: str
) -> None:
    limit = int(county.state.offices.current().policy.values["reopen_limit"].value)
    opened(county, requester, lamp)
    for _ in range(limit):
        answered(county, lamp)
        requester.post("/status/case/rate", data=NOT_SOLVED)
        assert county.request(lamp).status == Status.IN_PROGRESS
    answered(county, lamp)
    requester.post("/status/case/rate", data=NOT_SOLVED)
    assert county.request(lamp).status == Status.IN_CALLBACK
    waits = [one for one in county.rows(Task, lamp) if one.kind == TaskKind.NOT_DONE]
    assert [one.note for one in waits] == [MISSING]
    assert "核实以后决定" in requester.get("/status/case").text
    county.do("super01", "rehandle", lamp, reason="查看属实")
    assert all(one.done_at for one in county.rows(Task, lamp) if one.kind == TaskKind.NOT_DONE)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, ("resolved", "view")),
        ({"resolved": "yes"}, ("view",)),
        ({"resolved": "no", "view": "dissatisfied"}, ("note",)),
        ({"resolved": "perhaps", "view": "marvellous"}, ("resolved", "view")),
    ],
)
def test_a_rating_with_something_missing_says_what_and_keeps_the_rest(
    county: County, requester: TestClient, lamp: str, given: dict[str, str], fields: tuple[str]
) -> None:
    answered(county, lamp)
    opened(county, requester, lamp)
    sent = requester.post("/status/case/rate", data={**given, "note": given.get("note", "")})
    assert sent.status_code == 422
    assert "请修改" in sent.text
    for name in fields:
        assert f'href="#{name}"' in sent.text
        assert f'id="{name}-error"' in sent.text
    for name, value in given.items():
        if name not in fields:
            assert f'value="{value}"' in sent.text
    assert not of_kind(county, lamp, "called_back")


def test_what_is_taken_back_ends_unless_somebody_may_be_in_danger(
    county: County, requester: TestClient, lamp: str
) -> None:
    opened(county, requester, lamp)
    for _ in range(2):
        sent = requester.post("/status/case/withdraw", data={"reason": ""})
        assert sent.headers["location"] == "/status/case?done=withdrawn"
    row = county.request(lamp)
    assert (row.status, row.close_reason) == (Status.CLOSED, "withdrawn")
    assert len(of_kind(county, lamp, "withdrawn")) == 1
    hungry = county.call("food", FOOD, "+8613800000002")
    opened(county, requester, hungry)
    for _ in range(2):
        sent = requester.post("/status/case/withdraw", data={"reason": "不用了"})
        assert sent.headers["location"] == "/status/case?done=looked_after"
    assert county.request(hungry).closed_at is None
    assert "会有人先去看一看" in requester.get("/status/case?done=looked_after").text
    assert any(clock.stopped_at is None for clock in county.rows(Clock, hungry))


def test_a_page_open_too_long_keeps_the_words_until_number_and_code_are_there_again(
    county: County, requester: TestClient, lamp: str
) -> None:
    opened(county, requester, lamp)
    county.now.forward(seconds=passes.HOLDS.total_seconds() + 60)
    words = "三楼的声控开关也坏了 <b>"
    late = requester.post("/status/case", data={"what": words})
    assert late.status_code == 403
    assert "页面放得太久" in late.text
    assert "&lt;b&gt;" in late.text
    code = county.request(lamp).code
    again = requester.post("/status", data={"number": lamp, "code": "x", "kept": words})
    assert again.status_code == 422
    assert "三楼的声控开关也坏了" in again.text
    there = requester.post("/status", data={"number": lamp, "code": code, "kept": words})
    assert there.status_code == 200
    assert "三楼的声控开关也坏了 &lt;b&gt;</textarea>" in there.text


@pytest.mark.parametrize("act", ["rate", "withdraw"])
def test_nobody_acts_without_number_and_code(
    county: County, requester: TestClient, lamp: str, act: str
) -> None:
    answered(county, lamp)
    before = county.request(lamp)
    assert requester.post(f"/status/case/{act}", data=NOT_SOLVED).status_code == 403
    assert county.request(lamp) == before
