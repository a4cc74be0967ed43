"""The books of aid against a second bookkeeper who only adds up: random grants, top-ups, counts,
corrections and undos agree to the last fen, on both databases.

A few dozen movements in the ordinary suite; HUIYIN_AID_STEPS asks for more (10000 was measured),
HUIYIN_AID_EXAMPLES for more of the drawn ones.
"""

import os
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from gateway import aid_report, purses
from gateway.aid import yuan
from gateway.state import State
from models import reserves
from models.relief import Relief
from models.reserves import AidEntry, Reserve
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.journeys.aid import Aid

STEPS = int(os.environ.get("HUIYIN_AID_STEPS", "120"))
EXAMPLES = int(os.environ.get("HUIYIN_AID_EXAMPLES", "4"))
SEED = int(os.environ.get("HUIYIN_TEST_SEED", "20261126"))
TOWNS = ("township_w01", "township_w02", "township_w03")
COUNTY = "civil_affairs"
MOST = 300_000_00

Move = tuple[str, int, int, int]
"""What, where, how much in fen, and which of those that stand."""

moves = st.tuples(
    st.sampled_from(("grant", "grant", "top_up", "correct", "undo", "count", "undo_entry")),
    st.integers(0, 3),
    st.one_of(st.integers(1, 500_00), st.sampled_from((1, 99, 100, MOST))),
    st.integers(0, 10_000),
)


@dataclass
class Grant:
    """What the second bookkeeper knows of a grant: its sums one after the other."""

    unit: str
    purse: bool
    sums: list[int]
    gone: bool = False


@dataclass
class Books:
    """Does a movement and keeps a book of its own, in whole fen and by addition alone."""

    county: Aid
    held: dict[str, int] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    undoable: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    refused: int = 0

    def do(self, move: Move) -> None:
        what, where, fen, which = move
        unit = (*TOWNS, COUNTY)[where]
        login = f"{unit}.1"
        self.county.now.forward(minutes=1)
        try:
            getattr(self, what)(unit, login, fen, which)
        except (Refusal, Impossible):
            self.refused += 1

    def grant(self, unit: str, login: str, fen: int, which: int) -> None:
        purse = which % 3 != 0
        number = self.county.given(
            login, amount=yuan(fen), fund="reserve" if purse else "donation", received_by="本人"
        )
        self.grants[number] = Grant(unit, purse, [fen])
        if purse:
            self.held[unit] = self.held.get(unit, 0) - fen

    def top_up(self, unit: str, login: str, fen: int, which: int) -> None:
        found = self.county.keep(login, unit, "top_up", amount=yuan(fen), voucher=f"凭{which}")
        self.held[unit] = self.held.get(unit, 0) + fen
        self.undoable.setdefault(unit, []).append((found["entry"], fen))

    def count(self, unit: str, login: str, fen: int, which: int) -> None:
        known = unit in self.held
        counted = max(self.held.get(unit, 0), 0) + (fen % 300) * (which % 2)
        body = {"counted": yuan(counted), "reason": "盘点"}
        found = self.county.keep(login, unit, "count", **body)
        assert known
        self.undoable.setdefault(unit, []).append((found["entry"], counted - self.held[unit]))
        self.held[unit] = counted

    def undo_entry(self, unit: str, login: str, fen: int, which: int) -> None:
        standing = self.undoable.get(unit, [])
        entry, amount = standing[which % len(standing)] if standing else ("0", 0)
        self.county.keep(login, unit, "undo_entry", entry=entry, reason="记错")
        standing.remove((entry, amount))
        self.held[unit] -= amount

    def correct(self, unit: str, login: str, fen: int, which: int) -> None:
        number = self._one(unit, which)
        self.county.on(login, "correct", number, amount=yuan(fen), reason="数目不对")
        grant = self.grants[number]
        self._move(grant, fen)
        grant.sums.append(fen)

    def undo(self, unit: str, login: str, fen: int, which: int) -> None:
        number = self._one(unit, which)
        self.county.on(login, "undo", number, reason="记错")
        grant = self.grants[number]
        before = grant.sums[-2] if len(grant.sums) > 1 else 0
        self._move(grant, before)
        grant.sums.pop()
        grant.gone = not grant.sums

    def _one(self, unit: str, which: int) -> str:
        mine = [number for number, grant in self.grants.items() if grant.unit == unit]
        if not mine:
            raise Refusal("refusal.not_found", status=404)
        return mine[which % len(mine)]

    def _move(self, grant: Grant, to: int) -> None:
        if grant.purse:
            self.held[grant.unit] += grant.sums[-1] - to

    def agree(self) -> None:
        """Every book against the other: balances, grants, entries, reports."""
        state = self.county.state
        with state.database.read() as session:
            connection = session.connection()
            rows = connection.execute(select(col(Reserve.id), col(Reserve.unit))).all()
            found = {row.unit: reserves.balance(connection, row.id) for row in rows}
            assert found == self.held
            assert reserves.balances(connection, [r.id for r in rows]) == {
                row.id: self.held[row.unit] for row in rows
            }
            for row in connection.execute(select(col(Relief.number), col(Relief.amount_fen),
                                                 col(Relief.id), col(Relief.state))):  # fmt: skip
                mine = self.grants[row.number]
                assert row.amount_fen == (mine.sums[-1] if mine.sums else 0)
                assert (row.state == "undone") == mine.gone
                if len(self.grants) < 400:
                    assert reserves.given(connection, row.id) == row.amount_fen
            total = connection.execute(select(func.sum(col(AidEntry.amount_fen)))).scalar()
            other = sum(g.sums[-1] for g in self.grants.values() if g.sums and not g.purse)
            assert int(total or 0) == sum(self.held.values()) - other
            self._shown(session)

    def _shown(self, session: Any) -> None:
        """What the pages show is the same sums."""
        county = self.county
        office = county.state.offices.current()
        shown = purses.every(session, county.actor("civil_affairs.1"), office, county.now())
        assert {one.unit: one.yuan for one in shown if one.opened} == {
            unit: yuan(fen) for unit, fen in self.held.items()
        }
        quarter = aid_report.report(
            session, county.actor("super01"), office, year=2026, quarter=3, now=county.now()
        )
        after = aid_report.report(
            session, county.actor("super01"), office, year=2026, quarter=4, now=county.now()
        )
        standing = sum(g.sums[-1] for g in self.grants.values() if g.sums)
        assert quarter.whole.amount_fen + after.whole.amount_fen == standing
        assert {one.unit: one.end for one in after.books} == {
            unit: yuan(fen) for unit, fen in self.held.items()
        }


def test_a_long_random_walk_is_reconciled_to_the_last_fen(state: State, now: Watch) -> None:
    random = Random(SEED)
    books = Books(Aid(state, now))
    for step in range(STEPS):
        books.do(
            (
                random.choice(
                    ("grant", "grant", "top_up", "correct", "undo", "count", "undo_entry")
                ),
                random.randrange(4),
                random.choice((random.randint(1, 500_00), 1, 99, MOST)),
                random.randrange(10_000),
            )
        )
        if step % max(STEPS // 4, 1) == 0:
            books.agree()
    books.agree()
    assert books.refused < STEPS / 2, "most movements happen"


def test_whatever_is_moved_in_whatever_order_the_books_agree(state: State, now: Watch) -> None:
    books = Books(Aid(state, now))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(moves, min_size=1, max_size=12))
    def walk(drawn: list[Move]) -> None:
        for move in drawn:
            books.do(move)
        books.agree()

    walk()
