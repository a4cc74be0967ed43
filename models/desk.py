"""What the people at the desks leave in between: drafts, the filters of each, telephone calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, sensitive

_MISSED = text("state = 'missed'")
_LIVE = text("ended_at IS NULL")


class Draft(SQLModel, table=True):
    """What somebody has typed into one form and not sent yet.

    ``place`` is the number of the request, or a name of a form that belongs to none; ``fields``
    is a JSON object. It goes when it was used, and after thirty days at the latest.
    """

    __table_args__ = (Index("uq_draft_login_place_act", "login", "place", "act", unique=True),)

    id: int = key()
    login: str = operational(foreign_key="staff.login")
    place: str = operational()
    act: str = operational()
    fields: str = sensitive(sa_type=Text)
    saved_at: datetime = operational(index=True)


class Preference(SQLModel, table=True):
    """How one person likes a page to be; nothing in it is about anybody else."""

    login: str = operational(primary_key=True, foreign_key="staff.login")
    name: str = operational(primary_key=True)
    value: dict[str, Any] = document(operational)


class PhoneCall(SQLModel, table=True):
    """One telephone call as the switchboard tells of it: it rings, somebody answers, it ends.

    ``source`` names the switchboard, ``call_id`` is its own name of the call. ``state`` is
    ringing, answered, ended or missed; ``number`` is the request that came of it.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index("uq_call_call_id_source", "call_id", "source", unique=True),
        Index("ix_call_live", "rang_at", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_call_missed", "rang_at", sqlite_where=_MISSED, postgresql_where=_MISSED),
    )

    id: int = key()
    source: str = operational()
    call_id: str = operational()
    caller: str = personal("")
    called: str = operational("")
    state: str = operational("ringing")
    rang_at: datetime = operational()
    answered_at: datetime | None = operational(None)
    answered_by: str | None = operational(None)
    ended_at: datetime | None = operational(None)
    number: str | None = operational(None)
