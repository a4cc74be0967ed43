"""Did every clock do what it promised? The rows of the clocks beside the entries of the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from models.clocks import Clock
from models.events import Event
from models.requests import HelpRequest
from referral import auditing
from referral.auditing import Taken, Trail
from referral.clocks import Rung
from referral.office import Office

BATCH = 1000
HOLDER = '"holder_unit":'
"""How an entry that names a new holder is told from others."""
PROMISED, MOVED = "promised", "due_moved"
_KINDS = (*sorted(auditing.STEPS), "breached", PROMISED, MOVED)


@dataclass(slots=True)
class Audit:
    """How many clocks and steps were seen, and every fault, one sentence each."""

    clocks: int
    steps: int
    faults: list[str]


def audit(session: Session, office: Office, now: datetime, patience: timedelta) -> Audit:
    """Go through every clock, some requests at a time; the ledger is taken as it stands."""
    found = Audit(0, 0, [])
    for requests, rows in _batches(session):
        trails, holders = _trails(session, requests)
        found.faults += _held(session, requests, holders)
        for row in rows:
            trail = trails.pop(row.id, Trail())
            found.clocks += 1
            found.steps += sum(len(taken.steps) for taken in trail.taken)
            ladder = office.ladder_of(row)
            for fault in auditing.faults(
                row, trail, ladder, office.policy.calendar, now=now, patience=patience
            ):
                case = f"/{row.case}" if row.case else ""
                found.faults.append(f"{row.number} {row.name}{case} (clock {row.id}): {fault}")
        for clock_id in sorted(trails):
            found.faults.append(f"clock {clock_id} is in the ledger, its row is gone")
    return found


def _batches(session: Session) -> Iterator[tuple[Sequence[int], Sequence[Any]]]:
    """All clocks, those of one request together, some requests at a time."""
    connection, last = session.connection(), 0
    while True:
        requests = connection.scalars(
            select(col(HelpRequest.id))
            .where(col(HelpRequest.id) > last)
            .order_by(col(HelpRequest.id))
            .limit(BATCH)
        ).all()
        if not requests:
            return
        rows = connection.execute(
            select(*Clock.__table__.columns, col(HelpRequest.number))  # type: ignore[attr-defined]
            .join(HelpRequest, col(HelpRequest.id) == col(Clock.request_id))
            .where(col(Clock.request_id).in_(requests))
            .order_by(col(Clock.id))
        ).all()
        yield requests, rows
        last = requests[-1]


def _held(
    session: Session, requests: Sequence[int], holders: dict[int, tuple[str, str]]
) -> Iterator[str]:
    """Requests that somebody else holds than the ledger says."""
    rows = session.connection().execute(
        select(
            col(HelpRequest.id),
            col(HelpRequest.number),
            col(HelpRequest.holder_unit),
            col(HelpRequest.holder_person),
        ).where(col(HelpRequest.id).in_(requests))
    )
    for row in rows:
        told = holders.get(row.id)
        if told is None:
            yield f"{row.number}: the ledger does not know who holds it"
        elif told != (row.holder_unit, row.holder_person):
            yield (
                f"{row.number}: held by {row.holder_person} of {row.holder_unit}, "
                f"by the ledger by {told[1]} of {told[0]}"
            )


def _trails(
    session: Session, requests: Sequence[int]
) -> tuple[dict[int, Trail], dict[int, tuple[str, str]]]:
    """What the ledger says of each clock, and who holds each request at its end (unit, person)."""
    trails: dict[int, Trail] = {}
    holders: dict[int, tuple[str, str]] = {}
    entries = session.connection().execute(
        select(
            col(Event.seq),
            col(Event.at),
            col(Event.request_id),
            col(Event.kind),
            col(Event.detail),
        )
        .where(col(Event.request_id).in_(requests))
        .order_by(col(Event.seq))
    )
    for entry in entries:
        if entry.kind not in _KINDS and HOLDER not in entry.detail:
            continue
        detail = orjson.loads(entry.detail)
        if "holder_unit" in detail and "holder" in detail:
            holders[entry.request_id] = (detail["holder_unit"], detail["holder"])
        if entry.kind in (PROMISED, MOVED):
            for clock_id, _name, _case, _ladder, started, due in detail["clocks"]:
                trail = trails.setdefault(int(clock_id), Trail())
                trail.moves += entry.kind == MOVED
                trail.started = datetime.fromisoformat(started)
                trail.due = datetime.fromisoformat(due)
        elif "clock_id" in detail:
            trail = trails.setdefault(int(detail["clock_id"]), Trail())
            if entry.kind == "breached":
                trail.breached.append(entry.seq)
            else:
                planned = datetime.fromisoformat(detail["planned"])
                direct = detail.get("rung") == Rung.HOLDER and detail.get("found_by") == "holder"
                trail.taken.append(
                    Taken(
                        entry.seq,
                        entry.at,
                        tuple(detail["steps"]),
                        planned,
                        to=detail["to"] if direct else "",
                        holder=holders.get(entry.request_id, ("", ""))[1],
                    )
                )
    return trails, holders
