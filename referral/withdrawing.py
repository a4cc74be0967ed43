"""The requester takes it back (T26), unless somebody may be in danger: then a person looks in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models.people import Person
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind
from referral import casework, clocks, clockwork, closing, telling
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.lifecycle import may
from referral.office import Office

_OTHERS = ("known_other", "stranger")


def withdraw(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, note: str, now: datetime
) -> Row:
    """End the request because the requester says so. With danger, a minor, somebody who cannot
    speak for themselves or a third party at risk it stays open and becomes a welfare check.
    Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    said = casework.need(note, "refusal.note_missing")
    row = may("withdraw", Status(request["status"]), actor.role, reason="withdrawn")
    because = at_risk(tx, request)
    if because:
        return _look_in(tx, office, actor, request, because, said, now)
    clockwork.follow(tx, office, request, row, now=now)
    closing.end(tx, request, actor, now)
    after = casework.change(
        tx, request, status=row.to, closed_at=now, close_reason="withdrawn",
        confirmed_at=request["confirmed_at"] or now,
        confirmed_by=request["confirmed_by"] or actor.login,
    )  # fmt: skip
    casework.record(
        tx, "withdrawn", actor, before=request, after=after, now=now, row=row, note=said
    )
    tell(tx, office, after, "withdrawn", due=now, now=now)
    return after


def at_risk(tx: Transaction, request: Row) -> tuple[str, ...]:
    """Why a withdrawal alone does not end the request; () when nothing speaks against it."""
    found = ["danger"] if Level(request["level"]).is_urgent else []
    minor = tx.execute(
        select(col(Person.minor)).where(col(Person.id) == request["person_id"])
    ).scalar()
    contacts = tx.execute(
        select(col(Contact.assessment), col(Contact.reporter)).where(
            col(Contact.request_id) == request["id"]
        )
    ).all()
    facts = [(one.assessment or {}).get("facts", {}) for one in contacts]
    signs = [sign for one in contacts for sign in (one.assessment or {}).get("signals", ())]
    if minor or any(one.get("minor") for one in facts):
        found.append("minor")
    if any(one.get("device") or one.get("disabled") for one in facts):
        found.append("incapacitated")
    if any(one.reporter for one in contacts) or any(
        sign["person"] in _OTHERS and sign["counts"] for sign in signs
    ):
        found.append("third_party")
    return tuple(found)


def _look_in(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    because: Sequence[str],
    said: str,
    now: datetime,
) -> Row:
    if casework.waits(tx, request["id"], TaskKind.WELFARE_CHECK):
        raise Refusal("refusal.check_waits", {"number": request["number"]})
    urgent = Level(request["level"]).is_urgent
    name = "CLK-URGENT-CONTACT" if urgent else "CLK-CONTACT"
    rule = office.policy.clock(name, "", now.astimezone(ZONE).date())
    due = clocks.due(now, rule.amount, rule.measure, office.policy.calendar).at
    telling.ask(
        tx, office, TaskKind.WELFARE_CHECK, request, now=now, due=due, note=said,
        unit=request["holder_unit"],
    )  # fmt: skip
    casework.record(
        tx, "welfare_check", actor, before=request, after=request, now=now,
        because=list(because), note=said, due=due.isoformat(),
    )  # fmt: skip
    unit = office.directory.unit.get(request["holder_unit"])
    reader = office.directory.answerable(unit, now)
    telling.tell_staff(tx, office, "staff_welfare_check", request, reader, due=due, now=now)
    return request
