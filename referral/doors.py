"""A visit or a warning as the door that it is, and what somebody writes down there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Table, select, update

from models.discovery import Visit, Warned
from models.transaction import Row, Transaction
from referral import leads
from referral.casework import Refusal

VISIT, WARNING = "visit", "warning"
FIELDS = ("outcome", "phone", "people")
"""What two people can differ in; notes stand side by side."""
TABLES: Mapping[str, Table] = {VISIT: Visit.__table__, WARNING: Warned.__table__}  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody writes down at a door. ``at`` is when they stood there, ``based_on`` the
    version of the visit or warning that they knew; ``number`` the request it opened."""

    key: str
    what: str
    of: int
    outcome: str
    at: datetime
    based_on: int
    note: str = ""
    phone: str = ""
    people: str = ""
    number: str | None = None

    def said(self) -> dict[str, str]:
        """The fields that were filled in."""
        given = {name: getattr(self, name) for name in (*FIELDS, "note")}
        return {name: value for name, value in given.items() if value}

    def own_key(self) -> str:
        """The key of a form that was gone back to and filled in anew, for the same words one."""
        said = sha256(orjson.dumps(self.said(), option=orjson.OPT_SORT_KEYS)).hexdigest()
        return f"{self.key}-{said[:12]}"

    def digest(self) -> str:
        """A mark of the content, whatever number it was given later."""
        content = [self.what, str(self.of), self.at.isoformat(), self.said()]
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def one(connection: Any, what: str, of: int) -> Row:
    """The visit or warning. Raises ``Refusal`` (404)."""
    table = TABLES[what]
    row = connection.execute(select(table).where(table.c.id == of)).first()
    if row is None or (what == WARNING and row.state not in (leads.OPEN, leads.SETTLED)):
        raise Refusal("refusal.not_found", status=404)
    return dict(row._mapping)


def change(tx: Transaction, what: str, of: int, changes: Row) -> None:
    """Change its row, together with what else the act writes."""
    table = TABLES[what]
    tx.later(update(table).where(table.c.id == of).values(**changes))
