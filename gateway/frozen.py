"""The ladders of every version of the rules that ever started a clock here."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.db import Database
from models.ladders import Ladder
from models.transaction import Transaction, acting
from referral.clocks import LadderAct, LadderStep, Rung
from referral.office import short
from referral.policy import Policy

Ladders = Mapping[tuple[str, str], tuple[LadderStep, ...]]


def keep(
    database: Database,
    mint: Callable[[], int],
    policy: Policy,
    changed: Callable[[Transaction], None],
) -> None:
    """Write down the ladders of these rules unless they are there; ``changed`` tells the other
    processes. Raises ``Busy``."""
    stamp = short(policy.hash)
    with database.read() as session:
        if _known(session.connection(), stamp) >= set(policy.ladders):
            return
    with acting(database, mint) as tx:
        known = _known(tx, stamp)
        for name, steps in policy.ladders.items():
            if name not in known:
                rows = [[step.at, step.who.value, step.act.value] for step in steps]
                tx.add(Ladder, policy=stamp, name=name, steps=rows)
        changed(tx)


def _known(connection: Any, stamp: str) -> set[str]:
    table = Ladder.__table__  # type: ignore[attr-defined]
    return set(
        connection.execute(select(table.c.name).where(table.c.policy == stamp)).scalars().all()
    )


def read(session: Session) -> Ladders:
    """All of them, by the stamp of the rules and the name."""
    rows = session.connection().execute(
        select(*Ladder.__table__.columns)  # type: ignore[attr-defined]
    )
    return {
        (row.policy, row.name): tuple(
            LadderStep(at, Rung(who), LadderAct(act)) for at, who, act in row.steps
        )
        for row in rows
    }
