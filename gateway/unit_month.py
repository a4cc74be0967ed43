"""The month of a unit in the four rates of the trade: signed in time, done in time, returned,
done again. Each is a pair of counts, so that nobody reads a per cent of two cases as a fact. An
order that was taken back or cancelled counts only among the returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlmodel import Session, col

from models.clocks import Clock
from models.disputes import Dispute
from models.events import Event
from models.referrals import Referral
from models.requests import said
from models.vocabulary import ReferralRole
from referral.casework import GONE, Actor, units_of
from referral.directory import ZONE
from referral.office import Office


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; ``name`` is a phrase under ``rate``."""

    name: str
    part: int
    whole: int

    @property
    def percent(self) -> int:
        """Rounded; only for a whole above nought."""
        return round(100 * self.part / self.whole)


def rates(session: Session, actor: Actor, office: Office, now: datetime) -> tuple[Rate, ...]:
    """The rates of the unit's month so far, in China time; () when nothing has come in yet."""
    units = sorted(units_of(office, actor, now))
    begin = now.astimezone(ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    reader = session.connection()
    mine = col(Referral.bureau).in_(units)
    standing = mine & col(Referral.status).not_in(GONE)
    came = _count(reader, Referral, mine, col(Referral.dispatched_at) >= begin)
    signed, signs = _pair(
        reader,
        col(Clock.stopped_at) <= col(Clock.due_at),
        col(Clock.name) == said("CLK-SIGN"),
        col(Clock.started_at) >= begin,
        or_(col(Clock.stopped_at).is_not(None), col(Clock.due_at) <= now),
        col(Clock.referral_id).in_(select(col(Referral.id)).where(standing)),
    )
    in_time, due = _pair(
        reader,
        col(Referral.completed_at) <= col(Referral.due_at),
        standing,
        col(Referral.role) == ReferralRole.LEAD,
        or_(
            col(Referral.completed_at) >= begin,
            (col(Referral.due_at) >= begin) & (col(Referral.due_at) <= now),
        ),
    )
    returned = _count(
        reader, Dispute, col(Dispute.bureau).in_(units), col(Dispute.asked_at) >= begin
    )
    leads = select(col(Referral.request_id)).where(
        standing, col(Referral.role) == ReferralRole.LEAD
    )
    again = reader.execute(
        select(func.count(func.distinct(col(Event.request_id)))).where(
            col(Event.kind) == said("rehandled"),
            col(Event.at) >= begin,
            col(Event.request_id).in_(leads),
        )
    ).scalar()
    done = _count(
        reader, Referral, standing, col(Referral.role) == ReferralRole.LEAD,
        or_(col(Referral.completed_at) >= begin, col(Referral.request_id).in_(
            select(col(Event.request_id)).where(
                col(Event.kind) == said("rehandled"), col(Event.at) >= begin
            )
        )),
    )  # fmt: skip
    every = (
        Rate("signed", signed, signs),
        Rate("in_time", in_time, due),
        Rate("returned", returned, max(came, returned)),
        Rate("again", again or 0, max(done, again or 0)),
    )
    return tuple(rate for rate in every if rate.whole)


def _count(reader: Any, table: Any, *where: ColumnElement[bool]) -> int:
    found: int = reader.execute(select(func.count()).select_from(table).where(*where)).scalar()
    return found


def _pair(reader: Any, good: ColumnElement[bool], *where: ColumnElement[bool]) -> tuple[int, int]:
    """How many are good, and how many there are."""
    row = reader.execute(
        select(func.coalesce(func.sum(case((good, 1), else_=0)), 0), func.count()).where(*where)
    ).one()
    return int(row[0]), int(row[1])
