"""The aid of the county as lists show it: names masked, sums in yuan, what is still owed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlmodel import Session, col

from gateway import access, aid, days
from gateway.access import Viewer
from gateway.aid import yuan
from models.relief import COLUMNS, Relief
from models.requests import HelpRequest
from referral import family, grants
from referral.casework import Refusal
from referral.directory import ZONE
from referral.explaining import notice_of
from referral.office import Office
from referral.relief_life import GIVEN, OWED, State

PAGE, MOST = 50, 20_000
FILTERS = ("since", "until", "unit", "need", "state", "kind", "fund", "household", "owed", "kin")
_WHEN = func.coalesce(col(Relief.delivered_at), col(Relief.proposed_at))


@dataclass(frozen=True, slots=True)
class Line:
    """One grant in a list. ``recipient`` is masked; ``yuan`` is what stands after corrections."""

    number: str
    request: str | None
    kind: str
    state: str
    recipient: str
    area: str
    area_name: str
    service: str
    service_name: str
    need: str
    need_name: str
    cause: str
    cause_name: str
    form: str
    yuan: str
    amount_fen: int
    goods: str
    standard: str
    fund: str
    fund_name: str
    unit: str
    unit_name: str
    giver: str
    giver_name: str
    at: datetime
    delivered_at: datetime | None
    explain_due_at: datetime | None
    explained_at: datetime | None
    overdue: bool
    notice_owed: bool
    filed_at: datetime | None
    filed_with: str
    kin: str
    green: bool
    household_id: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """What was given of one kind: how often, how many of them goods, how much money."""

    code: str
    name: str
    grants: int
    goods: int
    yuan: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """A page of the list with the totals of all that the filter finds."""

    lines: tuple[Line, ...]
    totals: tuple[Total, ...]
    whole: Total
    after: str | None


def conditions(asked: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The filter of the address as conditions. Raises ``Refusal`` for a day that is none."""
    found: list[ColumnElement[bool]] = []
    if asked.get("since"):
        found.append(_midnight(asked["since"]) <= _WHEN)
    if asked.get("until"):
        found.append(_midnight(asked["until"]) + timedelta(days=1) > _WHEN)
    plain = {
        "unit": Relief.unit,
        "need": Relief.need,
        "state": Relief.state,
        "kind": Relief.kind,
        "fund": Relief.fund,
        "household": Relief.household_id,
    }
    found += [col(column) == asked[name] for name, column in plain.items() if asked.get(name)]
    if asked.get("owed"):
        found.append(col(Relief.state).in_(OWED))
    if asked.get("kin"):
        found.append(col(Relief.kin) != "")
    return found


def _midnight(day: str) -> datetime:
    try:
        return datetime.combine(days.day(day), time.min, ZONE)
    except ValueError:
        raise Refusal("refusal.day", {"day": day}, 422) from None


def ledger(
    session: Session,
    viewer: Viewer,
    office: Office,
    asked: Mapping[str, str],
    *,
    now: datetime,
    after: str = "",
    limit: int = PAGE,
) -> Ledger:
    """What this viewer may see under the filter, the newest first. Raises ``Refusal``."""
    if isinstance(viewer, access.Actor):
        access.allow(viewer, "see_relief")
    where = [*aid.scope(viewer, office, now), *conditions(asked)]
    query = (
        select(*COLUMNS, col(HelpRequest.number).label("request_number"))
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Relief.request_id))
        .where(*where)
        .order_by(col(Relief.id).desc())
        .limit(limit + 1)
    )
    if after.isdecimal():
        query = query.where(col(Relief.id) < int(after))
    rows = [dict(row._mapping) for row in session.connection().execute(query)]
    shown, more = rows[:limit], len(rows) > limit
    totals = _totals(session, office, where)
    return Ledger(
        lines=tuple(line(row, office) for row in shown),
        totals=totals,
        whole=Total(
            "",
            "",
            sum(one.grants for one in totals),
            sum(one.goods for one in totals),
            yuan(sum(one.amount_fen for one in totals)),
            sum(one.amount_fen for one in totals),
        ),
        after=str(shown[-1]["id"]) if more else None,
    )


