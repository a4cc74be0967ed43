"""The row of a file that is read in: begun, gone on with, done.

Two who read the same file in at once write into one row. No line is written twice: whoever meets a
line that the other has written meanwhile stops, and the other goes on to the end.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlmodel import col

from models.imports import ImportBatch, ImportLine
from models.transaction import Transaction
from referral.casework import Refusal


def begin(
    tx: Transaction,
    *,
    kind: str,
    name: str,
    file: str,
    lines: int,
    faulty: int,
    by: str,
    now: datetime,
    known: int | None,
) -> tuple[int, set[int]]:
    """The batch of this file, which may have been begun before, and its lines that stand.
    ``file`` is its hash, ``known`` the row of its preview."""
    found = tx.execute(
        select(col(ImportBatch.id))
        .where(col(ImportBatch.hash) == file, col(ImportBatch.state).in_(("running", "done")))
        .order_by(col(ImportBatch.made_at), col(ImportBatch.id))
    ).scalar()
    batch_id = found or known
    counts = {"lines": lines, "faulty": faulty}
    if batch_id is None:
        batch_id = tx.mint()
        tx.add(
            ImportBatch, id=batch_id, kind=kind, name=name, hash=file, state="running",
            made_at=now, made_by=by, **counts,
        )  # fmt: skip
    else:
        tx.execute(
            update(ImportBatch)
            .where(col(ImportBatch.id) == batch_id)
            .values(state="running", **counts)
        )
    return batch_id, set(tx.execute(_standing(batch_id)).scalars())


def require_alone(tx: Transaction, batch_id: int, lines: Sequence[int], name: str) -> None:
    """Raise ``Refusal``: somebody else has written one of these lines since we began."""
    if tx.execute(_standing(batch_id).where(col(ImportLine.line).in_(lines)).limit(1)).first():
        raise Refusal("refusal.import_meanwhile", {"name": name})


def end(tx: Transaction, batch_id: int, *, written: int, now: datetime, known: int | None) -> None:
    """The file is done with, and so is the row of a preview of a file that came again."""
    tx.execute(
        update(ImportBatch)
        .where(col(ImportBatch.id) == batch_id)
        .values(
            state="done",
            written=written,
            body=None,
            done_at=func.coalesce(col(ImportBatch.done_at), now),  # once; undo counts from it
        )
    )
    if known not in (None, batch_id):
        tx.execute(delete(ImportBatch).where(col(ImportBatch.id) == known))


def _standing(batch_id: int) -> Select[int]:
    return select(col(ImportLine.line)).where(col(ImportLine.batch_id) == batch_id)
