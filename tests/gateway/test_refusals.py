"""Who is refused something is counted and logged, without what it was about."""

import logging

import pytest
from fastapi import FastAPI

from gateway.state import State
from tests.gateway.people import FOOD, Caller, application, said, signed_in


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def counted(state: State) -> dict[str, float]:
    """What was refused at all; the others stand at nought."""
    return {
        sample.labels["what"]: sample.value
        for family in state.counts.registry.collect()
        for sample in family.samples
        if sample.name == "huiyin_refusals_total" and sample.value
    }


def test_a_page_or_act_without_the_right_is_counted_and_logged_with_the_account(
    state: State, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    number = said(state, "a", FOOD).number
    village = signed_in(state, app, "village_w0102.1")
    with caplog.at_level(logging.WARNING):
        assert village.get("/admin").status_code == 403
        assert village.get(f"/api/v1/requests/{number}").status_code == 404
        assert Caller(app).get(f"/api/v1/requests/{number}").status_code == 401
    assert counted(state) == {"right": 2, "session": 1}
    lines = [vars(one) for one in caplog.records if one.getMessage() == "refused"]
    assert lines[0]["login"] == "village_w0102.1"
    assert number not in str(lines), "the route, never what was asked for"


def test_what_the_case_does_not_allow_is_no_attempt(state: State, app: FastAPI) -> None:
    number = said(state, "a", FOOD).number
    operator = signed_in(state, app, "op01")
    assert operator.act(number, "close", reason="done").status_code in (409, 422)
    assert counted(state) == {}


def test_a_call_that_is_not_from_whom_it_says_is_counted(state: State, app: FastAPI) -> None:
    hook = Caller(app).http.post
    assert hook("/hook/recording", content=b"{}").status_code == 403
    assert counted(state) == {"signature": 1}
    assert hook("/hook/nothing", content=b"{}").status_code == 404
    assert counted(state) == {"signature": 1}


def test_a_wrong_guess_at_an_account_is_counted_and_logged_without_what_was_typed(
    state: State, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    signed_in(state, app, "op01")
    typed = {"login": "op01", "password": "Wrong-password-123"}
    with caplog.at_level(logging.WARNING):
        codes = [Caller(app).http.post("/sign-in", data=typed).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    assert counted(state) == {"password": 5, "pause": 2}
    lines = [vars(one) for one in caplog.records if one.getMessage() == "refused"]
    assert [one["why"] for one in lines] == ["refusal.wrong_password"] * 5 + ["refusal.wait"] * 2
    assert "op01" not in str(lines)
    assert "Wrong-password-123" not in str(lines)
