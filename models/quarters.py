"""What a unit's quarter was told to be. A row is written once and never changed: what was told
stays told, whatever is found out later."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from models.columns import document, key, operational


class ClosedQuarter(SQLModel, table=True):
    """``figures`` are the rates with the numbers of the requests behind each, and what every order
    adds to them, as they stood at ``closed_at`` by the rules of ``policy``; ``digest`` is their
    SHA-256, which the ledger has too."""

    __tablename__ = "closed_quarter"
    __table_args__ = (UniqueConstraint("unit", "quarter"),)

    id: int = key()
    unit: str = operational()
    quarter: str = operational()
    closed_at: datetime = operational()
    closed_by: str = operational()
    policy: str = operational()
    digest: str = operational()
    figures: dict[str, Any] = document(operational)
