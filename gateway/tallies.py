"""Warnings counted: of each list how many stand how."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from models.discovery import Warned
from referral import leads


@dataclass(frozen=True, slots=True)
class Tally:
    """Warnings of one list: how many stand how."""

    kind: str
    noted: int
    waiting: int
    late: int
    outcomes: dict[str, int]

    @property
    def warned(self) -> int:
        """How many became a reason to knock."""
        return self.waiting + sum(self.outcomes.values())


def tallies(session: Session, where: Iterable[ColumnElement[bool]], now: datetime) -> list[Tally]:
    """The warnings under these conditions, list by list."""
    late = case(
        (col(Warned.breached_at).is_not(None), 1),
        ((col(Warned.state) == leads.OPEN) & (col(Warned.due_at) < now), 1),
        else_=0,
    )
    rows = session.connection().execute(
        select(
            col(Warned.kind), col(Warned.state), col(Warned.outcome),
            func.count().label("many"), func.sum(late).label("late"),
        )
        .where(*where)
        .group_by(col(Warned.kind), col(Warned.state), col(Warned.outcome))
    ).all()  # fmt: skip
    kinds = sorted({row.kind for row in rows})
    return [_tally(kind, [row for row in rows if row.kind == kind]) for kind in kinds]


def _tally(kind: str, rows: Sequence[Any]) -> Tally:
    by_state: Counter[str] = Counter()
    for row in rows:
        by_state[row.state] += row.many
    return Tally(
        kind,
        noted=by_state[leads.NOTED] + by_state[leads.JOINED],
        waiting=by_state[leads.OPEN],
        late=sum(row.late or 0 for row in rows),
        outcomes={row.outcome: row.many for row in rows if row.state == leads.SETTLED},
    )
