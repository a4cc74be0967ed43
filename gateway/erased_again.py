"""Which requests were erased, in a file beside the backups: a restored backup is older than some
erasures, and who was erased must not come back with it.

Each line is a request's id and when it was erased; no word of anybody. It is only ever appended to.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from gateway.erasure import of_requests
from models.db import Database
from models.requests import HelpRequest
from models.transaction import Transaction

NAME = "erased"
_AT_ONCE = 500


def note(database: Database, folder: Path) -> int:
    """Append the erasures that the file does not have yet; how many. Raises OSError."""
    path = folder / NAME
    known = noted(path)
    since = max(known.values(), default=datetime.min.replace(tzinfo=UTC))
    with database.read() as session:
        rows = session.connection().execute(
            select(col(HelpRequest.id), col(HelpRequest.erased_at))
            .where(col(HelpRequest.erased_at).is_not(None), col(HelpRequest.erased_at) >= since)
            .order_by(col(HelpRequest.erased_at), col(HelpRequest.id))
        )
        fresh = [(row.id, row.erased_at) for row in rows if row.id not in known]
    if fresh:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{one} {at.astimezone(UTC).isoformat()}\n" for one, at in fresh)
            file.flush()
            os.fsync(file.fileno())
    return len(fresh)


def noted(path: Path) -> dict[int, datetime]:
    """What the file holds; {} where there is none. A line that was cut off is passed over."""
    found: dict[int, datetime] = {}
    if path.exists():
        for line in path.read_text("ascii", "replace").splitlines():
            number, _, at = line.partition(" ")
            try:
                found[int(number)] = datetime.fromisoformat(at)
            except ValueError:
                continue
    return found


def apply(tx: Transaction, path: Path, now: datetime) -> int:
    """Erase again what the file names and this database still says; how many requests."""
    wanted, done = sorted(noted(path)), 0
    for start in range(0, len(wanted), _AT_ONCE):
        still = list(
            tx.execute(
                select(col(HelpRequest.id)).where(
                    col(HelpRequest.id).in_(wanted[start : start + _AT_ONCE]),
                    col(HelpRequest.erased_at).is_(None),
                )
            ).scalars()
        )
        of_requests(tx, still, now)
        done += len(still)
    return done
