"""The record of looks is a chain that the ledger takes in: whatever SQL does to it is found.

HUIYIN_TAMPERINGS=1000 makes as many random changes on each database (60 without it).
"""

import os
import random

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from gateway import access, ledger_audit, look_audit, retention, spelled
from gateway.access import Actor
from gateway.state import State
from models.access import seal_look
from models.migrations import upgrade_to
from models.transaction import acting
from models.vocabulary import Role
from tests.conftest import Clock
from tests.gateway.people import FOOD, QUESTION, said
from tests.gateway.test_tampering import trying

TIMES = int(os.environ.get("HUIYIN_TAMPERINGS", "60"))
OPERATOR = Actor("op01", Role.OPERATOR, "hotline", "W")
COLUMNS = ("id", "at", "login", "act", "request_id", "ground", "purpose", "seq", "hash")


def look(state: State, purpose: str = "", *, request: int | None = None) -> None:
    with acting(state.database, state.mint) as tx:
        access.look(
            tx, OPERATOR, act="see", now=state.now(), request_id=request, ground="work",
            purpose=purpose,
        )  # fmt: skip


def take_in(state: State) -> bool:
    with acting(state.database, state.mint) as tx:
        return look_audit.seal(tx, state.now())


def faults(state: State) -> list[str]:
    with state.database.read() as session:
        return list(look_audit.faults(session))


def faults_in(connection: Connection) -> list[str]:
    with Session(bind=connection) as session:
        return list(look_audit.faults(session))


@pytest.fixture
def seen(state: State, now: Clock) -> State:
    """Nine looks; the ledger has taken in six of them."""
    said(state, "a", FOOD)
    said(state, "b", QUESTION, "+8613900001111")
    with state.database.read() as session:
        requests = session.connection().execute(text("SELECT id FROM request ORDER BY id"))
        ids = list(requests.scalars())
    for n in range(9):
        now.forward(minutes=1, microseconds=17)
        look(state, f"第{n}次", request=ids[n % 2])
        if n in (2, 5):
            assert take_in(state)
    return state


def rewrite(connection: Connection, begin: int) -> None:
    """A forger who can compute: every look from here on is sealed anew, and so is the head."""
    tip = connection.execute(
        text("SELECT hash FROM look WHERE seq = :s"), {"s": begin - 1}
    ).scalar_one()
    with Session(bind=connection) as session:
        for row in list(look_audit._rows(session)):
            if row.seq >= begin:
                tip = seal_look(tip, {**row._mapping, "at": spelled.moment(row.at)})
                change = text("UPDATE look SET hash = :h WHERE seq = :s")
                connection.execute(change, {"h": tip, "s": row.seq})
    connection.execute(text("UPDATE ledger SET look_hash = :h"), {"h": tip})


def test_looks_that_nobody_touched_hold_and_are_taken_in_once(seen: State) -> None:
    assert faults(seen) == []
    assert take_in(seen)
    assert not take_in(seen), "nothing was looked at since"
    assert faults(seen) == []
    with seen.database.read() as session:
        assert list(ledger_audit.altered(session)) == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE look SET login = 'op02' WHERE seq = 4", "look 4 does not follow"),
        ("UPDATE look SET request_id = NULL WHERE seq = 8", "look 8 does not follow"),
        ("DELETE FROM look WHERE seq = 1", "look 2 does not follow"),
        ("DELETE FROM look WHERE seq = 9", "the looks end at 8"),
        ("DELETE FROM look", "taken in look 3"),
        ("UPDATE ledger SET looks = 8", "their head says 8"),
        (
            "INSERT INTO look (id, at, login, act, ground, purpose, seq, hash) "
            "SELECT -1, at, login, act, ground, purpose, -1, hash FROM look WHERE seq = 3",
            "look -1 does not follow",
        ),
    ],
)
def test_a_look_that_is_changed_added_or_gone_is_found(seen: State, harm: str, words: str) -> None:
    with trying(seen) as connection:
        connection.execute(text(harm))
        (fault,) = faults_in(connection)
    assert words in fault


def test_who_seals_the_looks_anew_contradicts_the_ledger(seen: State) -> None:
    with trying(seen) as connection:
        connection.execute(text("UPDATE look SET login = 'op02' WHERE seq = 5"))
        rewrite(connection, 5)
        (fault,) = faults_in(connection)
        assert "look 6 is not the one that the ledger has taken in" in fault


def test_who_cuts_off_the_end_contradicts_the_ledger(seen: State) -> None:
    with trying(seen) as connection:
        tip = connection.execute(text("SELECT hash FROM look WHERE seq = 4")).scalar_one()
        connection.execute(text("DELETE FROM look WHERE seq > 4"))
        connection.execute(text("UPDATE ledger SET looks = 4, look_hash = :h"), {"h": tip})
        (fault,) = faults_in(connection)
    assert fault == "the ledger has taken in look 6, the looks end at 4"


