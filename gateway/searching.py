"""The search of the desk: by number, telephone, name of a household, place, matter, and words.

Words of people are sealed, and no database looks into them. So open requests that the viewer may
see are opened here, the most urgent first, until a page is full or the time is over; the answer
says how many were looked through, and from where the search can go on. Numbers, telephones and the
names of the registry are found at once, however many requests there are, closed ones too.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import Session, col

from channels.web import e164
from gateway import access, registry, views
from gateway.access import Actor
from gateway.revealing import masked
from models import keyring, numbers
from models.access import Look
from models.households import Belonging, probe
from models.people import FIELD, Address
from models.requests import Contact, HelpRequest
from models.transaction import Transaction
from referral.directory import ZONE
from referral.office import Office
from triage.household_matching import read_home
from triage.redact import star_name

SECONDS = 0.6
"""So long words are looked for; then the search says how far it came."""
TOGETHER = 200
LONGEST_NAME = 60
ONCE_IN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. ``by`` is how: number, telephone, words; ``whom`` is the person who may have
    been looked for, masked. Of words: how many open requests were ``looked`` through, and ``on``,
    the key from which to look on when that were not all."""

    page: views.Page
    by: str
    looked: int = 0
    on: str | None = None
    whom: str = ""


def search(
    session: Session,
    viewer: Actor,
    office: Office,
    said: str,
    *,
    after: str | None = None,
    now: datetime,
    clock: Callable[[], float] = monotonic,
) -> Found:
    """Requests that this viewer may see and that these words mean; by who somebody is only for
    whom a person may be revealed to. Raises ``Refusal``."""
    access.allow(viewer, "see_desk")
    exact = _by_number(session.connection(), said, person=_knows(viewer))
    if exact is not None:
        by, where = exact
        page = views.queue(session, viewer, office, where=where, after=after, now=now)
        return Found(page, by, whom=masked(e164(said) or "") if by == "telephone" else "")
    return _by_words(session, viewer, office, said, after=after, now=now, clock=clock)


def keep(tx: Transaction, actor: Actor, found: Found, now: datetime) -> None:
    """Remember whom somebody looked for, once in ten minutes: an open page asks again by itself."""
    if not found.whom:
        return
    lately = select(col(Look.purpose)).where(  # sealed: compared here, not in the database
        col(Look.login) == actor.login,
        col(Look.at) > now - ONCE_IN,
        col(Look.act) == "search_person",
    )
    if found.whom not in tx.execute(lately).scalars():
        access.look(tx, actor, act="search_person", now=now, purpose=found.whom)


def _knows(viewer: Actor) -> bool:
    return viewer.role in access.RIGHTS["reveal"]


def _by_number(
    connection: Any, said: str, *, person: bool
) -> tuple[str, list[ColumnElement[bool]]] | None:
    if number := numbers.normal(said):
        return "number", [col(HelpRequest.number) == number]
    plain = said.upper().replace(" ", "")
    if not any(letter.isdecimal() for letter in plain):
        return None
    if person and (telephone := e164(said)):
        people = select(col(Address.person_id)).where(
            col(Address.kind) == "tel",
            col(Address.lookup).in_(keyring.names(connection, FIELD, telephone)),
        )
        return "telephone", [col(HelpRequest.person_id).in_(people)]
    if plain.removeprefix("HY").replace("-", "").isdecimal():
        return "number", [col(HelpRequest.number).contains(plain, autoescape=True)]
    return None


def _by_words(
    session: Session,
    viewer: Actor,
    office: Office,
    said: str,
    *,
    after: str | None,
    now: datetime,
    clock: Callable[[], float],
) -> Found:
    until, terms = clock() + SECONDS, [_plain(one) for one in said.split()]
    hits: list[int] = []
    looked, key, whole = 0, after, False
    names = _Names.of(office, now)
    while terms and not whole and len(hits) < views.PAGE and (not looked or clock() < until):
        rows = _open(session, viewer, office, after=key, now=now)
        whole = len(rows) < TOGETHER
        told = _told(session, [row.id for row in rows])
        for row in rows:
            looked, key = looked + 1, row.queue_key
            there = _plain(" ".join(_words(viewer, row, told.get(row.id, ()), names)))
            if all(term in there for term in terms):
                hits.append(row.id)
                if len(hits) == views.PAGE:
                    whole = whole and row is rows[-1]
                    break
    at_once = [col(HelpRequest.id).in_(hits), *names.meant(terms)]
    if after is None and _knows(viewer):
        at_once.append(col(HelpRequest.id).in_(_of_household(session, said)))
    page = views.queue(session, viewer, office, where=[or_(*at_once)], after=after, now=now)
    whom = star_name(said.strip()[:LONGEST_NAME]) if _knows(viewer) else ""
    return Found(page, "words", looked, None if whole else key, whom)


