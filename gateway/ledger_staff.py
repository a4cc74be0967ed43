"""Accounts against the ledger: role and unit are those that the last entry about each gives it."""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from models.events import OF_NO_REQUEST, TRANSFERRED, Event
from models.places import Staff

ADDED, MOVED, READ_IN = "staff_added", TRANSFERRED, "staff_imported"
_KINDS = (ADDED, MOVED, READ_IN, "imported", "import_undone")
PAGE = 2000

Place = tuple[str, str]
"""Role and unit."""


def faults(session: Session) -> Iterator[str]:
    """Accounts with another role or unit than the ledger gave them, and those it gave that are
    gone. Of an account that no entry names nothing is said, nor of those that an import without
    names, or the undoing of one, may have changed."""
    told = _told(session)
    now = {
        row.login: (row.role, row.unit)
        for row in session.connection().execute(
            select(col(Staff.login), col(Staff.role), col(Staff.unit))
        )
    }
    for login, place in sorted(told.items()):
        if login not in now:
            yield f"the account {login} is gone"
        elif now[login] != place:
            yield (
                f"the account {login} is {now[login][0]} of {now[login][1]}, "
                f"the ledger says {place[0]} of {place[1]}"
            )


def _told(session: Session) -> dict[str, Place]:
    told: dict[str, Place] = {}
    named: dict[str, Place] = {}  # by the import that is going on
    entries = (
        session.connection()
        .execution_options(yield_per=PAGE)
        .execute(
            select(col(Event.kind), col(Event.detail))
            .where(OF_NO_REQUEST, col(Event.kind).in_(_KINDS))
            .order_by(col(Event.seq))
        )
    )
    for row in entries:
        detail: dict[str, Any] = orjson.loads(row.detail)
        if row.kind == ADDED:
            told[detail["login"]] = detail["role"], detail["unit"]
        elif row.kind == MOVED:
            told[detail["login"]] = detail["after"]["role"], detail["after"]["unit"]
        elif row.kind == READ_IN:
            named |= {login: (role, unit) for login, role, unit in detail["staff"]}
            told |= named
        elif row.kind == "import_undone":
            told, named = {}, {}
        elif detail.get("what") == "staff":
            told, named = (told if named else {}), {}
    return told
