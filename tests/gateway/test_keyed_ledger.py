"""Who can write the whole database, but has not the key beside it, writes no ledger that holds."""

import asyncio
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from gateway import chores, keyed_ledger
from gateway.ledger_audit import prove, walk
from gateway.ledger_keys import keys_of
from gateway.settings import Settings
from gateway.state import State
from models.events import GENESIS, Event, Ledger, seal
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.people import COMPLAINT, FOOD, QUESTION, said
from tests.gateway.test_proofs import proofs, tasks
from tests.gateway.test_tampered_rows import changed

ONE, TWO = "5a" * 32, "7b" * 32


@pytest.fixture
def county(state: State, now: Clock) -> State:
    """Some requests, and their entries under the key."""
    for n, words in enumerate((FOOD, QUESTION, COMPLAINT)):
        said(state, f"m{n}", words, f"+86199000{n:05d}")
        now.forward(minutes=3)
    assert moved(state, now) == ""
    return state


def moved(state: State, now: Clock, **settings: Any) -> str:
    chosen = state.settings.model_copy(update=settings)
    return keyed_ledger.move(state.database, state.mint, chosen, now())


def faults(state: State, **settings: Any) -> list[str]:
    chosen: Settings = state.settings.model_copy(update=settings)
    with state.database.read() as session:
        return prove(session, most=99, keys=keys_of(chosen))[1]


def begun(state: State) -> list[dict[str, Any]]:
    """What the entries say that tell of a key that began."""
    with state.database.read() as session:
        found = session.scalars(
            select(Event).where(col(Event.kind) == keyed_ledger.BEGUN).order_by(col(Event.seq))
        )
        return [orjson.loads(one.detail) for one in found]


def written_anew(state: State, *, without: str = "") -> None:
    """Another ledger that holds in itself: its second entry is by somebody else, entries of the
    kind ``without`` are gone."""
    table = Event.__table__  # type: ignore[attr-defined]
    with state.database.write() as connection:
        rows = connection.execute(select(table).order_by(table.c.seq)).mappings().all()
        connection.execute(table.delete())
        seq, previous = 0, GENESIS
        for row in rows:
            if row["kind"] == without:
                continue
            seq += 1
            entry = {**row, "seq": seq, "previous": previous}
            if seq == 2:
                entry["by"] = "somebody"
            previous = entry["hash"] = seal(previous, entry)
            connection.execute(table.insert().values(**entry))
        connection.execute(update(Ledger).values(seq=seq, hash=previous))
    with state.database.read() as session:
        assert walk(session).fault == "", "in itself it holds"


def test_the_end_goes_along_with_the_ledger_and_nobody_is_accused(county, now):
    assert begun(county) == [{"figures": {"entries": begun(county)[0]["figures"]["entries"]},
                              "instead": False}]  # fmt: skip
    for n in range(3):
        said(county, f"n{n}", FOOD, f"+86199001{n:05d}")
        assert moved(county, now) == ""
        assert faults(county) == []
    assert len(begun(county)) == 1
    assert proofs(county)[keyed_ledger.PROOF] is True
    assert tasks(county, "proof_failed") == [], "an installation asks nobody"


def test_a_ledger_that_was_written_anew_is_named_within_a_minute_and_every_night(county, now):
    written_anew(county)
    (named,) = faults(county)
    assert "is not the one that stands under the key" in named
    for _ in range(3):
        said(county, f"after{now()}", FOOD)
        assert moved(county, now) == named, "and is never made good"
        now.forward(minutes=1)
    assert proofs(county)[keyed_ledger.PROOF] is False
    assert tasks(county, "proof_failed") == [keyed_ledger.PROOF], "somebody is asked once"


def test_who_takes_the_end_away_too_leaves_an_entry_and_a_question(county, now):
    now.forward(days=3)
    changed(county, "DELETE FROM keyed_end")
    written_anew(county, without=keyed_ledger.BEGUN)
    assert begun(county) == []
    assert moved(county, now) == ""
    (entry,) = begun(county)
    assert entry["instead"] is False
    assert tasks(county, "proof_failed") == [keyed_ledger.FIRST]
    changed(county, "DELETE FROM keyed_end")
    changed(county, "DELETE FROM task WHERE kind = 'proof_failed'")
    assert moved(county, now, demo=True) == ""
    assert tasks(county, "proof_failed") == [], "the past of the demonstration is invented"
    assert moved(county, now) == ""
    written_anew(county, without=keyed_ledger.BEGUN)
    assert faults(county), "what told of it can be taken out no more"


@pytest.mark.parametrize("part", ["seq = seq - 1", "hash = '00'", "mac = '00'"])
def test_who_changes_what_stands_under_the_key_is_named(county, now, part):
    changed(county, f"UPDATE keyed_end SET {part}")
    assert faults(county) == ["what stands under the key of the ledger was changed"]
    assert moved(county, now) == "what stands under the key of the ledger was changed"


def test_an_entry_that_is_changed_after_the_end_is_named_and_the_end_stays(county, now):
    said(county, "later", FOOD, "+8619900200000")
    changed(county, "UPDATE event SET detail = '{}' WHERE seq = (SELECT max(seq) FROM event)")
    assert "does not follow from the one before" in moved(county, now)
    with county.database.read() as session:
        end = session.connection().execute(text("SELECT seq FROM keyed_end")).scalar_one()
        assert end < session.connection().execute(text("SELECT max(seq) FROM event")).scalar_one()


def test_a_key_that_takes_the_place_of_the_one_before_it_goes_on_from_it(county, now):
    assert moved(county, now, field_key=ONE) == ""
    assert [one["instead"] for one in begun(county)] == [False, True], "it knew not the first"
    assert moved(county, now, field_key=TWO, field_key_previous=ONE) == ""
    written = begun(county)
    assert moved(county, now, field_key=TWO) == ""
    assert begun(county) == written
    assert faults(county, field_key=TWO) == []
    written_anew(county)
    assert faults(county, field_key=TWO), "also for the new key alone"
    assert moved(county, now, field_key=TWO)


def test_the_end_may_stand_under_the_ciphers_of_either_profile(county, now):
    assert moved(county, now, field_key=ONE, field_cipher="sm4-gcm") == ""
    assert faults(county, field_key=ONE, field_cipher="sm4-gcm") == []
    with county.database.read() as session:
        (key,) = session.connection().execute(text("SELECT key FROM keyed_end")).scalars()
    chosen = county.settings.model_copy(update={"field_key": ONE, "field_cipher": "sm4-gcm"})
    assert (keys_of(chosen)[0].name, keys_of(chosen)[0].algorithm) == (key, "sm4-gcm")
    assert moved(county, now, field_key=ONE) == "", "one is changed for the other"


def test_of_a_ledger_without_an_entry_nothing_is_said(state, now):
    assert moved(state, now) == ""
    assert begun(state) == []
    with acting(state.database, state.mint) as tx:
        tx.event("signed_in", at=now(), by="op01")
    assert moved(state, now) == ""
    assert len(begun(state)) == 1


def test_a_worker_does_it_every_minute(county, now):
    done = {job.__name__: (job, seconds) for job, seconds in chores.of(county)}
    job, seconds = done["key_ledger"]
    assert seconds == 60
    said(county, "later", FOOD, "+8619900200000")
    asyncio.run(job())
    with county.database.read() as session:
        end = session.connection().execute(text("SELECT seq FROM keyed_end")).scalar_one()
        assert end == session.connection().execute(text("SELECT max(seq) FROM event")).scalar_one()
