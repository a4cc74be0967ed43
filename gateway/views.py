"""Read models: what a page or a JSON answer shows, one query a list, scoped by who looks.

Every tab is one index range or a small set of ids, so that a page and its counts cost the same
however long the queue is (models.requests holds the indexes; their conditions are said here in
the same words).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
    union,
)
from sqlmodel import Session, col

from gateway import access, alike
from gateway.access import Viewer
from gateway.drawn import drawn, moment
from gateway.lines import MARKS, Line, lines
from models.clocks import Clock
from models.disputes import Dispute
from models.likenesses import Likeness
from models.referrals import Referral
from models.requests import HelpRequest, said
from models.vocabulary import Level, ReferralStatus, Status
from referral.casework import GONE, Actor, Refusal, units_of
from referral.office import Office

Conditions = Sequence[ColumnElement[bool]]
PAGE = 50
MOST = 100
COUNTED = 1000
"""A count goes no further: "999+" says enough, and counting on would cost with every row."""
SOON = timedelta(hours=4)
URGENT_KEYS = f"{Level.PRIORITY.rank}|"
"""Every queue key of an urgent request sorts before this one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a queue and the key at which the next one begins."""

    lines: tuple[Line, ...]
    after: str | None


def _running(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The request has a running clock of this kind. Each once: PostgreSQL then finds the clocks
    first; without the word it may ask every open request for its clocks."""
    found = select(col(Clock.request_id)).where(col(Clock.stopped_at).is_(None), *conditions)
    return col(HelpRequest.id).in_(found.prefix_with("DISTINCT", dialect="postgresql"))