def _open(
    session: Session, viewer: Actor, office: Office, *, after: str | None, now: datetime
) -> Sequence[Any]:
    still_open = [col(HelpRequest.closed_at).is_(None)]
    ids = views.page_of_ids(viewer, office, where=still_open, after=after, now=now)
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    query = (
        select(*(columns[name] for name in _READ))
        .where(col(HelpRequest.id).in_(ids.limit(TOGETHER).subquery().select()))
        .order_by(col(HelpRequest.queue_key))
    )
    return session.connection().execute(query).all()


_READ = (
    "id", "queue_key", "number", "summary", "place", "area", "service", "lead_bureau",
    "confidential", "level", "withheld",
)  # fmt: skip


def _told(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    found: dict[int, list[Any]] = {}
    query = select(
        col(Contact.request_id), col(Contact.text), col(Contact.name), col(Contact.place)
    ).where(col(Contact.request_id).in_(ids))
    for row in session.connection().execute(query) if ids else ():
        found.setdefault(row.request_id, []).append(row)
    return found


def _words(viewer: Actor, row: Any, told: Sequence[Any], names: "_Names") -> list[str]:
    """What of a request this viewer may find it by."""
    sees = access.sight(viewer, row._mapping)
    found = names.said(row)
    if sees.gist and sees.person:
        found += [row.summary, row.place or ""]
        found += [word or "" for one in told for word in (one.name, one.place)]
    if sees.words and sees.person:
        found += [one.text or "" for one in told]
    return found


def _of_household(session: Session, said: str) -> Any:
    """The requests of households in which somebody has this name."""
    name = said.strip()
    if len(name) < 2 or len(name) > LONGEST_NAME or " " in name:
        return ()
    connection = session.connection()
    hashes = registry.hashes_of(connection, read_home(names=(name,), phones=(), address=""))
    near = {one for ids in probe(connection, hashes).values() for one in ids}
    homes = [
        known.id
        for known in registry.households(connection, sorted(near))
        if name in (known.head_name, *(person[0] for person in known.people))
    ]
    return select(col(Belonging.request_id)).where(
        col(Belonging.household_id).in_(homes), col(Belonging.state) == "confirmed"
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What places, matters and units are called, in both languages."""

    places: Mapping[str, str]
    services: Mapping[str, str]
    units: Mapping[str, str]

    @classmethod
    def of(cls, office: Office, now: datetime) -> "_Names":
        day = now.astimezone(ZONE).date()
        directory = office.directory
        return cls(
            {one.code: one.name for one in directory.places},
            {
                one.service: f"{one.name_zh} {one.name_en}"
                for one in office.policy.routes
                if one.in_force(day)
            },
            {one.code: f"{one.name_zh} {one.name_en}" for one in directory.units},
        )

    def said(self, row: Any) -> list[str]:
        return [
            row.number,
            self.places.get(row.area or "", ""),
            self.services.get(row.service or "", ""),
            self.units.get(row.lead_bureau, ""),
        ]

    def meant(self, terms: Sequence[str]) -> list[ColumnElement[bool]]:
        """Open requests of the places and matters that all of these words name: found by index."""
        each: list[ColumnElement[bool]] = []
        for term in terms:
            places = [code for code, name in self.places.items() if term in _plain(name)]
            services = [code for code, name in self.services.items() if term in _plain(name)]
            if not places and not services:
                return []
            each.append(
                or_(col(HelpRequest.area).in_(places), col(HelpRequest.service).in_(services))
            )
        return [and_(col(HelpRequest.closed_at).is_(None), *each)] if each else []


def _plain(said: str) -> str:
    return unicodedata.normalize("NFKC", said).casefold()
