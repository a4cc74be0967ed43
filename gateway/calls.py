"""Telephone calls as the desk sees them: who rings, who answered, what was missed.

Switchboards tell of a call in pieces, twice, or in the wrong order; a call only goes forward
(ringing, answered, ended or missed), so that any order of the pieces leads to the same row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, literal, select, update
from sqlmodel import Session, col

from gateway import access
from models import keyring
from models.desk import PhoneCall
from models.messages import Line, Step, Turn
from models.people import FIELD, Address, Person
from models.requests import HelpRequest
from models.transaction import Transaction
from models.vocabulary import Level
from referral import spoken_with
from referral.casework import Actor, Refusal
from referral.office import Office

RINGS = timedelta(minutes=3)
LASTS = timedelta(hours=2)
"""A call of which no end was told is not shown for ever."""
RECENT = timedelta(days=30)
MOST = 3
_COLUMNS = ("id", "source", "call_id", "caller", "called", "state", "rang_at")


def rang(
    tx: Transaction, source: str, call_id: str, *, caller: str, called: str, now: datetime
) -> None:
    """It rings. A call that is known already stays as it is."""
    row = (tx.mint(), source, call_id, caller, called, "ringing", now)
    types = [PhoneCall.__table__.c[name].type for name in _COLUMNS]  # type: ignore[attr-defined]
    values = [literal(value, kind) for value, kind in zip(row, types, strict=True)]
    new = select(*values).where(~select(col(PhoneCall.id)).where(_is(source, call_id)).exists())
    tx.later(insert(PhoneCall).from_select(list(_COLUMNS), new))
    tx.event("call_rang", at=now, source=source)


def answered(tx: Transaction, source: str, call_id: str, *, by: str | None, now: datetime) -> None:
    """Somebody talks with the caller."""
    tx.later(
        update(PhoneCall)
        .where(_is(source, call_id), col(PhoneCall.answered_at).is_(None))
        .where(col(PhoneCall.ended_at).is_(None))
        .values(state="answered", answered_at=now, answered_by=by)
    )
    tx.event("call_answered", at=now, source=source)


def talks(tx: Transaction, source: str, call_id: str, caller: str, now: datetime) -> None:
    """A switchboard told that somebody answered: who rings there is not rung back for calls that
    were missed before, unless that call is over by now."""
    known = tx.execute(
        select(col(PhoneCall.caller), col(PhoneCall.answered_at), col(PhoneCall.ended_at)).where(
            _is(source, call_id)
        )
    ).first()
    if known is None or known.ended_at is None:
        since = (known and known.answered_at) or now
        spoken_with.end_call_backs(
            tx, caller or (known.caller if known else ""), since=since, now=now,
            because="switchboard", source=source,
        )  # fmt: skip


def speaking(session: Session, office: Office, now: datetime) -> dict[str, str]:
    """Open requests whose requester is on the line at this moment, by number, and who speaks with
    them: a name, "" where only the switchboard told."""
    reader = session.connection()
    people = spoken_with.on_the_line(reader, office, now)
    if not people:
        return {}
    rows = reader.execute(
        select(col(HelpRequest.number), col(HelpRequest.person_id)).where(
            col(HelpRequest.person_id).in_(people), col(HelpRequest.closed_at).is_(None)
        )
    )
    officer = office.directory.officer
    by = {login: officer[login].name if login in officer else login for login in people.values()}
    return {row.number: by[people[row.person_id]] for row in rows}


def answered_since(session: Session, call_id: int) -> datetime | None:
    """Since when somebody talks in this call, where that is known."""
    of = select(col(PhoneCall.answered_at)).where(col(PhoneCall.id) == call_id)
    since: datetime | None = session.connection().execute(of).scalar()
    return since


def ended(tx: Transaction, source: str, call_id: str, *, now: datetime) -> None:
    """The caller is gone: after a talk, or without one."""
    here = update(PhoneCall).where(_is(source, call_id), col(PhoneCall.ended_at).is_(None))
    tx.later(here.where(col(PhoneCall.answered_at).is_(None)).values(state="missed", ended_at=now))
    tx.later(here.values(state="ended", ended_at=now))
    tx.event("call_ended", at=now, source=source)


def hear(tx: Transaction, channel: str, turn: Turn, step: Step, now: datetime) -> None:
    """What a turn of a telephone channel tells of its call: it is put through to the desk, a person
    answers, it is over."""
    place = (channel, turn.conversation)
    if step.line is Line.CONNECT:
        rang(tx, *place, caller=turn.sender, called="", now=now)
    elif turn.act == "answered":
        answered(tx, *place, by=None, now=now)
    elif turn.act in ("dialled", "hang_up"):
        ended(tx, *place, now=now)


def _is(source: str, call_id: str) -> ColumnElement[bool]:
    return and_(col(PhoneCall.call_id) == call_id, col(PhoneCall.source) == source)


def named(asked: str) -> str:
    """The call that an address or a form names; "" where it names none."""
    return asked if asked.isdecimal() and len(asked) < 19 else ""


@dataclass(frozen=True, slots=True)
class Ringing:
    """One call with what is known of the caller, so that nobody has to ask for it."""

    id: int
    caller: str
    state: str
    seconds: int
    answered_by: str | None
    number: str | None = None
    """The request that came of it."""
    name: str | None = None
    language: str | None = None
    place: str | None = None
    requests: tuple[tuple[str, str], ...] = ()
    """Numbers of open requests with their level, the most urgent first."""
    last: datetime | None = None
    recent: str | None = None
    """The newest request of the last thirty days, an open one before a closed one."""


def live(session: Session, viewer: Actor, office: Office, now: datetime) -> list[Ringing]:
    """The calls that ring or go on now, the longest waiting first."""
    rows = session.connection().execute(
        select(*PhoneCall.__table__.columns)  # type: ignore[attr-defined]
        .where(col(PhoneCall.ended_at).is_(None), col(PhoneCall.rang_at) > now - LASTS)
        .order_by(col(PhoneCall.rang_at))
        .limit(20)
    )
    shown = [row for row in rows if row.answered_at or row.rang_at > now - RINGS][:MOST]
    return [_ringing(session, viewer, office, row, now) for row in shown]


def one(session: Session, viewer: Actor, office: Office, call_id: int, now: datetime) -> Ringing:
    """One call. Raises ``Refusal`` (404)."""
    row = (
        session.connection()
        .execute(
            select(*PhoneCall.__table__.columns).where(  # type: ignore[attr-defined]
                col(PhoneCall.id) == call_id
            )
        )
        .first()
    )
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    return _ringing(session, viewer, office, row, now)


def _ringing(session: Session, viewer: Actor, office: Office, row: Any, now: datetime) -> Ringing:
    officer = office.directory.officer.get(row.answered_by or "")
    found: dict[str, Any] = {
        "id": row.id,
        "caller": row.caller,
        "state": row.state,
        "seconds": int((now - row.rang_at) / timedelta(seconds=1)),
        "answered_by": officer.name if officer else row.answered_by,
        "number": row.number,
    }
    known = _known(session, viewer, office, row.caller, now) if row.caller else {}
    return Ringing(**found, **known)


def _known(
    session: Session, viewer: Actor, office: Office, caller: str, now: datetime
) -> Mapping[str, Any]:
    """What the caller's number tells this viewer; {} for a stranger. Of requests that do not
    exist for them nothing is told, nor who it is that they know only by those."""
    connection = session.connection()
    who = connection.execute(
        select(col(Person.id), col(Person.name), col(Person.language))
        .join(Address, col(Address.person_id) == col(Person.id))
        .where(
            col(Address.kind) == "tel",
            col(Address.lookup).in_(keyring.names(connection, FIELD, caller)),
        )
    ).first()
    if who is None:
        return {}
    rows = connection.execute(
        select(
            col(HelpRequest.number),
            col(HelpRequest.level),
            col(HelpRequest.place),
            col(HelpRequest.received_at),
            col(HelpRequest.closed_at),
        )
        .where(col(HelpRequest.person_id) == who.id, *access.scope(viewer, office, now))
        .order_by(col(HelpRequest.received_at).desc(), col(HelpRequest.id).desc())
        .limit(20)
    ).all()
    opened = [row for row in rows if row.closed_at is None]
    recent = [row for row in opened + list(rows) if row.received_at > now - RECENT]
    opened.sort(key=lambda row: Level(row.level).rank)
    return {
        "name": who.name if rows else None,
        "language": who.language if who.language != "zh-CN" else None,
        "place": next((row.place for row in rows if row.place), None),
        "requests": tuple((row.number, row.level) for row in opened),
        "last": rows[0].received_at if rows else None,
        "recent": recent[0].number if recent else None,
    }


def take(tx: Transaction, office: Office, actor: Actor, call_id: int, *, now: datetime) -> None:
    """Answer it at this seat. Of two seats one gets it; the other gets a ``Refusal`` that names
    the first. Whoever answers the next call has ended the one before, told or not."""
    mine = and_(col(PhoneCall.id) == call_id, col(PhoneCall.answered_by).is_(None))
    done = tx.execute(
        update(PhoneCall)
        .where(mine, col(PhoneCall.ended_at).is_(None))
        .values(state="answered", answered_at=now, answered_by=actor.login)
    )
    if done.rowcount:
        before = and_(col(PhoneCall.answered_by) == actor.login, col(PhoneCall.id) != call_id)
        live = and_(col(PhoneCall.ended_at).is_(None), col(PhoneCall.rang_at) > now - LASTS)
        tx.execute(update(PhoneCall).where(before, live).values(state="ended", ended_at=now))
        tx.event("call_answered", at=now, by=actor.login, call=str(call_id))
        return
    row = tx.execute(select(col(PhoneCall.answered_by)).where(col(PhoneCall.id) == call_id)).first()
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    if row.answered_by is not None and row.answered_by != actor.login:
        officer = office.directory.officer.get(row.answered_by)
        raise Refusal("refusal.answered", {"name": officer.name if officer else row.answered_by})


def became(tx: Transaction, actor: Actor, call_id: int, number: str) -> None:
    """A request came of a call that this person answered."""
    tx.execute(
        update(PhoneCall)
        .where(col(PhoneCall.id) == call_id, col(PhoneCall.answered_by) == actor.login)
        .values(number=number)
    )
