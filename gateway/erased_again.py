"""Which requests and people were erased, in a file beside the backups: a restored backup is older
than some erasures, and who was erased must not come back with it.

Each line is a request's id and when it was erased, or ``person``, the id of somebody who was erased
at their wish, and when; no word of anybody. It is only ever appended to. What it lacks is seen by
the ids alone: times are of clocks that are set back, and of several machines.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway import wishes
from gateway.erasure import of_requests, still_known
from models.db import Database
from models.events import OF_NO_REQUEST, Event
from models.requests import HelpRequest
from models.transaction import Transaction

NAME = "erased"
PERSON = "person"
_AT_ONCE = 500


def note(database: Database, folder: Path) -> int:
    """Append the erasures that the file does not have yet; how many. Raises OSError."""
    path = folder / NAME
    requests, people = noted(path), noted_people(path)
    with database.read() as session:
        reader = session.connection()
        rows = reader.execute(
            select(col(HelpRequest.id), col(HelpRequest.erased_at))
            .where(col(HelpRequest.erased_at).is_not(None))
            .order_by(col(HelpRequest.id))
        )
        fresh = [(f"{row.id}", row.erased_at) for row in rows if row.id not in requests]
        wished = dict(_people(reader))
        fresh += [(f"{PERSON} {one}", at) for one, at in wished.items() if one not in people]
    if fresh:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{one} {at.astimezone(UTC).isoformat()}\n" for one, at in fresh)
            file.flush()
            os.fsync(file.fileno())
    return len(fresh)


def _people(reader: Any) -> Iterator[tuple[int, datetime]]:
    """Who was erased at their wish, as the ledger says; early entries name only the requests."""
    entries = reader.execute(
        select(col(Event.at), col(Event.detail))
        .where(OF_NO_REQUEST, col(Event.kind) == "subject_erased")
        .order_by(col(Event.seq))
    ).all()
    for entry in entries:
        detail = orjson.loads(entry.detail)
        named = [int(one) for one in detail.get("people", ())]
        if not named:
            query = select(col(HelpRequest.person_id)).distinct()
            theirs = query.where(col(HelpRequest.number).in_(detail["requests"]))
            named = list(reader.execute(theirs).scalars())
        yield from ((one, entry.at) for one in named)


def noted(path: Path) -> dict[int, datetime]:
    """The requests that the file holds; {} where there is none. A line that was cut off is passed
    over."""
    return _lines(path, "")


def noted_people(path: Path) -> dict[int, datetime]:
    """The people that the file holds; older files have none."""
    return _lines(path, f"{PERSON} ")


def _lines(path: Path, kind: str) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    if path.exists():
        for line in path.read_text("ascii", "replace").splitlines():
            number, _, at = line.removeprefix(kind).partition(" ")
            try:
                if line.startswith(kind):
                    found[int(number)] = datetime.fromisoformat(at)
            except ValueError:
                continue
    return found


def apply(tx: Transaction, path: Path, now: datetime) -> int:
    """Erase again what the file names and this database still says; how many requests and how many
    people without any. The people first, while their addresses still lead to what is theirs."""
    done = 0
    for person in still_known(tx, sorted(noted_people(path))):
        of = col(HelpRequest.person_id) == person
        rows = tx.execute(select(col(HelpRequest.id), col(HelpRequest.erased_at)).where(of)).all()
        wishes.erase(tx, [person], [row.id for row in rows], now)
        done += sum(row.erased_at is None for row in rows) if rows else 1
    wanted = sorted(noted(path))
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
