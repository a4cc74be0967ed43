"""The rows of a queue: what one line says of a request, made for a whole page with few queries.

A row shows nobody who somebody is: names, numbers and the number of the home are starred in the
words; the place, the time and what happened tell two rows apart. Its lamp is that of the most
pressing running clock, with its due time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from gateway import access, masking
from gateway.access import Viewer
from gateway.lamps import Lamp, lamp
from models.clocks import Clock
from models.requests import Contact, HelpRequest
from models.vocabulary import SecondOpinion, Status
from referral.office import Office

SHOWN_WORDS = 120
READ_WORDS = 2 * SHOWN_WORDS
"""So many are masked, that no name or number is cut in two before it is known as one."""
MARKS = (SecondOpinion.DIFFERS, SecondOpinion.LOOK)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a queue."""

    number: str
    status: str
    level: str
    track: str
    service: str | None
    area: str | None
    area_name: str
    channel: str
    summary: str
    words: str
    contacts: int
    lead_bureau: str
    lead_name: str
    holder_unit: str
    holder_person: str
    received_at: datetime
    confirmed: bool
    lamp: Lamp
    queue_key: str
    second_opinion: str | None = None
    leased_by: str | None = None
    """The name of who works on it now."""
    secret: bool = False
    """Whether nobody may be told who the requester is."""


_THESE: Any = bindparam("ids", expanding=True)
_MADE_OF = (
    "id", "number", "status", "level", "track", "service", "area", "channel", "summary",
    "lead_bureau", "holder_unit", "holder_person", "received_at", "confirmed_at", "closed_at",
    "queue_key", "second_opinion", "leased_by", "leased_until", "confidential", "withheld",
)  # fmt: skip
_ROWS = (
    select(*(getattr(HelpRequest, name) for name in _MADE_OF))
    .where(col(HelpRequest.id).in_(_THESE))
    .order_by(col(HelpRequest.queue_key))
)


def lines(
    session: Session, viewer: Viewer, office: Office, ids: Sequence[int], now: datetime
) -> Iterable[Line]:
    """One line for each of these requests, which the viewer may see; in the order of the queue."""
    if not ids:
        return
    rows: Sequence[Any] = session.connection().execute(_ROWS, {"ids": list(ids)}).mappings().all()
    words = _first_words(session, ids)
    clocks = _pressing(session, ids)
    masks = masking.in_lists(session.connection(), viewer, rows)
    for row in rows:
        sees, mask = access.sight(viewer, row), masks[row["id"]]
        text, count = words.get(row["id"], ("", 0))
        place = office.directory.place.get(row["area"] or "")
        lead = office.directory.unit.get(row["lead_bureau"])
        yield Line(
            number=row["number"],
            status=row["status"],
            level=row["level"],
            track=row["track"],
            service=row["service"],
            area=row["area"],
            area_name=place.name if place else "",
            channel=row["channel"],
            summary=mask.listed(row["summary"]) if sees.gist else "",
            words=mask.listed(text)[:SHOWN_WORDS] if sees.words else "",
            contacts=count,
            lead_bureau=row["lead_bureau"],
            lead_name=lead.name_zh if lead else row["lead_bureau"],
            holder_unit=row["holder_unit"],
            holder_person=row["holder_person"],
            received_at=row["received_at"],
            confirmed=row["confirmed_at"] is not None,
            lamp=lamp(
                clocks.get(row["id"]),
                now,
                office.policy.calendar,
                waits=row["status"] == Status.SUSPENDED or row["closed_at"] is not None,
            ),
            queue_key=row["queue_key"],
            second_opinion=row["second_opinion"] if row["second_opinion"] in MARKS else None,
            leased_by=worker(office, row, now),
            secret=row["confidential"],
        )


_WORDS = (
    select(col(Contact.request_id), col(Contact.text))
    .where(col(Contact.request_id).in_(_THESE))
    .order_by(col(Contact.received_at), col(Contact.id))
)


def _first_words(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """The first words of each request and how many contacts it has."""
    found: dict[int, tuple[str, int]] = {}
    for row in session.connection().execute(_WORDS, {"ids": list(ids)}):
        words = row.text[:READ_WORDS]
        text, count = found.get(row.request_id, (words, 0))
        found[row.request_id] = (text or words, count + 1)
    return found


_LAMP = (
    col(Clock.name), col(Clock.unit), col(Clock.urgent), col(Clock.started_at), col(Clock.due_at),
)  # fmt: skip
"""What a lamp is made of."""
_PRESSING = (
    select(col(Clock.request_id), *_LAMP)
    .where(col(Clock.request_id).in_(_THESE), col(Clock.stopped_at).is_(None))
    .order_by(col(Clock.due_at), col(Clock.id))
)


def _pressing(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """Of each request the running clock that is due first."""
    found: dict[int, Any] = {}
    for row in session.connection().execute(_PRESSING, {"ids": list(ids)}):
        found.setdefault(row.request_id, row)
    return found


def worker(office: Office, row: Mapping[str, Any], now: datetime) -> str | None:
    """The name of who has the request open to work on it, while the lease lasts."""
    login, until = row["leased_by"], row["leased_until"]
    if login is None or until is None or until <= now:
        return None
    officer = office.directory.officer.get(login)
    return officer.name if officer else str(login)
