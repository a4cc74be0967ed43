"""That somebody asks to be erased, and the two named people who look at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, sensitive

_OPEN = text("decided_at IS NULL")


class Erasure(SQLModel, table=True):
    """At most one of a request waits. ``asked_by`` is the requester or the member of staff whom
    they asked; ``words``: how it was checked that it is they. ``classes``: how much of each class
    went and stays, when it was done."""

    __table_args__ = (
        Index(
            "uq_erasure_waiting",
            "request_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    asked_at: datetime = operational()
    asked_by: str = operational()
    proposed_at: datetime | None = operational(None)
    proposed_by: str | None = operational(None)
    decided_at: datetime | None = operational(None)
    decided_by: str | None = operational(None)
    agreed: bool | None = operational(None)
    words: str = sensitive("", sa_type=Text)
    reason: str = sensitive("", sa_type=Text)
    classes: dict[str, Any] | None = document(operational)
