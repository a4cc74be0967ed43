"""A unit's quarter is closed by a named person: what was told stays beside what is found out later.

- ``close`` keeps the figures, the requests behind each, who told them, when and by which rules.
- ``kept`` reads them back; ``Kept.intact`` says whether they are what the ledger says was told;
  ``altered`` names all that are not.
- ``differences(kept, now)`` are the figures that would be told otherwise today, with the requests
  that came in and fell out. What was told is never corrected, only seen beside it.
- To somebody to whom some numbers are not said, figures are shown as ``quarter_figures.without``
  has them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from gateway import access
from gateway.exporting import local
from gateway.quarter import Quarter, Report, report
from gateway.quarter_figures import EACH, figures, only, without
from models.events import OF_NO_REQUEST, Event
from models.quarters import ClosedQuarter
from models.referrals import Referral
from models.transaction import Transaction
from models.vocabulary import Role
from referral.casework import Actor, Refusal, units_of
from referral.directory import ZONE
from referral.office import Office

OWN = (Role.BUREAU_OFFICER, Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER)
"""Roles that see and close the figures of their own unit alone."""
CLOSED = "quarter_closed"


@dataclass(frozen=True, slots=True)
class Kept:
    """A quarter as it was told. ``intact``: the ledger knows these very figures."""

    unit: str
    quarter: str
    closed_at: datetime
    closed_by: str
    policy: str
    figures: Mapping[str, Any]
    intact: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that would be told otherwise now: met and counted, then and now, and the requests
    that are counted only now, or were only then."""

    code: str
    then: tuple[int, int]
    now: tuple[int, int]
    more: tuple[str, ...]
    fewer: tuple[str, ...]


def require_own(actor: Actor, office: Office, unit: str, now: datetime) -> None:
    """Raise ``Refusal`` (403) for figures of somebody else's unit."""
    if actor.role in OWN and unit not in units_of(office, actor, now):
        raise Refusal("refusal.not_your_unit", status=403)


def asked(unit: str, quarter: str, office: Office) -> Quarter:
    """The quarter of a unit that exists. Raises ``Refusal`` (422)."""
    try:
        if unit not in office.directory.unit:
            raise ValueError(unit)
        return Quarter.parse(quarter)
    except ValueError:
        raise Refusal("refusal.no_such_quarter", {"unit": unit, "quarter": quarter}, 422) from None


def close(
    tx: Transaction, office: Office, actor: Actor, *, unit: str, quarter: str, now: datetime
) -> Kept:
    """Keep the figures of a quarter that is over, once. Raises ``Refusal``."""
    access.allow(actor, "close_quarter")
    span = asked(unit, quarter, office)
    require_own(actor, office, unit, now)
    end = span.span[1]
    if now < end:
        day = end.astimezone(ZONE).date().isoformat()
        raise Refusal("refusal.quarter_not_over", {"quarter": str(span), "day": day}, 422)
    before = _row(tx, unit, span)
    if before is not None:
        params = {"quarter": str(span), "by": before.closed_by, "day": _day(before.closed_at)}
        raise Refusal("refusal.quarter_closed", params)
    reading = Session(bind=tx.connection)
    told = figures(report(reading, office, unit, span, now=now))
    told = orjson.loads(orjson.dumps(told))
    row = tx.add(
        ClosedQuarter,
        id=tx.mint(),
        unit=unit,
        quarter=str(span),
        closed_at=now,
        closed_by=actor.login,
        policy=office.policy.hash,
        digest=digest(told),
        figures=told,
    )
    tx.event(
        CLOSED,
        at=now,
        by=actor.login,
        unit=unit,
        quarter=str(span),
        policy=row["policy"],
        digest=row["digest"],
        orders=told["orders"],
    )
    return Kept(unit, str(span), now, actor.login, row["policy"], told, intact=True)


def kept(session: Session, unit: str, quarter: Quarter) -> Kept | None:
    """The quarter as it was told, or None while nobody has closed it."""
    connection = session.connection()
    row = _row(connection, unit, quarter)
    if row is None:
        return None
    told = connection.scalars(select(col(Event.detail)).where(col(Event.kind) == CLOSED))
    known = any(
        (said["unit"], said["quarter"], said["digest"]) == (unit, str(quarter), row.digest)
        for said in map(orjson.loads, told)
    )
    return Kept(
        unit,
        row.quarter,
        row.closed_at,
        row.closed_by,
        row.policy,
        row.figures,
        intact=known and digest(row.figures) == row.digest,
    )


def altered(session: Session) -> Iterator[str]:
    """Closed quarters that are not as the ledger says they were told: figures or any other value
    changed, a row taken away, a row that nobody closed."""
    connection = session.connection()
    told = {}
    entries = select(col(Event.at), col(Event.by), col(Event.detail))
    for entry in connection.execute(entries.where(OF_NO_REQUEST, col(Event.kind) == CLOSED)):
        said = orjson.loads(entry.detail)
        told[said["unit"], said["quarter"]] = (
            entry.at, entry.by, said["policy"], said["digest"],
        )  # fmt: skip
    names = select(col(ClosedQuarter.id), col(ClosedQuarter.unit), col(ClosedQuarter.quarter))
    for one in connection.execute(names.order_by(col(ClosedQuarter.id))).all():
        known = told.pop((one.unit, one.quarter), None)
        fault = _fault(connection, one.id, known)
        if fault:
            yield f"the closed quarter {one.quarter} of {one.unit} {fault}"
    for unit, quarter in told:
        yield f"the closed quarter {quarter} of {unit} is in the ledger, its row is gone"


