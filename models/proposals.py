"""Changes of rules that one person proposes and another accepts. A row is decided once and never
changed afterwards: what is to be undone is proposed anew."""

from datetime import date, datetime
from typing import Any

from sqlmodel import SQLModel

from models.columns import document, key, operational


class Proposal(SQLModel, table=True):
    """``kind`` is "clock" or "route", ``subject`` names the row ("CLK-SIGN/urgent", "RT-05").
    ``before`` are the fields as the proposer saw them, ``after`` what they are to be; in force from
    the beginning of ``effective_from`` once ``accepted``."""

    id: int = key()
    kind: str = operational()
    subject: str = operational(index=True)
    before: dict[str, Any] = document(operational)
    after: dict[str, Any] = document(operational)
    source: str = operational()
    tag: str = operational()
    effective_from: date = operational()
    reason: str = operational()
    proposed_by: str = operational()
    proposed_at: datetime = operational()
    decided_by: str | None = operational(None)
    decided_at: datetime | None = operational(None)
    accepted: bool | None = operational(None)
    answer: str = operational("")
