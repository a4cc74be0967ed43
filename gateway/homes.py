"""A household as a member of staff may see it: within their area, masked until they say why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlmodel import Session, col

from gateway import access, registry, watching
from gateway.access import Actor
from gateway.revealing import masked
from gateway.state import State
from gateway.timeline import requests_of
from models import notes
from models.households import (
    Belonging,
    Household,
    HouseholdCategory,
    HouseholdPhone,
    Resident,
)
from models.requests import HelpRequest
from models.transaction import Transaction, acting
from referral.belonging import reaches
from referral.casework import GRASSROOTS, Refusal, need
from referral.directory import ZONE
from referral.office import Office
from triage.household_matching import Home
from triage.nameless import nameless
from triage.redact import redact_person

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Card:
    """A household in one line: masked."""

    id: str
    head: str
    address: str
    area: str
    people: int
    phones: tuple[str, ...]
    categories: tuple[str, ...]
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a household; masked unless revealed."""

    name: str
    relation: str
    sex: str
    age: int | None
    language: str
    hearing: str
    carer: str
    phones: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, date | None, date | None], ...]
    gone: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A household with its people. ``phones`` are those that nobody of them owns alone."""

    card: Card
    members: tuple[Member, ...]
    phones: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, date | None, date | None], ...]
    note: str
    moved_to: str
    version: int


def sees_household(actor: Actor, office: Office, area: str | None) -> bool:
    """Whether a household of this area exists for somebody: the desk sees all, the grassroots
    their own area and what lies in it."""
    if actor.role in access.DESK:
        return True
    return actor.role in GRASSROOTS and reaches(office, actor, area)


def admit(
    connection: Connection, actor: Actor, office: Office, household_id: str, *, act: str,
    now: datetime,
) -> registry.Known:  # fmt: skip
    """The household, when it exists for this member of staff: by area, or by a request about it
    that they may see. Raises ``Refusal``: 403 for the act, 404 alike for foreign and missing."""
    access.allow(actor, act)
    found = registry.households(connection, [household_id])
    if found and (
        sees_household(actor, office, found[0].area)
        or _has_request(connection, actor, office, household_id, now)
    ):
        return found[0]
    raise Refusal("refusal.not_found", status=404)


def _has_request(
    connection: Connection, actor: Actor, office: Office, household_id: str, now: datetime
) -> bool:
    query = (
        select(col(HelpRequest.id))
        .join(Belonging, col(Belonging.request_id) == col(HelpRequest.id))
        .where(
            col(Belonging.household_id) == household_id,
            col(Belonging.state) == "confirmed",
            *access.scope(actor, office, now),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def find(
    session: Session, actor: Actor, office: Office, query: Home, household_id: str, now: datetime
) -> list[tuple[Card, float, tuple[Any, ...]]]:
    """Households by their number or by what somebody says of them, with score and reasons; only
    those that exist for who asks."""
    access.allow(actor, "see_household")
    connection = session.connection()
    if household_id:
        found = registry.households(connection, [household_id])
        scores: dict[str, tuple[float, tuple[Any, ...]]] = {household_id: (1.0, ())}
    else:
        matches = registry.search(connection, query, now.astimezone(ZONE).date())
        scores = {
            one.household_id: (
                one.score,
                tuple(
                    shown(why.kind, why.aspect, why.mine, why.theirs, why.weight)
                    for why in one.findings
                ),
            )
            for one in matches
        }
        known = {one.id: one for one in registry.households(connection, list(scores))}
        found = [known[one] for one in scores if one in known]
    return [
        (card_of(one, office, now), *scores[one.id])
        for one in found
        if sees_household(actor, office, one.area)
    ]


def of_area(session: Session, actor: Actor, office: Office, after: str = "") -> Sequence[Card]:
    """The first households of somebody's own area, to begin with, in the order of their numbers."""
    access.allow(actor, "see_household")
    if actor.role not in GRASSROOTS or actor.area is None:
        return ()
    places = [place.code for place in office.directory.places if reaches(office, actor, place.code)]
    connection = session.connection()
    ids = connection.execute(
        select(col(Household.id))
        .where(or_(*(col(Household.area) == code for code in places)), col(Household.id) > after)
        .order_by(col(Household.id))
        .limit(SHOWN)
    ).scalars()
    return [card_of(one, office, None) for one in registry.households(connection, list(ids))]