def _fault(connection: Any, row_id: int, known: tuple[Any, ...] | None) -> str:
    """What is wrong with one row, as the end of a sentence; "" when nothing is."""
    if known is None:
        return "is in no entry of the ledger"
    columns = ClosedQuarter.__table__.columns  # type: ignore[attr-defined]
    try:
        row = connection.execute(select(*columns).where(col(ClosedQuarter.id) == row_id)).one()
        told = digest(row.figures)
    except (SQLAlchemyError, ValueError, TypeError):  # a value of another kind than was written
        return "cannot be read"
    if told != known[-1]:
        return "has figures that nobody told"
    if known != (row.closed_at, row.closed_by, row.policy, row.digest):
        return "says something else than the ledger about who closed it, when and by which rules"
    return ""


def closed_units(session: Session, quarter: Quarter) -> Mapping[str, tuple[str, datetime]]:
    """The units whose quarter is closed: by whom and when."""
    query = select(
        col(ClosedQuarter.unit), col(ClosedQuarter.closed_by), col(ClosedQuarter.closed_at)
    ).where(col(ClosedQuarter.quarter) == str(quarter))
    return {unit: (by, at) for unit, by, at in session.connection().execute(query)}


def with_orders(
    session: Session, viewer: Actor, office: Office, now: datetime, quarter: Quarter
) -> frozenset[str]:
    """The units that were given orders in a quarter, and who goes on for them: of requests that do
    not complain about the viewer."""
    begin, end = quarter.span
    query = select(col(Referral.bureau)).where(
        col(Referral.dispatched_at) >= begin,
        col(Referral.dispatched_at) < end,
        access.unbarred(viewer, office, now, of=Referral.request_id),
    )
    found = set(session.connection().scalars(query.distinct()))
    day = now.astimezone(ZONE).date()
    heirs = (office.directory.current(code, day) for code in found)
    return frozenset(found | {unit.code for unit in heirs if unit is not None})


def differences(told: Kept, found: Report, unsaid: Collection[str] = ()) -> tuple[Difference, ...]:
    """What would be told otherwise now, figure by figure; () when nothing would."""
    later = figures(found) if EACH in told.figures else found.as_json()  # counted the same way
    then, now = without(told.figures, unsaid), without(later, unsaid)
    orders = Difference("orders", *_pair(then, now, "orders", "requests"), *_moved(then, now))
    found_now = {one["code"]: one for one in now["rates"]}
    pairs = [
        Difference(
            one["code"],
            (one["met"], one["counted"]),
            (new["met"], new["counted"]),
            only(new["numbers"], one["numbers"]),
            only(one["numbers"], new["numbers"]),
        )
        for one in then["rates"]
        if (new := found_now.get(one["code"])) is not None and _counted(one) != _counted(new)
    ]
    return (*([orders] if orders.then != orders.now else []), *pairs)


def as_json(told: Kept, found: Report | None, unsaid: Collection[str] = ()) -> dict[str, Any]:
    """What was told, by whom, and what would be told otherwise by the figures of now."""
    return {
        "at": local(told.closed_at),
        "by": told.closed_by,
        "policy": told.policy,
        "intact": told.intact,
        "figures": without(told.figures, unsaid),
        "differences": [asdict(one) for one in differences(told, found, unsaid)] if found else [],
    }


def digest(kept: Mapping[str, Any]) -> str:
    """SHA-256 of figures, however the database orders their keys."""
    return sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _row(connection: Any, unit: str, quarter: Quarter) -> Any:
    columns = ClosedQuarter.__table__.columns  # type: ignore[attr-defined]
    where = (col(ClosedQuarter.unit) == unit, col(ClosedQuarter.quarter) == str(quarter))
    return connection.execute(select(*columns).where(*where)).first()


def _day(at: datetime) -> str:
    return at.astimezone(ZONE).date().isoformat()


def _counted(rate: Mapping[str, Any]) -> tuple[Any, ...]:
    return rate["met"], rate["counted"], sorted(rate["numbers"]), sorted(rate["missed"])


def _pair(
    then: Mapping[str, Any], now: Mapping[str, Any], *names: str
) -> tuple[tuple[int, int], tuple[int, int]]:
    first, second = names
    return (then[first], then[second]), (now[first], now[second])


def _moved(
    then: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The requests that are only now, or were only then, behind any of the figures."""
    before, after = (
        list(dict.fromkeys(number for one in report["rates"] for number in one["numbers"]))
        for report in (then, now)
    )
    return only(after, before), only(before, after)
