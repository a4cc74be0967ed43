"""One business act: what it reads, the rows it adds, the events it records; all or nothing.

Rows are collected as plain dicts and written table by table when the act is complete, because a
mapped object a row costs ten times as much and intake writes some twenty rows a message. What is
added is therefore not yet visible to a query of the same transaction.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlmodel import SQLModel, col

from models import inserts, keyring, notes, numbers
from models.access import Look, seal_look
from models.counters import Counter
from models.db import Database
from models.events import SYSTEM, Event, Ledger, seal

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an act inside the transaction began; ``undo`` goes back to it."""

    added: dict[Table, int]
    counters: dict[str, int]
    events: int
    updates: int


@dataclass(slots=True)
class Transaction:
    """Opened by ``acting``; every function that is given one never commits."""

    connection: Connection
    mint: Callable[[], int]
    _head: tuple[int, str]
    _looks: tuple[int, str]
    _added: defaultdict[Table, list[Row]] = field(default_factory=partial(defaultdict, list))
    _counters: dict[str, int] = field(default_factory=dict)
    _stored: dict[str, int | None] = field(default_factory=dict)
    _events: list[Row] = field(default_factory=list)
    _updates: list[tuple[Any, Row]] = field(default_factory=list)
    _ends: dict[Callable[["Transaction"], None], None] = field(default_factory=dict)

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Run a statement now; see ``later`` for changes that must be undoable."""
        return self.connection.execute(statement, parameters)

    def add(self, model: type[SQLModel], **row: Any) -> Row:
        """Add a row; columns that are not named get their default. Returns the row."""
        table, blank = _BLANK.get(model) or _blank(model)
        full = {**blank, **row}
        if len(full) != len(blank):
            raise KeyError(f"{table.name} has no column {sorted(set(full) - set(blank))}")
        self._added[table].append(full)
        return full

    def added(self, model: type[SQLModel]) -> Sequence[Row]:
        """The rows of a table that were added so far."""
        return self._added.get(model.__table__, ())  # type: ignore[attr-defined]

    def recorded(self) -> Sequence[Row]:
        """The entries of the ledger that were recorded so far."""
        return self._events

    def at_end(self, act: Callable[["Transaction"], None]) -> None:
        """Let ``act`` look at what was added and record what follows from it, once, before
        everything is written; what was undone meanwhile it no longer finds."""
        self._ends[act] = None

    def later(self, statement: Any, **values: Any) -> None:
        """A change of existing rows, made after the new rows are in, forgotten by ``undo``. With
        ``values`` for its parameters, several in a row are sent together."""
        self._updates.append((statement, values))

    def put_off(self, statement: Any) -> Iterator[Row]:
        """The values with which a change waits that was given to ``later``, in their order."""
        return (values for waiting, values in self._updates if waiting is statement)

    def event(
        self,
        kind: str,
        *,
        at: datetime,
        by: str = SYSTEM,
        request: Row | None = None,
        of_call: Any = None,
        **detail: Any,
    ) -> None:
        """Record an act. ``at`` is aware; ``detail`` must be plain values (JSON). What somebody
        typed about a request, or about the call ``of_call``, goes into a note beside the entry,
        which has only its mark."""
        if request or of_call:
            detail = self._noted(kind, request["id"] if request else None, of_call, detail)
        self._events.append(
            {
                "at": at,
                "request_id": request["id"] if request else None,
                "number": request["number"] if request else None,
                "kind": kind,
                "by": by,
                "detail": orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode(),
            }
        )

    def _noted(self, kind: str, request_id: int | None, journal_id: int | None, detail: Row) -> Row:
        said = notes.apart(kind, detail)
        if not said:
            return detail
        note, (salt, marked) = self.mint(), notes.fresh(said)
        self.add(
            notes.Note, id=note, request_id=request_id, journal_id=journal_id, said=said, salt=salt
        )
        rest = {name: value for name, value in detail.items() if name not in said}
        return rest | {notes.IN_LEDGER: [str(note), marked]}

    def next_number(self, day: date) -> str:
        """The next request number of ``day``; without gaps, because what fails is rolled back."""
        return numbers.number(day, self.count(f"number:{day:%Y%m%d}"))

    def count(self, name: str) -> int:
        """The next value of a named counter, from 1."""
        if name not in self._stored:
            self._stored[name] = self.execute(_COUNTED, {"counter": name}).scalar()
        self._counters[name] = self._counters.get(name, self._stored[name] or 0) + 1
        return self._counters[name]

    def read_counters(self, names: Iterable[str]) -> None:
        """Read at once what ``count`` will be asked for."""
        wanted = sorted(set(names) - self._stored.keys())
        if wanted:
            self._stored.update(dict.fromkeys(wanted))
            for name, value in self.execute(_SEVERAL, {"counters": wanted}):
                self._stored[name] = value

    def mark(self) -> Mark:
        """Remember this point."""
        added = {table: len(rows) for table, rows in self._added.items()}
        return Mark(added, dict(self._counters), len(self._events), len(self._updates))

    def undo(self, mark: Mark) -> None:
        """Forget what was added, counted, recorded and put off since ``mark``."""
        for table, rows in self._added.items():
            del rows[mark.added.get(table, 0) :]
        self._counters = dict(mark.counters)
        del self._events[mark.events :]
        del self._updates[mark.updates :]

    def write(self) -> None:
        """Send everything to the database; called once, before the commit."""
        for act in self._ends:
            act(self)
        if looks := self._added.get(_LOOK):
            self._chain(looks)
        for table in sorted(self._added, key=_order):
            if rows := self._added[table]:
                inserts.write(self.connection, table, rows)
        if self._counters:
            self._write_counters()
        for statement, changes in groupby(self._updates, key=itemgetter(0)):
            values = [one for _, one in changes]
            for one in [values] if any(values) else values:
                self.execute(statement, one or None)
        if self._events:
            self._seal()

    def _write_counters(self) -> None:
        new = [name for name in self._counters if self._stored[name] is None]
        known = [name for name in self._counters if self._stored[name] is not None]
        if new:
            rows = [{"name": name, "value": self._counters[name]} for name in new]
            self.execute(insert(Counter), rows)
        if known:
            rows = [{"counter": name, "reached": self._counters[name]} for name in known]
            self.execute(_COUNT, rows)

    def _chain(self, looks: Sequence[Row]) -> None:
        seq, previous = self._looks
        for look in looks:
            seq += 1
            look["seq"] = seq
            previous = look["hash"] = seal_look(previous, look)
        self.later(update(Ledger).values(looks=seq, look_hash=previous))

    def _seal(self) -> None:
        seq, previous = self._head
        for entry in self._events:
            seq += 1
            entry["seq"], entry["previous"] = seq, previous
            previous = entry["hash"] = seal(previous, entry)
        table: Table = Event.__table__  # type: ignore[attr-defined]
        inserts.write(self.connection, table, self._events)
        self.execute(_MOVE_HEAD, {"reached": seq, "sealed": previous})


@contextmanager
def acting(database: Database, mint: Callable[[], int]) -> Iterator[Transaction]:
    """A transaction for one business act; commits on leaving. Raises ``Busy``."""
    with database.write() as connection:
        head = connection.execute(_HEAD).one()  # on PostgreSQL the lock that makes writers queue
        keyring.turn(connection, head.field_key)
        looks = head.looks, head.look_hash
        transaction = Transaction(connection, mint, (head.seq, head.hash), looks)
        yield transaction
        transaction.write()


_LOOK: Table = Look.__table__  # type: ignore[attr-defined]
_HEAD = select(
    col(Ledger.seq),
    col(Ledger.hash),
    col(Ledger.looks),
    col(Ledger.look_hash),
    col(Ledger.field_key),
).with_for_update()
_ORDER: dict[Table, int] = {}


def _order(table: Table) -> int:
    """Parents before children, as foreign keys want it."""
    if table not in _ORDER:
        _ORDER.update({each: at for at, each in enumerate(SQLModel.metadata.sorted_tables)})
    return _ORDER[table]


_MOVE_HEAD = update(Ledger).values(seq=bindparam("reached"), hash=bindparam("sealed"))
_COUNTED = select(col(Counter.value)).where(col(Counter.name) == bindparam("counter"))
_SEVERAL = select(col(Counter.name), col(Counter.value)).where(
    col(Counter.name).in_(bindparam("counters", expanding=True))
)
_COUNT = (
    update(Counter)
    .where(col(Counter.name) == bindparam("counter"))
    .values(value=bindparam("reached"))
)
_BLANK: dict[type[SQLModel], tuple[Table, Row]] = {}


def _blank(model: type[SQLModel]) -> tuple[Table, Row]:
    """The table of a model and an empty row of it, worked out once."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    defaults = {column.name: getattr(column.default, "arg", None) for column in table.columns}
    _BLANK[model] = table, defaults
    return _BLANK[model]
