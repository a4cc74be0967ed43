"""What one person may ask of us: what is held about them and who looked, that it is put right, that
it is erased (PIPL Art. 44-47). Each act is done by a named member of staff and is in the ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from channels.web import e164
from gateway import attachments, one_matter, registry, retention, wishes
from models import keyring
from models.access import Look
from models.db import Database
from models.desk import PhoneCall
from models.discovery import Visit, Warned
from models.events import SYSTEM
from models.holds import LegalHold
from models.notes import purposes
from models.outbox import Outgoing
from models.people import FIELD, Address, Person
from models.places import Staff
from models.relief import Relief
from models.requests import Contact, HelpRequest
from models.transaction import Transaction, acting
from triage.redact import redact_person


class NotKnown(ValueError):
    """Nobody, or no request, is known by what was named; or it must not be done."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person and their requests."""

    person_ids: Sequence[int]
    requests: Sequence[Any]


def find(tx: Transaction, handle: str) -> Subject:
    """Who is reached by this telephone number or account. Raises ``NotKnown``."""
    meant = [name for one in {handle, e164(handle) or handle} for name in _names(tx, one)]
    ids = list(
        tx.execute(
            select(col(Address.person_id)).where(col(Address.lookup).in_(meant)).distinct()
        ).scalars()
    )
    if not ids:
        raise NotKnown("nobody is known by this number or account")
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    requests = tx.execute(
        select(*columns).where(col(HelpRequest.person_id).in_(ids)).order_by(col(HelpRequest.id))
    ).all()
    return Subject(ids, requests)


def _names(tx: Transaction, handle: str) -> list[str]:
    return keyring.names(tx.connection, FIELD, handle)


def require_staff(tx: Transaction, login: str) -> None:
    """Raise ``NotKnown`` unless a named person with an account answers for the act."""
    known = select(col(Staff.login)).where(
        col(Staff.login) == login, col(Staff.disabled_at).is_(None)
    )
    if tx.execute(known).first() is None:
        raise NotKnown(f"--by {login!r} is no account; a named person answers for this")


def held_about(tx: Transaction, subject: Subject, *, by: str, now: datetime) -> dict[str, Any]:
    """Everything that is held about a person, and who has looked at it. Nothing in it is about
    anybody else: not whom of the matter we told besides, nor where staff are reached."""
    ids = [row.id for row in subject.requests]
    words = _own_words(tx, subject, ids)
    who = wishes.about(tx, subject.person_ids, ids)
    people = tx.execute(
        select(*Person.__table__.columns).where(col(Person.id).in_(subject.person_ids))  # type: ignore[attr-defined]
    ).all()
    addresses = tx.execute(
        select(col(Address.kind), col(Address.value)).where(
            col(Address.person_id).in_(subject.person_ids)
        )
    ).all()
    tx.event("subject_told", at=now, by=by, requests=[row.number for row in subject.requests])
    return {
        "people": [
            {"name": one.name, "language": one.language, "under_14": one.minor} for one in people
        ],
        "addresses": [{"kind": one.kind, "value": one.value} for one in addresses],
        "requests": [_request(row) for row in subject.requests],
        "said": _of_ids(tx, Contact, [row.id for row in words], _SAID),
        "files": _files(tx, words),
        "told": _told(tx, who, ids, words),
        "calls": _calls(tx, who),
        "looked": _looked(tx, ids),
        **_at_home(tx, who),
        "kept_for": {
            rule.name: {
                "days": rule.days,
                "source": rule.source,
                "tag": rule.tag,
                "wish": rule.wish,
                "ground": rule.ground,
            }
            for rule in retention.rules().values()
        },
    }


_SAID = ("received_at", "channel", "text", "name", "place")
_FILE = ("kept_at", "content_type", "size")
_TOLD = ("posted_at", "channel", "address", "text", "state")
_LOOK = ("at", "login", "act", "purpose")
_CALL = ("rang_at", "answered_at", "ended_at", "state", "caller", "called")


