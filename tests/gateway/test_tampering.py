"""Whatever SQL does to the ledger is found, and where; what nobody touched is never accused.

HUIYIN_TAMPERINGS=1000 makes as many random changes on each database (60 without it).
"""

import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from gateway import ledger_audit
from gateway.commands.prove import proof
from gateway.state import State
from models import proofs
from models.events import Event, seal
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, said

TIMES = int(os.environ.get("HUIYIN_TAMPERINGS", "60"))
TEXTS = ("number", "kind", "by", "detail", "previous", "hash")


class Undo(Exception):
    """The change was only tried."""


@pytest.fixture
def filled(state: State, now: Clock) -> State:
    for index in range(10):
        words = (FOOD, QUESTION, JUMP, COMPLAINT)[index % 4]
        said(state, f"m{index}", words, f"+86199000{index:05d}")
        now.forward(minutes=3, microseconds=17)
    with acting(state.database, state.mint) as tx:
        tx.event("signed_in", at=now(), by="op01")
        tx.event("signed_out", at=now(), by="op01")
    return state


def walked(connection: Connection) -> ledger_audit.Chain:
    with Session(bind=connection) as session:
        return ledger_audit.walk(session)


@contextmanager
def trying(state: State) -> Iterator[Connection]:
    """A transaction whose changes are seen inside and gone afterwards."""
    try:
        with state.database.write() as connection:
            if state.database.is_sqlite:
                connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            yield connection
            raise Undo
    except Undo:
        pass


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT max(seq) FROM event")).scalar_one()


def row(connection: Connection, seq: int) -> dict:
    found = connection.execute(text("SELECT * FROM event WHERE seq = :seq"), {"seq": seq}).one()
    return dict(found._mapping)


def flip_a_bit(connection: Connection, dice: random.Random) -> tuple[int, int]:
    """One bit of one value of one entry; where it is and the first entry that may be named."""
    seq = dice.randint(1, count(connection))
    column = dice.choice((*TEXTS, "at", "request_id", "seq"))
    sqlite = connection.dialect.name == "sqlite"
    value = row(connection, seq)[column]
    if value is None:
        return flip_a_bit(connection, dice)
    if column in ("request_id", "seq"):
        changed: object = value ^ (1 << dice.randrange(40))
        target = "CAST(:value AS BIGINT)"
    elif column == "at" and not sqlite:
        changed = value + timedelta(microseconds=dice.choice((-1, 1)) * (1 << dice.randrange(40)))
        target = "CAST(:value AS TIMESTAMPTZ)"
    else:
        raw = bytearray(str(value).encode())
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        changed = bytes(raw) if sqlite else raw.decode()  # PostgreSQL keeps nothing but UTF-8
        target = "CAST(:value AS TEXT)"
    connection.execute(
        text(f'UPDATE event SET "{column}" = {target} WHERE seq = :seq'),
        {"value": changed, "seq": seq},
    )
    return seq, seq


def take_out(connection: Connection, dice: random.Random) -> tuple[int, int]:
    last = count(connection)
    seq = dice.randint(1, last)
    until = min(last, seq + dice.randrange(3))
    connection.execute(
        text("DELETE FROM event WHERE seq BETWEEN :a AND :b"), {"a": seq, "b": until}
    )
    return until + 1, seq - 1


def _copy(connection: Connection, source: int, seq: int) -> None:
    columns = 'at, request_id, number, kind, "by", detail, previous, hash'
    connection.execute(
        text(f"INSERT INTO event (seq, {columns}) SELECT :n, {columns} FROM event WHERE seq = :s"),
        {"n": seq, "s": source},
    )


def put_in(connection: Connection, dice: random.Random) -> tuple[int, int]:
    """A copy of some entry before, between or behind the others, which move up."""
    last = count(connection)
    source = dice.randint(1, last)
    where = dice.choice((0, -5, dice.randint(1, last), last + 1))
    if 1 <= where <= last:
        connection.execute(text("UPDATE event SET seq = -seq - 1000 WHERE seq >= :w"), {"w": where})
        connection.execute(text("UPDATE event SET seq = -seq - 999 WHERE seq < -999"))
        source += source >= where
    _copy(connection, source, where)
    return where, where


def change_places(connection: Connection, dice: random.Random) -> tuple[int, int]:
    first, second = sorted(dice.sample(range(1, count(connection) + 1), 2))
    for old, new in ((first, -1000), (second, first), (-1000, second)):
        connection.execute(
            text("UPDATE event SET seq = :new WHERE seq = :old"), {"new": new, "old": old}
        )
    return first, first


def seal_anew(connection: Connection, dice: random.Random) -> tuple[int, int]:
    """A forger who can compute: the entry fits itself, and all that follow, but not the head."""
    last = count(connection)
    seq = dice.randint(1, last)
    until = dice.choice((seq, last))
    connection.execute(text("UPDATE event SET \"by\" = 'op99' WHERE seq = :s"), {"s": seq})
    with Session(bind=connection) as session:
        previous = row(connection, seq)["previous"]
        for number in range(seq, until + 1):
            entry = session.get(Event, number)
            assert entry is not None
            entry.previous = previous
            entry.hash = previous = seal(previous, entry.model_dump())
            session.flush()
    return until + 1, seq


def another_request(connection: Connection, dice: random.Random) -> tuple[int, int]:
    """The hash does not cover the row's own reference; the number does."""
    seq = dice.randint(1, count(connection))
    own = row(connection, seq)["request_id"]
    ids = connection.execute(text("SELECT id FROM request ORDER BY id")).scalars().all()
    connection.execute(
        text("UPDATE event SET request_id = :r WHERE seq = :s"),
        {"r": dice.choice([one for one in ids if one != own]), "s": seq},
    )
    return seq, seq


