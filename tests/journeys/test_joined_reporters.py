"""A person's request and a reporter's are one matter: the person is told, the reporter hears no
private details (N16), and neither silences the other (I5)."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.events import Event
from models.outbox import Outgoing
from referral.wording import when
from tests.conftest import Clock as Watch
from tests.gateway.people import QUESTION
from tests.journeys.county import County
from tests.journeys.same_matter import said_to, told

PENSION = "您丈夫的退休金每月四千二百元，超过标准"
REPORT = "柳湾镇柳湾村一户人家想申请低保，请上门看看"
PERSON, REPORTER = "+8613800000003", "+8613900007777"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


def reported(county: County) -> str:
    return told(county.state, "sms", REPORTER, REPORT, reporter="grid_w010401").number


def signed_alone(county: County, number: str) -> None:
    county.do("dispatch01", "confirm", number)
    led_and_signed(county, number)


def signed(county: County, master: str, other: str) -> None:
    county.do("dispatch01", "confirm", master)
    county.do("dispatch01", "merge", master, other=other, reason="同一户")
    led_and_signed(county, master)


def led_and_signed(county: County, master: str) -> None:
    if county.request(master).lead_bureau != "civil_affairs":
        county.do("dispatch01", "correct_route", master, bureau="civil_affairs", reason="低保职责")
    county.do("civil_affairs.1", "sign", master)


@pytest.fixture
def joined(county: County) -> tuple[str, str]:
    """The person asked first, the reporter's request was joined to theirs."""
    own = county.call("dibao", QUESTION, PERSON)
    county.now.forward(hours=1)
    report = reported(county)
    signed(county, own, report)
    return own, report


@pytest.fixture
def led_by_report(county: County) -> tuple[str, str]:
    """The reporter came first, the person's request was joined to the report."""
    report = reported(county)
    county.now.forward(hours=1)
    own = county.call("dibao", QUESTION, PERSON)
    signed(county, report, own)
    return own, report


def words_to(county: County, number: str) -> str:
    rows = county.rows(Outgoing, number)
    return "\n".join(row.text for row in rows if row.staff is None)


def test_a_joined_reporter_hears_no_reason_of_a_refusal_or_an_extension(
    county: County, joined: tuple[str, str]
) -> None:
    own, report = joined
    county.do("civil_affairs.1", "extend", own, workdays=3, reason="等本人的精神残疾鉴定结论")
    county.do("super01", "extend", own)
    county.do("civil_affairs.1", "refuse_aid", own, rule="低保办法第五条", reasons=PENSION)
    assert said_to(county.state, own)[-2:] == ["extended", "refused_in_writing"]
    assert said_to(county.state, report)[-1] == "reporter_outcome"
    heard = words_to(county, report)
    assert "退休金" not in heard
    assert "残疾" not in heard


def test_a_joined_reporter_hears_who_works_on_it(county: County, joined: tuple[str, str]) -> None:
    own, report = joined
    county.do("dispatch01", "correct_route", own, bureau="housing", reason="属住建职责")
    assert said_to(county.state, own)[-1] == "handed_over"
    assert said_to(county.state, report)[-1] == "handed_over"


def test_a_person_joined_to_a_report_is_answered_in_full(
    county: County, led_by_report: tuple[str, str]
) -> None:
    own, report = led_by_report
    county.do("civil_affairs.1", "refuse_aid", report, rule="低保办法第五条", reasons=PENSION)
    assert said_to(county.state, own)[-1] == "refused_in_writing"
    assert said_to(county.state, report)[-1] == "reporter_outcome"
    county.do("civil_affairs.1", "reply", report, text="可以申请临时救助，请带户口簿。")
    assert said_to(county.state, own)[-1] == "reply_to_citizen"
    county.do("civil_affairs.1", "report_result", report, result="已答复", absent="无")
    assert said_to(county.state, own)[-1].startswith("completed")
    assert said_to(county.state, report)[-1] == "reporter_outcome"
    assert "户口簿" not in words_to(county, report)
    assert said_to(county.state, report).count("reporter_outcome") == 1


def test_a_reporter_hears_the_outcome_once_and_again_only_when_it_was_taken_up_again(
    county: County,
) -> None:
    report = reported(county)
    signed_alone(county, report)
    county.now.forward(hours=1)
    county.do("civil_affairs.1", "reply", report, text="已上门核实，请带户口簿。")
    county.now.forward(minutes=5)
    county.do("civil_affairs.1", "reply", report, text="补充：可以申请临时救助。")
    county.do("civil_affairs.1", "report_result", report, result="已答复", absent="无")
    outcomes = [one for one in said_to(county.state, report) if one == "reporter_outcome"]
    assert len(outcomes) == 1
    answers = [row for row in county.rows(Event, report) if row.kind == "replied"]
    assert len(answers) == 2, "what was answered is on record all the same"
    county.now.forward(hours=1)
    county.do("op04", "rehandle", report, reason="没有上门")
    county.do("civil_affairs.1", "reply", report, text="今天已经上门。")
    assert said_to(county.state, report).count("reporter_outcome") == 2
    county.do("civil_affairs.1", "report_result", report, result="已上门", absent="无")
    county.do("op04", "callback", report, outcome="reached", resolved=True)
    county.now.forward(minutes=5)
    county.do("op04", "close", report, reason="redirected", note="转乡镇民政办")
    assert said_to(county.state, report).count("reporter_outcome") == 2


