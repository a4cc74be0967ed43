"""A disaster as one page (AS-17): the households of an event by danger, each with its own request
and reply, and what each still lacks of the first twenty-four hours' needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from gateway import access, masking
from gateway.access import Actor
from gateway.lamps import Lamp, lamp
from gateway.masking import Masking
from models.clocks import Clock
from models.events import Event
from models.likenesses import Link
from models.requests import HelpRequest
from referral import needs
from referral.casework import Refusal
from referral.office import Office

MOST = 1000


@dataclass(frozen=True, slots=True)
class Gathering:
    """One event in the list: how many households, how many still lack something."""

    bundle: str
    since: datetime
    place: str
    summary: str
    households: int
    lacking: int


@dataclass(frozen=True, slots=True)
class Lack:
    """One need: its state, who brings it."""

    kind: str
    state: str
    supplier: str
    note: str


@dataclass(frozen=True, slots=True)
class Household:
    """One household of the event. ``replied``: its own requester has had an answer of a person."""

    number: str
    level: str
    status: str
    open: bool
    area_name: str
    place: str
    summary: str
    received_at: datetime
    replied: bool
    lamp: Lamp
    needs: tuple[Lack, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one need, over all households: how many lack it, have a promise, have it."""

    kind: str
    missing: int
    promised: int
    met: int
    not_needed: int


def every(session: Session, actor: Actor, office: Office, now: datetime) -> tuple[Gathering, ...]:
    """The events with a request that this person may see, the newest first."""
    access.allow(actor, "see_events")
    seen = select(col(HelpRequest.id)).where(*access.scope(actor, office, now))
    rows = session.connection().execute(
        select(col(Link.bundle), func.max(col(Link.at)).label("last"))
        .where(col(Link.relation) == "event", col(Link.request_id).in_(seen))
        .group_by(col(Link.bundle))
        .order_by(func.max(col(Link.at)).desc())
        .limit(50)
    )
    return tuple(_gathering(session, actor, office, row.bundle, now) for row in rows)


def _gathering(
    session: Session, actor: Actor, office: Office, bundle: int, now: datetime
) -> Gathering:
    found = households(session, actor, office, bundle, now=now)
    first = min(found, key=lambda one: one.received_at)
    return Gathering(
        bundle=str(bundle),
        since=first.received_at,
        place=first.area_name,
        summary=first.summary,
        households=len(found),
        lacking=sum(bool(one.missing) for one in found),
    )


def households(
    session: Session, actor: Actor, office: Office, bundle: int, *, now: datetime
) -> tuple[Household, ...]:
    """The households of an event, those in the greatest danger first, not those who called first.
    Raises ``Refusal`` (404)."""
    access.allow(actor, "see_events")
    connection = session.connection()
    members = select(col(Link.request_id)).where(
        col(Link.bundle) == bundle, col(Link.relation) == "event"
    )
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    rows = connection.execute(
        select(*columns)
        .where(col(HelpRequest.id).in_(members), *access.scope(actor, office, now))
        .order_by(col(HelpRequest.closed_at).is_not(None), col(HelpRequest.queue_key))
        .limit(MOST)
    ).all()
    if not rows:
        raise Refusal("refusal.not_found", status=404)
    ids = [row.id for row in rows]
    known = needs.of(connection, ids)
    replied, clocks = _replied(connection, ids), _clocks(connection, ids)
    masks = masking.in_lists(connection, actor, [row._mapping for row in rows])
    found = []
    for row in rows:
        mask = masks[row.id]
        lacks = _lacks(known.get(row.id, {}), mask)
        sees = access.sight(actor, dict(row._mapping))
        place = office.directory.place.get(row.area or "")
        found.append(
            Household(
                number=row.number,
                level=row.level,
                status=row.status,
                open=row.closed_at is None,
                area_name=place.name if place else "",
                place=(sees.gist and mask.where(row.place)) or "",
                summary=mask.listed(row.summary) if sees.gist else "",
                received_at=row.received_at,
                replied=row.id in replied,
                lamp=lamp(
                    clocks.get(row.id), now, office.policy.calendar, waits=row.closed_at is not None
                ),
                needs=lacks,
                missing=tuple(one.kind for one in lacks if one.state not in needs.DONE),
            )
        )
    return tuple(found)


def sums(found: Sequence[Household]) -> tuple[Sum, ...]:
    """Each need over all households, for who must bring so many of it."""
    every_one = [lack for one in found for lack in one.needs]
    return tuple(
        Sum(
            kind,
            *(
                sum(lack.kind == kind and lack.state == state for lack in every_one)
                for state in needs.STATES
            ),
        )
        for kind in needs.KINDS
    )


def _lacks(known: Mapping[str, Mapping[str, Any]], mask: Masking) -> tuple[Lack, ...]:
    """All five, in order; what nobody has spoken of counts as missing until somebody asks."""
    return tuple(
        Lack(
            kind,
            known[kind]["state"] if kind in known else "missing",
            known[kind]["supplier"] if kind in known else "",
            mask.listed(known[kind]["note"]) if kind in known else "",
        )
        for kind in needs.KINDS
    )


def _replied(connection: Any, ids: Sequence[int]) -> set[int]:
    query = select(col(Event.request_id)).where(
        col(Event.request_id).in_(ids), col(Event.kind) == "replied"
    )
    return set(connection.execute(query).scalars())


def _clocks(connection: Any, ids: Sequence[int]) -> dict[int, Any]:
    """Of each household the running twenty-four hours, where they run."""
    columns = Clock.__table__.columns  # type: ignore[attr-defined]
    rows = connection.execute(
        select(*columns)
        .where(
            col(Clock.request_id).in_(ids),
            col(Clock.name) == "CLK-DISASTER",
            col(Clock.stopped_at).is_(None),
        )
        .order_by(col(Clock.due_at).desc())
    )
    return {row.request_id: row for row in rows}
