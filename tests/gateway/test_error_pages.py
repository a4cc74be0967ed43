"""When an address leads nowhere or something fails: whose page it is and what it offers."""

from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from gateway.hooks import TooLarge
from gateway.state import State
from gateway.web.staff import session_of
from models.db import Busy
from models.messages import Unreadable
from tests.client import TestClient
from tests.gateway.people import Caller, application, signed_in

LOOKING = {"accept": "text/html"}
FAULTS = {
    "busy": (Busy("locked"), 503),
    "broken": (ZeroDivisionError("a secret of ours"), 500),
    "large": (TooLarge(1), 413),
    "unread": (Unreadable("half a form"), 400),
}


def _failing(error: Exception, *, known: bool) -> Callable[[Request], Awaitable[Response]]:
    async def fail(request: Request) -> Response:
        if known:
            session_of(request)
        raise error

    return fail


@pytest.fixture
def app(state: State) -> FastAPI:
    """The application with addresses at which something fails."""
    app = application(state)
    for name, (error, _) in FAULTS.items():
        app.router.routes.insert(0, Route(f"/desk/-/{name}", _failing(error, known=False)))
        app.router.routes.insert(0, Route(f"/help/-/{name}", _failing(error, known=False)))
        app.router.routes.insert(0, Route(f"/desk/-/known/{name}", _failing(error, known=True)))
    return app


def _of_staff(text: str) -> bool:
    return "回音工作台" in text and 'href="/help"' not in text


def test_an_unknown_address_shows_staff_the_way_back_to_their_work(
    state: State, app: FastAPI
) -> None:
    for login, home in (("op01", "/desk"), ("civil_affairs.1", "/inbox"), ("grid_w0403", "/field")):
        answer = signed_in(state, app, login).get("/nothing/there", headers=LOOKING)
        assert answer.status_code == 404
        assert _of_staff(answer.text)
        assert f'class="button" href="{home}"' in answer.text, login


def test_an_unknown_address_shows_everybody_else_how_to_ask_for_help(app: FastAPI) -> None:
    answer = Caller(app).get("/nothing/there", headers=LOOKING)
    assert answer.status_code == 404
    assert 'class="button" href="/help"' in answer.text
    assert "回音工作台" not in answer.text


def test_an_address_of_staff_sends_nobody_to_the_pages_of_citizens(app: FastAPI) -> None:
    answer = Caller(app).get("/board/nothing/there", headers=LOOKING)
    assert answer.status_code == 404
    assert _of_staff(answer.text)
    assert 'class="button" href="/sign-in"' in answer.text


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_in_the_words_of_who_meets_it(
    state: State, app: FastAPI, name: str
) -> None:
    status = FAULTS[name][1]
    citizen = TestClient(app, raise_server_exceptions=False)
    answer = citizen.get(f"/help/-/{name}", headers=LOOKING)
    assert (answer.status_code, "回音工作台" in answer.text) == (status, False)
    assert "110" in answer.text, "danger can always be called"
    answer = citizen.get(f"/desk/-/{name}", headers=LOOKING)
    assert answer.status_code == status
    assert _of_staff(answer.text)
    assert "secret" not in answer.text


def test_what_fails_for_who_is_signed_in_leads_back_to_their_work_and_tells_the_time(
    state: State, app: FastAPI
) -> None:
    operator = signed_in(state, app, "op01")
    answer = operator.get("/desk/-/known/busy", headers=LOOKING)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert 'class="button" href="/desk"' in answer.text
    assert "发生时间：9月30日16:40" in answer.text


def test_a_busy_database_is_not_asked_who_looks_and_offers_to_try_again(app: FastAPI) -> None:
    answer = Caller(app).get("/desk/-/busy", headers=LOOKING)
    assert answer.status_code == 503
    assert 'class="button" href="/desk"' in answer.text
    assert "再试一次" in answer.text
    assert 'class="button" href="/sign-in"' not in answer.text


def test_an_address_that_only_a_button_reaches_is_a_page_not_a_line_of_the_machines(
    state: State, app: FastAPI
) -> None:
    answer = signed_in(state, app, "op01").get("/sign-out", headers=LOOKING)
    assert answer.status_code == 405
    assert "这个地址不能直接打开" in answer.text


def test_letters_where_a_number_stands_are_no_page(state: State, app: FastAPI) -> None:
    answer = signed_in(state, app, "op01").get("/imports/abc", headers=LOOKING)
    assert answer.status_code == 404
    assert _of_staff(answer.text)
    assert "没有这个页面" in answer.text


def test_what_one_may_not_see_is_a_page_that_cannot_be_opened_not_an_act_that_failed(
    state: State, app: FastAPI
) -> None:
    operator = signed_in(state, app, "op01")
    for address, status in (("/admin", 403), ("/desk/20200101-000001", 404)):
        answer = operator.get(address, headers=LOOKING)
        assert answer.status_code == status
        assert "打不开这一页" in answer.text
        assert "没有办成" not in answer.text
        assert 'href="/desk"' in answer.text


def test_machines_get_no_page(app: FastAPI) -> None:
    assert Caller(app).get("/api/v1/nothing", headers=LOOKING).text[:1] == "{"
    assert Caller(app).get("/nothing/there").text[:1] == "{"
