"""The assignment of a request to one bureau: exactly one lead while the request is open."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import SQLModel

from models.columns import key, operational, sensitive
from models.vocabulary import ReferralStatus


class Referral(SQLModel, table=True):
    """One bureau's part. The due time is written at dispatch; not signing never moves it (I2).

    ``original_due_at`` keeps the first promise once a named person has moved it. ``designated``:
    the order was given after a dispute and cannot be returned again.
    """

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    bureau: str = operational(index=True)
    role: str = operational()
    service: str | None = operational(None)
    status: str = operational(ReferralStatus.DISPATCHED)
    designated: bool = operational(False)
    dispatched_at: datetime = operational(index=True)
    due_at: datetime = operational()
    original_due_at: datetime | None = operational(None)
    provisional: bool = operational(False)
    decided_by: str = operational()
    signed_at: datetime | None = operational(None)
    signed_by: str | None = operational(None)
    completed_at: datetime | None = operational(None)
    result: str | None = sensitive(None, sa_type=Text)
