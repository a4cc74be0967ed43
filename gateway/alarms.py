"""What the desk must see when a part of the system itself fails."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from models.tasks import Task
from models.transaction import Transaction
from models.vocabulary import TaskKind
from referral.directory import HOTLINE, ZONE
from referral.office import Office


def channel_silent(tx: Transaction, office: Office, name: str, error: str, now: datetime) -> None:
    """A channel could not be asked for what was missed: one standing task, one event."""
    desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    standing = tx.execute(
        select(col(Task.note)).where(
            col(Task.kind) == TaskKind.CHANNEL_SILENT, col(Task.done_at).is_(None)
        )
    ).scalars()
    if name in standing:
        return
    tx.add(
        Task,
        id=tx.mint(),
        kind=TaskKind.CHANNEL_SILENT,
        unit=desk.code if desk else HOTLINE,
        urgent=True,
        note=name,
        opened_at=now,
        due_at=now + timedelta(minutes=30),
    )
    tx.event("channel_silent", at=now, channel=name, error=error)
