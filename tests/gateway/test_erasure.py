"""Each column with personal data is reached by erasure or spared for a reason that is written down.

A table is filled with one row in which every protected column says something that nobody else
says; after all times are over, only the spared columns may still say it.
"""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    insert,
    select,
)
from sqlmodel import SQLModel, col

from gateway import drafts, erasure, retention, subjects
from models.access import StaffSession
from models.attachments import Attachment
from models.desk import Draft
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.sealed import SealedBytes, SealedDay, SealedJson, SealedNumber
from models.transaction import acting
from models.vocabulary import Protection
from tests.conftest import WEDNESDAY
from tests.gateway.people import QUESTION, said
from tests.gateway.test_retention import LEAD, close, in_order

CANARY = "金丝雀七"
BORN = date(1917, 7, 7)
AGE = 107
LONG = 40 * 366
"""Days after which every time is over."""


def protected() -> dict[str, list[str]]:
    """The columns with personal data, by table."""
    found: dict[str, list[str]] = {}
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.info["protection"] != Protection.OPERATIONAL:
                found.setdefault(table.name, []).append(column.name)
    return found


def test_each_protected_column_is_reached_or_spared_with_a_reason():
    columns = protected()
    spared = {name.partition(".")[0] for name in erasure.SPARED}
    for table, names in columns.items():
        for name in names:
            told = f"{table}.{name}"
            assert table in erasure.REACHED or told in erasure.SPARED, f"{told} is never erased"
    everything = {f"{table}.{name}" for table, names in columns.items() for name in names}
    assert set(erasure.SPARED) <= everything, "a reason for a column that is not there"
    assert set(erasure.REACHED) <= set(columns), "a table without personal data"
    assert spared
    assert all(len(reason) > 20 for reason in erasure.SPARED.values())


def test_every_class_that_reaches_a_table_is_a_class_of_the_rules():
    known = set(retention.rules())
    assert set(retention.PARTS) == known
    for table, reached in erasure.REACHED.items():
        for one in reached.partition(";")[0].split(", "):
            assert one.partition(" (")[0] in known, (table, one)


def canary(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, SealedDay):
        return BORN
    if isinstance(kind, SealedNumber):
        return AGE
    if isinstance(kind, SealedJson):
        return {"said": CANARY}
    if isinstance(kind, SealedBytes):
        return CANARY.encode()
    if isinstance(kind, LargeBinary):
        return CANARY.encode()
    return f"{CANARY} {column.table.name}.{column.name}"


def plain(column: Column[Any], serial: int) -> Any:
    """Something harmless of the right kind; times are of long ago and things are over."""
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, JSON):
        return []
    if isinstance(kind, Date):
        return WEDNESDAY.date()
    if isinstance(kind, Float):
        return 1.0
    if isinstance(kind, BigInteger | Integer):
        return serial
    if "time" in type(kind).__name__.lower():
        return None if column.name in ("next_at", "erased_at") else WEDNESDAY
    return f"x{serial}"


def filled(state, request: Any, contact: Any) -> None:
    """One row more in each protected table, and in those they name, tied to the closed request."""
    known = {
        "request": request.id,
        "person": request.person_id,
        "contact": contact.id,
        "journal": contact.journal_id,
        "staff": LEAD,
        "area": "W",
    }
    named = {
        foreign.column.table.name
        for name in protected()
        for column in SQLModel.metadata.tables[name].columns
        for foreign in column.foreign_keys
    }
    with state.database.write() as connection:
        for serial, table in enumerate(SQLModel.metadata.sorted_tables, 770_001):
            if table.name in known or table.name not in {*protected(), *named}:
                continue
            row = {column.name: value(column, serial, known) for column in table.columns}
            row |= SPECIAL.get(table.name, {})
            known[table.name] = row.get("id")
            connection.execute(insert(table).values(**row))


SPECIAL: dict[str, dict[str, Any]] = {
    "address": {"staff": None},
    "warning": {"state": "settled"},
    "attachment": {"about": "contact", "about_key": "recording:old"},
}


def value(column: Column[Any], serial: int, known: dict[str, Any]) -> Any:
    if column.info["protection"] != Protection.OPERATIONAL:
        return canary(column)
    for foreign in column.foreign_keys:
        return known.get(foreign.column.table.name)
    return plain(column, serial)


def still_said(state) -> set[str]:
    """The columns in which a canary stands."""
    found = set()
    with state.database.read() as session:
        for name, columns in protected().items():
            table: Table = SQLModel.metadata.tables[name]
            rows = session.connection().execute(select(*(table.c[one] for one in columns))).all()
            for row in rows:
                for one, told in zip(columns, row, strict=True):
                    words = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
                    if CANARY in str(words) or told in (BORN, AGE):
                        found.add(f"{name}.{one}")
    return found