def test_a_reporter_who_told_more_hears_what_became_of_that_too(county: County) -> None:
    report = reported(county)
    signed_alone(county, report)
    county.now.forward(hours=1)
    county.do("civil_affairs.1", "reply", report, text="已上门核实，请带户口簿。")
    county.now.forward(hours=1)
    more = {"reporter": "grid_w010401", "about": report}
    assert told(county.state, "sms", REPORTER, "他们家的米也没有多少了", **more).number == report
    county.now.forward(hours=1)
    county.do("civil_affairs.1", "reply", report, text="又去过一次。")
    assert said_to(county.state, report).count("reporter_outcome") == 2


def test_a_reporter_is_not_told_why_their_own_report_takes_longer(
    county: County, state: State
) -> None:
    report = reported(county)
    signed_alone(county, report)
    county.now.forward(minutes=5)
    county.do("civil_affairs.1", "extend", report, workdays=3, reason="等精神残疾鉴定结论")
    before = said_to(state, report)
    was = county.lead(report).due_at
    county.do("super01", "extend", report)
    assert county.lead(report).due_at - was > timedelta(days=1)
    assert said_to(state, report) == before


@pytest.mark.parametrize("lead", ["civil_affairs", "health"])
def test_a_reporter_hears_of_another_unit_and_date_and_not_why(
    county: County, joined: tuple[str, str], lead: str
) -> None:
    own, report = joined
    county.do(
        "civil_affairs.1", "request_return", own, rule="三定方案第四条", right_unit="health",
        reason="不归我们",
    )  # fmt: skip
    due = county.now() + timedelta(days=40)
    county.do(
        "super01", "reassign", own, lead=lead, reason="等精神残疾鉴定结论", due=due.isoformat()
    )
    assert "残疾" in words_to(county, own)
    assert said_to(county.state, report)[-1] == "reporter_new_date"
    unit = county.state.offices.current().directory.unit[lead].name("zh-CN")
    heard = words_to(county, report).rpartition("\n")[2]
    assert (when(due, "zh-CN") in heard, unit[:2] in heard) == (True, True)
    assert "残疾" not in words_to(county, report)


def test_who_is_joined_to_an_answered_request_hears_the_answer(county: County) -> None:
    own = county.call("dibao", QUESTION, PERSON)
    signed_alone(county, own)
    county.do("civil_affairs.1", "reply", own, text="可以申请临时救助，请带户口簿。")
    county.do("civil_affairs.1", "report_result", own, result="已答复", absent="无")
    county.now.forward(hours=1)
    second = county.call("again", QUESTION, "+8613800000007")
    report = reported(county)
    for later in (second, report):
        county.do("dispatch01", "merge", own, other=later, reason="同一户")
    assert said_to(county.state, second)[-2:] == ["merged", "reply_to_citizen"]
    assert "户口簿" in words_to(county, second)
    assert said_to(county.state, report)[-2:] == ["merged_reporter", "reporter_outcome"]
    assert "户口簿" not in words_to(county, report)
    assert "CLK-DISCOVERY-FEEDBACK" not in county.running(own), "the reporter has been told"


def test_an_answer_that_did_not_hold_is_not_repeated(county: County) -> None:
    own = county.call("dibao", QUESTION, PERSON)
    signed_alone(county, own)
    county.do("civil_affairs.1", "reply", own, text="可以申请临时救助，请带户口簿。")
    county.do("civil_affairs.1", "report_result", own, result="已答复", absent="无")
    county.do("op04", "rehandle", own, reason="答非所问")
    second = county.call("again", QUESTION, "+8613800000007")
    county.do("dispatch01", "merge", own, other=second, reason="同一户")
    assert said_to(county.state, second)[-1] == "merged"


def test_who_is_joined_to_a_refused_request_hears_the_refusal(county: County) -> None:
    own = county.call("dibao", QUESTION, PERSON)
    signed_alone(county, own)
    county.do("civil_affairs.1", "refuse_aid", own, rule="低保办法第五条", reasons=PENSION)
    second = county.call("again", QUESTION, "+8613800000007")
    county.do("dispatch01", "merge", own, other=second, reason="同一户")
    assert said_to(county.state, second)[-1] == "refused_in_writing"
