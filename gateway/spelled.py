"""Times of entries and of looks, read as they stand in their rows.

SQLite keeps a time as text, which can be spelled in many ways; we write one of them, and only that
one is as it was written.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import String, type_coerce
from sqlmodel import Session, col


def stored(session: Session, time: Any) -> Any:
    """A column of times, to be selected as it stands in the database."""
    time = col(time)
    return type_coerce(time, String) if session.get_bind().dialect.name == "sqlite" else time


def moment(value: Any) -> datetime | None:
    """The time in UTC that a stored one says; None for one that is not spelled as we write it.
    Raises ValueError or TypeError for what is no time at all."""
    return value if isinstance(value, datetime) else _read(value)


@lru_cache(maxsize=64)  # the entries of one act have one time
def _read(value: str) -> datetime | None:
    found = datetime.fromisoformat(value)
    ours = found.tzinfo is None and found.isoformat(" ", "microseconds") == value
    return found.replace(tzinfo=UTC) if ours else None
