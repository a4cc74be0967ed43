"""Requests that were joined are one matter: whose words stand where in it, and what protects it.

A merge moves contacts to the request that goes on, and each person's words stay their own there. At
a request stand also words of people who have none of their own in the matter; they go with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from channels.web import e164
from models.holds import LegalHold
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.people import Address
from models.requests import Contact, HelpRequest
from models.vocabulary import ContactState

_REQUEST = (
    col(HelpRequest.id),
    col(HelpRequest.number),
    col(HelpRequest.person_id),
    col(HelpRequest.merged_into),
    col(HelpRequest.closed_at),
    col(HelpRequest.erased_at),
)
_MESSAGE = (col(Outgoing.id), col(Outgoing.request_id), col(Outgoing.person_id))
_CONTACT = (
    col(Contact.id),
    col(Contact.journal_id),
    col(Contact.request_id),
    col(Contact.person_id),
    col(Contact.channel),
    col(Contact.external_id),
)


def on_hold() -> Any:
    """The requests on which a hold was placed, as a query."""
    return select(col(LegalHold.request_id).label("id")).where(col(LegalHold.lifted_at).is_(None))


@cache
def held() -> Any:
    """The requests that a hold protects, as a subquery: on one of a matter it protects them all."""
    matter = on_hold().cte("held", recursive=True)
    one, other = aliased(HelpRequest), aliased(HelpRequest)
    joined = or_(col(other.id) == col(one.merged_into), col(other.merged_into) == col(one.id))
    found = select(col(other.id)).select_from(matter)
    found = found.join(one, col(one.id) == matter.c.id).join(other, joined)
    return select(matter.union(found).c.id)


@cache
def going_on() -> Any:
    """The requests that lead to one which is not erased, as a subquery: the time of the matter is
    theirs too."""
    one, master = aliased(HelpRequest), aliased(HelpRequest)
    leads: Any = select(col(one.id).label("id")).join(
        master, col(master.id) == col(one.merged_into)
    )
    matter = leads.where(col(master.erased_at).is_(None)).cte("going_on", recursive=True)
    below = select(col(HelpRequest.id)).join(matter, col(HelpRequest.merged_into) == matter.c.id)
    return select(matter.union(below).c.id)


def whole(reader: Any, requests: Iterable[int]) -> dict[int, Any]:
    """These requests and all that are joined to them or that they are joined to."""
    found = _rows(reader, col(HelpRequest.id), requests)
    ask = set(found)
    while ask:
        up = {found[one].merged_into for one in ask} - found.keys() - {None}
        new = _rows(reader, col(HelpRequest.id), up)
        new |= _rows(reader, col(HelpRequest.merged_into), ask)
        ask = new.keys() - found.keys()
        found |= new
    return found


def _rows(reader: Any, column: Any, ids: Iterable[int]) -> dict[int, Any]:
    query = select(*_REQUEST).where(column.in_(sorted(ids)))
    return {row.id: row for row in reader.execute(query)}


def _leads_to(matter: Mapping[int, Any], one: int) -> Iterator[Any]:
    """The request that this one was joined to, the one that led to, and so on."""
    passed = {one}
    while (at := matter[one].merged_into) is not None and at not in passed:
        passed.add(at)
        yield matter[at]
        one = at


@dataclass(frozen=True, slots=True)
class Side:
    """Whose words and messages go with some requests: ``taken`` are people's at requests that
    theirs were joined to, ``left`` other people's at these, each as request and person; all of
    ``persons``."""

    known: frozenset[int]
    taken: frozenset[tuple[int, int]]
    left: frozenset[tuple[int, int]]
    persons: frozenset[int]

    @property
    def places(self) -> frozenset[int]:
        """The requests at which something of it stands."""
        return self.known | {at for at, _ in self.taken}

    def has(self, request: int, person: int | None) -> bool:
        """Whether what stands at this request about this person goes with it."""
        if person in self.persons or (request, person) in self.taken:
            return True
        return request in self.known and (request, person) not in self.left


def _side(reader: Any, requests: Sequence[int], people: Iterable[int]) -> Side:
    matter, known = whole(reader, requests), frozenset(requests)
    taken: set[tuple[int, int]] = set()
    left: set[tuple[int, int]] = set()
    for row in matter.values():
        for master in _leads_to(matter, row.id):
            if master.person_id == row.person_id:
                continue  # the words are the master's own, and go with it
            if row.id in known and master.id not in known:
                taken.add((master.id, row.person_id))
            elif row.id not in known and master.id in known and row.erased_at is None:
                left.add((master.id, row.person_id))
    return Side(known, frozenset(taken), frozenset(left), frozenset(people))


def words_of(reader: Any, requests: Sequence[int], people: Iterable[int] = ()) -> list[Any]:
    """The contacts that go with these requests, wherever they stand: not those at them of people
    who were joined with a request of their own, but those of their own people where they were
    joined to. With ``people`` also what those said about requests of others."""
    side = _side(reader, requests, people)
    there = col(Contact.request_id).in_(side.places)
    theirs = col(Contact.person_id).in_(side.persons) & col(Contact.request_id).is_not(None)
    query = select(*_CONTACT).where(there | theirs if side.persons else there)
    rows = reader.execute(query.order_by(col(Contact.id)))
    return [row for row in rows if side.has(row.request_id, row.person_id)]


def messages_of(
    reader: Any, requests: Sequence[int], words: Iterable[Any], people: Iterable[int] = ()
) -> list[Any]:
    """The messages that go with these requests and these ``words`` of theirs, in the same way: who
    is told something of a matter has it for their own, whichever request it is about. Messages to
    staff are nobody's, and go with the request."""
    side = _side(reader, requests, people)
    places = side.places | {row.request_id for row in words}
    query = select(*_MESSAGE).where(col(Outgoing.request_id).in_(places))
    rows = reader.execute(query.order_by(col(Outgoing.id)))
    return [row for row in rows if side.has(row.request_id, row.person_id)]


def hindrances(reader: Any, requests: Sequence[int], people: Sequence[int]) -> dict[str, str]:
    """Why these people cannot be erased yet, by the number of the request that is open or on hold:
    one of their own, one of a matter in which their words stand, or words of theirs that nobody
    could read yet, by the number that those were given."""
    words = words_of(reader, requests, people)
    matter = whole(reader, {*requests, *(row.request_id for row in words)})
    protected = set(reader.execute(on_hold()).scalars())
    found = {
        row.number: "open" if row.closed_at is None else "held"
        for _, row in sorted(matter.items())
        if row.closed_at is None or row.id in protected
    }
    return found | dict.fromkeys(_unread(reader, people), "open")


def _unread(reader: Any, people: Iterable[int]) -> list[str]:
    """The numbers of what waits in the holding pen and came from these people's addresses."""
    theirs = col(Address.person_id).in_(people), col(Address.staff).is_(None)
    handles = set(reader.execute(select(col(Address.value)).where(*theirs)).scalars())
    rows = reader.execute(
        select(col(Contact.sender), col(JournalEntry.number))
        .join(JournalEntry, col(JournalEntry.id) == col(Contact.journal_id))
        .where(col(Contact.request_id).is_(None), col(Contact.state) == ContactState.HOLDING_PEN)
        .order_by(col(Contact.id))
    )
    return [row.number for row in rows if row.number and handles & {row.sender, e164(row.sender)}]
