"""What a requester says is wrong about them, and what a named person decided on it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, sensitive

_OPEN = text("decided_at IS NULL")


class Correction(SQLModel, table=True):
    """Fields by name: how each stood when it was asked, and what it shall be. At most one of a
    request waits. ``reason``: how it was checked, or why nothing was changed."""

    __table_args__ = (
        Index(
            "uq_correction_waiting",
            "request_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    asked_at: datetime = operational()
    stood: dict[str, Any] = document(personal)
    wanted: dict[str, Any] = document(personal)
    decided_at: datetime | None = operational(None)
    decided_by: str | None = operational(None)
    accepted: bool | None = operational(None)
    reason: str = sensitive("", sa_type=Text)
