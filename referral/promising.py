"""The promise on a visit or a warning: by when, who is reminded, and what is said when it is late.

The same rules as for a request's clocks (``referral.reminding``): a step of the ladder is taken by
a conditional update, once, however many processes look; a breach keeps its own time and is never
erased. Reminders of one moment reach each person as one message with a number in it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, select, update

from models.discovery import Visit, Warned
from models.transaction import Transaction
from referral import clocks, rungs, telling, wording
from referral.clocks import Rung
from referral.directory import Answerable
from referral.office import Office, Reply, short
from referral.policy import ClockRule

TABLES: tuple[Table, ...] = (Visit.__table__, Warned.__table__)  # type: ignore[attr-defined]
BATCH = 500
_MOST_STEPS = 200


def promise(
    office: Office, rule: ClockRule, at: datetime, *, urgent: bool, due: clocks.Due | None = None
) -> dict[str, Any]:
    """The columns of a promise that begins at ``at``; ``due`` where something else than the rule's
    amount decides."""
    calendar = office.policy.calendar
    due = due or clocks.due(at, rule.amount, rule.measure, calendar)
    ladder = office.policy.ladders.get(rule.ladder, ())
    step = clocks.next_step(at, due.at, ladder, -1, rule.measure, calendar)
    return {
        "urgent": urgent,
        "started_at": at,
        "due_at": due.at,
        "measure": rule.measure,
        "provisional": due.provisional,
        "policy": short(office.policy.hash),
        "ladder": rule.ladder,
        "step": step[0] if step else 0,
        "next_at": step[1] if step else None,
    }


def is_due(connection: Any, now: datetime) -> bool:
    """Whether there is anything to take."""
    return any(
        connection.execute(
            select(table.c.id).where(table.c.next_at.is_not(None), table.c.next_at <= now).limit(1)
        ).first()
        for table in TABLES
    )


def late(tx: Transaction, office: Office, now: datetime) -> int:
    """Take what is due on visits and warnings; how many there were."""
    told: Counter[tuple[str, bool]] = Counter()
    readers: dict[str, Answerable] = {}
    urgent: set[str] = set()
    taken = 0
    for table in TABLES:
        rows = tx.execute(
            select(table)
            .where(table.c.next_at.is_not(None), table.c.next_at <= now)
            .order_by(table.c.next_at, table.c.id)
            .limit(BATCH)
        ).all()
        for row in rows:
            taken += 1
            for reader, breach in _take(tx, office, table, row, now):
                login = reader.officer.login
                readers[login] = reader
                told[login, breach] += 1
                if row.urgent:
                    urgent.add(login)
    for (login, breach), many in told.items():
        say(tx, office, readers[login], many, now, breach=breach, urgent=login in urgent)
    return taken


def _take(
    tx: Transaction, office: Office, table: Table, row: Any, now: datetime
) -> Sequence[tuple[Answerable, bool]]:
    ladder = office.ladder_of(row)
    calendar = office.policy.calendar
    at = (row.step, row.next_at) if ladder else None
    last = None
    for _ in range(_MOST_STEPS):
        if at is None or at[1] > now:
            break
        last = at[0]
        at = clocks.next_step(row.started_at, row.due_at, ladder, at[0], row.measure, calendar)
    breached = row.breached_at is None and now >= row.due_at
    if at is not None and at[1] <= now:
        at = (at[0], now + timedelta(minutes=30))
    fenced = tx.execute(
        update(table)
        .where(table.c.id == row.id, table.c.step == row.step, table.c.next_at == row.next_at)
        .values(
            step=at[0] if at else row.step,
            next_at=at[1] if at else None,
            breached_at=row.due_at if breached else row.breached_at,
        )
    )
    if not fenced.rowcount or last is None:
        return ()
    step = clocks.step_at(ladder, last)
    held = {"holder_unit": row.unit, "holder_person": row.holder}
    reader = rungs.who(office, held, step.who, now)
    if breached:
        tx.event(
            "outreach_late", at=now, what=table.name, id=str(row.id), due=row.due_at, of=row.holder
        )
    return ((reader, now >= row.due_at and step.who is not Rung.HOLDER),)


def say(
    tx: Transaction,
    office: Office,
    reader: Answerable,
    many: int,
    now: datetime,
    *,
    breach: bool = False,
    urgent: bool,
) -> None:
    """Tell somebody that so many doors wait, for them or, as a ``breach``, for others."""
    way = office.ways.get("tel")
    address = reader.officer.phone or reader.unit.duty_phone
    if way is None or not address:
        return
    telling.post(
        tx,
        office,
        "staff_outreach_late" if breach else "staff_outreach_due",
        request=None,
        reply=Reply(way, address),
        now=now,
        language=wording.STAFF_LANGUAGE,
        params={"n": str(many), "hotline": office.hotline},
        urgent=urgent,
        staff=reader.officer.login,
    )
