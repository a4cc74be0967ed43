"""Work that waits visibly for a person: a call back, a hand-off to confirm, a text nobody read."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel

from models.columns import key, operational, sensitive

_LOOKED = text("kind = 'bulk_look'")
_OPEN = text("done_at IS NULL")


class Task(SQLModel, table=True):
    """One piece of work for the people of ``unit``; urgent ones come first."""

    __table_args__ = (
        Index("ix_task_open", "unit", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_task_bulk_look", "id", sqlite_where=_LOOKED, postgresql_where=_LOOKED),
    )

    id: int = key()
    kind: str = operational()
    unit: str = operational()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    number: str | None = operational(None)
    journal_id: int | None = key(foreign="journal.id", nullable=True)
    outbox_id: int | None = key(foreign="outbox.id", nullable=True)
    urgent: bool = operational(False)
    note: str = sensitive("", sa_type=Text)
    opened_at: datetime = operational()
    due_at: datetime = operational()
    done_at: datetime | None = operational(None)
    done_by: str | None = operational(None)
