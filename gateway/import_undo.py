"""Giving back what a spreadsheet changed: all of it or nothing, within a day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import import_households, import_places, import_rosters, import_warnings, retention
from gateway.import_kinds import ROSTERS, WARNINGS
from gateway.offices import changed
from models.db import Database
from models.imports import ImportBatch, ImportLine
from models.transaction import acting
from referral.casework import Refusal

UNDO_WITHIN = timedelta(hours=24)


def in_time(batch: Any, now: datetime) -> bool:
    """Whether a file was done within a day, for the first time, and what stood before each of its
    lines is still kept: what was forgotten looks like what was new, and would be deleted."""
    kept = timedelta(days=retention.rules()["import_files"].days)
    in_day: bool = now - batch.done_at <= UNDO_WITHIN
    return in_day and now - batch.made_at <= kept


def undo(database: Database, mint: Callable[[], int], batch_id: int, by: str, now: datetime) -> int:
    """Give back what a file changed: all of it or nothing. Raises ``Refusal``: too late, or
    somebody has acted on a line since."""
    with acting(database, mint) as tx:
        columns = ImportBatch.__table__.columns  # type: ignore[attr-defined]
        batch = tx.execute(select(*columns).where(columns.id == batch_id)).first()
        if batch is None:
            raise Refusal("refusal.no_import", {"batch": str(batch_id)}, 404)
        if batch.state != "done":
            raise Refusal("refusal.import_not_done", {"batch": str(batch_id)})
        if not in_time(batch, now):
            raise Refusal("refusal.import_too_late", {"hours": "24"})
        rows = tx.execute(
            select(col(ImportLine.target), col(ImportLine.before))
            .where(col(ImportLine.batch_id) == batch_id)
            .order_by(col(ImportLine.line).desc())
        ).all()
        changes = [(row.target, row.before) for row in rows]
        if batch.kind == "households":
            import_households.undo(tx, changes)
        elif batch.kind == WARNINGS:
            import_warnings.undo(tx, changes, now)
        else:
            if batch.kind == ROSTERS:
                import_rosters.undo(tx, changes)
            else:
                import_places.undo(tx, batch.kind, changes, now)
            changed(tx)
        tx.execute(
            update(ImportBatch)
            .where(col(ImportBatch.id) == batch_id)
            .values(state="undone", undone_at=now, undone_by=by)
        )
        tx.event("import_undone", at=now, by=by, batch=str(batch_id), lines=len(changes))
        return len(changes)
