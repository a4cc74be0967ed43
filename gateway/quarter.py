"""A unit's quarter in figures: the liaison officer's written report, and what a page may show.

- ``Quarter.parse("2026Q3")`` is the span, in China time.
- ``report(session, office, unit, quarter, now=..., viewer=None)`` gives a ``Report``: the rates
  with the lists behind them, the doors, the median dispute, ``matters`` (one row an order) and
  ``orders`` (neither taken back nor cancelled). No complaint about the unit or the viewer counts.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from gateway import access
from models.bars import not_barred
from models.clocks import Clock
from models.disputes import Dispute
from models.events import SYSTEM, Event
from models.referrals import Referral
from models.requests import HelpRequest
from models.vocabulary import Level, ReferralRole, Track
from referral import rates
from referral.casework import GONE, GRASSROOTS, Actor
from referral.directory import ZONE
from referral.handling import SPOKEN
from referral.office import Office
from referral.rates import Matter, Rate

_KINDS = (
    "contacted", "called_back", "rehandled", "reopened", "level_raised", "notice_given", "assessed",
)  # fmt: skip
OF_THE_LINE = frozenset(
    f"CLK-{name}"
    for name in (
        "ANSWER", "MISSED-CALL", "FIRST-REPLY", "TRIAGE", "CLARIFY", "HANDOFF", "SAFETY-CONFIRM",
        "DISPATCH", "ARBITRATE", "CALLBACK", "DISCOVERY-FEEDBACK", "SILENCE", "LEAVE", "LISTEN",
    )
)  # fmt: skip
"""What the line itself promises, or who decides: no breach of the bureau that has the order."""
_NAMED = re.compile(r"(\d{4})Q([1-4])\Z")
_FIRST = 2000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months, in China time."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Raises ValueError in one sentence."""
        found = _NAMED.match(text.strip().upper())
        if found is None or int(found[1]) < _FIRST:
            raise ValueError(f"{text!r} is no quarter; write 2026Q3")
        return cls(int(found[1]), int(found[2]))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first moment to the first of the next one."""
        begin = datetime(self.year, 3 * self.number - 2, 1, tzinfo=ZONE)
        end = begin.replace(year=self.year + self.number // 4, month=3 * self.number % 12 + 1)
        return begin, end

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one unit, as things stood at ``as_of``."""

    unit: str
    unit_name: str
    quarter: Quarter
    as_of: datetime
    matters: tuple[Matter, ...]
    rates: tuple[Rate, ...]
    small: int

    @property
    def orders(self) -> tuple[Matter, ...]:
        """The orders that the unit has, or has done."""
        return rates.standing(self.matters)

    @property
    def doors(self) -> Mapping[str, int]:
        """How many requests came by which door."""
        return rates.doors(self.matters)

    @property
    def median_dispute(self) -> timedelta | None:
        """The median time of a dispute."""
        return rates.median_dispute(self.matters)

    def rate(self, code: str) -> Rate:
        """One rate. KeyError for none."""
        found = [one for one in self.rates if one.rule.code == code]
        if not found:
            raise KeyError(code)
        return found[0]

    def as_json(self) -> dict[str, Any]:
        """Numbers with the requests behind them."""
        waited = self.median_dispute
        return {
            "unit": self.unit,
            "unit_name": self.unit_name,
            "quarter": str(self.quarter),
            "as_of": self.as_of,
            "orders": len(self.orders),
            "requests": len({matter.number for matter in self.orders}),
            "doors": dict(self.doors),
            "median_dispute_minutes": waited.total_seconds() / 60 if waited else None,
            "small_below": self.small,
            "rates": [
                {
                    "code": one.rule.code,
                    "name_zh": one.rule.name_zh,
                    "name_en": one.rule.name_en,
                    "definition_zh": one.rule.definition_zh,
                    "definition_en": one.rule.definition_en,
                    "source": one.rule.source,
                    "tag": one.rule.tag,
                    "met": len(one.met),
                    "counted": len(one.counted),
                    "share": one.share,
                    "small": one.small,
                    "numbers": list(dict.fromkeys(one.counted)),
                    "missed": list(one.missed),
                }
                for one in self.rates
            ],
        }


def report(
    session: Session,
    office: Office,
    unit: str,
    quarter: Quarter,
    *,
    now: datetime,
    viewer: Actor | None = None,
) -> Report:
    """The figures of a unit's orders of a quarter. ValueError for a unit that does not exist."""
    known = office.directory.unit.get(unit)
    if known is None:
        raise ValueError(f"there is no unit {unit!r}; the directory has it otherwise")
    begin, end = quarter.span
    served = _served(office, unit, now)
    scope = [not_barred("", served)]
    if viewer is not None:
        scope.append(access.unbarred(viewer, office, now))
    if viewer is not None and viewer.role in GRASSROOTS:  # a complaint may be about them, unsaid
        scope.append(col(HelpRequest.track) != Track.GRIEVANCE)
    mine = col(Referral.bureau).in_(served)
    matters = matters_of(session, begin, end, mine, *scope)
    small = int(float(office.policy.values["small_group"].value))
    counted = rates.rates(matters, office.policy.rates, small=small, now=now)
    return Report(unit, known.name_zh, quarter, now, tuple(matters), counted, small)


