"""What must not be erased yet: a request that a court, an audit or a dispute still needs."""

from datetime import datetime

from sqlmodel import SQLModel

from models.columns import key, operational, sensitive


class LegalHold(SQLModel, table=True):
    """While it is not lifted neither the schedule nor a wish of the person erases the request."""

    __tablename__ = "legal_hold"

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    reason: str = sensitive()
    placed_at: datetime = operational()
    placed_by: str = operational()
    lifted_at: datetime | None = operational(None)
    lifted_by: str | None = operational(None)
