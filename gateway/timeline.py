"""All that happened around one household, over every channel, the newest first.

Each kind of happening has a provider; a new kind is one more line of ``PROVIDERS``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlmodel import col

from models.households import Belonging
from models.relief import Relief
from models.requests import Contact, HelpRequest
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


Provider = Callable[[Connection, str, datetime], Iterable[Entry]]


def _requests(household_id: str) -> Any:
    """The ids of the requests that a person linked to the household, and of those merged into
    them."""
    linked = select(col(Belonging.request_id)).where(
        col(Belonging.household_id) == household_id, col(Belonging.state) == "confirmed"
    )
    return select(col(HelpRequest.id)).where(
        or_(col(HelpRequest.id).in_(linked), col(HelpRequest.merged_into).in_(linked))
    )


def requests(connection: Connection, household_id: str, _now: datetime) -> Iterable[Entry]:
    """What was asked for, and how it stands."""
    found = connection.execute(
        select(
            col(HelpRequest.id),
            col(HelpRequest.number),
            col(HelpRequest.received_at),
            col(HelpRequest.summary),
            col(HelpRequest.status),
            col(HelpRequest.closed_at),
        ).where(col(HelpRequest.id).in_(_requests(household_id)))
    )
    for row in found:
        yield Entry(
            row.received_at, "request", redact(row.summary), row.number, "", row.status, row.id
        )
        if row.closed_at is not None:
            yield Entry(row.closed_at, "closed", "", row.number, "", row.status, row.id)


def contacts(connection: Connection, household_id: str, _now: datetime) -> Iterable[Entry]:
    """Who rang, wrote or reported, on any channel."""
    found = connection.execute(
        select(
            col(Contact.request_id),
            col(Contact.said_at),
            col(Contact.channel),
            col(Contact.text),
            col(Contact.reporter),
            col(HelpRequest.number),
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(col(Contact.request_id).in_(_requests(household_id)))
    )
    for row in found:
        yield Entry(
            row.said_at, "contact", redact(row.text)[:200], row.number, row.reporter or "",
            row.channel, row.request_id,
        )  # fmt: skip


def aid(connection: Connection, household_id: str, _now: datetime) -> Iterable[Entry]:
    """Help that was put into somebody's hands."""
    found = connection.execute(
        select(
            col(Relief.request_id), col(Relief.delivered_at), col(Relief.number),
            col(Relief.giver), col(Relief.goods),
        ).where(col(Relief.household_id) == household_id, col(Relief.delivered_at).is_not(None))
    )  # fmt: skip
    for row in found:
        yield Entry(
            row.delivered_at, "aid", redact(row.goods), row.number, row.giver, "", row.request_id
        )


PROVIDERS: tuple[Provider, ...] = (
    requests,
    contacts,
    aid,
)


def timeline(
    connection: Connection, household_id: str, now: datetime, *, but: int | None = None
) -> list[Entry]:
    """Everything about a household, the newest first; without what belongs to the request
    ``but``."""
    found = [
        one
        for provider in PROVIDERS
        for one in provider(connection, household_id, now)
        if but is None or one.request_id != but
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:SHOWN]
