"""What a household needs at once in a disaster, and what of it is still missing."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import SQLModel

from models.columns import key, operational, sensitive


class Need(SQLModel, table=True):
    """One of the needs of one request: missing, promised by somebody, met, or not needed."""

    __table_args__ = (Index("uq_need_request_id_kind", "request_id", "kind", unique=True),)

    id: int = key()
    request_id: int = key(foreign="request.id")
    kind: str = operational()
    state: str = operational()
    supplier: str = operational("")
    note: str = sensitive("", sa_type=Text)
    by: str = operational()
    at: datetime = operational()
