"""What one worker in the field has before them: their own doors, what waits there, what they
reported and what became of it. Of other grids there is nothing (PIPL Art. 6)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from gateway import access, differences
from gateway.access import Actor
from gateway.field import CHANNEL
from models.clocks import Clock
from models.discovery import DoorEntry, Visit, Warned
from models.households import Household
from models.outbox import Outgoing
from models.prefixes import begins
from models.requests import Contact, HelpRequest
from models.transaction import Row
from models.vocabulary import Role
from referral import homes, leads
from referral.casework import FIELD, Refusal
from referral.directory import ZONE
from referral.homes import Home
from referral.office import Office
from referral.rota import Rota

MOST = 60
MOST_HOUSEHOLDS = 1000
FEEDBACK = "CLK-DISCOVERY-FEEDBACK"
TOLD = ("reporter_outcome", "merged_reporter")


@dataclass(frozen=True, slots=True)
class Door:
    """A visit or a warning that waits, with what is known of the household."""

    what: str
    id: int
    home: Home | None
    name: str
    address: str
    phones: tuple[str, ...]
    due_at: datetime
    urgent: bool
    version: int
    door: str
    tries: int
    rule: str
    colour: str
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Reported:
    """One of the worker's own reports and what became of it, without private details (N16)."""

    external_id: str
    key: str
    number: str | None
    said_at: datetime
    received_at: datetime
    text: str
    status: str | None
    feedback_due: datetime | None
    minor: bool
    told: str
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """Everything on the page."""

    homes: tuple[Home, ...]
    visits: tuple[Door, ...]
    warnings: tuple[Door, ...]
    reports: tuple[Reported, ...]
    differences: tuple[Row, ...]


def day(session: Session, actor: Actor, office: Office, now: datetime) -> Day:
    """The worker's day. Raises ``Refusal`` (403)."""
    access.allow(actor, "see_field")
    connection = session.connection()
    rota = Rota(office.directory)
    return Day(
        homes=_own(connection, actor, office, rota, now) if actor.role in FIELD else (),
        visits=_visits(connection, actor, now),
        warnings=_warnings(connection, actor, now),
        reports=reports(connection, actor),
        differences=differences.of(connection, actor, office),
    )


def _own(
    connection: Any, actor: Actor, office: Office, rota: Rota, now: datetime
) -> tuple[Home, ...]:
    directory = office.directory
    if actor.area is None:
        return ()
    areas = {place.code for place in directory.places if directory.within(place.code, actor.area)}
    if actor.role is Role.GRID_WORKER:  # households known only by their village are shared out
        areas |= {
            code
            for code in directory.ancestry(actor.area)
            if directory.place[code].kind == "village"
        }
    known = connection.execute(
        select(col(Household.id), col(Household.area))
        .where(col(Household.area).in_(sorted(areas)), col(Household.ended_at).is_(None))
        .order_by(col(Household.id))
    )
    mine = [row.id for row in known if rota.knows(actor, row.area, row.id, now)]
    return tuple(homes.of(connection, mine[:MOST_HOUSEHOLDS], _day(now)).values())


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()


def _visits(connection: Any, actor: Actor, now: datetime) -> tuple[Door, ...]:
    rows = connection.execute(
        select(*Visit.__table__.columns)  # type: ignore[attr-defined]
        .where(col(Visit.holder) == actor.login, col(Visit.settled_at).is_(None))
        .order_by(col(Visit.urgent).desc(), col(Visit.due_at), col(Visit.id))
        .limit(MOST)
    ).all()
    return _doors(connection, "visit", rows, now)


def _warnings(connection: Any, actor: Actor, now: datetime) -> tuple[Door, ...]:
    rows = connection.execute(
        select(*Warned.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(Warned.state) == leads.OPEN,
            col(Warned.holder) == actor.login,
        )
        .order_by(col(Warned.urgent).desc(), col(Warned.due_at), col(Warned.id))
        .limit(MOST)
    ).all()
    return _doors(connection, "warning", rows, now)


