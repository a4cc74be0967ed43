"""Read models: what a page or a JSON answer shows, one query a list, scoped by who looks.

A list never shows who somebody is: telephone numbers in the words are masked, names are not
fetched. The lamp of a row is that of its most pressing running clock, with its due time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from gateway import access
from gateway.access import Viewer
from gateway.lamps import Lamp, lamp
from models.clocks import Clock
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.transaction import Row
from models.vocabulary import Level, ReferralStatus, SecondOpinion, Status
from referral.casework import GONE, Actor, Refusal, units_of
from referral.office import Office
from triage.redact import redact

PAGE = 50
MOST = 100
SHOWN_WORDS = 120
SOON = timedelta(hours=4)
MARKS = (SecondOpinion.DIFFERS, SecondOpinion.LOOK)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a queue."""

    number: str
    status: str
    level: str
    track: str
    service: str | None
    area: str | None
    area_name: str
    channel: str
    summary: str
    words: str
    contacts: int
    lead_bureau: str
    lead_name: str
    holder_unit: str
    holder_person: str
    received_at: datetime
    confirmed: bool
    lamp: Lamp
    queue_key: str
    second_opinion: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a queue and the key at which the next one begins."""

    lines: tuple[Line, ...]
    after: str | None


def _running(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(col(Clock.id))
        .where(
            col(Clock.request_id) == col(HelpRequest.id),
            col(Clock.stopped_at).is_(None),
            *conditions,
        )
        .exists()
    )


TABS: Mapping[str, str] = {
    "triage": "desk",
    "urgent": "desk",
    "second": "desk",
    "soon": "desk",
    "late": "desk",
    "under_way": "desk",
    "callback": "desk",
    "mine": "desk",
    "closed": "desk",
    "to_sign": "inbox",
    "handling": "inbox",
    "inbox_late": "inbox",
    "cooperating": "inbox",
    "finished": "inbox",
}
"""The tabs of the two queues. Each is a filter of open requests but for the closed ones."""


def tab(name: str, actor: Actor, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a tab. Raises ``Refusal`` (404) for one there is none of."""
    if name not in TABS:
        raise Refusal("refusal.not_found", status=404)
    still_open = col(HelpRequest.closed_at).is_(None)
    units = sorted(units_of(office, actor, now))
    status = col(HelpRequest.status)
    match name:
        case "triage":
            undecided = or_(
                col(HelpRequest.confirmed_at).is_(None),
                status.in_([Status.IN_TRIAGE, Status.RECEIVED, Status.EMERGENCY_HANDOFF]),
            )
            return [still_open, undecided]
        case "urgent":
            return [still_open, col(HelpRequest.level).in_([Level.LIFE_THREAT, Level.URGENT])]
        case "second":
            marks = col(HelpRequest.second_opinion).in_(MARKS)
            return [still_open, marks, col(HelpRequest.confirmed_at).is_(None)]
        case "soon":
            near = and_(col(Clock.due_at) > now, col(Clock.due_at) <= now + SOON)
            return [still_open, _running(near)]
        case "late" | "inbox_late":
            return [still_open, _running(col(Clock.due_at) <= now)]
        case "under_way":
            going = [Status.DISPATCHED, Status.IN_PROGRESS, Status.SUSPENDED, Status.REOPENED]
            return [still_open, status.in_(going), col(HelpRequest.confirmed_at).is_not(None)]
        case "callback":
            return [still_open, status.in_([Status.RESULT_REPORTED, Status.IN_CALLBACK])]
        case "mine":
            mine = [
                col(HelpRequest.holder_person) == actor.login,
                col(HelpRequest.first_responder) == actor.login,
            ]
            return [still_open, or_(*mine)]
        case "closed":
            return [col(HelpRequest.closed_at).is_not(None)]
        case "to_sign":
            takes = and_(
                col(HelpRequest.holder_unit).in_(units), status == Status.DISPATCHED, ~_any(units)
            )
            return [still_open, or_(_order(units, ReferralStatus.DISPATCHED), takes)]
        case "handling":
            hands = (ReferralStatus.SIGNED, ReferralStatus.IN_PROGRESS)
            held = and_(
                col(HelpRequest.holder_unit).in_(units),
                status == Status.IN_PROGRESS,
                ~_order(units, ReferralStatus.DISPATCHED),
            )
            return [still_open, or_(_order(units, *hands), held)]
        case "cooperating":
            open_parts = (
                ReferralStatus.DISPATCHED, ReferralStatus.SIGNED, ReferralStatus.IN_PROGRESS,
            )  # fmt: skip
            return [still_open, _order(units, *open_parts, role="cooperating")]
        case _:
            ends = (ReferralStatus.RESULT_SUBMITTED, ReferralStatus.COMPLETED)
            return [_order(units, *ends)]


