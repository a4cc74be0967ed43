"""N1 to N19 of domain note 3f: each is worded in both languages and three lengths, and each is
really put into the outbox by the act that owes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.state import State
from models.events import Event
from models.outbox import Outgoing
from models.phrases import SMS_UNITS, units
from models.vocabulary import Form
from referral.casework import Refusal
from tests import shipped
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT, FOOD, JUMP, application, signed_in
from tests.journeys.county import County

MESSAGES: dict[str, tuple[str, ...]] = {
    "N1": ("receipt", "receipt_code"),
    "N2": ("handoff", "handed_off"),
    "N3": ("urgent_accepted", "urgent_joined"),
    "N4": ("standard_accepted", "notice_part"),
    "N5": ("ask_for_more",),
    "N6": ("redirected",),
    "N7": ("dispatched",),
    "N8": ("merged", "joined"),
    "N9": ("handed_over", "handed_over_later"),
    "N10": ("extended", "suspended", "running_late"),
    "N11": ("aid_given",),
    "N12": ("granted", "refused_in_writing"),
    "N13": ("publication",),
    "N14": ("callback_asked",),
    "N15": ("closed_unreachable",),
    "N16": ("reporter_told", "reporter_outcome", "merged_reporter", "reporter_new_date"),
    "N17": ("child_told",),
    "N18": ("grievance_received", "grievance_upward"),
    "N19": ("data_rights",),
}
DIBAO = "我想申请低保，住在柳湾镇柳湾村，我家收入低"
CHILD = "我今年12岁，妈妈不在家，我和妹妹两天没吃饭了，滨河街道临江社区"
BOOK = shipped.phrases()


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


@pytest.mark.parametrize("language", BOOK.languages())
@pytest.mark.parametrize("key", [key for keys in MESSAGES.values() for key in keys])
def test_each_message_has_three_lengths(key: str, language: str) -> None:
    names = dict.fromkeys(BOOK.parameters(key), "某")
    said = {form: BOOK.say(key, names, form, language) for form in Form}
    assert len(set(said.values())) == 3, "three wordings, none borrowed from another"
    assert units(said[Form.SMS]) <= BOOK.room(key, language)
    assert all("{" not in text for text in said.values())


def standard(county: County, mark: str = "dibao", sender: str = "+8613812345678") -> str:
    number = county.call(mark, DIBAO, sender)
    if county.request(number).level == "consultation":
        county.do("op01", "raise_urgency", number, level="standard", reason="要申请")
    county.do("dispatch01", "confirm", number)
    return number


def given(county: County, number: str) -> list[dict[str, Any]]:
    rows = [row for row in county.rows(Event, number) if row.kind == "notice_given"]
    return [orjson.loads(row.detail) for row in rows]


def test_n1_n4_n7_n19_come_with_an_ordinary_application(county: County) -> None:
    number = standard(county)
    said = county.said_to_citizen(number)
    assert {"receipt", "receipt_code", "dispatched"} <= set(said)
    assert said.count("standard_accepted") == 1
    assert said.count("data_rights") == 1
    parts = [row.text for row in county.rows(Outgoing, number) if row.phrase == "notice_part"]
    assert parts
    assert all(units(text) <= SMS_UNITS for text in parts)
    [kept] = given(county, number)
    assert kept["version"].startswith("dibao")
    assert (kept["to"], kept["channel"], kept["form"]) == (number, "recording", "sms")
    assert {int(one) for one in kept["outbox"]} == {
        row.id
        for row in county.rows(Outgoing, number)
        if row.phrase in ("standard_accepted", "notice_part")
    }
    whole = "".join(parts)
    policy = county.state.offices.current().policy
    for paper in policy.papers.values():
        if paper.supplied_by_zh:
            assert paper.name_zh not in whole


def test_a_call_is_read_out_said_back_and_counted(county: County, state: State) -> None:
    number = standard(county)
    desk = signed_in(state, application(state), "op01")
    shown = desk.get(f"/api/v1/requests/{number}").json()["notice"]
    assert "授权书" in shown["script"]
    assert (shown["times"], shown["asked_again"]) == (1, 0)
    county.do("op01", "give_notice", number, by="read_out", repeated=True, note="复述无误")
    county.do("op01", "give_notice", number)
    told = given(county, number)
    assert [one.get("repeated") for one in told] == [None, True, None]
    assert len({one["version"] for one in told}) == 1
    shown = desk.get(f"/api/v1/requests/{number}").json()["notice"]
    assert (shown["times"], shown["asked_again"]) == (3, 2)
    page = desk.get(f"/desk/{number}").text
    assert told[0]["version"] in page
    assert "再问 2 次" in page


def test_an_urgent_case_gets_no_list_of_papers(county: County) -> None:
    number = county.call("food", FOOD)
    county.do("op01", "confirm", number)
    said = county.said_to_citizen(number)
    assert "urgent_accepted" in said
    assert "standard_accepted" not in said
    assert "data_rights" not in said, "privacy is explained after the emergency"
    with pytest.raises(Refusal, match="no_notice_now"):
        county.do("op01", "give_notice", number)


def test_n2_n17_n18_come_with_the_first_words(county: County) -> None:
    assert "handoff" in county.said_to_citizen(county.call("jump", JUMP, "+8613600000001"))
    child = county.call("child", CHILD, "+8613600000002")
    assert "child_told" in county.said_to_citizen(child)
    adult = county.call("adult", FOOD, "+8613600000003")
    assert "child_told" not in county.said_to_citizen(adult)
    complaint = county.call("complaint", COMPLAINT, "+8613600000004")
    said = county.said_to_citizen(complaint)
    assert "grievance_received" in said
    assert "dispatched" not in said, "those who act on it are not named to everybody"


def test_n12_and_n13_granted_and_published(county: County) -> None:
    number = standard(county)
    lead = county.lead(number).bureau
    with pytest.raises(Refusal, match="sign_first"):
        county.do(f"{lead}.1", "grant_aid", number, what="每月620元", start="2026年12月")
    county.do(f"{lead}.1", "sign", number)
    county.do(f"{lead}.1", "grant_aid", number, what="每月620元", start="2026年12月")
    said = county.said_to_citizen(number)
    assert {"granted", "publication"} <= set(said)
    assert "CLK-NOTICE" in county.running(number)
    with pytest.raises(Refusal, match="grant_twice"):
        county.do(f"{lead}.1", "grant_aid", number, what="每月620元", start="2026年12月")


def test_n14_is_asked_in_writing_when_nobody_answers(county: County) -> None:
    number = standard(county)
    lead = county.lead(number).bureau
    county.do(f"{lead}.1", "sign", number)
    county.do(f"{lead}.1", "reply", number, text="您的申请已经核查完毕。")
    county.do(f"{lead}.1", "report_result", number, result="已办结")
    county.do("op01", "callback", number, outcome="no_answer")
    county.do("op01", "callback", number, outcome="no_answer")
    assert county.said_to_citizen(number).count("callback_asked") == 1


def test_n9_a_new_name_comes_with_the_old_date_or_with_the_new_one_and_why(county: County) -> None:
    for due in (None, county.now() + timedelta(days=20)):
        number = standard(county, f"dibao{due}", f"+86136000000{10 + bool(due)}")
        lead = county.lead(number).bureau
        county.do(
            f"{lead}.1", "request_return", number, rule="三定方案第四条", right_unit="health",
            reason="不归我们", overlap=True,
        )  # fmt: skip
        county.do("super01", "reassign", number, lead="health", reason="按职责", due=due)
        said = county.said_to_citizen(number)
        assert ("handed_over_later" in said) == (due is not None)
        assert ("handed_over" in said) == (due is None)


def test_n10_a_broken_promise_is_told_by_itself(county: County) -> None:
    number = standard(county)
    due = county.lead(number).due_at
    while county.now() < due:
        county.now.forward(hours=12)
        county.tick()
    county.now.forward(hours=1)
    county.tick()
    assert county.said_to_citizen(number).count("running_late") == 1