def _one_of(column: Any, words: Sequence[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_([said(word) for word in words])
    return found


TABS: Mapping[str, str] = {
    "triage": "desk",
    "urgent": "desk",
    "second": "desk",
    "soon": "desk",
    "late": "desk",
    "returned": "desk",
    "alike": "desk",
    "missed": "desk",
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


def undecided() -> list[ColumnElement[bool]]:
    """What no person at the desk has decided yet."""
    waits = [Status.IN_TRIAGE, Status.RECEIVED, Status.EMERGENCY_HANDOFF]
    open_to_decide = or_(
        col(HelpRequest.confirmed_at).is_(None), _one_of(col(HelpRequest.status), waits)
    )
    return [col(HelpRequest.closed_at).is_(None), open_to_decide]


_IN_HAND = (col(HelpRequest.holder_person), col(HelpRequest.first_responder))
"""Whose request it is, each with an index of its own."""


def tab(name: str, actor: Actor, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a tab. Raises ``Refusal`` (404) for one there is none of."""
    if name not in TABS:
        raise Refusal("refusal.not_found", status=404)
    still_open = col(HelpRequest.closed_at).is_(None)
    status = col(HelpRequest.status)
    if TABS[name] == "inbox":
        return _of_units(name, sorted(units_of(office, actor, now)), now)
    match name:
        case "triage":
            return undecided()
        case "urgent":
            return [still_open, col(HelpRequest.queue_key) < URGENT_KEYS]
        case "second":
            marks = _one_of(col(HelpRequest.second_opinion), MARKS)
            return [still_open, marks, col(HelpRequest.confirmed_at).is_(None)]
        case "soon":
            due = col(Clock.due_at)
            near = and_(due > moment("as_of", now), due <= moment("soon", now + SOON))
            return [still_open, _running(near)]
        case "late":
            return [still_open, _running(col(Clock.due_at) <= moment("as_of", now))]
        case "returned":
            standing = select(col(Dispute.request_id)).where(col(Dispute.decided_at).is_(None))
            return [still_open, col(HelpRequest.id).in_(standing)]
        case "alike":
            there = access.scope(actor, office, now)
            proposed = alike.decidable(col(Likeness.other_id), there)
            later = select(col(Likeness.request_id)).where(*proposed)
            return [still_open, col(HelpRequest.id).in_(later)]
        case "missed":
            return [still_open, _running(col(Clock.name) == said("CLK-MISSED-CALL"))]
        case "under_way":
            going = [Status.DISPATCHED, Status.IN_PROGRESS, Status.SUSPENDED, Status.REOPENED]
            return [still_open, _one_of(status, going), col(HelpRequest.confirmed_at).is_not(None)]
        case "callback":
            return [still_open, _one_of(status, [Status.RESULT_REPORTED, Status.IN_CALLBACK])]
        case "mine":
            return [still_open, or_(*(person == actor.login for person in _IN_HAND))]
        case _:
            return [col(HelpRequest.closed_at).is_not(None)]


def _of_units(name: str, units: Sequence[str], now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a tab of the inbox."""
    still_open = col(HelpRequest.closed_at).is_(None)
    status = col(HelpRequest.status)
    match name:
        case "inbox_late":
            return [still_open, _running(col(Clock.due_at) <= now)]
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
            theirs = select(col(Referral.request_id)).where(
                col(Referral.bureau).in_(units), col(Referral.status).in_(ends)
            )
            return [col(HelpRequest.id).in_(theirs)]


def ways(name: str, actor: Actor, office: Office, now: datetime) -> list[Conditions]:
    """The conditions of a tab, one list for each index by which its requests are found in their
    order: what lies on several ways is read from each and merged. Raises ``Refusal`` (404)."""
    if name == "mine":
        still_open = col(HelpRequest.closed_at).is_(None)
        return [[still_open, person == actor.login] for person in _IN_HAND]
    return [tab(name, actor, office, now)]


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
    """How many requests stand under each tab, at most ``COUNTED``; one query for all."""
    wanted = tuple(names)

    def make() -> Any:
        visible = access.scope(actor, office, now)
        each = (
            _count([[*visible, *way] for way in ways(name, actor, office, now)]).label(name)
            for name in wanted
        )
        return select(*each)

    query = drawn(f"counts {wanted}", actor, office, now, make)
    found = session.connection().execute(query, {"as_of": now, "soon": now + SOON})
    return dict(found.one()._mapping)


def _count(by: Sequence[Conditions]) -> ScalarSelect[int]:
    found = [select(col(HelpRequest.id)).where(*way).limit(COUNTED) for way in by]
    whole = select(_merged(found).subquery()).limit(COUNTED) if len(found) > 1 else found[0]
    return select(func.count()).select_from(whole.subquery()).scalar_subquery()


def _merged(found: Sequence[Select[Any]]) -> CompoundSelect[Any]:
    """What several limited queries find, each once."""
    return union(*(select(one.subquery()) for one in found))


def queue(
    session: Session,
    viewer: Viewer,
    office: Office,
    *,
    where: Conditions = (),
    by: Sequence[Conditions] = ((),),
    after: str | None = None,
    limit: int = PAGE,
    now: datetime,
) -> Page:
    """A page of what this viewer may see: most urgent first, then the nearest due time. ``by`` are
    the ways of a tab."""
    access.allow(viewer, "see")
    limit = max(1, min(limit, MOST))
    ids = merged_ids(viewer, office, by, where=where, after=after, limit=limit + 1, now=now)
    found = session.connection().execute(ids).scalars().all()
    page = tuple(lines(session, viewer, office, found[:limit], now))
    return Page(page, page[-1].queue_key if len(found) > limit else None)


def merged_ids(
    viewer: Viewer,
    office: Office,
    by: Sequence[Conditions],
    *,
    where: Conditions = (),
    after: str | None = None,
    limit: int,
    now: datetime,
) -> Select[Any]:
    """The first ids of several ways together: of each no more than are wanted of all."""
    each = [
        page_of_ids(viewer, office, where=[*where, *way], after=after, now=now).limit(limit)
        for way in by
    ]
    if len(each) == 1:
        return each[0]
    either = _merged([one.add_columns(col(HelpRequest.queue_key)) for one in each]).subquery()
    return select(either.c.id).order_by(either.c.queue_key).limit(limit)


def page_of_ids(
    viewer: Viewer,
    office: Office,
    *,
    where: Conditions = (),
    after: str | None = None,
    now: datetime,
) -> Select[Any]:
    """The ids first, from the index alone: to sort whole rows costs ten times as much."""
    key = col(HelpRequest.queue_key)
    ids = select(col(HelpRequest.id)).where(*access.scope(viewer, office, now), *where)
    return (ids.where(key > after) if after else ids).order_by(key)


def last_arrival(
    session: Session, viewer: Viewer, office: Office, now: datetime
) -> datetime | None:
    """When the last request came in that this viewer sees: an empty queue is not a broken one."""
    at = col(HelpRequest.received_at)
    query = select(at).where(*access.scope(viewer, office, now)).order_by(at.desc()).limit(1)
    found: datetime | None = session.connection().execute(query).scalar()
    return found
