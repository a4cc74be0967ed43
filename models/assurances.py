"""What the system last proved about itself: a backup was written, all is accounted for, a canary
came back. One row a proof, overwritten by the next; its age is a figure that can raise alarm."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, SQLModel, col

from models.columns import document, operational
from models.transaction import Transaction

NIGHT = "nightly"
"""Whose turn a night is: no proof, and no figure."""


class Assurance(SQLModel, table=True):
    """The last time that ``name`` was tried, whether it held, and the last time that it did."""

    name: str = operational(primary_key=True)
    claimed_at: datetime = operational()
    tried_at: datetime | None = operational(None)
    held_at: datetime | None = operational(None)
    holds: bool | None = operational(None)
    figures: dict[str, Any] | None = document(operational)


def expect(tx: Transaction, names: Sequence[str], now: datetime) -> None:
    """From now on these are waited for: one that never says anything grows old from its first day,
    as one does that held once."""
    known = set(
        tx.execute(select(col(Assurance.name)).where(col(Assurance.name).in_(names))).scalars()
    )
    for name in (one for one in names if one not in known):
        tx.execute(insert(Assurance).values(name=name, claimed_at=now))


def claim(tx: Transaction, name: str, now: datetime, every: timedelta) -> bool:
    """Whether it is this process's turn: nobody has begun within ``every``."""
    columns = col(Assurance.name), col(Assurance.claimed_at)
    row = tx.execute(select(*columns).where(col(Assurance.name) == name)).first()
    if row is None:
        tx.execute(insert(Assurance).values(name=name, claimed_at=now))
        return True
    if row.claimed_at > now - every and row.claimed_at <= now:
        return False
    tx.execute(update(Assurance).where(col(Assurance.name) == name).values(claimed_at=now))
    return True


def tell(
    tx: Transaction, name: str, now: datetime, *, holds: bool, figures: Mapping[str, Any]
) -> None:
    """Write down what was found. ``figures`` are numbers and names of things, never of people."""
    values: dict[str, Any] = {"tried_at": now, "holds": holds, "figures": dict(figures)}
    if holds:
        values["held_at"] = now
    done = tx.execute(update(Assurance).where(col(Assurance.name) == name).values(**values))
    if not done.rowcount:
        tx.execute(insert(Assurance).values(name=name, claimed_at=now, **values))


def every(session: Session) -> dict[str, Assurance]:
    """All of them by name."""
    return {row.name: row for row in session.scalars(select(Assurance))}


def is_home(tx: Transaction, name: str, now: datetime, within: timedelta) -> bool:
    """Whether what was begun has ended well, or may still do so in time."""
    columns = col(Assurance.claimed_at), col(Assurance.held_at)
    row = tx.execute(select(*columns).where(col(Assurance.name) == name)).first()
    if row is None or now - row.claimed_at <= within:
        return True
    return row.held_at is not None and bool(row.held_at >= row.claimed_at)