def _doors(connection: Any, what: str, rows: Any, now: datetime) -> tuple[Door, ...]:
    ids = {row.household_id for row in rows if row.household_id}
    known = homes.of(connection, ids, _day(now))
    seen = last_seen(connection, ids)
    found = []
    for row in rows:
        home = known.get(row.household_id)
        named = what == "warning"
        found.append(
            Door(
                what=what,
                id=row.id,
                home=home,
                name=(row.name if named else "") or (home.head_name if home else ""),
                address=(home.address if home else "") or (row.address if named else ""),
                phones=home.phones if home else ((row.phone,) if named and row.phone else ()),
                due_at=row.due_at,
                urgent=row.urgent,
                version=row.version,
                door=row.door,
                tries=row.tries,
                rule=row.rule or "",
                colour=(row.colour or "") if named else "",
                last_seen=seen.get(row.household_id),
            )
        )
    return tuple(found)


def last_seen(connection: Any, ids: set[str]) -> dict[str, datetime]:
    """When somebody of these households was last seen in person."""
    rows = connection.execute(
        select(col(DoorEntry.household_id), func.max(col(DoorEntry.at)).label("at"))
        .where(col(DoorEntry.household_id).in_(ids), col(DoorEntry.seen).is_(True))
        .group_by(col(DoorEntry.household_id))
    )
    return {row.household_id: row.at for row in rows}


def reports(connection: Any, actor: Actor, *, external_id: str = "") -> tuple[Reported, ...]:
    """The worker's own reports, the newest first; or the one with this id."""
    mine = f"{actor.login}:"
    # A range of the contacts' own index, so that a million contacts of others cost nothing.
    which = (
        (col(Contact.external_id) == external_id,)
        if external_id
        else (begins(col(Contact.external_id), mine),)
    )
    rows = connection.execute(
        select(
            col(Contact.external_id),
            col(Contact.said_at),
            col(Contact.received_at),
            col(Contact.text),
            col(Contact.request_id),
            col(HelpRequest.number),
            col(HelpRequest.status),
        )
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(col(Contact.channel) == CHANNEL, col(Contact.reporter) == actor.login, *which)
        .order_by(col(Contact.received_at).desc(), col(Contact.id).desc())
        .limit(20)
    ).all()
    ids = {row.request_id for row in rows if row.request_id}
    clocks = {
        clock.request_id: clock
        for clock in connection.execute(
            select(*Clock.__table__.columns).where(  # type: ignore[attr-defined]
                col(Clock.request_id).in_(ids), col(Clock.name) == FEEDBACK
            )
        )
    }
    told = {
        row.request_id: row
        for row in connection.execute(
            select(col(Outgoing.request_id), col(Outgoing.text), col(Outgoing.posted_at))
            .where(col(Outgoing.request_id).in_(ids), col(Outgoing.phrase).in_(TOLD))
            .order_by(col(Outgoing.posted_at), col(Outgoing.id))
        )
    }
    found = []
    for row in rows:
        clock, message = clocks.get(row.request_id), told.get(row.request_id)
        found.append(
            Reported(
                external_id=row.external_id,
                key=row.external_id.removeprefix(mine),
                number=row.number,
                said_at=row.said_at,
                received_at=row.received_at,
                text=row.text,
                status=row.status,
                feedback_due=clock.due_at if clock and clock.stopped_at is None else None,
                minor=bool(clock and clock.case == "minor"),
                told=message.text if message else "",
                told_at=message.posted_at if message else None,
            )
        )
    return tuple(found)


def receipt(session: Session, actor: Actor, key: str) -> Reported:
    """One report as its reporter's receipt (Art. 39). Raises ``Refusal`` (403, 404)."""
    access.allow(actor, "see_field")
    found = reports(session.connection(), actor, external_id=f"{actor.login}:{key}")
    if not found:
        raise Refusal("refusal.not_found", status=404)
    return found[0]
