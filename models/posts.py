"""Who of a unit answers for its written report and for its data. A naming is never changed: the
next one ends it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from models.columns import key, operational

_NOW = text("ended_at IS NULL")


class UnitPost(SQLModel, table=True):
    """``post`` is ``liaison`` or ``data``; a unit has one person in each at a time."""

    __tablename__ = "unit_post"
    __table_args__ = (
        Index("uq_unit_post", "unit", "post", unique=True, sqlite_where=_NOW,
              postgresql_where=_NOW),
    )  # fmt: skip

    id: int = key()
    unit: str = operational(foreign_key="unit.code")
    post: str = operational()
    login: str = operational(foreign_key="staff.login")
    named_at: datetime = operational()
    named_by: str = operational()
    ended_at: datetime | None = operational(None)
