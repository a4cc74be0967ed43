"""The registry of households: entering one with its people, and reading it all out again."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from models.households import (
    Household,
    HouseholdCategory,
    HouseholdKey,
    HouseholdPhone,
    Resident,
)
from models.transaction import Row, Transaction

_TOGETHER = 500
"""Households whose people are read with one query."""


def enrol(
    tx: Transaction,
    *,
    household_id: str,
    head_name: str,
    members: Sequence[str],
    phones: Sequence[str],
    address: str,
    area: str | None,
    categories: Sequence[str],
) -> None:
    """Enter a household of which only names and numbers are known."""
    tx.add(Household, id=household_id, head_name=head_name, address=address, area=area)
    for name in dict.fromkeys((head_name, *members)):
        relation = "head" if name == head_name else None
        tx.add(Resident, id=tx.mint(), household_id=household_id, name=name, relation=relation)
    for number in phones:
        tx.add(HouseholdPhone, id=tx.mint(), household_id=household_id, number=number)
    for code in categories:
        tx.add(HouseholdCategory, id=tx.mint(), household_id=household_id, code=code)
    tx.add(HouseholdKey, hash=0, household_id=household_id)


def rows(connection: Connection) -> Iterator[Row]:
    """Every household in the columns of the registry file and those that we know besides. Who has
    died or moved is no longer among the members."""
    columns = Household.__table__.columns  # type: ignore[attr-defined]
    found = connection.execute(select(*columns).order_by(columns.id)).yield_per(_TOGETHER)
    while homes := list(islice(found, _TOGETHER)):
        ids = [home.id for home in homes]
        people = _by_home(
            connection,
            select(col(Resident.household_id), col(Resident.name), col(Resident.id))
            .where(
                col(Resident.household_id).in_(ids),
                col(Resident.died_at).is_(None),
                col(Resident.moved_at).is_(None),
            )
            .order_by(col(Resident.id)),
        )
        phones = _by_home(
            connection,
            select(col(HouseholdPhone.household_id), col(HouseholdPhone.number))
            .where(col(HouseholdPhone.household_id).in_(ids))
            .order_by(col(HouseholdPhone.id)),
        )
        codes = _by_home(
            connection,
            select(col(HouseholdCategory.household_id), col(HouseholdCategory.code))
            .where(col(HouseholdCategory.household_id).in_(ids))
            .order_by(col(HouseholdCategory.id)),
        )
        for home in homes:
            yield {
                "household_id": home.id,
                "head_name": home.head_name,
                "members": ";".join(people.get(home.id, ())),
                "phones": ";".join(phones.get(home.id, ())),
                "address": home.address,
                "area": home.area,
                "categories": ";".join(dict.fromkeys(codes.get(home.id, ()))),
                "note": home.note,
                "version": home.version,
                "ended_at": home.ended_at and home.ended_at.isoformat(),
                "ended_why": home.ended_why,
                "moved_to": home.moved_to,
            }


def _by_home(connection: Connection, query: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    each: Iterable[Any] = connection.execute(query)
    for row in each:
        found.setdefault(row[0], []).append(row[1])
    return found