@pytest.fixture
def old(state, now):
    """A closed request and its contact."""
    number = said(state, "old", QUESTION).number
    close(state, now, number)
    with state.database.read() as session:
        request = session.scalars(
            select(HelpRequest).where(col(HelpRequest.number) == number)
        ).one()
        contact = session.scalars(
            select(Contact).where(col(Contact.request_id) == request.id)
        ).one()
    return request, contact


def test_when_all_times_are_over_no_reached_column_says_anything_of_anybody(state, old, now):
    filled(state, *old)
    before = still_said(state)
    rows = {name for name in protected() if name not in ("request", "person", "contact", "journal")}
    assert {name.partition(".")[0] for name in before} >= rows - {"staff", "field_key"}
    now.forward(days=LONG)
    drafts.purge_old(state.database, state.mint, now())
    retention.purge(state.database, state.mint, now)
    left = still_said(state)
    assert left - set(erasure.SPARED) == set()
    again = retention.purge(state.database, state.mint, now)
    assert {name for name, count in again.items() if count} == set(), "what is erased is done with"


def test_a_class_whose_time_is_not_over_stays(state, old, now):
    filled(state, *old)
    before = still_said(state)
    now.forward(days=29)
    retention.purge(state.database, state.mint, now)
    assert still_said(state) == before


@pytest.mark.parametrize("name", retention.PARTS)
def test_each_class_goes_when_its_time_is_over_and_not_a_day_before(state, old, now, name):
    filled(state, *old)
    with acting(state.database, state.mint) as tx:
        tx.add(
            Attachment, id=tx.mint(), token="t", about="contact", about_key="recording:never",
            digest="d", content_type="image/png", size=1, kept_at=now(), body=b"x",
        )  # fmt: skip
        tx.add(
            Outgoing, id=tx.mint(), channel="console", address="x", phrase="x", params={},
            text="x", state="sent", posted_at=now(),
        )  # fmt: skip
    days = retention.rules()[name].days
    now.forward(days=days - 1)
    assert retention.purge(state.database, state.mint, now)[name] == 0
    now.forward(days=2)
    assert retention.purge(state.database, state.mint, now)[name] > 0
    assert retention.purge(state.database, state.mint, now)[name] == 0


def test_files_and_drafts_of_a_person_go_at_their_wish(state, old, now):
    request, _ = old
    with acting(state.database, state.mint) as tx:
        tx.add(
            Attachment, id=tx.mint(), token="t", about="contact", about_key="recording:old",
            digest="d", content_type="image/png", size=1, kept_at=now(), body=CANARY.encode(),
        )  # fmt: skip
        tx.add(
            Draft, id=tx.mint(), login=LEAD, place=request.number, act="reply", fields=CANARY,
            saved_at=now(),
        )  # fmt: skip
    with acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, "+8613812345678")
        subjects.erase(tx, subject, by=LEAD, reason="本人申请", now=now())
    assert still_said(state) == set()
    in_order(state)


def test_an_unsent_message_of_a_person_goes_at_their_wish_and_no_other_does(state, old, now):
    theirs, others = "王小芳断粮，电话138 1234 5678", "王小芳断粮，电话13900004321"
    with acting(state.database, state.mint) as tx:
        drafts.save(tx, LEAD, "enter", "enter", {"text": theirs}, now=now())
        drafts.save(tx, "op01", "enter", "enter", {"text": others}, now=now())
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [], now())
        subject = subjects.find(tx, "+8613812345678")
        subjects.erase(tx, subject, by=LEAD, reason="本人申请", now=now())
    with state.database.read() as session:
        kept = [drafts.of(session, login, "enter") for login in (LEAD, "op01")]
    assert [list(one) for one in kept] == [[], ["enter"]]


def test_a_file_whose_words_came_stays_and_one_whose_words_never_came_goes(state, old, now):
    with acting(state.database, state.mint) as tx:
        for key in ("recording:old", "recording:never"):
            tx.add(
                Attachment, id=tx.mint(), token=key, about="contact", about_key=key, digest="d",
                content_type="image/png", size=1, kept_at=now(), body=b"x",
            )  # fmt: skip
    now.forward(days=31)
    assert retention.purge(state.database, state.mint, now)["loose_files"] == 1
    with state.database.read() as session:
        assert session.scalars(select(Attachment.about_key)).all() == ["recording:old"]


def test_a_session_that_is_over_tells_no_address_for_ever(state, now):
    with acting(state.database, state.mint) as tx:
        tx.add(
            StaffSession, hash="h", login=LEAD, csrf="c", created_at=now(), seen_at=now(),
            expires_at=now() + timedelta(hours=12), address="10.1.1.1",
        )  # fmt: skip
    now.forward(days=32)
    retention.purge(state.database, state.mint, now)
    with state.database.read() as session:
        assert session.scalars(select(StaffSession.hash)).all() == []


def test_long_ago_is_before_every_time():
    assert isinstance(WEDNESDAY, datetime)
    assert max(rule.days for rule in retention.rules().values()) < LONG
