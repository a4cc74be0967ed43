"""What rows held before an act changed them, so that undoing the act puts back exactly that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update

from models.clocks import Clock
from models.referrals import Referral
from models.requests import Contact
from models.tasks import Task
from models.transaction import Transaction

TABLES: Mapping[str, Any] = {
    "clock": Clock,
    "referral": Referral,
    "task": Task,
    "contact": Contact,
}
"""The tables whose rows an act may put away, by the name they are kept under."""


@dataclass(slots=True)
class Before:
    """Table, id, the old values of the columns that were changed and what they were changed to, as
    plain values (JSON)."""

    rows: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def change(self, tx: Transaction, table: str, row: Any, **changes: Any) -> None:
        """Change a row and remember what it held."""
        held = {name: plain(getattr(row, name)) for name in changes}
        given = {name: plain(value) for name, value in changes.items()}
        self.rows.append((table, row.id, held, given))
        model = TABLES[table]
        tx.execute(update(model).where(model.id == row.id).values(**changes))


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def timed(name: str, value: Any) -> Any:
    """The value of a column again; columns that end in ``_at`` hold times."""
    return datetime.fromisoformat(value) if value and name.endswith("_at") else value


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that people changed after an act: what the act had left, and what stands now."""

    what: str
    column: str
    then: Any
    now: Any


_BY_THEMSELVES = frozenset(
    {"step", "next_at", "queue_key", "signed_at", "signed_by", "completed_at"}
)
"""Columns that move by themselves or with the status; what they became stays and is no news."""


def restored(
    model: Any, current: Any, held: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Changed]]:
    """The values to put back into a row, and what people changed since, which is left as it is.
    ``given`` is empty for acts that did not write down what they had left."""
    values: dict[str, Any] = {}
    changed: list[Changed] = []
    names = (getattr(current, name, None) for name in ("name", "kind", "bureau"))
    what = next((name for name in names if name), model.__name__)
    for name, old in held.items():
        stands = plain(getattr(current, name))
        if name not in given or stands == given[name]:
            values[name] = timed(name, old)
        elif name not in _BY_THEMSELVES:
            changed.append(Changed(str(what), name, given[name], stands))
    return values, changed
