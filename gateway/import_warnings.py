"""Lists of other bodies out of a spreadsheet: weighed by the rules, and given back while nobody has
been at a door."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import warning_leads
from gateway.import_households import typed
from models.db import Database
from models.discovery import Warned
from models.imports import ImportLine
from models.transaction import Row, Transaction
from referral import leads
from referral.casework import Refusal
from referral.leads import Lead
from referral.office import Office
from referral.rota import Rota
from referral.visiting import today

_WARNED = Warned.__table__  # type: ignore[attr-defined]


def at_home(
    database: Database, office: Office | None, found: Sequence[Lead], now: datetime
) -> list[Lead]:
    """The leads with their households, looked for before anything is locked."""
    if office is None or not found:
        return []
    with database.read() as session:
        connection, day = session.connection(), today(now)
        return [warning_leads.at_home(connection, office, lead, day) for lead in found]


def write(
    tx: Transaction, office: Office, found: Sequence[Lead], by: str, now: datetime
) -> list[tuple[str, Row]]:
    """Weigh the leads; of each the warning it made ("" where it was here before), what became of
    it, and of a waiting warning that it made more pressing what stood there."""
    taken = leads.take_in(tx, office, Rota(office.directory), found, by, now=now)
    return [
        (
            "" if one.warning is None else str(one.warning),
            {"what": one.what, "raised": [dict(row) for row in one.raised]},
        )
        for one in taken
    ]


def became(database: Database, batch_id: int) -> Counter[str]:
    """How many lines of a file became what."""
    with database.read() as session:
        lines = session.connection().execute(
            select(col(ImportLine.before)).where(col(ImportLine.batch_id) == batch_id)
        )
        return Counter(one["what"] for one in lines.scalars() if one)


def undo(
    tx: Transaction, changes: Sequence[tuple[str, Mapping[str, Any] | None]], now: datetime
) -> None:
    """Take the warnings back, the last first. Raises ``Refusal`` when somebody has been at a door,
    or a later list leans on one of them."""
    mine = [int(target) for target, _ in changes if target]
    for target, before in changes:
        if not target or before is None:
            continue
        rule = _take_back(tx, int(target), mine, now)
        for row in before["raised"]:
            _lower(tx, row, rule)


def _take_back(tx: Transaction, warning: int, mine: Sequence[int], now: datetime) -> str | None:
    row = tx.execute(select(_WARNED).where(_WARNED.c.id == warning)).first()
    if row is None or _touched(row) or row.erased_at is not None:
        raise Refusal("refusal.import_acted_on", {"what": _called(row, warning)})
    leaning = select(col(Warned.id)).where(
        col(Warned.joined_to) == warning, col(Warned.id).not_in(mine)
    )
    if tx.execute(leaning.limit(1)).first() is not None:
        raise Refusal("refusal.import_acted_on", {"what": _called(row, warning)})
    tx.execute(delete(Warned).where(_WARNED.c.id == warning))
    if row.state == leads.OPEN:
        tx.event("warning_taken_back", at=now, warning=str(warning), holder=row.holder)
    rule: str | None = row.rule
    return rule


def _lower(tx: Transaction, before: Mapping[str, Any], rule: str | None) -> None:
    """Put a warning back as it was before a row of this list made it more pressing by a rule."""
    row = tx.execute(select(_WARNED).where(_WARNED.c.id == before["id"])).first()
    if row is None or _touched(row) or row.rule != rule:
        raise Refusal("refusal.import_acted_on", {"what": _called(row, before["id"])})
    values = typed(Warned, {name: value for name, value in before.items() if name != "id"})
    tx.execute(update(Warned).where(_WARNED.c.id == before["id"]).values(**values))


def _touched(row: Any) -> bool:
    """Whether a person has had to do with it; reminders of the software do not count."""
    return bool(row.version or row.tries or row.door or row.settled_at or row.number)


def _called(row: Any, warning: int) -> str:
    return (row.name or row.household_id if row else None) or str(warning)
