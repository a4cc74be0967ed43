"""A masked export shows nothing of a protected column: what nobody has classed is not shown."""

import csv
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select
from sqlalchemy.types import JSON

from gateway import masking
from gateway.commands import export
from gateway.export_fields import FIELDS
from gateway.export_heads import HEADS
from gateway.exporting import EXPORTS
from gateway.revealing import masked
from gateway.state import State
from models.households import Household, HouseholdPhone, Resident
from models.relief import Decision, Relief
from models.requests import HelpRequest
from models.reserves import AidEntry
from tests.gateway.people import FOOD, said

CANARY = "我叫贺小满，电话13912345678"
NAME, PHONE = "贺小满", "13912345678"
UNSEEN = ("小满", "345678", "满，电话")


def canaries(table: Any, **given: Any) -> dict[str, Any]:
    """A row of this table with a canary in every protected column."""
    found = dict(given)
    for column in table.__table__.columns:
        if column.name in found or column.info["protection"] == "operational":
            continue
        kind = getattr(column.type, "impl", column.type)
        found[column.name] = [[CANARY]] if isinstance(kind, JSON) else CANARY
    return found


@pytest.fixture
def filled(state: State) -> State:
    """One row of what is exported, whatever is protected in it a canary."""
    said(state, "food", FOOD)
    now = state.now()
    with state.database.write() as connection:
        request = connection.execute(select(HelpRequest.__table__.c.id)).scalar_one()  # type: ignore[attr-defined]
        rows: list[tuple[Any, dict[str, Any]]] = [
            (
                Household,
                {"id": "T1", "version": 1, "head_name": NAME, "ended_why": "moved"},
            ),
            (
                Decision,
                {
                    "id": 1, "decided_at": now, "decided_by": "head", "unit": "civil_affairs",
                    "amount_fen": 1, "stages": [], "request_id": request,
                },
            ),
            (
                Relief,
                {
                    "id": 1, "number": "JZ1", "kind": "advance", "state": "delivered",
                    "green": False, "recipient": NAME, "service": "x", "need": "food", "cause": "x",
                    "form": "goods", "amount_fen": 1, "standard": "", "fund": "reserve",
                    "unit": "civil_affairs", "giver": "", "proposed_at": now, "proposed_by": "op01",
                    "guards": [], "explain_source": "", "explain_tag": "", "notice": "none",
                    "notice_source": "", "filed_with": "", "kin": "", "kin_of": "", "policy": "x",
                    "request_id": request, "decision_id": 1,
                },
            ),
            (
                AidEntry,
                {
                    "id": 1, "at": now, "kind": "grant", "amount_fen": 1, "recorded_by": "op01",
                    "unit": "civil_affairs", "voucher": "", "relief_id": 1,
                },
            ),
        ]  # fmt: skip
        for table, given in rows:
            connection.execute(insert(table).values(**canaries(table, **given)))
        for table, given in (
            (Resident, {"id": 1, "household_id": "T1", "name": NAME}),
            (HouseholdPhone, {"id": 1, "household_id": "T1", "number": PHONE, "whose": NAME}),
        ):
            connection.execute(insert(table).values(**given))
    return state


@pytest.mark.parametrize("what", [*EXPORTS])
def test_every_field_of_an_export_is_classed_and_no_canary_passes(filled: State, what: str) -> None:
    with filled.database.read() as session:
        kept = list(EXPORTS[what](session, (None, None)))
    assert kept
    for one in kept:
        assert set(one) - set(FIELDS[what]) == set(), "give the field its class"
        assert tuple(one) == HEADS[what], "name the field in the heading"
        shown = masking.row(one, masked, FIELDS[what])
        assert not any(part in str(shown) for part in UNSEEN), shown
    if what in ("relief", "aid_entries", "households"):
        assert "小满" in str(kept), "there was something to mask"


@pytest.mark.parametrize("what", sorted({*EXPORTS} - {"households"}))  # of no time: as it is now
@pytest.mark.parametrize("mask", [False, True])
def test_a_table_without_rows_still_says_what_stands_in_it(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, mask: bool
) -> None:
    """Who sums up a month in which nothing was delivered reads no broken file."""
    monkeypatch.setattr(export, "load", lambda: state.settings)
    monkeypatch.setattr(export, "open_current", lambda _: state.database)
    monkeypatch.setattr(state.database, "close", lambda: None)
    for fmt in ("csv", "xlsx"):
        path = tmp_path / f"{what}.{fmt}"
        export.run(what=what, fmt=fmt, since="2020-01", until="2020-01", output=path, mask=mask)
        if fmt == "csv":
            rows: Any = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        else:
            rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        assert [tuple(row) for row in rows] == [HEADS[what]]


def test_a_field_that_nobody_has_classed_is_not_shown() -> None:
    row = {"number": "HY1", "birthplace": "柳湾", "judgements": [["贺小满", 1]], "reason": CANARY}
    shown = masking.row(row, masked, {"number": "operational", "reason": "sensitive"})
    assert shown == {"number": "HY1", "birthplace": "***", "judgements": "***", "reason": "***"}


def test_a_call_that_nobody_could_read_is_not_shown_as_it_came() -> None:
    row = {"sender": "", "text": '{"name":"贺小满"}'}
    assert masking.row(row, masked, FIELDS["contacts"])["text"] == "***"


def test_names_of_the_row_are_starred_in_its_words_too() -> None:
    row = {"head_name": "贺芳", "members": "贺芳;贺小满", "note": "小心狗，贺小满在家"}
    assert masking.row(row, masked, FIELDS["households"])["note"] == "小心狗，贺**在家"


def test_an_export_said_to_be_open_needs_its_purpose() -> None:
    how: dict[str, Any] = {"what": "contacts", "fmt": "jsonl", "since": "", "until": ""}
    for more in ({"purpose": " "}, {"purpose": "移交", "mask": True}):
        with pytest.raises(ValueError, match="--purpose"):
            export.run(**how, output=None, is_open=True, **more)  # type: ignore[arg-type]
