"""Whose household a request is about: proposals written by a tick, shown to who decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import Session, col

from gateway import registry
from gateway.access import RIGHTS, Actor, Viewer
from gateway.homes import Card, card_of, sees_household, shown
from gateway.timeline import Entry, timeline
from models.events import SYSTEM
from models.households import Belonging, Resident
from models.transaction import Transaction
from referral.directory import ZONE
from referral.office import Office
from triage.household_matching import Finding, Home, Match, read_home
from triage.matter import Matter, facts_of

KEPT = 3
"""Households that are proposed for one contact."""
_RECENT = 6


def likely(connection: Connection, row: Any, matter: Matter) -> list[Match]:
    """Which households a contact may be about, the likeliest first. ``row`` is the contact as
    ``repeats`` reads it."""
    query = home_of(row, matter)
    if not (query.phones or query.people or query.dwelling):
        return []
    return registry.search(connection, query, row.said_at.astimezone(ZONE).date())[:KEPT]


def propose(tx: Transaction, found: Sequence[tuple[Any, Sequence[Match]]], now: datetime) -> None:
    """Write which households contacts may be about. What a person has decided stands, and once
    one is confirmed nothing more is proposed for its request."""
    if not found:
        return
    columns = Belonging.__table__.columns  # type: ignore[attr-defined]
    ids = [row.request_id for row, _ in found]
    standing = tx.execute(
        select(columns.request_id, columns.household_id, columns.state).where(
            columns.request_id.in_(ids)
        )
    ).all()
    sure = {one.request_id for one in standing if one.state == "confirmed"}
    known = {(one.request_id, one.household_id) for one in standing}
    for row, homes in found:
        for match in () if row.request_id in sure else homes:
            both = (row.request_id, match.household_id)
            if both in known:
                continue
            known.add(both)
            tx.add(
                Belonging,
                id=tx.mint(),
                request_id=row.request_id,
                contact_id=row.id,
                household_id=match.household_id,
                score=round(match.score, 3),
                findings=[_kept(one) for one in match.findings],
                state="proposed",
                proposed_at=now,
                proposed_by=SYSTEM,
            )


def home_of(row: Any, matter: Matter) -> Home:
    """What a contact says of a household, from the facts that were read when it came in."""
    facts = facts_of(row.assessment)
    named = [person.name for person in facts.people if person.name]
    called = [f"{surname}某" for surname in sorted(matter.honored)]
    names = tuple(dict.fromkeys([*named, *matter.names, *called]))
    told = [person.age for person in facts.people if person.name] if len(named) == 1 else []
    return read_home(
        names=names,
        phones=sorted(matter.phones),
        address=row.place or facts.place or "",
        ages=[age for age in told if age is not None],
    )


def _kept(one: Finding) -> dict[str, Any]:
    return {
        "kind": one.kind, "mine": one.mine, "theirs": one.theirs, "weight": one.weight,
        "aspect": one.aspect,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """A household that a request may be about, or is; ``seen`` is False when it lies outside what
    the viewer may see, then only its number is shown."""

    card: Card
    score: float
    state: str
    findings: tuple[Any, ...]
    by: str
    history: tuple[Entry, ...] = ()
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a request: the household it is about, or those it may be about; a person
    without a name."""

    confirmed: Offer | None = None
    proposed: tuple[Offer, ...] = ()
    unknown: Any = None

    @property
    def ids(self) -> tuple[int, ...]:
        """The other requests whose words are shown in it."""
        told = self.confirmed.history if self.confirmed else ()
        return tuple(one.request_id for one in told if one.request_id is not None)


def beside(
    session: Session, viewer: Viewer, office: Office, request_id: int, now: datetime
) -> Beside:
    """What is shown beside a request to whoever may see households."""
    if not isinstance(viewer, Actor) or viewer.role not in RIGHTS["see_household"]:
        return Beside()
    connection = session.connection()
    columns = Belonging.__table__.columns  # type: ignore[attr-defined]
    rows = connection.execute(
        select(*columns)
        .where(columns.request_id == request_id, columns.state.in_(("proposed", "confirmed")))
        .order_by(columns.score.desc(), columns.id)
    ).all()
    offers = _offers(connection, viewer, office, rows, request_id, now)
    confirmed = next((one for one in offers if one.state == "confirmed"), None)
    person = next((row.resident_id for row in rows if row.resident_id is not None), None)
    unknown = (
        connection.execute(
            select(col(Resident.code), col(Resident.found_place), col(Resident.found_at)).where(
                col(Resident.id) == person
            )
        ).first()
        if person is not None
        else None
    )
    proposed = () if confirmed else tuple(one for one in offers if one.state == "proposed")
    return Beside(confirmed, proposed, unknown)


def _offers(
    connection: Connection,
    viewer: Actor,
    office: Office,
    rows: Sequence[Any],
    request_id: int,
    now: datetime,
) -> list[Offer]:
    ids = [row.household_id for row in rows if row.household_id is not None]
    known = {one.id: one for one in registry.households(connection, ids)}
    found = []
    for row in rows:
        if row.household_id not in known:
            continue
        home = known[row.household_id]
        seen = sees_household(viewer, office, home.area) or row.state == "confirmed"
        history = (
            timeline(connection, viewer, office, home.id, now, but=request_id)[:_RECENT]
            if row.state == "confirmed" and seen
            else ()
        )
        found.append(
            Offer(
                card_of(home, office, now),
                row.score,
                row.state,
                tuple(shown(**one) for one in row.findings),
                row.decided_by or row.proposed_by,
                tuple(history),
                seen,
            )
        )
    return found