def _own_words(tx: Transaction, subject: Subject, requests: Sequence[int]) -> list[Any]:
    """Their own words wherever they stand, and nobody else's."""
    own = {None, *subject.person_ids}
    words = one_matter.words_of(tx, requests, subject.person_ids)
    return [row for row in words if row.person_id in own]


def _files(tx: Transaction, words: Sequence[Any]) -> list[dict[str, Any]]:
    """What came with their words: that it is there. It is shown on the page of their request."""
    keys = [attachments.about_contact(row.channel, row.external_id) for row in words]
    return [
        {name: one[name] for name in _FILE} for one in attachments.of(tx, "contact", *sorted(keys))
    ]


def _told(
    tx: Transaction, who: wishes.About, requests: Sequence[int], words: Sequence[Any]
) -> list[dict[str, Any]]:
    """What they were told themselves: about their matter, and what is about no request."""
    about = one_matter.messages_of(tx, requests, words, who.people)
    mine = [*(row for row in about if row.person_id in who.people), *wishes.loose_messages(tx, who)]
    return _of_ids(tx, Outgoing, [row.id for row in mine], _TOLD)


def _calls(tx: Transaction, who: wishes.About) -> list[dict[str, Any]]:
    """What the switchboard told of their telephone."""
    return _of_ids(tx, PhoneCall, [row.id for row in wishes.calls(tx, who)], _CALL)


