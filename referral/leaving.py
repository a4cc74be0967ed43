"""Who is at the desk, and what those who are not have left there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from models.bars import Bar
from models.handovers import Handover, desk_person
from models.requests import HelpRequest
from referral.hands import LINE, in_hand, open_offer


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there: ``here`` are those who cannot have left the desk, ``elsewhere`` the people of
    other units, ``desk`` the desk's own unit, "" for none."""

    desk: str
    here: Sequence[str]
    elsewhere: Sequence[str]


def left_behind(connection: Any, presence: Presence, *which: ColumnElement[bool]) -> Sequence[Any]:
    """What is in the hands of people who are not there, or whom it complains about (I9), and
    offered to nobody; with ``which``, of these requests alone. Who works elsewhere left what came
    to them at the desk, before they were transferred; what was reported to them where they are is
    theirs."""
    person = desk_person()
    at_the_desk = or_(
        col(HelpRequest.first_unit) == presence.desk,
        person != col(HelpRequest.first_responder),  # it was handed over, and only there it is
    )
    accused = select(col(Bar.login)).where(
        col(Bar.request_id) == col(HelpRequest.id), col(Bar.login).is_not(None)
    )
    gone = and_(person.not_in(presence.here), or_(person.not_in(presence.elsewhere), at_the_desk))
    found: Sequence[Any] = connection.execute(
        select(*LINE, person.label("person"))
        .outerjoin(Handover, open_offer())
        .where(
            in_hand(),
            col(Handover.id).is_(None),
            or_(gone, person.in_(accused.correlate(HelpRequest))),
            *which,
        )
        .order_by(col(HelpRequest.queue_key))
    ).all()
    return found
