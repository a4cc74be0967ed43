"""Is every acknowledged message accounted for? Received = open + closed + merged + handed over +
holding pen, and the numbers of each day run without a gap."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from models.counters import Counter as Counted
from models.journal import JournalEntry
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.vocabulary import ContactState, ReferralRole, ReferralStatus, Status
from referral.directory import ZONE

CANARY = "canary"
"""The part of the journal's entries that are canaries."""


@dataclass(slots=True)
class Account:
    """The sum and what is missing in it, one sentence each."""

    calls: int = 0
    contacts: int = 0
    requests: int = 0
    by_place: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def account(session: Session, day: date | None = None) -> Account:
    """Count everything (of one day of receipt, China time) and look for what is missing."""
    found = Account()
    span = _span(day)
    found.calls = _count(session, span)
    _contacts(session, found, span)
    _requests(session, found, span)
    _numbers(session, found, day)
    total = sum(found.by_place.values())
    if total != found.contacts:
        found.missing.append(f"{found.contacts} contacts were received, {total} are accounted for")
    return found


def _contacts(session: Session, found: Account, span: tuple[datetime, datetime] | None) -> None:
    """Where every contact is now: with a request that is open, closed, ..., or in the pen."""
    query = (
        select(
            col(Contact.id), col(Contact.state), col(Contact.external_id), col(HelpRequest.status)
        )
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(*_within(Contact.received_at, span))
    )
    for row in session.connection().execute(query).yield_per(1000):
        found.contacts += 1
        if row.state == ContactState.HOLDING_PEN:
            found.by_place["holding pen"] += 1
        elif row.state == ContactState.WAITING:
            found.by_place["waiting"] += 1
        elif row.status is None:
            found.missing.append(f"contact {row.id} has no request and is not in the holding pen")
        else:
            found.by_place[_PLACE.get(row.status, "open")] += 1
    unread = select(col(JournalEntry.id)).where(
        col(JournalEntry.state) == ContactState.HOLDING_PEN,
        ~select(col(Contact.id)).where(col(Contact.journal_id) == col(JournalEntry.id)).exists(),
        *_within(JournalEntry.received_at, span),
    )
    for _ in session.connection().execute(unread):
        found.contacts += 1
        found.by_place["holding pen"] += 1


_PLACE = {
    Status.CLOSED: "closed",
    Status.ARCHIVED: "closed",
    Status.MERGED: "merged",
    Status.EMERGENCY_HANDOFF: "handed over",
}


def _requests(session: Session, found: Account, span: tuple[datetime, datetime] | None) -> None:
    """Every open request has a holder, exactly one living lead referral and a first contact."""
    connection = session.connection()
    leads: dict[int, int] = defaultdict(int)
    living = select(col(Referral.request_id)).where(
        col(Referral.role) == ReferralRole.LEAD,
        col(Referral.status).not_in([ReferralStatus.CANCELLED, ReferralStatus.RETURNED]),
    )
    for (request_id,) in connection.execute(living).yield_per(5000):
        leads[request_id] += 1
    told = {row[0] for row in connection.execute(select(col(Contact.request_id)).distinct())}
    query = select(
        col(HelpRequest.id),
        col(HelpRequest.number),
        col(HelpRequest.status),
        col(HelpRequest.holder_unit),
        col(HelpRequest.holder_person),
        col(HelpRequest.merged_into),
    ).where(*_within(HelpRequest.received_at, span))
    for row in connection.execute(query).yield_per(1000):
        found.requests += 1
        if row.status == Status.MERGED:  # its contacts are with the request it was joined to
            if row.merged_into is None:
                found.missing.append(f"{row.number} is merged and leads to no other request")
            continue
        if row.id not in told:
            found.missing.append(f"{row.number} has no contact")
        if not Status(row.status).is_open:
            continue
        if not row.holder_unit or not row.holder_person:
            found.missing.append(f"{row.number} is open and nobody holds it")
        if leads[row.id] != 1:
            found.missing.append(f"{row.number} has {leads[row.id]} lead referrals instead of one")


def _numbers(session: Session, found: Account, day: date | None) -> None:
    """Each day's numbers, given to requests and to calls in the holding pen, have no gap."""
    given: dict[str, set[int]] = defaultdict(set)
    for number in _all_numbers(session):
        given[number[2:10]].add(int(number[11:-2]))
    counters = select(col(Counted.name), col(Counted.value)).where(
        col(Counted.name).like("number:%")
    )
    for name, value in session.connection().execute(counters):
        when = name.removeprefix("number:")
        if day is not None and when != f"{day:%Y%m%d}":
            continue
        lacking = sorted(set(range(1, value + 1)) - given[when])
        if lacking:
            shown = ", ".join(map(str, lacking[:5]))
            found.missing.append(f"{len(lacking)} numbers of {when} lead nowhere: {shown}")


def _all_numbers(session: Session) -> Iterator[str]:
    connection = session.connection()
    for column in (HelpRequest.number, JournalEntry.number):
        query = select(col(column)).where(col(column).is_not(None)).distinct()
        yield from (str(row[0]) for row in connection.execute(query).yield_per(5000))


def _span(day: date | None) -> tuple[datetime, datetime] | None:
    if day is None:
        return None
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return start, start + timedelta(days=1)


def _within(column: Any, span: tuple[datetime, datetime] | None) -> list[Any]:
    return [] if span is None else [col(column) >= span[0], col(column) < span[1]]


def absent(session: Session, channel: str, ids: Sequence[str]) -> list[str]:
    """What a provider lists as taken for us under these ids and we do not have."""
    kept: set[str | None] = set()
    for at in range(0, len(ids), 500):
        some = list(ids[at : at + 500])
        for column, way in (
            (Contact.external_id, Contact.channel),
            (JournalEntry.provider_key, JournalEntry.channel),
        ):
            query = select(col(column)).where(col(column).in_(some), col(way) == channel)
            kept |= set(session.connection().execute(query).scalars())
    return [f"{channel}: the provider has {one}, we do not" for one in ids if one not in kept]


def _count(session: Session, span: tuple[datetime, datetime] | None) -> int:
    """The calls; our own canaries are none."""
    query = select(func.count(col(JournalEntry.id))).where(
        col(JournalEntry.part) != CANARY, *_within(JournalEntry.received_at, span)
    )
    return session.connection().execute(query).scalar() or 0
