"""Who hears of a request: its own requester and those whose requests were joined to it.

Every requester keeps the right to a reply (I5): each is told under the number they were given, by
the way they came from.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction


def joined_to(tx: Transaction, request_id: int) -> list[Row]:
    """The requests joined to this one, those joined to them too, the oldest first."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found: dict[int, Row] = {}
    asked = [request_id]
    while asked:
        rows = tx.execute(select(*columns).where(col(HelpRequest.merged_into).in_(asked)))
        new = [dict(row._mapping) for row in rows if row.id not in found]
        found.update({row["id"]: row for row in new})
        asked = [row["id"] for row in new]
    return [found[one] for one in sorted(found)]


def master_of(connection: Any, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request that a joined one leads to at last; itself when it was not joined."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    seen = {request["id"]}
    while request["merged_into"] is not None and request["merged_into"] not in seen:
        seen.add(request["merged_into"])
        row = connection.execute(
            select(*columns).where(col(HelpRequest.id) == request["merged_into"])
        ).one()
        request = dict(row._mapping)
    return request


def as_heard(joined: Row, master: Mapping[str, Any]) -> Row:
    """A joined request as its requester hears of it: its own number and words, and who works on it
    now. ``merged_into`` names where its contacts are."""
    names = ("level", "holder_unit", "holder_person", "first_responder")
    return {**joined, **{name: master[name] for name in names}, "merged_into": master["id"]}
