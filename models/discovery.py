"""Looking for people: what other bodies' lists say, visits by rounds, what was found at the door.

A warning and a visit are each a promise with a named holder; the columns that remind of it are the
same in both (``Promised``). What is recorded at a door is an entry that is never changed: where two
people recorded different things of one door, both stand and a person decides.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, sensitive

_OPEN = text("settled_at IS NULL")
_DUE = text("next_at IS NOT NULL")


class Round(SQLModel, table=True):
    """One pass over the households of a visit rule; ``planned_at`` is when they were last looked
    through."""

    __table_args__ = (Index("uq_round_rule", "rule", "area", "starts_on", unique=True),)

    id: int = key()
    rule: str = operational()
    mode: str = operational("")
    area: str = operational()
    starts_on: date = operational()
    ends_on: date = operational()
    opened_at: datetime = operational()
    source: str = operational()
    tag: str = operational()
    planned_at: datetime | None = operational(None)


class Mode(SQLModel, table=True):
    """Extraordinary times in an area, switched on by a named person, with a reason and a last
    day."""

    __tablename__ = "outreach_mode"

    id: int = key()
    mode: str = operational()
    area: str = operational()
    starts_at: datetime = operational()
    ends_on: date = operational()
    switched_by: str = operational()
    reason: str = sensitive(sa_type=Text)
    ended_at: datetime | None = operational(None)
    ended_by: str | None = operational(None)


class Visit(SQLModel, table=True):
    """One door to be knocked at. ``door`` is the step of the ladder for doors that stay shut;
    ``said`` holds what is known, field by field, ``version`` goes up with every entry."""

    __table_args__ = (
        Index("uq_visit_round", "round_id", "household_id", unique=True),
        Index("ix_visit_household", "household_id", "settled_at"),
        Index("ix_visit_area", "area", "due_at"),
        Index("ix_visit_open", "holder", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_visit_next_at", "next_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    id: int = key()
    round_id: int | None = key(foreign="round.id", nullable=True)
    household_id: str = operational(foreign_key="household.id")
    area: str = operational()
    rule: str = operational()
    unit: str = operational()
    holder: str = operational()
    urgent: bool = operational(False)
    started_at: datetime = operational()
    due_at: datetime = operational()
    measure: str = operational()
    provisional: bool = operational(False)
    policy: str = operational()
    ladder: str = operational()
    step: int = operational(0)
    next_at: datetime | None = operational(None)
    breached_at: datetime | None = operational(None)
    door: str = operational("")
    tries: int = operational(0)
    version: int = operational(0)
    said: dict[str, Any] = document(sensitive)
    settled_at: datetime | None = operational(None)
    outcome: str | None = operational(None)
    seen: bool = operational(False)
    number: str | None = operational(None)
    erased_at: datetime | None = operational(None)


class Warned(SQLModel, table=True):
    """One row of a list. ``state``: "noted" (below every threshold, kept to be added up),
    "joined" (an open warning of the same person and kind says it already: ``joined_to``), "open",
    "settled". One fact is one row: source, kind, subject and period name it."""

    __tablename__ = "warning"
    __table_args__ = (
        Index("uq_warning_fact", "source", "kind", "subject", "period", unique=True),
        Index("ix_warning_subject", "subject", "kind"),
        Index("ix_warning_household", "household_id"),
        Index("ix_warning_state", "state", "area"),
        Index("ix_warning_next_at", "next_at", "id", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    id: int = key()
    source: str = operational()
    kind: str = operational()
    subject: str = personal(sealed=False)  # its name for looking up
    period: str = operational()
    happened_on: date = operational()
    value: float = operational()
    name: str = personal("")
    phone: str = personal("")
    address: str = personal("")
    note: str = sensitive("", sa_type=Text)
    area: str | None = operational(None)
    household_id: str | None = operational(None, foreign_key="household.id")
    known_by: str = operational("")
    state: str = operational()
    joined_to: int | None = key(foreign="warning.id", nullable=True)
    rule: str | None = operational(None)
    colour: str | None = operational(None)
    rule_source: str = operational("")
    rule_tag: str = operational("")
    received_at: datetime = operational()
    received_by: str = operational()
    unit: str = operational("")
    holder: str = operational("")
    urgent: bool = operational(False)
    started_at: datetime | None = operational(None)
    due_at: datetime | None = operational(None)
    measure: str = operational("")
    provisional: bool = operational(False)
    policy: str = operational("")
    ladder: str = operational("")
    step: int = operational(0)
    next_at: datetime | None = operational(None)
    breached_at: datetime | None = operational(None)
    door: str = operational("")
    tries: int = operational(0)
    version: int = operational(0)
    said: dict[str, Any] = document(sensitive)
    settled_at: datetime | None = operational(None)
    outcome: str | None = operational(None)
    seen: bool = operational(False)
    number: str | None = operational(None)
    erased_at: datetime | None = operational(None)


class DoorEntry(SQLModel, table=True):
    """What somebody recorded at a door. ``entry_key`` is made where it was written, so that sending
    it again adds nothing; ``based_on`` is the version they knew, ``version`` the one it made."""

    __tablename__ = "door_entry"
    __table_args__ = (
        Index("uq_door_entry_key", "entry_key", unique=True),
        Index("ix_door_entry_household", "household_id", "at"),
        Index("ix_door_entry_visit_id", "visit_id"),
        Index("ix_door_entry_warning_id", "warning_id"),
    )

    id: int = key()
    entry_key: str = operational()
    digest: str = operational()
    visit_id: int | None = key(foreign="visit.id", nullable=True)
    warning_id: int | None = key(foreign="warning.id", nullable=True)
    household_id: str | None = operational(None)
    by: str = operational()
    at: datetime = operational()
    received_at: datetime = operational()
    based_on: int = operational()
    version: int = operational()
    door: str = operational("")
    outcome: str = operational()
    seen: bool = operational(False)
    said: dict[str, Any] = document(sensitive)
    number: str | None = operational(None)


class Disagreement(SQLModel, table=True):
    """Two entries say different things of one field; ``chosen`` is the entry that a person took."""

    __table_args__ = (
        Index("ix_disagreement_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_disagreement_household_id", "household_id"),
    )

    id: int = key()
    visit_id: int | None = key(foreign="visit.id", nullable=True)
    warning_id: int | None = key(foreign="warning.id", nullable=True)
    household_id: str | None = operational(None)
    area: str | None = operational(None)
    field: str = operational()
    first_entry: int = key(foreign="door_entry.id")
    second_entry: int = key(foreign="door_entry.id")
    first_value: str = sensitive(sa_type=Text)
    second_value: str = sensitive(sa_type=Text)
    opened_at: datetime = operational()
    settled_at: datetime | None = operational(None)
    settled_by: str | None = operational(None)
    chosen: int | None = key(foreign="door_entry.id", nullable=True)
    reason: str = sensitive("", sa_type=Text)
