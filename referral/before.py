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
    """Table, id and the old values of the columns that were changed, as plain values (JSON)."""

    rows: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)

    def change(self, tx: Transaction, table: str, row: Any, **changes: Any) -> None:
        """Change a row and remember what it held."""
        held = {name: plain(getattr(row, name)) for name in changes}
        self.rows.append((table, row.id, held))
        model = TABLES[table]
        tx.execute(update(model).where(model.id == row.id).values(**changes))


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def timed(name: str, value: Any) -> Any:
    """The value of a column again; columns that end in ``_at`` hold times."""
    return datetime.fromisoformat(value) if value and name.endswith("_at") else value
