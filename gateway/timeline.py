"""All that happened around one household, over every channel, the newest first, as far as it exists
for who reads it: a request that is not theirs to see is not there, nor is its number anywhere.

Each kind of happening has a provider; a new kind is one more line of ``PROVIDERS``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select
from sqlmodel import col

from gateway import access, aid, discovery_timeline
from gateway.access import Sight, Viewer
from gateway.masking import Masking
from models.households import Belonging
from models.relief import Relief
from models.requests import Contact, HelpRequest
from referral.office import Office
from triage.redact import redact

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One happening. ``kind`` names its word (``word("happening", kind)``), ``number`` the request
    it belongs to; ``words`` are redacted."""

    at: datetime
    kind: str
    words: str = ""
    number: str = ""
    by: str = ""
    state: str = ""
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose household, and for whom: nothing is told but what exists for the viewer."""

    household_id: str
    viewer: Viewer
    office: Office
    now: datetime

    def scope(self) -> list[ColumnElement[bool]]:
        """Under which conditions a request exists here."""
        return access.scope(self.viewer, self.office, self.now)

    def sight(self, row: Any) -> Sight:
        """What of such a request is shown."""
        return access.sight(self.viewer, row._mapping)


Provider = Callable[[Connection, Asked], Iterable[Entry]]


def _requests(household_id: str) -> Any:
    """The ids of the requests that a person linked to the household, and of those merged into
    them."""
    linked = select(col(Belonging.request_id)).where(
        col(Belonging.household_id) == household_id, col(Belonging.state) == "confirmed"
    )
    return select(col(HelpRequest.id)).where(
        or_(col(HelpRequest.id).in_(linked), col(HelpRequest.merged_into).in_(linked))
    )


def requests(connection: Connection, asked: Asked) -> Iterable[Entry]:
    """What was asked for and how it stands; who rang, wrote or reported, on any channel. Of a
    confidential request nothing tells who reported it but to whom may know, and nothing at all that
    it belongs here to whom may not know in which house it is."""
    found = connection.execute(
        select(
            col(HelpRequest.id),
            col(HelpRequest.number),
            col(HelpRequest.received_at),
            col(HelpRequest.summary),
            col(HelpRequest.status),
            col(HelpRequest.closed_at),
            col(HelpRequest.confidential),
            col(HelpRequest.level),
            col(HelpRequest.withheld),
        ).where(col(HelpRequest.id).in_(_requests(asked.household_id)), *asked.scope())
    ).all()
    told = _told(connection, [row.id for row in found])
    for row in found:
        sees, contacts = asked.sight(row), told.get(row.id, [])
        if sees.gist and not sees.place:
            continue
        mask = Masking.of(contacts, sees)
        place = (row.number, "", row.status, row.id)
        words = redact(mask.words(row.summary)) if sees.gist else ""
        yield Entry(row.received_at, "request", words, *place)
        if row.closed_at is not None:
            yield Entry(row.closed_at, "closed", "", *place)
        for one in contacts:
            words = redact(mask.words(one.text))[:200] if sees.words else ""
            by = (one.reporter or "") if sees.person else ""
            yield Entry(one.said_at, "contact", words, row.number, by, one.channel, row.id)


def _told(connection: Connection, ids: list[int]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    query = select(
        col(Contact.request_id), col(Contact.said_at), col(Contact.channel), col(Contact.text),
        col(Contact.reporter), col(Contact.name), col(Contact.assessment),
    ).where(col(Contact.request_id).in_(ids))  # fmt: skip
    for row in connection.execute(query) if ids else ():
        found.setdefault(row.request_id, []).append(row)
    return found


def relief(connection: Connection, asked: Asked) -> Iterable[Entry]:
    """Help that was put into somebody's hands, as far as its list shows it."""
    found = connection.execute(
        select(
            col(Relief.request_id), col(Relief.delivered_at), col(Relief.number),
            col(Relief.giver), col(Relief.goods),
        ).where(
            col(Relief.household_id) == asked.household_id,
            col(Relief.delivered_at).is_not(None),
            *aid.scope(asked.viewer, asked.office, asked.now),
        )
    )  # fmt: skip
    for row in found:
        yield Entry(
            row.delivered_at, "aid", redact(row.goods), row.number, row.giver, "", row.request_id
        )


def doors(connection: Connection, asked: Asked) -> Iterable[Entry]:
    """Visits made and warnings seen to, or waiting. What was said at a door that became a request
    is told to whom the request exists for, may know who it is about and reads its words."""
    moments = discovery_timeline.of_household(connection, asked.household_id)
    numbers = {one.number for one in moments if one.number}
    rows = connection.execute(
        select(
            *(col(HelpRequest.number), col(HelpRequest.confidential)),
            *(col(HelpRequest.level), col(HelpRequest.withheld)),
        ).where(col(HelpRequest.number).in_(numbers), *asked.scope())
    )
    sights = {row.number: asked.sight(row) for row in rows} if numbers else {}
    for one in moments:
        sees = sights.get(one.number or "")
        if one.number is None:
            yield Entry(one.at, one.kind, redact(one.note), "", one.by)
        elif sees is not None and sees.person:
            words = redact(one.note) if sees.words else ""
            yield Entry(one.at, one.kind, words, one.number, one.by)
        else:
            yield Entry(one.at, one.kind)


PROVIDERS: tuple[Provider, ...] = (
    requests,
    relief,
    doors,
)


def timeline(
    connection: Connection,
    viewer: Viewer,
    office: Office,
    household_id: str,
    now: datetime,
    *,
    but: int | None = None,
) -> list[Entry]:
    """Everything about a household that exists for this viewer, the newest first; without what
    belongs to the request ``but``."""
    asked = Asked(household_id, viewer, office, now)
    found = [
        one
        for provider in PROVIDERS
        for one in provider(connection, asked)
        if but is None or one.request_id != but
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]


def requests_of(connection: Connection, household_id: str) -> list[int]:
    """Every request of a household, whoever sees it: to keep whose data a look was at."""
    return list(connection.execute(_requests(household_id)).scalars())
