"""Spreadsheets that were read in: one row a file, one a line of it, with what was there before.

A line is written once for a file, whatever happens in between: its key is the file's hash and its
number. ``before`` is what undoing the line puts back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import SQLModel

from models.columns import bytes_of, document, key, operational, sensitive


class ImportBatch(SQLModel, table=True):
    """A file. ``state``: previewed (nothing is written yet), running, done, undone. ``body`` is the
    file itself until it is done with."""

    __tablename__ = "import_batch"

    id: int = key()
    kind: str = operational()
    name: str = operational()
    hash: str = operational(index=True)
    state: str = operational()
    lines: int = operational(0)
    written: int = operational(0)
    faulty: int = operational(0)
    made_at: datetime = operational()
    made_by: str = operational()
    done_at: datetime | None = operational(None)
    undone_at: datetime | None = operational(None)
    undone_by: str | None = operational(None)
    body: bytes | None = bytes_of(sensitive, None)


class ImportLine(SQLModel, table=True):
    """One line that was written: what it made or changed."""

    __tablename__ = "import_line"

    batch_id: int = operational(primary_key=True, foreign_key="import_batch.id", sa_type=BigInteger)
    line: int = operational(primary_key=True)
    target: str = operational()
    before: dict[str, Any] | None = document(sensitive)
