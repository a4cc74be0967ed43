"""What an edited message said before, and of which request its words are part."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, union_all
from sqlmodel import col

from models.messages import Inbound, Turn
from models.prefixes import begins
from models.requests import Contact, HelpRequest
from models.transaction import Transaction

if TYPE_CHECKING:
    from gateway.recall import Acquaintance

_SAID = ("text", "place", "location", "media")
_EARLIEST, _LATEST = 10**9, 10**10 - 1
"""Seconds since 1970, as many figures as those of every edit have: one range under every order of
letters, where ``begins`` alone reads the index only under some."""


@dataclass(frozen=True, slots=True)
class Said:
    """The words as they were last, and the request that they are part of now."""

    said: tuple[Any, ...]
    request_id: int | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Said":
        return cls(tuple(row[name] for name in _SAID), row["request_id"])

    def is_same(self, now: Inbound) -> bool:
        """Whether an edit changes nothing: Telegram tells of one also when it has only added the
        picture of a link."""
        return self.said == (now.text, now.place, now.kept_location, now.kept_media)


def said_before(tx: Transaction, channel: str, edited: str) -> Said | None:
    """What an edited message said last, also a moment ago in the same batch; None where it was not
    kept. Two look-ups by the index: others wait for the lock meanwhile."""
    for row in reversed(tx.added(Contact)):
        if row["channel"] == channel and _is_of(row["external_id"], edited):
            return Said.of(row)
    own, here = col(Contact.external_id), col(Contact.channel) == channel
    later = own.between(f"{edited}:e{_EARLIEST}", f"{edited}:e{_LATEST}")
    found = union_all(
        select(col(Contact.id)).where(own == edited, here),
        select(col(Contact.id)).where(later, begins(own, f"{edited}:e"), here),
    )
    row = tx.execute(
        select(*(getattr(Contact, name) for name in (*_SAID, "request_id")))
        .where(col(Contact.id).in_(found))
        .order_by(col(Contact.received_at).desc(), col(Contact.id).desc())
        .limit(1)
    ).first()
    return Said.of(row._mapping) if row is not None else None


def _is_of(external_id: str, edited: str) -> bool:
    return external_id == edited or external_id.startswith(f"{edited}:e")


def request_of_report(
    tx: Transaction, channel: str, turn: Turn, who: "Acquaintance | None"
) -> int | None:
    """The request of a guided report in which an edited message was an answer: the first that its
    writer handed in, in this conversation, once it was written. Answers are no contacts, so they
    are found by their time, also when the conversation is over or another report was begun. Only
    what this person has begun since is read."""
    if who is None or not turn.edits or turn.written_at is None:
        return None
    mine = col(HelpRequest.person_id) == who.person_id
    since = col(HelpRequest.received_at) >= turn.written_at
    own = tx.execute(
        select(col(HelpRequest.id), col(HelpRequest.merged_into)).where(mine, since)
    ).all()
    begun = {one for row in own for one in row if one is not None}
    if not begun:
        return None
    found: int | None = tx.execute(
        select(col(Contact.request_id))
        .where(
            col(Contact.request_id).in_(begun),
            col(Contact.channel) == channel,
            begins(col(Contact.external_id), f"{turn.conversation}:report:"),
            col(Contact.received_at) >= turn.written_at,
        )
        .order_by(col(Contact.received_at), col(Contact.id))
        .limit(1)
    ).scalar()
    return found


def number_for(tx: Transaction, request_id: int, who: "Acquaintance | None") -> str | None:
    """The number under which this person knows a request: what was joined to another bears for
    them the number that they were given."""
    for one in who.open_requests if who is not None else ():
        if one["id"] == request_id:
            return str(one["number"])
    for row in tx.added(HelpRequest):
        if row["id"] == request_id:
            return str(row["number"])
    number: str | None = tx.execute(
        select(col(HelpRequest.number)).where(col(HelpRequest.id) == request_id)
    ).scalar()
    return number
