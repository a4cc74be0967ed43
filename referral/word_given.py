"""By when somebody hears from us was promised once: whoever writes again hears that hour, not a
later one. When it has passed, the head of shift is asked, and nobody is put off with a new hour."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.outbox import Outgoing
from models.requests import HelpRequest, due_of
from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, TaskKind
from referral import answering, bringing_in, casework, telling, wording
from referral.office import Arrival, Office

URGENT, CONTACT, CALL_BACK = "CLK-URGENT-CONTACT", "CLK-CONTACT", "CLK-MISSED-CALL"
LATE = "attached_late"
"""What is said when the hour has passed."""
UNREACHED = "call_unreached"


def say_added(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """What was added is in the request, and what was promised stands."""
    level = Level(request["level"])
    given = _standing(tx, request, level)
    phrase, due = telling.ATTACHED, given or telling.next_word(office, arrival, level)
    if given is not None and given <= arrival.now:
        phrase, due = LATE, given
        nobody_came(tx, office, request, given, arrival.now)
    elif given is None:
        answer = bringing_in.lead_of(tx, request)
        if answer["completed_at"] is None and answer["due_at"] > arrival.now:
            phrase, due = telling.GOES_ON, answer["due_at"]
    telling.say(tx, office, arrival, request, phrase, due=due)


def standing(
    tx: Transaction, office: Office, request: Row, level: Level, now: datetime
) -> datetime:
    """By when they are contacted now that danger is known: the hour that was promised; in danger to
    life, where none lies ahead, the time in which an emergency line must have them."""
    given = _standing(tx, request, level)
    if given is not None and given > now:
        return given
    if given is not None:
        nobody_came(tx, office, request, given, now)
    name = "CLK-HANDOFF" if level is Level.LIFE_THREAT else URGENT
    return telling.by_when(office, name, now)


def urgent(
    tx: Transaction,
    office: Office,
    request_id: int,
    level: Level,
    *,
    language: str,
    now: datetime,
) -> dict[str, str] | None:
    """Who contacts the person and by when, as parameters of what is said aloud; None where no
    contact lies ahead. The time is given as such, to be worded by who speaks."""
    request, opened = _of(tx, request_id)
    due = _standing(tx, request, level, opened=opened)
    if due is None or due <= now:
        return None
    told = _params(office, request, due, language)
    return {**told, "due": due.isoformat()}


def unreached(
    tx: Transaction,
    office: Office,
    request_id: int,
    level: Level,
    *,
    language: str,
    now: datetime,
) -> dict[str, str] | None:
    """What comes next, by when, and how to hear of it, as parameters of what is said aloud to who
    can neither be rung back nor written to; None where that hour has passed, or where they were
    told. The words stand with the request, as they are said."""
    request, opened = _of(tx, request_id)
    due = _standing(tx, request, level, opened=opened) or due_of(request["queue_key"])
    if due <= now or (not opened and _told(tx, request_id)):
        return None
    told = _params(office, request, due, language)
    told["due"] = wording.aloud(office, due, language)
    telling.post(
        tx, office, UNREACHED, request=request, reply=answering.NOWHERE, now=now,
        language=language, params=told, stopped=True,
        text=wording.say(office, UNREACHED, told, Form.SPOKEN, language),
    )  # fmt: skip
    return told


def _told(tx: Transaction, request_id: int) -> bool:
    before = col(Outgoing.request_id) == request_id, col(Outgoing.phrase) == UNREACHED
    return tx.execute(select(col(Outgoing.id)).where(*before).limit(1)).first() is not None


def _params(office: Office, request: Row, due: datetime, language: str) -> dict[str, str]:
    unit = office.directory.unit.get(request["holder_unit"])
    officer = office.directory.officer.get(request["first_responder"])
    params = wording.params(office, request, unit=unit, officer=officer, due=due, language=language)
    return {name: params[name] for name in ("hotline", "responder", "unit")}


def _of(tx: Transaction, request_id: int) -> tuple[Row, bool]:
    """The request, and whether this transaction opened it."""
    new = next((one for one in tx.added(HelpRequest) if one["id"] == request_id), None)
    if new is not None:
        return new, True
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    row = tx.execute(select(*columns).where(col(HelpRequest.id) == request_id)).one()
    return dict(row._mapping), False


def contacts(level: Level) -> frozenset[tuple[str, str]]:
    """The clocks (name and case) that promise a contact in what stands at this level."""
    first = (URGENT if level.is_urgent else CONTACT, "")
    return frozenset({first, (CALL_BACK, ""), (CALL_BACK, "urgent")})


def first_contact(going: Iterable[Mapping[str, Any]], level: Level) -> datetime | None:
    """The first hour at which one of these running clocks promises a contact."""
    names = contacts(level)
    dues = (clock["due_at"] for clock in going if (clock["name"], clock["case"]) in names)
    return min(dues, default=None)


def _standing(
    tx: Transaction, request: Mapping[str, Any], level: Level, *, opened: bool = False
) -> datetime | None:
    """The first hour at which a contact is promised that nobody has made. ``opened`` in this
    transaction, so that nothing ran before."""
    read = casework.begun if opened else casework.going
    return first_contact(read(tx, request["id"]), level)


def nobody_came(
    tx: Transaction, office: Office, request: Row, given: datetime, now: datetime
) -> None:
    """They say so themselves: the head of shift is asked, once while nobody has seen to it."""
    head = office.directory.head_of_shift(now)
    urgent = Level(request["level"]).is_urgent
    asked = telling.ask_once(
        tx, TaskKind.NOBODY_CAME, unit=head.unit.code, note="", now=now, request=request,
        urgent=urgent,
    )  # fmt: skip
    if not asked:
        return
    tx.event("nobody_came", at=now, request=request, to=head.officer.login)
    telling.tell_staff(
        tx, office, "staff_nobody_came", request, head, due=given, now=now, urgent=urgent
    )
