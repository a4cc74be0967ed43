"""Members of staff and partners who call, for the tests of what they may do and see."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI

from gateway import accounts, sessions
from gateway.app import create_app
from gateway.state import State
from models.messages import Outcome
from models.transaction import acting
from tests.client import TestClient
from tests.fakes import call

PASSWORD = "seven bright kites 2026"
FOOD = "我母亲断粮两天了，她一个人在滨河街道临江社区，电话13812345678"
"""Urgent: the township of W01 acts first, civil affairs leads."""
QUESTION = "请问低保要带哪些材料，我住在柳湾镇柳湾村"
JUMP = "有人要跳楼，在南门街道和平社区，快来人"
COMPLAINT = "我要投诉，临江社区的村干部把低保给了自己亲戚"


@cache
def kept_password() -> str:
    """One Argon2id hash for all accounts of the tests: making it takes a tenth of a second."""
    return accounts.hash_password(PASSWORD)


def said(state: State, mark: str, text: str, sender: str = "+8613812345678") -> Outcome:
    """A citizen says something; it goes the one path."""
    channel = state.channels["recording"]
    return state.intake.receive(channel, call(mark, text, sender), state.now()).result(20)


def application(state: State) -> FastAPI:
    """The whole application on a wired process."""
    return create_app(state)


class Caller:
    """Somebody with a browser, or a partner with a token."""

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None) -> None:
        self.http = TestClient(
            app,
            base_url="https://hotline.example",
            headers=dict(headers or {}),
            follow_redirects=False,
        )

    def get(self, path: str, **more: Any) -> Any:
        return self.http.get(path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.http.post(path, json=json if json is not None else {}, **more)

    def act(self, number: str, act: str, **body: Any) -> Any:
        return self.post(f"/api/v1/requests/{number}/{act}", body)

    def form(self, path: str, **fields: str) -> Any:
        csrf = self.http.headers["x-csrf-token"]
        return self.http.post(path, data={"csrf": csrf, **fields})

    def search(self, path: str, **fields: str) -> Any:
        """What a search finds: it is posted, and its page is opened by a mark."""
        answer = self.form(path, **fields)
        there = answer.headers.get("location", "")
        return self.get(there) if "search=" in there or "q=" in there else answer


def signed_in(state: State, app: FastAPI, login: str) -> Caller:
    """A member of staff who has signed in, with the token that changes need. Their password is
    ``PASSWORD``; nobody asks for it here: checking one costs more than most tests."""
    with acting(state.database, state.mint) as tx:
        accounts.set_password(tx, login, kept_password(), state.now())
        key = sessions.open_session(tx, login, state.now(), passed=True)
    caller = Caller(app)
    caller.http.cookies.set(sessions.cookie_name(state.settings), key)
    caller.http.headers["x-csrf-token"] = sessions.signed_in(state, key).csrf
    return caller


def partner(state: State, app: FastAPI, name: str, scope: str) -> Caller:
    """A partner system with a token of this scope."""
    with acting(state.database, state.mint) as tx:
        token = accounts.add_token(tx, name, scope, state.now())
    return Caller(app, {"authorization": f"Bearer {token}"})
