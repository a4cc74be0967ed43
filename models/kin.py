"""Near relatives of those who handle aid (近亲属备案): registered, so that aid to them is seen."""

from datetime import datetime

from sqlmodel import SQLModel

from models.columns import key, operational, personal


class NearRelative(SQLModel, table=True):
    """One relative of a member of staff or of a village committee, as declared."""

    __tablename__ = "near_relative"

    id: int = key()
    login: str = operational(foreign_key="staff.login", index=True)
    name: str = personal(index=True)
    relation: str = operational("")
    household_id: str | None = operational(None, index=True)
    declared_at: datetime = operational()
    declared_by: str = operational()
    ended_at: datetime | None = operational(None)
