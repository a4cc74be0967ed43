"""Statements drawn up once for one person: putting a long one together takes as long as its answer.

A scope depends on who looks, on the directory and on the day (``gateway.access``); a statement is
drawn up anew when one of them is another. Moments are parameters, given each time it is asked.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam

from gateway.access import Actor
from models.clocks import Clock
from referral.directory import ZONE, Directory
from referral.office import Office

MOST = 500

_MOMENT = Clock.__table__.c.due_at.type  # type: ignore[attr-defined]
_Key = tuple[str, Actor, date]
_drawn: dict[_Key, tuple[Directory, Any]] = {}


def moment(name: str, at: datetime) -> BindParameter[datetime]:
    """A moment in a statement that is asked again later, with another one under this name."""
    return bindparam(name, at, type_=_MOMENT)


def drawn(name: str, actor: Actor, office: Office, now: datetime, make: Callable[[], Any]) -> Any:
    """The statement of this name for this person."""
    key = (name, actor, now.astimezone(ZONE).date())
    kept = _drawn.get(key)
    if kept is not None and kept[0] is office.directory:
        return kept[1]
    if len(_drawn) >= MOST:
        _drawn.clear()
    statement = make()
    _drawn[key] = (office.directory, statement)
    return statement