def _order(
    units: Sequence[str], *statuses: ReferralStatus, role: str | None = None
) -> ColumnElement[bool]:
    """The request has an order of one of the units in one of these statuses."""
    conditions = [
        col(Referral.request_id) == col(HelpRequest.id),
        col(Referral.bureau).in_(units),
        col(Referral.status).in_(statuses),
    ]
    if role is not None:
        conditions.append(col(Referral.role) == role)
    return select(col(Referral.id)).where(*conditions).exists()


def _any(units: Sequence[str]) -> ColumnElement[bool]:
    return _order(units, *(status for status in ReferralStatus if status not in GONE))


def counts(
    session: Session, actor: Actor, office: Office, names: Iterable[str], now: datetime
) -> dict[str, int]:
    """How many requests stand under each tab."""
    visible = access.scope(actor, office, now)
    found: dict[str, int] = {}
    for name in names:
        query = (
            select(func.count())
            .select_from(HelpRequest)
            .where(*visible, *tab(name, actor, office, now))
        )
        found[name] = session.connection().execute(query).scalar() or 0
    return found


def queue(
    session: Session,
    viewer: Viewer,
    office: Office,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    after: str | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page:
    """A page of what this viewer may see: most urgent first, then the nearest due time."""
    access.allow(viewer, "see")
    limit = max(1, min(limit, MOST))
    query = (
        select(*HelpRequest.__table__.columns)  # type: ignore[attr-defined]
        .where(*access.scope(viewer, office, now), *where)
        .order_by(col(HelpRequest.queue_key))
        .limit(limit + 1)
    )
    if after:
        query = query.where(col(HelpRequest.queue_key) > after)
    rows = [dict(row._mapping) for row in session.connection().execute(query)]
    shown, more = rows[:limit], len(rows) > limit
    return Page(
        tuple(_lines(session, viewer, office, shown, now)),
        shown[-1]["queue_key"] if more else None,
    )


def _lines(
    session: Session, viewer: Viewer, office: Office, rows: Sequence[Row], now: datetime
) -> Iterable[Line]:
    ids = [row["id"] for row in rows]
    words = _first_words(session, ids)
    clocks = _pressing(session, ids)
    for row in rows:
        sees = access.sight(viewer, row)
        text, count = words.get(row["id"], ("", 0))
        place = office.directory.place.get(row["area"] or "")
        lead = office.directory.unit.get(row["lead_bureau"])
        yield Line(
            number=row["number"],
            status=row["status"],
            level=row["level"],
            track=row["track"],
            service=row["service"],
            area=row["area"],
            area_name=place.name if place else "",
            channel=row["channel"],
            summary=redact(row["summary"]) if sees.words else "",
            words=redact(text)[:SHOWN_WORDS] if sees.words else "",
            contacts=count,
            lead_bureau=row["lead_bureau"],
            lead_name=lead.name_zh if lead else row["lead_bureau"],
            holder_unit=row["holder_unit"],
            holder_person=row["holder_person"],
            received_at=row["received_at"],
            confirmed=row["confirmed_at"] is not None,
            lamp=lamp(
                clocks.get(row["id"]),
                now,
                office.policy.calendar,
                waits=row["status"] == Status.SUSPENDED or row["closed_at"] is not None,
            ),
            queue_key=row["queue_key"],
            second_opinion=row["second_opinion"] if row["second_opinion"] in MARKS else None,
        )


def _first_words(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """The first words of each request and how many contacts it has."""
    found: dict[int, tuple[str, int]] = {}
    if not ids:
        return found
    query = (
        select(col(Contact.request_id), col(Contact.text))
        .where(col(Contact.request_id).in_(ids))
        .order_by(col(Contact.received_at), col(Contact.id))
    )
    for row in session.connection().execute(query):
        words = row.text[: 4 * SHOWN_WORDS]
        text, count = found.get(row.request_id, (words, 0))
        found[row.request_id] = (text or words, count + 1)
    return found


def _pressing(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """Of each request the running clock that is due first."""
    found: dict[int, Any] = {}
    if not ids:
        return found
    query = (
        select(*Clock.__table__.columns)  # type: ignore[attr-defined]
        .where(col(Clock.request_id).in_(ids), col(Clock.stopped_at).is_(None))
        .order_by(col(Clock.due_at), col(Clock.id))
    )
    for row in session.connection().execute(query):
        found.setdefault(row.request_id, row)
    return found


def last_arrival(
    session: Session, viewer: Viewer, office: Office, now: datetime
) -> datetime | None:
    """When the last request came in that this viewer sees: an empty queue is not a broken one."""
    query = select(func.max(HelpRequest.received_at)).where(*access.scope(viewer, office, now))
    found: datetime | None = session.connection().execute(query).scalar()
    return found
