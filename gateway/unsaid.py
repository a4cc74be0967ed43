"""What is not said to somebody: numbers of requests that complain about them (I9), of what was
given there; an entry about something else may name one, and then the whole entry is not shown. Nor
from whom the words of a request are withheld, or were until a person read them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, union_all
from sqlmodel import col

from gateway.access import DESK, Viewer, unbarred
from models.bars import Bar
from models.relief import Relief
from models.requests import FormerNumber, HelpRequest
from models.vocabulary import Role
from referral.casework import Actor, Told
from referral.office import Office
from referral.withholding import GIVEN, WITHHELD


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


def is_unsaid(one: Told, viewer: Viewer, hidden: Collection[str]) -> bool:
    """Whether an entry of a request's history is not for somebody to whom ``hidden`` are not said
    (``numbers``)."""
    return named_in(one.detail, hidden) or concerns(one.kind, one.detail, viewer)


def concerns(kind: str, detail: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether an entry says that words are or were withheld, to somebody else than a person of the
    desk or an auditor, or to one whom it names."""
    if kind not in (WITHHELD, GIVEN):
        return False
    if not isinstance(viewer, Actor) or viewer.role not in (*DESK, Role.AUDITOR):
        return True
    return viewer.unit in _units(detail) or viewer.login in detail.get("logins", ())


def _units(detail: Mapping[str, Any]) -> Collection[str]:
    return (*detail.get("units", ()), detail.get("bureau"))
