"""What is asked all day reads ranges of an index, never the whole of a table that grows for ever:
with the years a call for help would take longer to be kept, and a page longer to come."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Index, event
from sqlmodel import SQLModel

from gateway.state import State
from gateway.ticks import Ticks
from tests.conftest import Clock
from tests.gateway.people import FOOD, JUMP, QUESTION, application, said, signed_in

GROWING = (
    "address", "attachment", "call", "clock", "contact", "event", "journal", "look", "note",
    "outbox", "person", "referral", "request", "task",
)  # fmt: skip
DESK_PAGES = (
    "/desk", "/desk?tab=urgent", "/desk?tab=second", "/desk?tab=soon", "/desk?tab=late",
    "/desk?tab=returned", "/desk?tab=alike", "/desk?tab=missed", "/desk?tab=under_way",
    "/desk?tab=callback", "/desk?tab=mine", "/desk?tab=closed", "/desk/calls", "/desk/enter",
    "/desk/{number}", "/desk/{number}/panel?tab=triage",
)  # fmt: skip
INBOX_PAGES = (
    "/inbox", "/inbox?tab=handling", "/inbox?tab=yellow", "/inbox?tab=inbox_late",
    "/inbox?tab=sent_back", "/inbox?tab=cooperating", "/inbox?tab=finished", "/inbox/{number}",
)  # fmt: skip
GROWING_TOO = {
    "ix_clock_breached_at", "ix_clock_sign_started_at", "ix_contact_reporter",
    "ix_event_rehandled_at",
}  # fmt: skip
IN_ORDER = {"ix_request_received_at", "ix_request_ended"}
"""Read from one end until a page is full."""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _of_what_waits() -> set[str]:
    """The indexes that hold only what still waits for something: they do not grow for ever."""
    tables = SQLModel.metadata.tables.values()
    indexes = [each for table in tables for each in table.indexes if isinstance(each, Index)]
    partial = {
        str(each.name) for each in indexes if each.dialect_options["sqlite"]["where"] is not None
    }
    return partial - GROWING_TOO


@contextmanager
def reading(state: State) -> Iterator[list[str]]:
    """Collects what reads a growing table whole."""
    waiting, seen, found = _of_what_waits(), set[str](), list[str]()

    def hear(
        connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        known = statement.lstrip()[:7].upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
        if statement in seen or not known:
            return
        seen.add(statement)
        own = connection.connection.dbapi_connection.cursor()
        own.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
        for *_, step in own.fetchall():
            scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$", step)
            if scan and scan[1] in GROWING and scan[2] not in waiting | IN_ORDER:
                found.append(f"{step}: {' '.join(statement.split())}")

    event.listen(state.database.engine, "before_cursor_execute", hear)
    yield found
    event.remove(state.database.engine, "before_cursor_execute", hear)
    assert seen, "nothing was asked"


def test_a_message_and_what_is_added_to_it_later(state: State, now: Clock) -> None:
    with reading(state) as found:
        said(state, "first", QUESTION, "+8613900001001")
        now.forward(minutes=30)
        said(state, "worse", "我妈断粮两天了，起不来床，在柳湾镇柳湾村", "+8613900001001")
        now.forward(minutes=30)
        said(state, "worst", "她晕倒了没有呼吸", "+8613900001001")
        now.forward(hours=30)
        said(state, "nobody", "还是没有人来", "+8613900001001")
        said(state, "child", "我爸天天打我，我今年十二岁，在滨河街道临江社区", "+8613900001002")
        said(state, "jump", JUMP, "+8613900001003")
        said(state, "complains", "我要投诉县民政局不给办", "+8613900001003")
        said(state, "reported", FOOD, "+8613900001004")
    assert found == []


@pytest.mark.parametrize(
    ("login", "pages"),
    [
        ("op01", DESK_PAGES),
        ("lead01", (*DESK_PAGES, "/board")),
        ("super01", (*DESK_PAGES, "/board")),
        ("civil_affairs.1", INBOX_PAGES),
        ("grid_w0403", INBOX_PAGES),
    ],
)
def test_a_page(state: State, login: str, pages: tuple[str, ...]) -> None:
    number = said(state, "asked", FOOD, "+8613900001011").number
    said(state, "asked-too", QUESTION, "+8613900001012")
    somebody = signed_in(state, application(state), login)
    somebody.get(pages[0])
    with reading(state) as found:
        answers = [somebody.get(page.format(number=number)).status_code for page in pages]
    assert found == []
    assert answers.count(200) >= len(pages) - 1, answers


def test_a_citizen_asks_how_far_it_is(state: State) -> None:
    outcome = said(state, "asked", FOOD, "+8613900001021")
    caller = signed_in(state, application(state), "op01")
    with reading(state) as found:
        page = caller.form("/status", number=str(outcome.number), code=str(outcome.code))
        caller.get(page.headers.get("location", "/status"))
    assert found == []


@pytest.mark.parametrize(
    "tick",
    [
        "deliver",
        "sweep",
        "compare",
        "resume",
        "tidy",
        "relieve",
        "look_ahead",
        "reach_out",
        "round",
    ],
)
def test_what_recurs(state: State, now: Clock, tick: str) -> None:
    said(state, "asked", FOOD, "+8613900001031")
    now.forward(hours=3)
    ticks = Ticks.of(state)
    with reading(state) as found:
        asyncio.run(getattr(ticks, tick)())
    assert found == []
