"""A rotation loses no value: every record is sealed anew as itself, and a key that a value still
needs is not wiped."""

from typing import Any

import pytest
from sqlalchemy import JSON, Table, func, insert, select, text
from sqlmodel import col

from gateway import rekeying
from gateway.state import wire
from models.imports import ImportBatch, ImportLine
from models.keyring import FieldKey
from models.sealed import Sealed
from models.transaction import acting
from tests.conftest import FIELD_KEY, process
from tests.fakes import RecordingChannel
from tests.gateway.people import QUESTION, said
from tests.gateway.test_erasure import plain

MANY = rekeying.BATCH + 20
COMPOSITE = [table for table in rekeying.sealed_tables() if len(table.primary_key) > 1]


@pytest.fixture
def sealing(settings):
    """The settings of a hotline that seals its fields, on either database."""
    return settings.model_copy(update={"field_key": FIELD_KEY, "field_encryption": "on"})


@pytest.fixture
def sealed(sealing, now):
    """A process that seals, all of it under its first key."""
    with process(sealing, now, {"recording": RecordingChannel()}) as state:
        rekeying.rotate(state.database, state.mint, "aes-256-gcm", now)
        yield state


def rotated(state, now) -> rekeying.Rotated:
    return rekeying.rotate(state.database, state.mint, "aes-256-gcm", now)


def value(column: Any, serial: int) -> Any:
    if isinstance(column.type, Sealed):
        return {"said": f"第{serial}行"}
    return [] if isinstance(column.type, JSON) else plain(column, serial)


def fill(tx, table: Table, told: str) -> None:
    """More records than one batch that have the same value in the column ``told`` of their key."""
    for serial in range(MANY):
        row = {column.name: value(column, serial) for column in table.columns}
        row[told] = value(table.c[told], 7)
        if told != "batch_id" and "batch_id" in row:
            row["batch_id"] = 7 + serial
        if "batch_id" in row and (serial == 0 or told != "batch_id"):
            batch = {column.name: plain(column, 7) for column in ImportBatch.__table__.columns}
            tx.execute(insert(ImportBatch).values(batch | {"id": row["batch_id"], "body": None}))
        tx.execute(insert(table).values(row))


def told_by(state, table: Table) -> dict[Any, Any]:
    """What every record says, by its key."""
    fields = [column for column in table.columns if isinstance(column.type, Sealed)]
    with state.database.read() as session:
        rows = session.connection().execute(select(*table.primary_key, *fields)).all()
    wide = len(table.primary_key)
    return {tuple(row[:wide]): tuple(row[wide:]) for row in rows}


@pytest.mark.parametrize(
    ("table", "same"),
    [
        pytest.param(table, column.name, id=f"{table.name}.{column.name}")
        for table in COMPOSITE
        for column in table.primary_key
    ],
)
def test_every_record_under_a_key_of_several_columns_keeps_its_own_words(sealed, now, table, same):
    with acting(sealed.database, sealed.mint) as tx:
        fill(tx, table, same)
    before = told_by(sealed, table)
    assert len({str(words) for words in before.values()}) == MANY
    done = rotated(sealed, now)
    assert done.retired == [1]
    assert told_by(sealed, table) == before
    assert list(rekeying.faults(sealed.database)) == []


def test_the_tables_under_keys_of_several_columns_are_the_ones_that_were_thought_of():
    assert {table.name for table in COMPOSITE} >= {"conversation", "import_line"}
    assert ImportLine.__table__ in COMPOSITE


def kept_value(state, new: Any = None) -> Any:
    """The stored words of the one contact; ``new`` is put in their place behind our back."""
    with state.database.write() as connection:
        found = connection.execute(text("SELECT text FROM contact")).scalar()
        if new is not None:
            connection.execute(text("UPDATE contact SET text = :new"), {"new": new})
    return found


def wiped_keys(state) -> int:
    with state.database.read() as session:
        query = select(func.count()).where(col(FieldKey.retired_at).is_not(None))
        return session.connection().execute(query).scalar() or 0


def test_a_key_that_a_value_still_names_is_not_wiped_and_where_it_stands_is_said(sealed, now):
    said(sealed, "a", QUESTION)
    whole = kept_value(sealed)
    kept_value(sealed, whole[:-8] + "AAAAAAA=")
    done = rotated(sealed, now)
    assert (done.retired, list(done.kept), wiped_keys(sealed)) == ([], [1], 0)
    assert done.kept[1].startswith("contact.text of record ")
    kept_value(sealed, whole)
    again = rotated(sealed, now)
    assert (again.key, again.resumed, again.retired, again.kept) == (done.key, True, [1], {})
    assert list(rekeying.faults(sealed.database)) == []


def test_a_value_whose_key_was_wiped_is_a_fault_in_this_process_and_after_a_restart(
    sealed, sealing, now
):
    said(sealed, "a", QUESTION)
    old = kept_value(sealed)
    rotated(sealed, now)
    kept_value(sealed, old)
    (found,) = rekeying.faults(sealed.database)
    assert found.startswith("contact.text of record ")
    assert found.endswith("is sealed with key 1, which is not there")
    later = wire(sealing, kind="test", now=now, channels={})
    assert list(rekeying.faults(later.database)) == [found]
    later.close()


def test_a_value_that_is_lost_does_not_stop_the_next_rotation(sealed, sealing, now):
    said(sealed, "a", QUESTION)
    old = kept_value(sealed)
    rotated(sealed, now)
    kept_value(sealed, old)
    later = wire(sealing, kind="test", now=now, channels={})
    done = rotated(later, now)
    assert (done.retired, done.kept) == ([2], {}), "a key that is gone cannot stay"
    assert len(list(rekeying.faults(later.database))) == 1
    later.close()
