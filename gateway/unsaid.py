"""Numbers that are not said to somebody: of requests that complain about them (I9), of what was
given there. An entry about something else may name one, and then the whole entry is not shown."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, union_all
from sqlmodel import col

from gateway.access import Viewer, unbarred
from models.bars import Bar
from models.relief import Relief
from models.requests import FormerNumber, HelpRequest
from referral.casework import Actor
from referral.office import Office


def numbers(reader: Any, viewer: Viewer, office: Office, now: datetime) -> frozenset[str]:
    """Every number under which such a request, or a grant of it, is known. ``reader`` executes."""
    if not isinstance(viewer, Actor):
        return frozenset()
    complaining = select(col(Bar.request_id)).where(
        ~unbarred(viewer, office, now, of=Bar.request_id)
    )
    ids = list(reader.execute(complaining.distinct()).scalars())
    if not ids:
        return frozenset()
    known = union_all(
        select(col(HelpRequest.number)).where(col(HelpRequest.id).in_(ids)),
        select(col(FormerNumber.number)).where(col(FormerNumber.request_id).in_(ids)),
        select(col(Relief.number)).where(col(Relief.request_id).in_(ids)),
    )
    return frozenset(reader.execute(known).scalars())


def named_in(value: Any, unsaid: Collection[str]) -> bool:
    """Whether a detail of an entry names one of them, however deep."""
    if not unsaid:
        return False
    if isinstance(value, str):
        return any(one in value for one in unsaid)
    if isinstance(value, Mapping):
        return any(named_in(one, unsaid) for one in value.values())
    return isinstance(value, list | tuple) and any(named_in(one, unsaid) for one in value)
