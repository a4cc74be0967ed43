"""Every process that works on the database: its number (for ids) and its last sign of life."""

from datetime import datetime

from sqlalchemy import insert
from sqlmodel import SQLModel

from models.columns import numbered, operational
from models.db import Database
from models.ids import Mint


class Process(SQLModel, table=True):
    """One start of one process; the number is never used again."""

    id: int | None = numbered()
    kind: str = operational()
    started_at: datetime = operational()
    seen_at: datetime = operational()


def enlist(database: Database, kind: str, now: datetime) -> Mint:
    """Give this process its number. Raises ``Busy``."""
    with database.write() as connection:
        made = connection.execute(insert(Process).values(kind=kind, started_at=now, seen_at=now))
        number: int = made.inserted_primary_key[0]  # type: ignore[index]
        return Mint(number)
