"""What somebody changes with plain SQL beside the ledger is named by the proof of every night."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from gateway import accounts, attachments, checkpoints, heartbeat
from gateway.attachments import Content
from gateway.checkpoints import Checkpoint
from gateway.ledger_audit import prove, walk
from gateway.nightly import Nightly
from gateway.state import State
from models import assurances
from models.attachments import Attachment
from models.places import Staff
from models.requests import Contact
from models.transaction import acting
from models.vocabulary import Role
from tests.conftest import Clock
from tests.gateway.people import COMPLAINT, FOOD, said

NIGHT = 10.5  # hours after 08:40 UTC it is 03:10 in China


def faults(state: State) -> list[str]:
    with state.database.read() as session:
        return prove(session, most=99)[1]


def changed(state: State, statement: str) -> None:
    with state.database.write() as connection:
        if state.database.is_sqlite:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        assert connection.execute(text(statement)).rowcount


@pytest.fixture
def county(state: State, now: Clock) -> State:
    """A request and a complaint, a picture, a new account: nothing is altered."""
    said(state, "m1", FOOD, "+8613800000001")
    said(state, "m2", COMPLAINT, "+8613800000002")
    with acting(state.database, state.mint) as tx:
        contact = tx.execute(select(col(Contact.channel), col(Contact.external_id))).first()
        assert contact
        attachments.keep(
            tx, Content("audio/ogg", b"OggSvoice"), about="contact",
            about_key=f"{contact.channel}:{contact.external_id}", by=None, now=now(),
        )  # fmt: skip
        unit = tx.execute(select(col(Staff.unit)).where(col(Staff.login) == "op01")).scalar_one()
        accounts.add_staff(
            tx, login="op77", name="某话务员", role=Role.OPERATOR, unit=unit, area=None, now=now(),
        )  # fmt: skip
    assert faults(state) == []
    return state


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE request SET lead_bureau = 'education'", "is led by"),
        ("UPDATE request SET confidential = false", "is not confidential"),
        ("DELETE FROM bar", "is not barred for"),
        ("UPDATE staff SET role = 'supervisor' WHERE login = 'op77'", "the account op77 is"),
        ("DELETE FROM staff WHERE login = 'op77'", "the account op77 is gone"),
    ],
)
def test_a_changed_row_is_named(county: State, statement: str, named: str) -> None:
    changed(county, statement)
    found = faults(county)
    assert found
    assert all(named in one for one in found), found


def test_a_deleted_order_is_named(county: State) -> None:
    with county.database.write() as connection:
        connection.execute(text("DELETE FROM clock"))
        connection.execute(text("DELETE FROM referral"))
    assert ["orders, the ledger says" in one for one in faults(county)] == [True, True]


@pytest.mark.parametrize("whole", [False, True], ids=["content", "content and digest"])
def test_another_content_of_a_kept_file_is_named(county: State, *, whole: bool) -> None:
    new: dict[str, Any] = {"body": b"OggSanother"}
    if whole:
        new["digest"] = sha256(b"OggSanother").hexdigest()
    with acting(county.database, county.mint) as tx:
        tx.execute(update(Attachment).values(**new))
    (fault,) = faults(county)
    assert ("is in no entry" if whole else "is not what its row says") in fault


def nightly(state: State, file: Path | None = None) -> Nightly:
    chosen = state.settings.model_copy(update={"checkpoint_file": file})
    return Nightly(state.database, state.mint, {}, chosen, state.offices.current)


def holds(state: State, name: str) -> bool | None:
    with state.database.read() as session:
        return assurances.every(session)[name].holds


def test_deleted_clocks_and_another_holder_are_a_fault_of_the_night(
    county: State, now: Clock
) -> None:
    proofs = nightly(county)
    proofs._clocks(now())
    assert holds(county, "verify_clocks") is True
    changed(county, "DELETE FROM clock")
    proofs._clocks(now())
    assert holds(county, "verify_clocks") is False


def test_a_holder_that_no_act_named_is_a_fault_of_the_night(county: State, now: Clock) -> None:
    changed(county, "UPDATE request SET holder_unit = 'education'")
    nightly(county)._clocks(now())
    assert holds(county, "verify_clocks") is False


def test_every_night_notes_where_the_ledger_ends(county: State, now: Clock, tmp_path: Path) -> None:
    file = tmp_path / "outside" / "checkpoints"
    file.parent.mkdir()
    proofs = nightly(county, file)
    now.forward(hours=NIGHT)
    for night in (1, 2):
        assert asyncio.run(proofs.run(now))
        assert holds(county, "verify_ledger") is True
        assert len(file.read_text().splitlines()) == night
        now.forward(hours=24)
    noted = checkpoints.last(file)
    assert noted
    with county.database.read() as session:
        assert walk(session, note=noted.seq).noted == noted.hash


@pytest.mark.parametrize(
    "line", ["2 " + "0" * 64 + " 2026-11-25T19:10:00Z", "999999 " + "0" * 64, "nonsense"]
)
def test_a_ledger_that_is_not_the_one_that_was_noted_is_a_fault(
    county: State, now: Clock, tmp_path: Path, line: str
) -> None:
    """As a whole chain that was computed anew would be: it holds in itself."""
    file = tmp_path / "checkpoints"
    file.write_text(line + "\n")
    nightly(county, file)._ledger(now())
    assert holds(county, "verify_ledger") is False
    assert file.read_text() == line + "\n", "nothing is noted while it does not hold"


def test_of_a_ledger_that_does_not_hold_only_the_first_thing_is_said_and_no_row_is_accused(
    county: State,
) -> None:
    """What a false ledger says of the rows is worth nothing."""
    changed(county, "UPDATE request SET status = 'archived'")

    def asked(noted: Checkpoint | None = None, **more: Any) -> list[str]:
        with county.database.read() as session:
            return prove(session, most=1, noted=noted, **more)[1]

    assert len(asked()) == 1, "at most as many as are asked for"
    assert asked(rows=lambda: ["found elsewhere"]) == ["found elsewhere"]
    other = Checkpoint(2, "0" * 64)
    assert asked(other) == ["entry 2 differs from the checkpoint"]
    changed(county, "UPDATE event SET kind = 'closed' WHERE seq = 2")
    assert asked(other) == ["entry 2 does not follow from the one before"]
    assert asked(rows=lambda: ["found elsewhere"]) == asked(other)


def test_a_file_that_cannot_be_written_is_a_fault(
    county: State, now: Clock, tmp_path: Path
) -> None:
    nightly(county, tmp_path / "not mounted" / "file")._ledger(now())
    assert holds(county, "verify_ledger") is False


def test_the_heartbeat_carries_where_the_ledger_ends(county: State) -> None:
    seq, digest = heartbeat.head_of(county.database)
    with county.database.read() as session:
        chain = walk(session)
    assert (seq, digest) == (chain.seq, chain.tip)
    url = httpx2.URL(heartbeat.address("https://watch.example/ping?id=7", seq, digest))
    assert dict(url.params) == {"id": "7", "seq": str(seq), "hash": digest}
