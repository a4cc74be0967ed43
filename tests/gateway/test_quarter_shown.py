"""The sums of a closed quarter are those of the orders that may be said to who reads them: none of
them says that there is one more."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from gateway.quarter_closing import digest
from gateway.quarter_figures import EACH, without
from gateway.state import State
from models.quarters import ClosedQuarter
from tests.conftest import Clock
from tests.gateway.people import application, signed_in
from tests.gateway.test_complained_about import QUARTER, barred, id_of, ordered

BODY = {"unit": "civil_affairs", "quarter": "2026Q3"}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def closed(state: State, app: FastAPI) -> None:
    assert signed_in(state, app, "super02").post("/api/v1/reports/quarter", BODY).is_success


def told(state: State, app: FastAPI, secret: str, login: str = "super01") -> dict[str, Any]:
    """The closed quarter as somebody reads it about whom one request complains."""
    barred(state, id_of(state, secret), login)
    answer = signed_in(state, app, login).get(f"/api/v1/reports/quarter{QUARTER}")
    figures: dict[str, Any] = answer.json()["closed"]["figures"]
    assert secret not in answer.text
    assert sorted(figures) == sorted(answer.json().keys() - {"closed"}), "and no more than ever"
    return figures


def sums(figures: dict[str, Any]) -> tuple[int, int, int]:
    return figures["orders"], figures["requests"], sum(figures["doors"].values())


def test_the_doors_say_no_more_requests_than_there_are(
    state: State, app: FastAPI, now: Clock
) -> None:
    secret, _ = ordered(state, app)
    now.forward(days=3)
    closed(state, app)
    assert sums(told(state, app, secret)) == (1, 1, 1)


def test_an_order_that_was_cancelled_is_not_taken_off_sums_that_never_counted_it(
    state: State, app: FastAPI, now: Clock
) -> None:
    secret, _ = ordered(state, app)
    desk = signed_in(state, app, "super02")
    answer = desk.act(secret, "correct_route", bureau="health", reason="应由卫健负责")
    assert answer.is_success
    now.forward(days=3)
    closed(state, app)
    assert sums(told(state, app, secret)) == (1, 1, 1)


def test_an_order_of_the_last_minutes_is_taken_off_too(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = datetime(2026, 9, 30, 15, 55, tzinfo=UTC)  # 23:55 in China
    secret, _ = ordered(state, app)
    now.forward(minutes=6)
    closed(state, app)
    assert sums(told(state, app, secret)) == (1, 1, 1)


def test_of_a_quarter_that_was_closed_before_orders_were_kept_one_by_one_the_lists_say_what_stood(
    state: State, app: FastAPI, now: Clock
) -> None:
    secret, _ = ordered(state, app)
    now.forward(days=3)
    closed(state, app)
    with state.database.write() as connection:
        figures = connection.execute(select(ClosedQuarter.__table__.c.figures)).scalar_one()
        before = {name: value for name, value in figures.items() if name != EACH}
        values = {"figures": before, "digest": digest(before)}
        connection.execute(update(ClosedQuarter).values(**values))
    whole = signed_in(state, app, "lead01").get(f"/api/v1/reports/quarter{QUARTER}").json()
    assert sums(whole["closed"]["figures"]) == (2, 2, 2)
    figures = told(state, app, secret)
    assert sums(figures) == (1, 1, 0)
    assert figures["median_dispute_minutes"] is None


def order(number: str, *met: str, door: str = "sms", gone: bool = False) -> dict[str, Any]:
    return {
        "number": number, "unit": "housing", "door": door, "gone": gone, "met": list(met),
        "missed": [], "disputed_seconds": [600.0 if number == "A" else 60.0],
    }  # fmt: skip


def test_every_sum_is_that_of_the_orders_that_are_left() -> None:
    rate = {"code": "returned", "met": 4, "counted": 4, "numbers": ["A", "B"], "missed": []}
    kept = {
        "orders": 3, "requests": 2, "doors": {"sms": 1, "phone": 1}, "small_below": 20,
        "median_dispute_minutes": 5.5, "rates": [rate],
        EACH: [
            order("A", "returned"), order("A", "returned", gone=True),
            order("B", "returned", door="phone"), order("B", "returned", door="phone"),
        ],
    }  # fmt: skip
    found = without(kept, {"A"})
    assert (found["orders"], found["requests"], found["doors"]) == (2, 1, {"phone": 1})
    assert found["median_dispute_minutes"] == 1.0
    [left] = found["rates"]
    assert (left["met"], left["counted"], left["share"], left["numbers"]) == (2, 2, 1.0, ("B",))
    assert EACH not in without(kept, ())


@pytest.mark.parametrize(
    ("language", "good", "never"),
    [("zh-CN", "没有申请退单的：", "未达到"), ("en", "no return asked:", "Not met")],
)
def test_who_is_counted_and_does_not_meet_a_rate_is_called_by_the_words_of_that_rate(
    state: State, app: FastAPI, now: Clock, language: str, good: str, never: str
) -> None:
    """An order that nobody asked to return has not failed to reach a rate of returns."""
    ordered(state, app)
    now.forward(days=3)
    page = signed_in(state, app, "super01").get(f"/reports/quarter{QUARTER}&lang={language}").text
    assert good in page
    assert never not in page
    rules = state.offices.current().policy.rates
    assert all(rule.others_zh and rule.others_en for rule in rules)