def matters_of(
    session: Session, begin: datetime, end: datetime, *where: ColumnElement[bool]
) -> list[Matter]:
    """The orders dispatched in a span under these conditions, with what a rate asks of them."""
    connection = session.connection()
    orders = connection.execute(
        select(
            *Referral.__table__.columns,  # type: ignore[attr-defined]
            col(HelpRequest.number),
            col(HelpRequest.channel),
            col(HelpRequest.level),
            col(HelpRequest.resolved),
            col(HelpRequest.satisfaction),
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Referral.request_id))
        .where(col(Referral.dispatched_at) >= begin, col(Referral.dispatched_at) < end, *where)
        .order_by(col(Referral.id))
    ).all()
    matters: list[Matter] = []
    for first in range(0, len(orders), BATCH):
        matters += _matters(connection, orders[first : first + BATCH])
    return matters


def _served(office: Office, unit: str, now: datetime) -> list[str]:
    """The unit and the retired units whose work it has taken over."""
    day = now.astimezone(ZONE).date()
    found = {unit}
    for one in office.directory.units:
        heir = office.directory.current(one.code, day) if one.successor else None
        if heir is not None and heir.code == unit:
            found.add(one.code)
    return sorted(found)


def _matters(connection: Any, orders: Sequence[Any]) -> list[Matter]:
    ids = sorted({order.request_id for order in orders})
    clocks = _grouped(connection, Clock, ids, col(Clock.request_id).in_(ids))
    events = _grouped(
        connection, Event, ids, col(Event.request_id).in_(ids), col(Event.kind).in_(_KINDS)
    )
    disputes = defaultdict(list)
    for row in connection.execute(
        select(*Dispute.__table__.columns)  # type: ignore[attr-defined]
        .where(col(Dispute.request_id).in_(ids))
        .order_by(col(Dispute.id))
    ):
        disputes[row.referral_id].append(row)
    told = {
        one: [(row.at, row.kind, row.by, orjson.loads(row.detail)) for row in rows]
        for one, rows in events.items()
    }
    return [
        _matter(order, clocks[order.request_id], told[order.request_id], disputes[order.id])
        for order in orders
    ]


def _grouped(connection: Any, table: Any, ids: Sequence[int], *where: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {one: [] for one in ids}
    columns = table.__table__
    for row in connection.execute(
        select(*columns.columns).where(*where).order_by(*columns.primary_key)
    ):
        found[row.request_id].append(row)
    return found


def _matter(order: Any, clocks: list[Any], events: list[Any], disputes: list[Any]) -> Matter:
    urgent = Level(order.level).is_urgent
    signs = [one.due_at for one in clocks if one.name == "CLK-SIGN" and one.referral_id == order.id]
    after = [one for one in events if one[0] >= order.dispatched_at]
    calls = [one for one in after if one[1] == "called_back"]
    spoken = [
        at for at, kind, _, said in after if kind == "contacted" and said.get("outcome") in SPOKEN
    ]
    relief = _clock(clocks, "CLK-RELIEF")
    contact = _clock(clocks, "CLK-URGENT-CONTACT" if urgent else "CLK-CONTACT")
    raised = [one for one in events if one[1] == "level_raised" and _to_urgent(one[3])]
    came = next((one[3].get("level") for one in events if one[1] == "assessed"), None)
    late = bool(raised) and came is not None and not Level(came).is_urgent
    told: dict[str, int] = defaultdict(int)
    for _, kind, _, said in events:
        if kind == "notice_given":
            told[said["to"]] += 1
    return Matter(
        number=order.number,
        unit=order.bureau,
        lead=order.role == ReferralRole.LEAD,
        door=order.channel,
        urgent=urgent,
        dispatched_at=order.dispatched_at,
        due_at=order.due_at,
        sign_due=signs[0] if signs else None,
        signed_at=order.signed_at,
        contact_due=contact.due_at if contact else None,
        contacted_at=min(spoken, default=None),
        completed_at=order.completed_at,
        relief_due=relief.due_at if relief else None,
        relieved_at=relief.stopped_at if relief else None,
        breached=any(clock.breached_at is not None and _its_own(clock, order) for clock in clocks),
        called_back=bool(calls),
        reached=any(one[3].get("outcome") in SPOKEN for one in calls),
        resolved=order.resolved,
        satisfaction=order.satisfaction,
        returns=tuple(one.decision if one.decided_at else None for one in disputes),
        disputed_for=tuple(one.decided_at - one.asked_at for one in disputes if one.decided_at),
        redone=any(one[1] in ("rehandled", "reopened") for one in after),
        raised_later=late,
        raised_by_person=late and raised[0][2] != SYSTEM,
        notices=max(told.values(), default=0),
        gone=order.status in GONE,
    )


def _its_own(clock: Any, order: Any) -> bool:
    """Whether a clock is this order's, or the matter's handling; those of the line are not."""
    if clock.referral_id is not None:
        return bool(clock.referral_id == order.id)
    return clock.name not in OF_THE_LINE


def _clock(clocks: Sequence[Any], name: str) -> Any:
    return next((one for one in clocks if one.name == name and one.case == ""), None)


def _to_urgent(said: Mapping[str, Any]) -> bool:
    level = said.get("level") or said.get("now")  # said by a person, by software
    return level in set(Level) and Level(level).is_urgent
