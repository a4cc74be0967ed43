"""Whose words a list gives to somebody is remembered: pages of a list add up to an alarm."""

import pytest
from fastapi import FastAPI
from sqlalchemy import event, select, update
from sqlmodel import col

from gateway import views
from gateway.state import State
from models.access import Look
from models.requests import HelpRequest
from tests.conftest import Clock
from tests.gateway.people import Caller, application, partner, said, signed_in

REQUESTS = "/api/v1/requests"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def many(state: State) -> int:
    """So many requests, all of civil affairs."""
    for at in range(5):
        said(state, f"m{at}", "我母亲断粮两天了，在滨河街道临江社区", f"+861381234{at:04d}")
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(holder_unit="civil_affairs"))
    return 5


def listed(state: State, login: str) -> list[int]:
    """Of which requests it is kept that this person read them in a list."""
    with state.database.read() as session:
        query = select(Look).where(col(Look.act) == "see_listed", col(Look.login) == login)
        return [one.request_id or 0 for one in session.scalars(query)]


@pytest.mark.parametrize("login", ["op01", "civil_affairs.1"])
def test_each_request_that_data_list_is_one_look_an_hour(
    state: State, app: FastAPI, now: Clock, many: int, login: str
) -> None:
    caller = signed_in(state, app, login)
    first = caller.get(f"{REQUESTS}?limit=2").json()
    assert len(set(listed(state, login))) == 2
    caller.get(f"{REQUESTS}?limit=2")
    assert len(listed(state, login)) == 2
    caller.get(f"{REQUESTS}?limit=100&after={first['next']}")
    assert len(listed(state, login)) == len(set(listed(state, login))) == many
    now.forward(minutes=61)
    signed_in(state, app, login).get(f"{REQUESTS}?limit=100")
    assert len(listed(state, login)) == 2 * many


def test_who_turns_the_pages_of_a_queue_is_remembered_and_who_opens_it_is_not(
    state: State, app: FastAPI, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with state.database.read() as session:
        keys = list(session.scalars(select(col(HelpRequest.queue_key))))
    for login, path in (
        ("op01", "/desk?tab=triage"),
        ("civil_affairs.1", "/inbox?tab=to_sign"),
        ("super01", "/board/list?figure=received_today"),
    ):
        caller = signed_in(state, app, login)
        caller.get(path)
        assert listed(state, login) == [], path
        turned = caller.get(f"{path}&after={min(keys)}")
        assert turned.status_code == 200, path
        assert 0 < len(listed(state, login)) < many, path


def test_a_list_without_words_is_no_look(state: State, app: FastAPI, many: int) -> None:
    for login in ("audit01", "admin01"):
        assert len(signed_in(state, app, login).get(REQUESTS).json()["requests"]) == many
        assert listed(state, login) == []
    answer = partner(state, app, "pbx", "requests:read").get(REQUESTS)
    assert answer.status_code == 200


def test_a_list_costs_no_query_a_row_and_one_that_was_read_lately_writes_nothing(
    state: State, app: FastAPI, many: int
) -> None:
    caller = signed_in(state, app, "op01")

    def statements(limit: int) -> list[str]:
        heard: list[str] = []

        def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            heard.append(statement)

        event.listen(state.database.engine, "before_cursor_execute", hear)
        try:
            assert len(caller.get(f"{REQUESTS}?limit={limit}").json()["requests"]) == limit
        finally:
            event.remove(state.database.engine, "before_cursor_execute", hear)
        return heard

    statements(many)
    few, all_of_them = statements(2), statements(many)
    assert len(few) == len(all_of_them)
    assert [one for one in all_of_them if one.startswith(("INSERT", "UPDATE look"))] == []
    assert views.MOST < 300, "one page raises no alarm"


def test_the_looks_of_a_list_are_told_in_words_to_who_audits(
    state: State, app: FastAPI, many: int
) -> None:
    signed_in(state, app, "op01").get(REQUESTS)
    auditor: Caller = signed_in(state, app, "audit01")
    assert "在列表中读到" in auditor.get("/audit").text
