"""Acts that go wrong: a unit that is none, a day gone by, a button pressed twice, a clock set back.

Each gets one clear sentence in the reader's language, changes nothing and loses no typed word.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from gateway import sentences
from gateway.clock_audit import audit
from gateway.heartbeat import ailments
from gateway.state import State
from models.events import Event
from models.vocabulary import Status
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT, FOOD, application, signed_in
from tests.journeys.county import County

LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
RULE = "三定方案第四条"
PAST = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def lamp(county: County) -> str:
    """Confirmed, with housing."""
    number = county.led_by_housing("lamp", LAMP, "+8613800000001")
    county.now.forward(minutes=10)
    return number


def refused(county: County, who: str, act: str, number: str, /, **body: Any) -> dict[str, str]:
    """What each language says of an act that is refused; nothing was changed."""
    before, written = county.request(number), len(county.every(Event))
    with pytest.raises((Refusal, Impossible)) as caught:
        county.do(who, act, number, **body)
    assert county.request(number) == before
    assert len(county.every(Event)) == written
    phrases = county.state.offices.current().phrases
    said = {
        spoken: sentences.sentence(phrases, caught.value, spoken) for spoken in phrases.languages()
    }
    for text in said.values():
        assert len(text) > 8
        assert "\n" not in text
        assert "{" not in text
    return said


@pytest.mark.parametrize(
    ("login", "act", "body"),
    [
        ("dispatch01", "correct_route", {"bureau": "water_monster", "reason": "不归我们"}),
        ("dispatch01", "bring_in", {"bureau": "water_monster", "reason": "请协助"}),
        (
            "housing.1",
            "request_return",
            {"rule": RULE, "right_unit": "water_monster", "reason": "不归我们"},
        ),
    ],
)
def test_a_unit_that_is_none_is_named(
    county: County, lamp: str, login: str, act: str, body: dict[str, str]
) -> None:
    said = refused(county, login, act, lamp, **body)
    assert all("water_monster" in text for text in said.values()), said


def test_a_unit_that_is_none_neither_leads_nor_helps_by_arbitration(
    county: County, lamp: str
) -> None:
    county.do(
        "housing.1", "request_return", lamp, rule=RULE, right_unit="health", reason="不归我们",
        overlap=True,
    )  # fmt: skip
    for body in ({"lead": "water_monster"}, {"lead": "health", "cooperating": ["water_monster"]}):
        said = refused(county, "super01", "reassign", lamp, reason="按职责", **body)
        assert all("water_monster" in text for text in said.values()), said


def test_nobody_is_barred_who_does_not_exist(county: County) -> None:
    complaint = county.call("complaint", COMPLAINT, "+8613800000002")
    refused(county, "lead01", "bar", complaint, unit="water_monster", reason="被投诉")
    refused(county, "lead01", "bar", complaint, login="nobody.9", reason="被投诉")


def test_a_service_line_or_request_that_is_none_is_named(county: County, lamp: str) -> None:
    said = refused(county, "dispatch01", "correct_route", lamp, service="moon_trip", reason="错了")
    assert all("moon_trip" in text for text in said.values())
    said = refused(county, "op01", "hand_off", lamp, line="999")
    assert all("999" in text for text in said.values())
    refused(county, "dispatch01", "merge", lamp, other="HY20200101-00001-1")


@pytest.mark.parametrize("at", [PAST, datetime(2030, 1, 1, tzinfo=UTC)])
def test_a_contact_is_neither_before_the_request_nor_to_come(
    county: County, lamp: str, at: datetime
) -> None:
    refused(county, "housing.1", "record_contact", lamp, who="本人", outcome="reached", at=at)


def test_no_due_time_lies_in_the_past(county: County, lamp: str) -> None:
    county.do(
        "housing.1", "request_return", lamp, rule=RULE, right_unit="health", reason="不归我们",
        overlap=True,
    )  # fmt: skip
    refused(county, "super01", "reassign", lamp, lead="health", reason="按职责", due=PAST)


@pytest.mark.parametrize("days", [0, -3, 1000])
def test_no_time_is_granted_that_is_none(county: County, lamp: str, days: int) -> None:
    county.do("housing.1", "sign", lamp)
    refused(county, "housing.1", "extend", lamp, workdays=days, reason="要等配件")


TWICE: dict[str, dict[str, str]] = {
    "sign": {},
    "record_contact": {"who": "本人", "outcome": "reached"},
    "reply": {"text": "已经派人来看，明天换灯。"},
    "extend": {"workdays": "3", "reason": "要等配件"},
    "request_return": {"rule": RULE, "right_unit": "health", "reason": "不归我们"},
    "feedback": {
        "found": "十一月三日上门看过，三盏灯都不亮", "result": "当天换了灯泡和开关",
        "basis": "《物业管理条例》", "contacted": "reached",
    },
}  # fmt: skip
AT_THE_DESK: dict[str, dict[str, str]] = {
    "bring_in": {"bureau": "health", "reason": "请协助"},
    "correct_route": {"bureau": "health", "reason": "卫健职责"},
    "raise_urgency": {"level": "urgent", "reason": "老人摔倒了"},
    "withdraw": {"note": "本人说不用了"},
    "merge": {},
}
SIGNED_FIRST = ("record_contact", "reply", "extend", "feedback")


def seen_on(page: str) -> str:
    """What a form of the page says of it."""
    return re.findall(r'name="seen" value="(\d+)"', page)[0]


@pytest.mark.parametrize("act", [*TWICE, *AT_THE_DESK])
def test_a_form_sent_twice_does_it_once_and_says_so(
    county: County, state: State, app: FastAPI, lamp: str, act: str
) -> None:
    base, login = ("/desk", "lead01") if act in AT_THE_DESK else ("/inbox", "housing.1")
    if act in SIGNED_FIRST:
        county.do("housing.1", "sign", lamp)
    if act == "feedback":
        county.do("housing.1", "record_contact", lamp, who="本人", outcome="reached")
    fields = {**TWICE, **AT_THE_DESK}[act]
    if act == "merge":
        fields = {"other": county.call("again", LAMP, "+8613800000009")}
    someone = signed_in(state, app, login)
    seen = seen_on(someone.get(f"{base}/{lamp}").text)
    first = someone.form(f"{base}/{lamp}/{act}", seen=seen, **fields)
    assert first.status_code == 303, first.text[:400]
    entries = len(county.rows(Event, lamp))
    second = someone.form(f"{base}/{lamp}/{act}", seen=seen, **fields)
    assert len(county.rows(Event, lamp)) == entries, f"{act} was done twice"
    assert second.status_code in (303, 403, 409), second.text[:400]
    if second.status_code != 303:
        assert 'role="alert"' in second.text
        assert all(value in second.text for value in fields.values() if len(value) > 8)


def test_a_clock_set_back_an_hour_hinders_nobody_and_is_named(
    county: County, state: State, app: FastAPI, lamp: str
) -> None:
    due = county.lead(lamp).due_at
    county.now.forward(hours=-1)
    with state.database.read() as session:
        [said] = ailments(session, county.now(), timedelta(minutes=5))
    assert said.startswith("the clock of this machine says 2026-11-03 00:10:00")
    assert said.endswith("set the clock right")
    food = county.call("food", FOOD, "+8613800000003")
    assert county.request(food).level == "urgent", "help is not told to wait"
    county.do("housing.1", "sign", lamp)
    county.do("housing.1", "record_contact", lamp, who="本人", outcome="reached")
    county.do("housing.1", "reply", lamp, text="已经派人来看，明天换灯。")
    county.do(
        "housing.1", "feedback", lamp, found="上门看过，三盏灯都不亮", result="当天换了灯泡和开关",
        basis="《物业管理条例》", contacted="reached",
    )  # fmt: skip
    county.do("op01", "callback", lamp, outcome="reached", resolved=True, view="satisfied")
    county.do("op01", "close", lamp, reason="resolved")
    assert county.request(lamp).status == Status.CLOSED
    assert county.request(lamp).received_at < due
    county.tick()
    for path in (f"/desk/{food}", f"/desk/{lamp}", "/desk"):
        assert signed_in(state, app, "op01").get(path).status_code == 200
    county.now.forward(hours=1, minutes=30)
    for _ in range(2):
        county.tick()
    with state.database.read() as session:
        found = audit(session, state.offices.current(), county.now(), timedelta(minutes=5))
        assert found.faults == []
        assert ailments(session, county.now(), timedelta(minutes=5)) == []
