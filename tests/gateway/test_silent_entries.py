"""What the proof of rows does not read says nothing to it, and no entry gets out of its sight."""

import ast
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text
from sqlmodel import Session

from gateway.ledger_rows import disagreements
from gateway.ledger_told import SILENT, Told
from gateway.state import State
from models.events import Event
from models.notes import IN_LEDGER, TYPED
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, said
from tests.gateway.test_households import rows
from tests.gateway.test_tampering import trying, walked

ROOT = Path(__file__).resolve().parents[2]
HEARD = {"now", "lead", "lead_bureau", "units", "logins", "successor", IN_LEDGER, *TYPED}


@pytest.fixture
def filled(state: State, now: Clock) -> State:
    for index, words in enumerate((FOOD, QUESTION, JUMP, COMPLAINT)):
        said(state, f"m{index}", words, f"+86199000{index:05d}")
    with acting(state.database, state.mint) as tx:
        tx.event("signed_in", at=now(), by="op01")
    return state


def test_a_silent_entry_says_nothing_of_its_request(filled: State) -> None:
    silent = [row for row in rows(filled, Event) if row.kind in SILENT]
    assert {row.kind for row in silent} == set(SILENT)
    for row in silent:
        told = Told()
        told.hear(row.kind, orjson.loads(row.detail))
        assert told == Told()


def test_nobody_writes_into_a_silent_entry_what_would_be_heard() -> None:
    found = 0
    for package in ("gateway", "referral", "models"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                kind = node.args[0] if node.args else None
                if (
                    node.func.attr == "event"
                    and isinstance(kind, ast.Constant)
                    and kind.value in SILENT
                ):
                    found += 1
                    assert {one.arg for one in node.keywords} & HEARD == set(), path
    assert found >= len(SILENT)


def test_a_request_with_silent_entries_alone_is_in_the_ledger_all_the_same(filled: State) -> None:
    names = ", ".join(f"'{kind}'" for kind in SILENT)
    with trying(filled) as connection, Session(bind=connection) as session:
        connection.execute(text(f"DELETE FROM event WHERE kind NOT IN ({names})"))
        assert [one for one in disagreements(session) if "is in no entry" in one] == []
        connection.execute(text("DELETE FROM event"))
        gone = [one for one in disagreements(session) if "is in no entry" in one]
        assert len(gone) == 4


def test_an_entry_that_hides_behind_a_request_that_is_not_there_is_named(filled: State) -> None:
    """Entries about no request are read by that they name none."""
    with trying(filled) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        changed = "UPDATE event SET request_id = 77 WHERE kind = 'signed_in'"
        assert connection.execute(text(changed)).rowcount == 1
        assert "is of no request, its row names 77" in walked(connection).fault


@pytest.mark.parametrize(
    "other", ["replace(at, ' ', 'T')", "at || '+00:00'", "substr(at, 1, 25)", "CAST(at AS BLOB)"]
)
def test_a_time_in_another_spelling_is_named(filled: State, other: str) -> None:
    if not filled.database.is_sqlite:
        return  # a time is no text there
    with trying(filled) as connection:
        connection.execute(text(f"UPDATE event SET at = {other} WHERE seq = 3"))
        assert walked(connection).fault.startswith("entry 3 ")
