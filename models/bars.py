"""Who must not have to do with a request (回避)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, Text, bindparam, cast, or_, select
from sqlmodel import SQLModel, col

from models.columns import key, operational
from models.requests import HelpRequest
from models.vocabulary import Level

PERHAPS = "perhaps:"
"""Before the name of somebody from whom words are withheld until a person says what they are."""


class Bar(SQLModel, table=True):
    """A unit, or one person, for whom a request does not exist: those it complains about."""

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    unit: str | None = operational(None)
    login: str | None = operational(None)
    why: str = operational()
    by: str = operational()
    at: datetime = operational()


def not_barred(
    login: str, units: Collection[str], *, of: Any = HelpRequest.id
) -> ColumnElement[bool]:
    """The condition that a request is not barred for a person of these units; ``of`` is the column
    that names it."""
    return ~(
        select(col(Bar.id))
        .where(
            col(Bar.request_id) == col(of),
            or_(col(Bar.login) == login, col(Bar.unit).in_(sorted(units))),
        )
        .exists()
    )


def not_asked_first(login: str, unit: str) -> ColumnElement[bool]:
    """The condition that a request does not wait for a person to say whether it complains about
    this unit or person; what is urgent waits for nobody."""
    kept = cast(col(HelpRequest.withheld), Text)
    named = (kept.contains(f'"{PERHAPS}{one}"', autoescape=True) for one in (login, f"unit:{unit}"))
    urgent = col(HelpRequest.level).in_([one for one in Level if one.is_urgent])
    return or_(kept.is_(None), ~or_(*named), urgent)


_BARS = select(col(Bar.request_id), col(Bar.unit), col(Bar.login)).where(
    col(Bar.request_id).in_(bindparam("ids", expanding=True))
)


UNBARRED = ~(
    select(col(Bar.id))
    .where(
        col(Bar.request_id) == col(HelpRequest.id),
        or_(
            col(Bar.login) == bindparam("login", type_=String()),
            col(Bar.unit).in_(bindparam("units", expanding=True)),
        ),
    )
    .correlate(HelpRequest)
    .exists()
)
"""The same for a query that is built once: whose it is comes as ``login`` and ``units``."""


def name_of(bar: Any) -> str:
    """Whom a row of a bar (``unit`` and ``login`` of it) means."""
    name: str = f"unit:{bar.unit}" if bar.unit is not None else bar.login
    return name


def withheld_from(names: Collection[str] | None, login: str, unit: str) -> bool:
    """Whether the words of a request (``withheld`` of it) are kept from somebody of this unit."""
    kept = {one.removeprefix(PERHAPS) for one in names or ()}
    return not kept.isdisjoint((login, f"unit:{unit}"))


def bars(connection: Any, request_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The units and logins that are barred, by request; a login never equals a unit's code here,
    because units are asked as ``unit:CODE``."""
    found: dict[int, set[str]] = {}
    if request_ids:
        for row in connection.execute(_BARS, {"ids": list(request_ids)}):
            found.setdefault(row.request_id, set()).add(name_of(row))
    return {request: frozenset(names) for request, names in found.items()}


def barred_of(connection: Any, numbers: Sequence[str]) -> tuple[str, ...]:
    """Which of these requests are barred for anybody."""
    query = select(col(HelpRequest.number)).where(
        col(HelpRequest.number).in_(numbers),
        col(HelpRequest.id).in_(select(col(Bar.request_id))),
    )
    return tuple(connection.execute(query).scalars()) if numbers else ()
