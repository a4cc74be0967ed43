"""How far the invented history is written: a mark for each step that is whole, the day on which it
began, and what the ledger already says of a step that was cut off."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from gateway.state import State
from models.counters import Counter
from models.events import SYSTEM, Event
from models.transaction import Transaction

_PREFIX = "demonstration:"
_BEGUN = f"{_PREFIX}begun"

Told = frozenset[tuple[str, datetime]]
"""Who did something, and when: no two deeds of one person fall on one moment."""


def owe(tx: Transaction, now: datetime) -> None:
    """The county is there and its history is not: from now on it is owed."""
    tx.add(Counter, name=_BEGUN, value=int(now.timestamp()))


def mark(tx: Transaction, step: str) -> None:
    """A step is whole."""
    tx.add(Counter, name=f"{_PREFIX}{step}", value=1)


def standing(session: Session) -> tuple[datetime | None, frozenset[str]]:
    """When the history began, None where none is owed, and the steps that are whole."""
    marks = col(Counter.name).startswith(_PREFIX)
    query = select(col(Counter.name), col(Counter.value)).where(marks)
    found = {row.name: row.value for row in session.connection().execute(query)}
    begun = found.pop(_BEGUN, None)
    steps = frozenset(name.removeprefix(_PREFIX) for name in found)
    return (datetime.fromtimestamp(begun, UTC) if begun is not None else None), steps


def told(state: State) -> Told:
    """What people have done so far."""
    query = select(col(Event.by), col(Event.at)).where(col(Event.by) != SYSTEM)
    with state.database.read() as session:
        return frozenset((row.by, row.at) for row in session.connection().execute(query))