def _totals(
    session: Session, office: Office, where: Sequence[ColumnElement[bool]]
) -> tuple[Total, ...]:
    """By what it was for, of what has been given; money counts, goods are counted by their number
    and by the value that was put on them."""
    query = (
        select(
            col(Relief.need),
            func.count(),
            func.sum(col(Relief.amount_fen)),
            func.sum(case((col(Relief.form) == "goods", 1), else_=0)),
        )
        .where(*where, col(Relief.state).in_(GIVEN))
        .group_by(col(Relief.need))
        .order_by(col(Relief.need))
    )
    return tuple(
        Total(need, ground(office, "aid_need", need), count, int(goods), yuan(int(fen)), int(fen))
        for need, count, fen, goods in session.connection().execute(query)
    )


def line(row: Mapping[str, Any], office: Office) -> Line:
    """One grant for a list."""
    place = office.directory.place.get(row["area"] or "")
    units = office.directory.unit
    unit, given_by = units.get(row["unit"]), units.get(row["giver"] or row["unit"])
    names = {route.service: route.name_zh for route in office.policy.routes}
    return Line(
        number=row["number"],
        request=row.get("request_number"),
        kind=row["kind"],
        state=row["state"],
        recipient=notice_of(row),
        area=row["area"] or "",
        area_name=place.name if place else "",
        service=row["service"],
        service_name=names.get(row["service"], row["service"]),
        need=row["need"],
        need_name=ground(office, "aid_need", row["need"]),
        cause=row["cause"],
        cause_name=ground(office, "aid_cause", row["cause"]),
        form=row["form"],
        yuan=yuan(row["amount_fen"]),
        amount_fen=row["amount_fen"],
        goods=row["goods"],
        standard=row["standard"],
        fund=row["fund"],
        fund_name=ground(office, "aid_fund", row["fund"]),
        unit=row["unit"],
        unit_name=unit.name_zh if unit else row["giver"] or row["unit"],
        giver=row["giver"],
        giver_name=given_by.name_zh if given_by else row["giver"] or row["unit"],
        at=row["delivered_at"] or row["proposed_at"],
        delivered_at=row["delivered_at"],
        explain_due_at=row["explain_due_at"],
        explained_at=row["explained_at"],
        overdue=row["state"] == State.OVERDUE,
        notice_owed=row["notice"] == "after"
        and row["published_at"] is None
        and row["state"] in GIVEN,
        filed_at=row["filed_at"],
        filed_with=row["filed_with"],
        kin=row["kin"],
        green=row["green"],
        household_id=row["household_id"],
    )


def ground(office: Office, act: str, code: str) -> str:
    """What a code of a closed list is called."""
    found = office.policy.ground(act, code)
    return found.name_zh if found else code


def of_request(
    session: Session, viewer: Viewer, office: Office, request_id: int, now: datetime
) -> list[dict[str, Any]]:
    """The grants of a request and of those of the same household, the newest first: rows."""
    connection = session.connection()
    mine = family.of_request(connection, request_id)
    rows = connection.execute(
        select(*COLUMNS)
        .where(
            or_(col(Relief.request_id).in_(mine.requests), col(Relief.household_id).in_(mine.homes))
        )
        .order_by(col(Relief.proposed_at).desc(), col(Relief.id).desc())
    )
    return _told(connection, viewer, office, [dict(row._mapping) for row in rows], now)


def year_of(
    session: Session, viewer: Viewer, office: Office, row: Mapping[str, Any], now: datetime
) -> tuple[Line, ...]:
    """The year's picture of the household of a grant: one list over all who gave."""
    connection = session.connection()
    rows = _told(connection, viewer, office, grants.year(connection, row, now), now)
    return tuple(line(one, office) for one in rows)


def _told(
    connection: Any, viewer: Viewer, office: Office, rows: Iterable[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Without the grants of requests that complain about the viewer; of a partner, whatever its
    household got from others, only what it gave itself."""
    told = list(rows)
    if not told:
        return told
    if isinstance(viewer, access.Actor):
        exist = [access.unbarred(viewer, office, now, of=Relief.request_id)]
    else:
        exist = aid.scope(viewer, office, now)
    seen = select(col(Relief.id)).where(col(Relief.id).in_([one["id"] for one in told]), *exist)
    ids = set(connection.execute(seen).scalars())
    return [one for one in told if one["id"] in ids]
