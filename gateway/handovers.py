"""The change of shift as one person at the desk sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from gateway import access
from gateway.access import Actor
from gateway.masking import Masking
from referral import handing_over, hands
from referral.casework import barred_as
from referral.office import Office

MOST = 30
"""So many are shown to be handed over at a time; when they are gone, the next ones come."""


@dataclass(frozen=True, slots=True)
class Item:
    """One matter in somebody's hands, and its open offer if there is one."""

    number: str
    level: str
    status: str
    summary: str
    first_responder: str
    offered_by: str | None
    offered_to: str | None
    until: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Shift:
    """What the person would leave behind, what is offered to them, and to whom they may offer."""

    mine: tuple[Item, ...]
    offered: tuple[Item, ...]
    colleagues: tuple[tuple[str, str], ...]
    minutes: int


def of(session: Session, actor: Actor, office: Office, now: datetime) -> Shift:
    """The change of shift of this person. Raises ``Refusal`` (403)."""
    access.allow(actor, "offer_handover")
    minutes: Any = office.policy.values["handover_accept_minutes"].value
    connection = session.connection()
    units = barred_as(office, actor, now)
    return Shift(
        mine=_items(hands.kept_by(connection, actor.login, units, MOST)),
        offered=_items(hands.offered_to(connection, actor.login, units)),
        colleagues=tuple(
            (o.login, o.name) for o in handing_over.colleagues(connection, office, actor)
        ),
        minutes=int(minutes),
    )


def _items(rows: Sequence[Any]) -> tuple[Item, ...]:
    return tuple(
        Item(
            number=row.number,
            level=row.level,
            status=row.status,
            summary=Masking().listed(row.summary),
            first_responder=row.first_responder,
            offered_by=row.offered_by,
            offered_to=row.offered_to,
            until=row.due_at,
            note=row.note or "",
        )
        for row in rows
    )
