"""Where two people found differently, as those see it who wrote it or may decide it."""

from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from gateway import access
from gateway.access import Actor
from models.discovery import Disagreement, DoorEntry
from models.households import Household
from models.transaction import Row
from referral.office import Office

MOST = 60


def of(connection: Any, actor: Actor, office: Office) -> tuple[Row, ...]:
    """Open disagreements that concern this person: their own entries, or their area to decide."""
    columns = Disagreement.__table__.columns  # type: ignore[attr-defined]
    own = select(col(DoorEntry.id)).where(col(DoorEntry.by) == actor.login)
    concerned = or_(col(Disagreement.first_entry).in_(own), col(Disagreement.second_entry).in_(own))
    if actor.role in access.RIGHTS["decide_difference"]:
        if actor.area is None:
            concerned = col(Disagreement.id).is_not(None)
        else:
            directory = office.directory
            areas = [p.code for p in directory.places if directory.within(p.code, actor.area)]
            concerned = or_(concerned, col(Disagreement.area).in_(areas))
    rows = connection.execute(
        select(*columns)
        .where(col(Disagreement.settled_at).is_(None), concerned)
        .order_by(col(Disagreement.id))
        .limit(MOST)
    ).all()
    entries = {entry for row in rows for entry in (row.first_entry, row.second_entry)}
    wrote = {
        row.id: row
        for row in connection.execute(
            select(col(DoorEntry.id), col(DoorEntry.by), col(DoorEntry.at)).where(
                col(DoorEntry.id).in_(entries)
            )
        )
    }
    doors = {row.household_id for row in rows if row.household_id}
    names = {
        row.id: (row.head_name, row.address)
        for row in connection.execute(
            select(col(Household.id), col(Household.head_name), col(Household.address)).where(
                col(Household.id).in_(doors)
            )
        )
    }
    return tuple(
        {
            **row._mapping,
            "what": "visit" if row.visit_id else "warning",
            "name": names.get(row.household_id, ("", ""))[0],
            "address": names.get(row.household_id, ("", ""))[1],
            "first_by": wrote[row.first_entry].by,
            "first_at": wrote[row.first_entry].at,
            "second_by": wrote[row.second_entry].by,
            "second_at": wrote[row.second_entry].at,
        }
        for row in rows
    )
