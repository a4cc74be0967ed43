"""A token of a partner system opens nothing from the moment it is closed."""

from datetime import timedelta

import pytest

from gateway import accounts, sessions
from gateway.state import State
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.test_cli import huiyin, refused
from tests.journeys.test_as_12_shift_change import events


def add(state: State, name: str, now: Clock) -> str:
    with acting(state.database, state.mint) as tx:
        return accounts.add_token(tx, name, "contacts:write", now())


def lets_in(state: State, token: str) -> bool:
    with state.database.read() as session:
        try:
            return sessions.partner(session, token).name == "oa"
        except sessions.NotSignedIn:
            return False


def test_a_closed_token_opens_nothing_and_another_of_its_name_takes_its_place(
    state: State, now: Clock
) -> None:
    first = add(state, "oa", now)
    assert lets_in(state, first)
    with acting(state.database, state.mint) as tx:
        accounts.close_token(tx, "oa", "对方系统停用", now() + timedelta(hours=1))
    assert not lets_in(state, first)
    (entry,) = events(state, "token_closed")
    assert (entry["token"], entry["reason"]) == ("oa", "对方系统停用")
    second = add(state, "oa", now)
    assert (lets_in(state, first), lets_in(state, second)) == (False, True)
    with pytest.raises(ValueError, match="already"):
        add(state, "oa", now)


@pytest.mark.parametrize(("name", "reason"), [("nobody", "停用"), ("oa", " ")])
def test_what_is_not_there_and_what_has_no_reason_is_not_closed(
    state: State, now: Clock, name: str, reason: str
) -> None:
    token = add(state, "oa", now)
    with acting(state.database, state.mint) as tx, pytest.raises(ValueError):
        accounts.close_token(tx, name, reason, now())
    assert lets_in(state, token)


def test_on_the_console_tokens_are_listed_and_closed(tmp_path) -> None:
    data = tmp_path / "data"
    huiyin("tokens", "add", "county-oa", "--scope", "contacts:write", data=data)
    assert "county-oa  contacts:write" in huiyin("tokens", "list", data=data).stdout
    done = huiyin("tokens", "close", "county-oa", "--reason", "对方退出", data=data)
    assert done.returncode == 0
    assert "closed" in huiyin("tokens", "list", data=data).stdout
    assert refused(huiyin("tokens", "close", "county-oa", "--reason", "再一次", data=data))
