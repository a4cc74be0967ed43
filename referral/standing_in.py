"""A holder who is gone is replaced at once: an account closed, a unit dissolved (I1, R10).

The due times stay. Somebody who is there answers for the request from this moment, it is recorded
why, and a person is asked to see to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind
from referral import casework
from referral.directory import ZONE
from referral.office import Office


def orphaned(connection: Any, office: Office, now: datetime) -> Sequence[tuple[str, str]]:
    """The pairs of unit and person that hold open requests and are no longer there."""
    pairs = connection.execute(
        select(col(HelpRequest.holder_unit), col(HelpRequest.holder_person))
        .where(col(HelpRequest.closed_at).is_(None))
        .distinct()
    )
    return [(unit, person) for unit, person in pairs if gone(office, unit, person, now)]


def gone(office: Office, unit: str, person: str, now: datetime) -> str:
    """Why this unit and person cannot hold a request: "absent", "retired", or "" when they can."""
    day = now.astimezone(ZONE).date()
    current = office.directory.current(unit, day)
    if current is None or current.code != unit:
        return "retired"
    return "" if person in office.directory.officer else "absent"


def replace(tx: Transaction, office: Office, request: Row, now: datetime, *, why: str = "") -> bool:
    """Give the request to who answers for its unit now; False when there was nothing to mend.
    ``why`` says that its holder is gone although the directory still knows them."""
    why = why or gone(office, request["holder_unit"], request["holder_person"], now)
    if not why or not Status(request["status"]).is_open:
        return False
    day = now.astimezone(ZONE).date()
    found = office.directory.answerable(office.directory.current(request["holder_unit"], day), now)
    after = casework.change(
        tx, request, holder_unit=found.unit.code, holder_person=found.officer.login
    )
    tx.event(
        "holder_replaced",
        at=now,
        request=after,
        was=request["holder_person"],
        was_unit=request["holder_unit"],
        to=found.officer.login,
        unit=found.unit.code,
        holder=found.officer.login,
        holder_unit=found.unit.code,
        found_by=found.how,
        because=why,
    )
    casework.ask_once(
        tx,
        TaskKind.TAKEN_OVER,
        unit=found.unit.code,
        note=request["holder_person"],
        request=after,
        urgent=Level(request["level"]).is_urgent,
        now=now,
    )
    return True


def held_by(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> list[Row]:
    """The open requests of these pairs, the most urgent first."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    rows: list[Row] = []
    for unit, person in pairs:
        found = tx.execute(
            select(*columns).where(
                col(HelpRequest.closed_at).is_(None),
                col(HelpRequest.holder_unit) == unit,
                col(HelpRequest.holder_person) == person,
            )
        )
        rows += [dict(row._mapping) for row in found]
    return sorted(rows, key=lambda row: str(row["queue_key"]))