def card_of(home: registry.Known, office: Office, _now: datetime | None) -> Card:
    """A household in one line, masked."""
    place = office.directory.place.get(home.area or "")
    return Card(
        home.id,
        masked_name(home.head_name),
        home.address,
        place.name if place else "",
        len(home.people),
        tuple(masked(number) for number in home.phones),
        tuple(home.codes),
        home.row.get("ended_why") or "",
    )


def shown(kind: str, aspect: str, mine: str, theirs: str, weight: float) -> dict[str, Any]:
    """A reason as a page may show it: agrees or differs, with no name or number that it adds."""
    if aspect == "phone":
        mine, theirs = masked(mine), masked(theirs)
    elif aspect == "name" and mine != theirs:
        theirs = masked_name(theirs)
    return {"kind": kind, "mine": mine, "theirs": theirs, "weight": weight}


def masked_name(name: str) -> str:
    """A name as a list may show it: the surname, and that there is more."""
    return name[:1] + "*" * (len(name) - 1)


def page(
    session: Session, actor: Actor, office: Office, household_id: str, *, now: datetime,
    revealed: bool = False,
) -> Page:  # fmt: skip
    """The household's page; names and numbers in full, also in the note, where it moved and whose
    a number is only when ``revealed``. Raises ``Refusal``."""
    connection = session.connection()
    home = admit(connection, actor, office, household_id, act="see_household", now=now)
    today = now.astimezone(ZONE).date()
    people = _rows(connection, Resident, household_id)
    phones = _rows(connection, HouseholdPhone, household_id)
    known = _rows(connection, HouseholdCategory, household_id)

    def numbers(resident_id: int | None) -> tuple[tuple[str, str], ...]:
        return tuple(
            (row.number, row.whose) if revealed else (masked(row.number), "")
            for row in phones
            if row.resident_id == resident_id
        )

    def codes(resident_id: int | None) -> tuple[tuple[str, date | None, date | None], ...]:
        return tuple(
            (row.code, row.valid_from, row.valid_until)
            for row in known
            if row.resident_id == resident_id
        )

    members = tuple(
        Member(
            row.name if revealed else masked_name(row.name),
            row.relation or "",
            row.sex or "",
            registry.years(row.birth, row.age, row.age_on, today),
            row.language or "",
            row.hearing or "",
            (row.carer or "") if revealed else masked_name(row.carer or ""),
            numbers(row.id),
            codes(row.id),
            "died" if row.died_at else "moved" if row.moved_at else "",
            row.id,
        )
        for row in people
    )
    note, moved_to = home.row["note"], home.row["moved_to"] or ""
    if not revealed:
        names = [home.head_name, *(name for row in people for name in (row.name, row.carer or ""))]
        note, moved_to = redact_person(nameless(note), names), ""
    card = card_of(home, office, now)
    return Page(
        card, members, numbers(None), codes(None), note, moved_to, home.row["version"]
    )  # fmt: skip


def reveal(state: State, actor: Actor, household_id: str, purpose: str, *, now: datetime) -> None:
    """Keep that somebody looks at a household's names and numbers, and why: in the ledger before
    anything is shown. Raises ``Refusal``: 429 for who has looked at too many within the hour."""
    why = need(purpose, "refusal.purpose")
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        admit(tx.connection, actor, office, household_id, act="reveal", now=now)
        watching.require_measure(tx, office, actor, ("household", household_id), now)
        typed = notes.beside(tx, None, purpose=why[:200])
        looked(tx, actor, household_id, act="reveal_household", now=now, typed=typed)
        said: dict[str, Any] = {"household": household_id, notes.IN_LEDGER: typed}
        tx.event("household_revealed", at=now, by=actor.login, **said)
        watching.alarm_for(tx, office, actor.login, now, and_now=("household", household_id))


def looked(
    tx: Transaction,
    actor: Actor,
    household_id: str,
    *,
    act: str,
    now: datetime,
    typed: Sequence[str] = (),
) -> None:
    """Remember a look at a household: once for itself, and once for each of its requests, whose
    citizens are told who looked."""
    purpose = f"{household_id}: " if typed else household_id
    for request_id in (None, *requests_of(tx.connection, household_id)):
        access.look(
            tx, actor, act=act, now=now, request_id=request_id, purpose=purpose, typed=typed
        )


def _rows(connection: Connection, table: Any, household_id: str) -> list[Any]:
    columns = table.__table__.columns
    return list(
        connection.execute(
            select(*columns).where(columns.household_id == household_id).order_by(columns.id)
        )
    )