KINDS: tuple[Callable[[Connection, random.Random], tuple[int, int]], ...] = (
    flip_a_bit,
    flip_a_bit,
    flip_a_bit,
    take_out,
    put_in,
    change_places,
    seal_anew,
    another_request,
)


@pytest.mark.thorough
def test_every_random_change_is_found_where_it_was_made_and_nothing_else(filled: State) -> None:
    dice = random.Random(20261125)
    made = 0
    while made < TIMES:
        kind = KINDS[made % len(KINDS)]
        with trying(filled) as connection:
            last = count(connection)
            try:
                with connection.begin_nested():
                    place, other = kind(connection, dice)
            except (DBAPIError, UnicodeDecodeError):  # the database itself would not have it
                continue
            chain = walked(connection)
            assert chain.fault, (kind.__name__, place)
            named = {int(n) for n in re.findall(r"entry (-?\d+)", chain.fault)}
            assert named, chain.fault
            near = {place, place + 1, other, min(place, last)}
            if kind is flip_a_bit and chain.fault.startswith("entry"):
                near |= {n for n in named if n < 1 or n > last}  # the number itself was changed
            assert named & near, (kind.__name__, place, other, chain.fault)
        made += 1
        with filled.database.read() as session:
            assert ledger_audit.walk(session).fault == "", "what was undone accuses nobody"
            assert list(ledger_audit.disagreements(session)) == []


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM ledger",
        "INSERT INTO ledger (id, seq, hash) VALUES (2, 0, '')",
        "UPDATE ledger SET hash = 'x'",
    ],
)
def test_a_head_that_is_gone_doubled_or_changed_is_found(filled: State, harm: str) -> None:
    with trying(filled) as connection:
        connection.execute(text(harm))
        assert "ledger" in walked(connection).fault


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE request SET status = 'in_callback' WHERE id = :r", "stands at in_callback"),
        ("UPDATE request SET level = 'none' WHERE id = :r", "has the level none"),
        ("UPDATE request SET closed_at = received_at WHERE id = :r", "was closed at"),
    ],
)
def test_a_request_whose_row_was_changed_by_sql_disagrees_with_the_ledger(
    filled: State, harm: str, words: str
) -> None:
    with trying(filled) as connection:
        query = "SELECT id, number FROM request WHERE level = 'urgent' ORDER BY id LIMIT 1"
        chosen = connection.execute(text(query)).one()
        connection.execute(text(harm), {"r": chosen.id})
        with Session(bind=connection) as session:
            assert ledger_audit.walk(session).fault == ""
            (said_of,) = ledger_audit.disagreements(session)
        assert said_of.startswith(chosen.number)
        assert words in said_of


LEAVES = [bytes([n]) * 32 for n in range(70)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 70])
def test_every_entry_leads_to_the_root_and_to_no_other_place(size: int) -> None:
    leaves = LEAVES[:size]
    top = proofs.root(leaves)
    for index, path in enumerate(proofs.paths(leaves, range(size))):
        assert proofs.leads_to(leaves[index], index, size, path) == top
        assert proofs.leads_to(b"x" * 32, index, size, path) != top
        for elsewhere in range(size):
            if elsewhere != index:
                assert proofs.leads_to(leaves[index], elsewhere, size, path) != top
        assert proofs.leads_to(leaves[index], index, size, [*path, b"y" * 32]) is None
        if path:
            assert proofs.leads_to(leaves[index], index, size, path[:-1]) is None


def test_the_root_is_the_one_of_rfc_6962() -> None:
    """The root that the reference implementation of Certificate Transparency gives these leaves."""
    given = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    given.append("606162636465666768696a6b6c6d6e6f")
    leaves = [bytes.fromhex(one) for one in given]
    assert proofs.root(leaves).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )
    assert proofs.root(leaves[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_a_proof_holds_and_any_changed_bit_of_what_it_proves_does_not(filled: State) -> None:
    proof = proof_of(filled)
    assert proofs.fault(proof) == ""
    dice = random.Random(7)
    for _ in range(200):
        harmed = orjson.loads(orjson.dumps(proof))
        entry = dice.choice(harmed["entries"])
        name = dice.choice(("at", "number", "kind", "by", "detail", "previous", "hash"))
        letters = list(entry[name])
        at = dice.randrange(len(letters))
        letters[at] = chr(ord(letters[at]) ^ (1 << dice.randrange(7)))
        entry[name] = "".join(letters)
        assert proofs.fault(harmed), (name, entry[name])
    for change in (
        lambda p: p.update(root="0" * 64),
        lambda p: p.update(size=p["size"] * 2),
        lambda p: p.update(number="HY20260930-00002-6"),
        lambda p: p.update(entries=[]),
        lambda p: p["entries"].reverse(),
        lambda p: p["entries"].append(p["entries"][-1]),
        lambda p: p["entries"][0].pop("path"),
        lambda p: p.update(form="mine"),
    ):
        harmed = orjson.loads(orjson.dumps(proof))
        change(harmed)
        assert proofs.fault(harmed)
    for nonsense in (None, [], "x", {}, {"form": proofs.FORM}):
        assert proofs.fault(nonsense)


def proof_of(state: State) -> dict:
    with state.database.read() as session:
        chain = ledger_audit.walk(session, keep=True)
        number = session.connection().execute(text("SELECT number FROM request")).scalars().first()
        return orjson.loads(orjson.dumps(proof(session, chain, number, 0)))