def test_looks_whose_time_is_over_go_and_the_rest_still_holds(seen: State, now: Clock) -> None:
    now.forward(days=retention.rules()["looks"].days, minutes=-4)
    assert retention.purge(seen.database, seen.mint, now)["looks"] == 5
    assert faults(seen) == []
    look(seen, "later")
    assert take_in(seen)
    assert faults(seen) == []
    with trying(seen) as connection:
        connection.execute(text("DELETE FROM look WHERE seq = 6"))
        assert faults_in(connection) == ["look 7 does not follow from the one before"]
    now.forward(days=400 + retention.rules()["looks"].days)
    retention.purge(seen.database, seen.mint, now)
    assert faults(seen) == [], "also when none is left"


def test_a_clock_that_jumped_neither_breaks_the_chain_nor_its_end(seen: State, now: Clock) -> None:
    look(seen, "ahead")
    now.forward(days=-2)
    look(seen, "behind")
    assert take_in(seen)
    assert faults(seen) == []
    now.forward(days=retention.rules()["looks"].days)
    retention.purge(seen.database, seen.mint, now)
    assert faults(seen) == []


@pytest.mark.thorough
def test_every_random_change_of_a_look_is_found(seen: State) -> None:
    dice = random.Random(20261126)
    made = 0
    while made < TIMES:
        with trying(seen) as connection:
            try:
                with connection.begin_nested():
                    changed = _harm(connection, dice)
            except (DBAPIError, UnicodeDecodeError):  # the database itself would not have it
                continue
            if not changed:
                continue
            assert faults_in(connection), made
        made += 1
        assert faults(seen) == [], "what was undone accuses nobody"


def _harm(connection: Connection, dice: random.Random) -> bool:
    """Whether anything is another: a moment may be written in several ways."""
    seq, column = dice.randint(1, 9), dice.choice((*COLUMNS, "*"))
    if column == "*":
        connection.execute(text("DELETE FROM look WHERE seq = :s"), {"s": seq})
        return True
    standing = text(f"SELECT {column} FROM look WHERE seq = :s")
    value = connection.execute(standing, {"s": seq}).scalar_one()
    kind = "TEXT"
    if isinstance(value, int):
        changed: object = value ^ (1 << dice.randrange(30))
        kind = "BIGINT"
    else:
        raw = bytearray(str(value).encode())
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        sqlite = connection.dialect.name == "sqlite"
        changed = bytes(raw) if sqlite else raw.decode()
        kind = "TIMESTAMPTZ" if column == "at" and not sqlite else "TEXT"
    connection.execute(
        text(f"UPDATE look SET {column} = CAST(:v AS {kind}) WHERE seq = :s"),
        {"v": changed, "s": seq},
    )
    if column == "seq":
        return True
    return bool(connection.execute(standing, {"s": seq}).scalar_one() != value)


def test_looks_of_before_are_chained_in_the_order_of_their_time(seen: State) -> None:
    with seen.database.write() as connection:
        connection.execute(text("DELETE FROM event WHERE kind = 'looks_sealed'"))
        for seq in range(1, 10):  # purposes were not sealed then
            plain = text("UPDATE look SET purpose = :said WHERE seq = :seq")
            connection.execute(plain, {"said": f"第{seq - 1}次", "seq": seq})
        _back(connection)
        connection.execute(text("UPDATE look SET id = -id WHERE purpose IN ('第2次', '第5次')"))
        upgrade_to(connection, "head")
    assert faults(seen) == []
    with seen.database.read() as session:
        found = session.connection().execute(text("SELECT purpose FROM look ORDER BY seq"))
        assert list(found.scalars()) == [f"第{n}次" for n in range(9)]
    look(seen, "now")
    assert faults(seen) == []


def _back(connection: Connection) -> None:
    """The database as it was before looks were chained."""
    later = (
        "ix_look_seq", "ix_event_transfers", "ix_contact_person_id", "ix_contact_reporter",
        "ix_referral_dispatched_at", "ix_clock_sign_started_at", "ix_clock_breached_at",
        "ix_event_rehandled_at", "ix_task_bulk_look", "ix_request_withheld",
    )  # fmt: skip
    for name in later:
        connection.execute(text(f"DROP INDEX {name}"))
    connection.execute(text("ALTER TABLE request DROP COLUMN withheld"))
    connection.execute(text("DROP TABLE note"))
    connection.execute(text("DROP TABLE keyed_end"))
    connection.execute(text("DROP INDEX ix_outbox_urgent_next_at"))
    connection.execute(text("CREATE INDEX ix_outbox_next_at ON outbox (next_at)"))
    for table, names in (("look", ("seq", "hash")), ("ledger", ("looks", "look_hash"))):
        for name in names:
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
    for name in ("looks_sealed", "field_key", "secret_mark"):
        connection.execute(text(f"ALTER TABLE ledger DROP COLUMN {name}"))
    connection.execute(text("UPDATE alembic_version SET version_num = '0030_marked_words'"))
