"""Contacts whose sender nobody has proven, in great number or by an old form: kept, not answered.

Beyond a measure an hour (values of the profile) for each address from which forms come and for
each partner system, and from a form that was printed too long ago, a contact is kept, understood
and brought to its bureau like any other; only the message that costs money does not go out. The
page still shows the number, and a person at the desk is told once an hour. Addresses are shared by
villages and by whole networks, so the measure is wide and nobody is turned away.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete
from sqlmodel import col

from gateway import guessing
from models.counters import Counter
from models.prefixes import begins
from models.transaction import Row, Transaction
from models.vocabulary import Level, TaskKind
from referral import telling
from referral.office import Office

if TYPE_CHECKING:
    from gateway.intake import Call

MEASURES = {"address": "quiet_after_per_address", "partner": "quiet_after_per_partner"}
_NAME = "quiet:"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why no message goes out, and whether the desk has to be told now."""

    why: str
    is_first: bool


def reason(tx: Transaction, office: Office, call: "Call") -> Quiet | None:
    """Count a new contact at where it comes from; what speaks against answering it by message."""
    found = None
    if call.printed_at is not None:
        oldest = call.now - timedelta(hours=_value(office, "form_hours"))
        if call.printed_at < oldest:
            found = Quiet("the form is older than its day", is_first=False)
    if call.origin is None:
        return found
    kind, value = call.origin
    most = _value(office, MEASURES[kind])
    count = tx.count(_name(office, call.now, kind, value))
    return found if count <= most else Quiet(f"more than {most} an hour: {kind}", count == most + 1)


def note(tx: Transaction, office: Office, request: Row, quiet: Quiet, now: datetime) -> None:
    """Write down that nothing was sent; tell the desk if it is to be told."""
    tx.event("message_capped", at=now, request=request, why=quiet.why)
    if quiet.is_first:
        urgent = Level(request["level"]).is_urgent
        due = now + timedelta(minutes=10 if urgent else 120)
        kind = TaskKind.UNDELIVERED
        telling.ask(tx, office, kind, request, now=now, due=due, note=quiet.why, urgent=urgent)


def forget(tx: Transaction, now: datetime) -> None:
    """Counts of earlier hours are of no use."""
    tx.execute(
        delete(Counter).where(
            begins(col(Counter.name), _NAME), col(Counter.name) < f"{_NAME}{now:%Y%m%d%H}:"
        )
    )


def _name(office: Office, now: datetime, kind: str, value: str) -> str:
    """The counter's name; it tells no address."""
    return f"{_NAME}{now:%Y%m%d%H}:{guessing.named(office.guessing_key, f'origin {kind}', value)}"


def _value(office: Office, key: str) -> int:
    value: Any = office.policy.values[key].value
    return int(value)
