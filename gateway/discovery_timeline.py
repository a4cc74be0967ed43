"""What looking for people adds to the timeline of a household: visits made, warnings seen to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.discovery import DoorEntry, Warned
from referral import leads

MOST = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing on the timeline. ``kind`` is "visit" or "warning"; ``code`` the outcome or, for a
    warning that waits, its rule; ``number`` the request that it opened."""

    at: datetime
    kind: str
    code: str
    by: str
    note: str
    seen: bool
    number: str | None
    waiting: bool = False


def of_household(connection: Any, household_id: str) -> list[Moment]:
    """Every entry at the door, and the warnings that brought somebody there; newest first."""
    entries = connection.execute(
        select(*DoorEntry.__table__.columns)  # type: ignore[attr-defined]
        .where(col(DoorEntry.household_id) == household_id)
        .order_by(col(DoorEntry.at).desc())
        .limit(MOST)
    )
    found = [
        Moment(
            at=row.at,
            kind="warning" if row.warning_id else "visit",
            code=row.outcome,
            by=row.by,
            note=(row.said or {}).get("note", ""),
            seen=row.seen,
            number=row.number,
        )
        for row in entries
    ]
    waiting = connection.execute(
        select(*Warned.__table__.columns).where(  # type: ignore[attr-defined]
            col(Warned.household_id) == household_id, col(Warned.state) == leads.OPEN
        )
    )
    found += [
        Moment(
            at=row.received_at,
            kind="warning",
            code=row.rule or row.kind,
            by=row.source,
            note=row.note,
            seen=False,
            number=None,
            waiting=True,
        )
        for row in waiting
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)
