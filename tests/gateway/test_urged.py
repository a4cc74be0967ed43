"""What a supervisor says when urging is seen by the unit that must act, until its answer is in."""

import pytest
from fastapi import FastAPI

from gateway.state import State
from tests.gateway.people import QUESTION, application, said, signed_in

WORDS = "请今天联系诉求人并说明进度"
ANSWER = {
    "found": "已核对您家的情况",
    "result": "请带户口本到镇里申请",
    "basis": "《社会救助法》第十一条",
    "contacted": "reached",
    "absent": "都已问过",
}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def test_a_unit_sees_that_it_is_urged_and_reads_why(state: State, app: FastAPI) -> None:
    number = said(state, "f", QUESTION).number
    signed_in(state, app, "dispatch01").act(number, "confirm")
    bureau = signed_in(state, app, "civil_affairs.1")
    assert bureau.act(number, "sign").status_code == 200
    assert "▲ 有催办" not in bureau.get("/inbox?tab=handling").text
    supervisor = signed_in(state, app, "super01")
    urged = supervisor.form(f"/desk/{number}/urge", words=WORDS, written="true")
    assert urged.status_code == 303
    assert "▲ 有催办" in bureau.get("/inbox?tab=handling").text
    page = bureau.get(f"/inbox/{number}").text
    notice = page.partition('id="urged"')[2].partition("</section>")[0]
    assert WORDS in notice
    assert "书面督办" in notice
    bureau.act(number, "record_contact", who="本人", outcome="reached")
    assert bureau.act(number, "feedback", **ANSWER).status_code == 200
    assert 'id="urged"' not in bureau.get(f"/inbox/{number}").text


def test_a_unit_reads_first_why_its_answer_came_back(state: State, app: FastAPI) -> None:
    number = said(state, "f", QUESTION).number
    signed_in(state, app, "dispatch01").act(number, "confirm")
    bureau = signed_in(state, app, "civil_affairs.1")
    bureau.act(number, "sign")
    bureau.act(number, "record_contact", who="本人", outcome="reached")
    assert bureau.act(number, "feedback", **ANSWER).status_code == 200
    back = signed_in(state, app, "lead01").act(number, "rehandle", reason="说本周上门，没有人来")
    assert back.status_code == 200, back.text
    page = bureau.get(f"/inbox/{number}").text
    notice = page.partition('id="urged"')[2].partition("</section>")[0]
    assert "说本周上门，没有人来" in notice
    assert "退回重办" in notice


def test_who_grants_more_time_reads_what_was_asked_for(state: State, app: FastAPI) -> None:
    number = said(state, "f", QUESTION).number
    signed_in(state, app, "dispatch01").act(number, "confirm")
    bureau = signed_in(state, app, "civil_affairs.1")
    bureau.act(number, "sign")
    asked = bureau.act(number, "extend", workdays=3, reason="要等财产核对结果")
    assert asked.status_code == 200, asked.text
    page = signed_in(state, app, "super01").get(f"/desk/{number}").text
    assert "申请延长 3 个工作日：要等财产核对结果。" in page
