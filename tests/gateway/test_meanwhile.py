"""A page that somebody else has overtaken: nothing is done unseen, nothing typed is lost."""

import re

import pytest
from fastapi import FastAPI

from gateway.state import State
from tests.gateway.people import FOOD, QUESTION, Caller, application, said, signed_in

TYPED = "请带户口本到镇里办理，三天内答复您。"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def seen_on(page: str) -> str:
    return re.findall(r'name="seen" value="(\d+)"', page)[0]


def opened(state: State, app: FastAPI, login: str, page: str) -> tuple[Caller, str]:
    caller = signed_in(state, app, login)
    return caller, seen_on(caller.get(page).text)


def test_who_was_slower_sees_both_versions_and_may_send_it_all_the_same(
    state: State, app: FastAPI
) -> None:
    number = said(state, "question", QUESTION).number or ""
    page = f"/inbox/{number}"
    slow, seen = opened(state, app, "civil_affairs.1", page)
    quick = signed_in(state, app, "civil_affairs.2")
    assert quick.form(f"{page}/reply", text="同事已经答复过了").status_code == 303
    late = slow.form(f"{page}/reply", text=TYPED, seen=seen)
    assert late.status_code == 409
    assert TYPED in late.text, "what was typed is still in its field"
    assert "同事已经答复过了" in late.text, "and beside it what happened meanwhile"
    again = slow.form(f"{page}/reply", text=TYPED, seen=seen_on(late.text))
    assert again.status_code == 303
    assert TYPED in slow.get(page).text


def test_words_of_the_citizen_count_as_news_and_reminders_do_not(
    state: State, app: FastAPI
) -> None:
    number = said(state, "question", QUESTION).number or ""
    page = f"/desk/{number}"
    desk, seen = opened(state, app, "op01", page)
    said(state, "more", "补充一下，我家是四口人")
    assert desk.form(f"{page}/reply", text=TYPED, seen=seen).status_code == 409
    desk, seen = opened(state, app, "op01", page)
    answer = desk.form(f"{page}/reply", text=TYPED, seen=seen)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=reply")


def test_raising_is_never_too_late(state: State, app: FastAPI) -> None:
    number = said(state, "question", QUESTION).number or ""
    page = f"/desk/{number}"
    desk, seen = opened(state, app, "op01", page)
    assert signed_in(state, app, "lead01").form(f"{page}/confirm").status_code == 303
    raised = desk.form(f"{page}/raise_urgency", level="urgent", reason="断粮了", seen=seen)
    assert raised.status_code == 303


def test_words_for_an_order_that_has_gone_elsewhere_are_shown_back(
    state: State, app: FastAPI
) -> None:
    number = said(state, "question", QUESTION).number or ""
    page = f"/inbox/{number}"
    slow, seen = opened(state, app, "civil_affairs.1", page)
    desk = signed_in(state, app, "dispatch01")
    assert desk.act(number, "correct_route", bureau="housing", reason="住房").status_code == 200
    late = slow.form(f"{page}/reply", text=TYPED, seen=seen)
    assert late.status_code in (403, 404, 409)
    assert TYPED in late.text


def test_a_program_may_say_what_it_has_seen(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number or ""
    one, two = signed_in(state, app, "op01"), signed_in(state, app, "lead01")
    seen = one.get(f"/api/v1/requests/{number}").json()["seen"]
    assert two.act(number, "confirm").status_code == 200
    path = f"/api/v1/requests/{number}/reply?seen={seen}"
    late = one.post(path, {"text": TYPED})
    assert (late.status_code, late.json()["key"]) == (409, "refusal.stale")
    assert [entry["kind"] for entry in late.json()["meanwhile"]] == ["confirmed"]
    now = one.get(f"/api/v1/requests/{number}").json()["seen"]
    assert (
        one.post(f"/api/v1/requests/{number}/reply?seen={now}", {"text": TYPED}).status_code == 200
    )
    assert one.post(f"/api/v1/requests/{number}/reply").status_code == 422
