"""Stored contacts as they are held against each other: read once, and remembered for a while."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import col

from models.requests import Contact, HelpRequest
from triage.matter import Matter, causes_of, facts_of, read_matter

_REMEMBERED = 5_000


def _reading(*columns: Any) -> Any:
    """A query of contacts by their ids, with these columns and what their requests say."""
    return (
        select(
            col(Contact.id),
            col(Contact.request_id),
            col(HelpRequest.received_at),
            col(HelpRequest.closed_at),
            col(HelpRequest.track),
            *columns,
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(col(Contact.id).in_(bindparam("ids", expanding=True)))
        .order_by(col(Contact.id))
    )


_REQUESTS = _reading()
_CONTACTS = _reading(
    col(Contact.sender),
    col(Contact.reporter),
    col(Contact.text),
    col(Contact.place),
    col(Contact.said_at),
    col(Contact.assessment),
)


class Memory:
    """Matters that were read lately, by contact: a busy street is not read anew for each caller."""

    def __init__(self) -> None:
        self._read: OrderedDict[int, Matter] = OrderedDict()

    def matters(self, connection: Connection, ids: Sequence[int]) -> dict[int, Matter]:
        """The matters of stored contacts; only those that are not remembered are read."""
        found = {one: self._read[one] for one in ids if one in self._read}
        for row in contacts(connection, [one for one in ids if one not in found]):
            found[row.id] = self.matter(row)
        return found

    def matter(self, row: Any) -> Matter:
        """The matter of a stored contact, whose words never change."""
        known = self._read.get(row.id)
        if known is None:
            known = self._read[row.id] = matter_of(row)
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return known


def contacts(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Contacts with what a comparison needs of them and of their requests."""
    return list(connection.execute(_CONTACTS, {"ids": list(ids)})) if ids else []


def requests_of(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """The same without what was said: what may change about contacts whose matter is known."""
    return list(connection.execute(_REQUESTS, {"ids": list(ids)})) if ids else []


def matter_of(row: Any) -> Matter:
    """The matter of a stored contact, from the facts that were read when it came in. A reporter's
    or an office's own telephone is no sign of whose matter it is."""
    own = () if row.reporter is not None else tuple(_telephone(row.sender))
    return read_matter(
        row.text,
        facts_of(row.assessment),
        causes_of(row.assessment),
        at=row.said_at,
        place=row.place,
        given=own,
    )


def _telephone(sender: str) -> Iterable[str]:
    """A sender's number as people write it; a chat's handle is none."""
    digits = sender.removeprefix("+86")
    if digits.isdecimal() and len(digits) >= 7:
        yield digits
