"""Households and the people in them: what every call, report, visit and grant adds up to.

A household is never deleted: it moves away or ends, and stays findable. A person may belong to no
household yet (found in a bus shelter, no name): ``code`` stands for the name, with place and time.
What connects a request to a household is a row of its own with its reasons, so that undoing it
gives back exactly what was.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Date, Index, Integer, Text, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, sensitive
from models.transaction import Transaction


class Household(SQLModel, table=True):
    """A household as the registry knows it. ``address`` reaches to the flat, or to the village
    group; ``area`` is the smallest area that holds it. ``version`` grows with every change, so
    that two who edited the same household offline are noticed."""

    id: str = operational(primary_key=True)
    head_name: str = personal()
    address: str = personal()
    area: str | None = operational(None, index=True)
    note: str = sensitive("", sa_type=Text)
    version: int = operational(1)
    changed_at: datetime | None = operational(None)
    ended_at: date | None = operational(None)
    ended_why: str | None = operational(None)  # moved, dissolved, merged
    moved_to: str | None = personal(None)
    erased_at: datetime | None = operational(None)


class Resident(SQLModel, table=True):
    """A person of a household, or one whom nobody knows yet.

    Of many only the age is known, as it was on a day (``age_on``). ``language`` and ``hearing`` are
    how the person wants to be spoken to; ``identity`` is the number of the identity card."""

    __table_args__ = (Index("uq_resident_code", "code", unique=True),)

    id: int = key()
    household_id: str | None = operational(None, foreign_key="household.id", index=True)
    name: str = personal("")
    relation: str | None = operational(None)  # head, spouse, child, ...
    sex: str | None = operational(None)  # M, F
    birth: date | None = personal(None, sa_type=Date)
    age: int | None = personal(None, sa_type=Integer)
    age_on: date | None = operational(None)
    identity: str | None = sensitive(None)
    language: str | None = operational(None)
    hearing: str | None = sensitive(None)
    carer: str | None = personal(None)
    carer_phone: str | None = personal(None)
    moved_at: date | None = operational(None)
    moved_to: str | None = personal(None)
    died_at: date | None = operational(None)
    code: str | None = operational(None)
    found_place: str | None = sensitive(None)
    found_at: datetime | None = operational(None)
    erased_at: datetime | None = operational(None)


class HouseholdPhone(SQLModel, table=True):
    """A telephone by which a household is reached; ``whose`` says it when it is nobody of the
    household (the daughter in town, the neighbour who fetches them)."""

    __tablename__ = "household_phone"

    id: int = key()
    household_id: str | None = operational(None, foreign_key="household.id", index=True)
    resident_id: int | None = key(foreign="resident.id", nullable=True, index=True)
    number: str = personal()
    whose: str = personal("")


class HouseholdCategory(SQLModel, table=True):
    """What a household, or one person of it, is known as (dibao, tekun, disability, …), and from
    when until when; codes are rows of ``referral/rules/categories.toml``."""

    __tablename__ = "household_category"
    __table_args__ = (Index("ix_household_category_code_household_id", "code", "household_id"),)

    id: int = key()
    household_id: str | None = operational(None, foreign_key="household.id", index=True)
    resident_id: int | None = key(foreign="resident.id", nullable=True, index=True)
    code: str = operational()
    valid_from: date | None = operational(None)
    valid_until: date | None = operational(None)
    source: str = operational("")


class HouseholdKey(SQLModel, table=True):
    """One key by which a household is found, as a 63-bit hash, keyed where a key for
    fields stands outside the database: nothing else of it is in it."""

    __tablename__ = "household_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hash: int = key()
    household_id: str = operational(primary_key=True)


class Belonging(SQLModel, table=True):
    """That a request, by what one of its contacts says, is about a household or a person.

    ``state``: proposed, confirmed, refused, undone. Software only proposes; what a person refused
    or undid is not proposed again. Nothing else changes with it, so undoing needs nothing else.
    """

    __tablename__ = "belonging"
    __table_args__ = (
        Index("uq_belonging_request_id_household_id", "request_id", "household_id", unique=True),
        Index("uq_belonging_request_id_resident_id", "request_id", "resident_id", unique=True),
    )

    id: int = key()
    request_id: int = key(foreign="request.id")
    contact_id: int | None = key(foreign="contact.id", nullable=True)
    household_id: str | None = operational(None, foreign_key="household.id", index=True)
    resident_id: int | None = key(foreign="resident.id", nullable=True, index=True)
    score: float = operational(0.0)
    findings: list[Any] = document(sensitive)
    state: str = operational("proposed")
    proposed_at: datetime = operational()
    proposed_by: str = operational()
    decided_at: datetime | None = operational(None)
    decided_by: str | None = operational(None)
    reason: str = sensitive("")


WAITING = 0
"""The hash under which a household stands until its keys are written."""
UNDER = 1
"""The hash beside which stands no household but the mark of the key all were hashed with."""
CROWD = 60
"""A key that more households share than this finds none of them."""

_PROBE_SQLITE = text(
    """
    SELECT probe.value AS hash, (
        SELECT group_concat(household_id, char(31)) FROM (
            SELECT household_id FROM household_key WHERE hash = probe.value LIMIT :most
        )
    ) AS households
    FROM json_each(:hashes) AS probe
    """
)
_PROBE_POSTGRESQL = text(
    """
    SELECT probe.hash, string_agg(near.household_id, chr(31)) AS households
    FROM unnest(CAST(:hashes AS bigint[])) AS probe (hash)
    CROSS JOIN LATERAL (
        SELECT household_id FROM household_key WHERE household_key.hash = probe.hash LIMIT :most
    ) AS near
    GROUP BY probe.hash
    """
)
_REMEMBER = {  # in the driver's own words: a registry has seventeen keys a household
    "sqlite": "INSERT OR IGNORE INTO household_key (hash, household_id) VALUES (?, ?)",
    "postgresql": "INSERT INTO household_key (hash, household_id) VALUES (%s, %s) "
    "ON CONFLICT DO NOTHING",
}
_FORGET = text("DELETE FROM household_key WHERE hash = :hash AND household_id = :id")
_HASHED_UNDER = text("SELECT household_id FROM household_key WHERE hash = 1")
_UNKEYED = text("SELECT household_id FROM household_key WHERE hash = 0 LIMIT :most")


def probe(connection: Connection, hashes: Sequence[int]) -> dict[int, list[str]]:
    """For each key the households that have it, one more than ``CROWD`` at most: one query, one
    index range a key."""
    found: dict[int, list[str]] = {}
    if hashes:
        statement, values = probe_of(connection.dialect.name, hashes)
        for row in connection.execute(statement, values):
            if row.households:
                found[row.hash] = row.households.split("\x1f")
    return found


def probe_of(dialect: str, hashes: Sequence[int]) -> tuple[Any, dict[str, Any]]:
    """The probe in the words of a database, with its values; for a look at its plan too."""
    values: dict[str, Any] = {"most": CROWD + 1}
    if dialect == "sqlite":
        return _PROBE_SQLITE, {**values, "hashes": orjson.dumps(list(hashes)).decode()}
    return _PROBE_POSTGRESQL, {**values, "hashes": list(hashes)}


def unkeyed(connection: Connection, most: int) -> list[str]:
    """Households whose keys nobody has written yet."""
    return list(connection.execute(_UNKEYED, {"most": most}).scalars())


def hashed_under(connection: Connection) -> str:
    """The mark of the key that the keys of households were hashed with; empty for none."""
    return connection.execute(_HASHED_UNDER).scalar() or ""


def hash_anew(tx: Transaction, mark: str) -> None:
    """Every household waits for keys that are hashed with another key."""
    tx.execute(text("DELETE FROM household_key"))
    tx.execute(text("INSERT INTO household_key (hash, household_id) SELECT 0, id FROM household"))
    if mark:
        remember(tx, [(UNDER, mark)])


def remember(tx: Transaction, keys: Iterable[tuple[int, str]]) -> None:
    """Give many households keys at once, in the order they come; those that stand stay."""
    if rows := list(keys):
        tx.connection.exec_driver_sql(_REMEMBER[tx.connection.dialect.name], rows)


def found_again(tx: Transaction, ids: Iterable[str]) -> None:
    """These households have their keys and wait no longer."""
    if rows := [{"hash": WAITING, "id": household_id} for household_id in ids]:
        tx.execute(_FORGET, rows)


def rekey(
    tx: Transaction, household_id: str, *, gone: Iterable[int] = (), new: Iterable[int] = ()
) -> None:
    """Take keys of a household away and give it others; it waits no longer."""
    old = [{"hash": one, "id": household_id} for one in (WAITING, *gone)]
    tx.execute(_FORGET, old)
    remember(tx, ((one, household_id) for one in new))
