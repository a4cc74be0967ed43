"""A household as somebody who goes there needs it: who, where, which telephone, known as what."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from models.households import Household, HouseholdCategory, HouseholdPhone, Resident


@dataclass(frozen=True, slots=True)
class Home:
    """One household."""

    id: str
    head_name: str
    address: str
    area: str | None
    phones: tuple[str, ...]
    categories: tuple[str, ...]


def valid(day: date) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a category counts on a day."""
    begins, ends = col(HouseholdCategory.valid_from), col(HouseholdCategory.valid_until)
    return or_(begins.is_(None), begins <= day), or_(ends.is_(None), ends >= day)


def of(connection: Any, ids: Collection[str], day: date) -> dict[str, Home]:
    """The households that still are, by their number, with the categories of the day. Where the
    head has died or moved away it is asked for who lives there now; where nobody does, there is no
    household."""
    phones, codes = defaultdict(list), defaultdict(list)
    living, gone = _people(connection, ids)
    for row in connection.execute(
        select(col(HouseholdPhone.household_id), col(HouseholdPhone.number))
        .where(col(HouseholdPhone.household_id).in_(ids))
        .order_by(col(HouseholdPhone.id))
    ):
        phones[row.household_id].append(row.number)
    for row in connection.execute(
        select(
            col(HouseholdCategory.household_id),
            col(HouseholdCategory.code),
            col(HouseholdCategory.resident_id),
        )
        .where(col(HouseholdCategory.household_id).in_(ids), *valid(day))
        .order_by(col(HouseholdCategory.id))
    ):
        if row.resident_id not in gone:
            codes[row.household_id].append(row.code)
    found = connection.execute(
        select(*Household.__table__.columns).where(  # type: ignore[attr-defined]
            col(Household.id).in_(ids), col(Household.ended_at).is_(None)
        )
    )
    return {
        row.id: Home(
            row.id,
            _asked_for(row.head_name, living.get(row.id)),
            row.address,
            row.area,
            tuple(phones[row.id]),
            tuple(dict.fromkeys(codes[row.id])),
        )
        for row in found
        if living.get(row.id) != []
    }


def _asked_for(head: str, living: list[str] | None) -> str:
    return head if not living or head in living else living[0]


def _people(connection: Any, ids: Collection[str]) -> tuple[dict[str, list[str]], set[int]]:
    """The names of those who live in each household whose people are known, and the ids of those
    who no longer do."""
    living, gone = dict[str, list[str]](), set[int]()
    for row in connection.execute(
        select(
            col(Resident.id),
            col(Resident.household_id),
            col(Resident.name),
            col(Resident.died_at),
            col(Resident.moved_at),
        )
        .where(col(Resident.household_id).in_(ids))
        .order_by(col(Resident.id))
    ):
        there = living.setdefault(row.household_id, [])
        if row.died_at is None and row.moved_at is None:
            there.append(row.name)
        else:
            gone.add(row.id)
    return living, gone