def _rows(tx: Transaction, table: Any, meant: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    query = select(*(getattr(table, name) for name in names)).where(meant).order_by(col(table.id))
    return [dict(row._mapping) for row in tx.execute(query)]


def _of_ids(
    tx: Transaction, table: Any, ids: Sequence[int], names: Sequence[str]
) -> list[dict[str, Any]]:
    return _rows(tx, table, col(table.id).in_(ids), names)


def _at_home(tx: Transaction, who: wishes.About) -> dict[str, Any]:
    """The register, visits, warnings and aid. What was said at doors and of whom a list speaks only
    where nobody else lives: the others of a household have their own right to it."""
    known = registry.households(tx.connection, who.homes)
    own = [column for column in Relief.__table__.columns if column.name in _AID]  # type: ignore[attr-defined]
    aid = tx.execute(
        select(*own).where(
            col(Relief.household_id).in_(who.alone) | col(Relief.request_id).in_(who.requests)
        )
    )
    return {
        "households": [
            {
                "id": home.id,
                "address": home.address,
                "area": home.area,
                "people": len(home.people),
                "known_as": list(home.codes),
                "phones": [n for n in home.phones if who.means(n)],
            }
            for home in known
        ],
        "visits": _rows(tx, Visit, col(Visit.household_id).in_(who.alone), _VISIT),
        "warnings": _rows(tx, Warned, col(Warned.household_id).in_(who.alone), _WARNING),
        "aid": [dict(row._mapping) for row in aid],
    }


_VISIT = ("started_at", "due_at", "settled_at", "outcome", "seen", "said")
_WARNING = ("source", "kind", "happened_on", "value", "name", "phone", "address", "state")
_AID = ("number", "kind", "state", "need", "form", "amount_fen", "goods", "words", "delivered_at")


def _request(row: Any) -> dict[str, Any]:
    names = ("number", "status", "level", "service", "area", "lead_bureau", "received_at")
    more = ("closed_at", "close_reason", "place", "summary", "policy", "erased_at")
    return {name: getattr(row, name) for name in (*names, *more)}


def _looked(tx: Transaction, requests: Sequence[int]) -> list[dict[str, Any]]:
    rows = _rows(tx, Look, col(Look.request_id).in_(requests), _LOOK)
    said = purposes(tx, [one["purpose"] for one in rows])
    return [one | {"purpose": why} for one, why in zip(rows, said, strict=True)]


def correct(
    tx: Transaction, subject: Subject, changes: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """Put name, language or age right. The ledger says which fields, never what they say."""
    tx.execute(update(Person).where(col(Person.id).in_(subject.person_ids)).values(**changes))
    numbers = [row.number for row in subject.requests]
    tx.event("subject_corrected", at=now, by=by, fields=sorted(changes), requests=numbers)


def erase(
    tx: Transaction,
    subject: Subject,
    *,
    by: str,
    reason: str,
    now: datetime,
    proposed_by: str | None = None,
) -> Sequence[wishes.Fate]:
    """Erase a person: what went and what a duty keeps, class by class. Raises ``NotKnown`` while a
    request is open or on hold, their own or one in which their words stand: who still waits for
    help must stay known. Of the ``reason``, which stays in the ledger, their names and numbers do
    not."""
    ids = [row.id for row in subject.requests]
    for number, why in one_matter.hindrances(tx, ids, subject.person_ids).items():
        if why == "open":
            raise NotKnown(f"{number} is still open; it can be erased when it is closed")
        raise NotKnown(f"{number} is on hold; lift the hold first")
    why = redact_person(reason, _names_in(tx, subject))
    fates = wishes.erase(tx, subject.person_ids, ids, now)
    numbers = [row.number for row in subject.requests]
    counts = {fate.name: [fate.gone, fate.stays] for fate in fates}
    tx.event(
        "subject_erased", at=now, by=by, reason=why, requests=numbers, classes=counts,
        proposed_by=proposed_by, people=[str(one) for one in subject.person_ids],
    )  # fmt: skip
    return fates


def _names_in(tx: Transaction, subject: Subject) -> list[str]:
    """What they are called, by us or in their own words."""
    own = col(Person.id).in_(subject.person_ids)
    names = [*tx.execute(select(col(Person.name)).where(own)).scalars()]
    theirs = col(Contact.person_id).in_(subject.person_ids)
    for row in tx.execute(select(col(Contact.name), col(Contact.assessment)).where(theirs)):
        facts = (row.assessment or {}).get("facts", {})
        names += [row.name, *facts.get("contacts", ())]
        names += [one.get("name") for one in facts.get("people", ())]
    return [one for one in names if one]


def foreseen(
    database: Database, mint: Callable[[], int], subject: Subject, *, now: datetime
) -> Sequence[wishes.Fate]:
    """What erasing would do, found out by doing it and taking it back: nothing is changed."""
    try:
        with acting(database, mint) as tx:
            raise _TakenBack(erase(tx, subject, by=SYSTEM, reason="", now=now))
    except _TakenBack as found:
        return found.fates


class _TakenBack(Exception):
    def __init__(self, fates: Sequence[wishes.Fate]) -> None:
        super().__init__()
        self.fates = fates


def hold(tx: Transaction, number: str, *, by: str, reason: str, now: datetime) -> None:
    """Keep a request from being erased."""
    request = _by_number(tx, number)
    tx.add(
        LegalHold, id=tx.mint(), request_id=request["id"], reason=reason, placed_at=now,
        placed_by=by,
    )  # fmt: skip
    tx.event("hold_placed", at=now, by=by, request=request)


def lift(tx: Transaction, number: str, *, by: str, now: datetime) -> None:
    """The hold is over."""
    request = _by_number(tx, number)
    done = tx.execute(
        update(LegalHold)
        .where(col(LegalHold.request_id) == request["id"], col(LegalHold.lifted_at).is_(None))
        .values(lifted_at=now, lifted_by=by)
    )
    if not done.rowcount:
        raise NotKnown(f"{number} is on no hold")
    tx.event("hold_lifted", at=now, by=by, request=request)


def _by_number(tx: Transaction, number: str) -> dict[str, Any]:
    query = select(col(HelpRequest.id), col(HelpRequest.number))
    row = tx.execute(query.where(col(HelpRequest.number) == number)).first()
    if row is None:
        raise NotKnown(f"there is no request {number}")
    return dict(row._mapping)
