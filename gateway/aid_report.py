"""The quarterly report on aid (黑河四（一）; AS-20): what was given by whom and what for, what came
in time, what is not explained yet, by name; every figure out of the rows it counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from gateway import access, aid, aid_views
from gateway.access import Actor
from gateway.aid import yuan
from gateway.aid_views import Line
from models.clocks import Clock
from models.relief import COLUMNS, Decision, Relief
from models.reserves import AidEntry, Reserve
from referral.casework import Refusal
from referral.directory import ZONE
from referral.office import Office
from referral.relief_life import GIVEN


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of the report: what, how often, how many households or people by name,
    how much."""

    code: str
    name: str
    grants: int
    people: int
    yuan: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Book:
    """A reserve over the quarter; begin + in + out + set right = end."""

    unit: str
    name: str
    begin: str
    into: str
    out: str
    mended: str
    end: str


@dataclass(frozen=True, slots=True)
class Report:
    """A quarter. ``in_time`` of ``urgent``: CLK-RELIEF met; ``late`` are explanations that are not
    in and over their day, ``waiting`` those still within it."""

    year: int
    quarter: int
    since: datetime
    until: datetime
    units: tuple[Row, ...]
    needs: tuple[Row, ...]
    causes: tuple[Row, ...]
    kinds: tuple[Row, ...]
    whole: Row
    urgent: int
    in_time: int
    explained: int
    explained_late: int
    waiting: int
    late: tuple[Line, ...]
    green: int
    kin: int
    undone: int
    queried: int
    decisions: int
    books: tuple[Book, ...]


def span(year: int, quarter: int) -> tuple[datetime, datetime]:
    """The first instant of a quarter and of the next. Raises ``Refusal`` for one there is not."""
    if not (2000 <= year <= 2200 and 1 <= quarter <= 4):
        raise Refusal("refusal.quarter", status=422)
    begin = datetime(year, 3 * quarter - 2, 1, tzinfo=ZONE)
    after = (year + 1, 1) if quarter == 4 else (year, 3 * quarter + 1)
    return begin, datetime(*after, 1, tzinfo=ZONE)


def report(
    session: Session, actor: Actor, office: Office, *, year: int, quarter: int, now: datetime
) -> Report:
    """The quarter as this person's unit sees it. Raises ``Refusal``."""
    access.allow(actor, "see_relief")
    since, until = span(year, quarter)
    connection = session.connection()
    when = func.coalesce(col(Relief.delivered_at), col(Relief.proposed_at))
    rows = [
        dict(row._mapping)
        for row in connection.execute(
            select(*COLUMNS)
            .where(*aid.scope(actor, office, now), when >= since, when < until)
            .order_by(col(Relief.id))
        )
    ]
    given = [row for row in rows if row["state"] in GIVEN]
    named = {unit.code: unit.name_zh for unit in office.directory.units}
    explained = [row for row in given if row["explained_at"] and row["kind"] == "advance"]
    owed = [row for row in given if row["lifted_at"] and not row["explained_at"]]
    late = [row for row in owed if row["overdue_at"] or row["explain_due_at"] <= now]
    urgent, in_time = _clocks(connection, rows, since, until)
    return Report(
        year=year,
        quarter=quarter,
        since=since,
        until=until,
        units=_by(given, lambda one: one["giver"] or one["unit"], named),
        needs=_by(given, lambda one: one["need"], _grounds(office, "aid_need")),
        causes=_by(given, lambda one: one["cause"], _grounds(office, "aid_cause")),
        kinds=_by(given, lambda one: one["kind"], {}),
        whole=_row("", "", given),
        urgent=urgent,
        in_time=in_time,
        explained=len(explained),
        explained_late=sum(row["overdue_at"] is not None for row in explained),
        waiting=len(owed) - len(late),
        late=tuple(aid_views.line(row, office) for row in late),
        green=sum(row["green"] for row in given),
        kin=sum(bool(row["kin"]) for row in given),
        undone=sum(row["state"] == "undone" for row in rows),
        queried=sum(row["state"] == "queried" for row in rows),
        decisions=_decisions(connection, actor, office, since, until),
        books=_books(connection, actor, office, named, since, until),
    )


def _grounds(office: Office, act: str) -> dict[str, str]:
    return {one.code: one.name_zh for one in office.policy.grounds if one.act == act}


def _by(rows: Sequence[Mapping[str, Any]], of: Any, names: Mapping[str, str]) -> tuple[Row, ...]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(of(row), []).append(row)
    return tuple(_row(code, names.get(code, code), groups[code]) for code in sorted(groups))


def _row(code: str, name: str, rows: Sequence[Mapping[str, Any]]) -> Row:
    people = Counter(
        row["household_id"] or row["request_id"] or (row["recipient"], row["area"]) for row in rows
    )
    total = sum(row["amount_fen"] for row in rows)
    return Row(code, name, len(rows), len(people), yuan(total), total)


def _clocks(
    connection: Any, rows: Sequence[Mapping[str, Any]], since: datetime, until: datetime
) -> tuple[int, int]:
    """How many urgent requests of the quarter with aid had their time for it, and how many met it
    (the target; the limit is another clock)."""
    ids = {row["request_id"] for row in rows if row["request_id"] is not None}
    found = connection.execute(
        select(col(Clock.stopped_at), col(Clock.due_at)).where(
            col(Clock.request_id).in_(ids),
            col(Clock.name) == "CLK-RELIEF",
            col(Clock.case) == "",
            col(Clock.started_at) >= since,
            col(Clock.started_at) < until,
        )
    ).all()
    return len(found), sum(
        row.stopped_at is not None and row.stopped_at <= row.due_at for row in found
    )


def _decisions(
    connection: Any, actor: Actor, office: Office, since: datetime, until: datetime
) -> int:
    query = select(func.count()).select_from(Decision)
    query = query.where(col(Decision.decided_at) >= since, col(Decision.decided_at) < until)
    if not aid.is_countywide(actor, office):
        query = query.where(col(Decision.unit) == actor.unit)
    return int(connection.execute(query).scalar() or 0)


_INTO, _OUT = ("opening", "top_up"), ("grant",)


def _books(
    connection: Any,
    actor: Actor,
    office: Office,
    named: Mapping[str, str],
    since: datetime,
    until: datetime,
) -> tuple[Book, ...]:
    amount, within = col(AidEntry.amount_fen), col(AidEntry.at) >= since
    query = (
        select(
            col(Reserve.unit),
            col(AidEntry.kind),
            func.sum(case((within, 0), else_=amount)),
            func.sum(case((within, amount), else_=0)),
        )
        .join(Reserve, col(Reserve.id) == col(AidEntry.reserve_id))
        .where(col(AidEntry.at) < until)
        .group_by(col(Reserve.unit), col(AidEntry.kind))
    )
    if not aid.is_countywide(actor, office):
        query = query.where(col(Reserve.unit) == actor.unit)
    sums: dict[str, Counter[str]] = {}
    for unit, kind, before, during in connection.execute(query):
        name = "into" if kind in _INTO else "out" if kind in _OUT else "set"
        found = sums.setdefault(unit, Counter())
        found["begin"] += int(before)
        found[name] += int(during)
    return tuple(
        Book(
            unit,
            named.get(unit, unit),
            begin=yuan(found["begin"]),
            into=yuan(found["into"]),
            out=yuan(found["out"]),
            mended=yuan(found["set"]),
            end=yuan(found.total()),
        )
        for unit, found in sorted(sums.items())
    )
