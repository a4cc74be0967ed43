"""What a person missed while nobody ticked comes as one message, not as a storm.

A late notice is held back for a moment; those that follow for the same person join it as long as
it has not left. Writers take turns, so two processes that catch up at once fill the same message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.outbox import Outgoing
from models.transaction import Transaction
from models.vocabulary import OutboxState
from referral import telling, wording
from referral.office import Office, Reply, Way

PHRASE = "staff_digest"
_HELD = timedelta(seconds=20)
_AT_MOST = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Late:
    """One notice that comes late: for whom, by which way, about which request."""

    staff: str
    way: Way
    address: str
    number: str
    urgent: bool


def is_late(office: Office, planned: datetime, now: datetime) -> bool:
    """Whether a step comes so late that the system must have been down."""
    minutes: Any = office.policy.values["digest_after_minutes"].value
    return now - planned >= timedelta(minutes=minutes)


def post(tx: Transaction, office: Office, late: Sequence[Late], now: datetime) -> None:
    """Say late notices, urgent ones first, in one message a person."""
    if not late:
        return
    by_reader: dict[tuple[str, str], list[Late]] = {}
    for one in late:
        by_reader.setdefault((one.staff, one.address), []).append(one)
    waiting = _waiting(tx, [staff for staff, _ in by_reader], now)
    for reader, notices in by_reader.items():
        held = waiting.get(reader)
        params = _params(office, held.params if held else None, notices)
        urgent = params["urgent"] != "0"
        if held is None:
            _add(tx, office, notices[0], params, urgent=urgent, now=now)
        else:
            _join(tx, office, held, params, urgent=urgent, now=now)


def _params(
    office: Office, before: Mapping[str, str] | None, notices: Sequence[Late]
) -> dict[str, str]:
    """The numbers of the requests, urgent ones first; ``urgent`` says how many of them are."""
    known = before["numbers"].split(" ") if before else []
    first = int(before["urgent"]) if before else 0
    urgent = dict.fromkeys([*known[:first], *(one.number for one in notices if one.urgent)])
    every = list(dict.fromkeys([*urgent, *known, *(one.number for one in notices)]))
    return {
        "hotline": office.hotline,
        "count": str(len(every)),
        "urgent": str(len(urgent)),
        "number": every[0],
        "numbers": " ".join(every),
    }


def _add(
    tx: Transaction,
    office: Office,
    first: Late,
    params: dict[str, str],
    *,
    urgent: bool,
    now: datetime,
) -> None:
    row = telling.post(
        tx,
        office,
        PHRASE,
        request=None,
        reply=Reply(first.way, first.address),
        now=now,
        language=wording.STAFF_LANGUAGE,
        params=params,
        urgent=urgent,
        staff=first.staff,
    )
    row["next_at"], row["params"] = now + _HELD, params


def _join(
    tx: Transaction,
    office: Office,
    held: Any,
    params: dict[str, str],
    *,
    urgent: bool,
    now: datetime,
) -> None:
    tx.execute(
        update(Outgoing)
        .where(col(Outgoing.id) == held.id, col(Outgoing.attempts) == 0)
        .values(
            params=params,
            text=wording.say(office, PHRASE, params, office.ways["tel"].form, held.language),
            urgent=held.urgent or urgent,
            next_at=min(now + _HELD, held.posted_at + _AT_MOST),
        )
    )


def _waiting(tx: Transaction, staff: Sequence[str], now: datetime) -> dict[tuple[str, str], Any]:
    """Digests that are still held back, by reader. ``next_at`` lies ahead: two ranges of
    one index."""
    rows = tx.execute(
        select(*Outgoing.__table__.columns).where(  # type: ignore[attr-defined]
            col(Outgoing.urgent).in_((True, False)),
            col(Outgoing.next_at) > now,
            col(Outgoing.phrase) == PHRASE,
            col(Outgoing.state) == OutboxState.READY,
            col(Outgoing.attempts) == 0,
            col(Outgoing.staff).in_(staff),
        )
    )
    return {(row.staff, row.address): row for row in rows}
