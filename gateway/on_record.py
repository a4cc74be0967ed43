"""What a requester may see of what is held about them: masked, and only what is their own.

The proof of number and code is good for reading what was said, not for learning a telephone number
or an address that somebody else gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from gateway import erasure_wishes
from gateway.revealing import masked
from models.requests import Contact
from models.transaction import Row
from referral import own_data
from referral.office import Office
from triage.redact import star_name


@dataclass(frozen=True, slots=True)
class OnRecord:
    """``stands`` by field, as it may be shown; where a correction waits, what it is about, since
    when, and by when somebody has decided; ``erased_by`` where a wish to be erased waits."""

    stands: Mapping[str, str]
    asked: tuple[str, ...] = ()
    asked_at: datetime | None = None
    due: datetime | None = None
    erased_by: datetime | None = None


def of(reader: Any, office: Office, request: Row) -> OnRecord:
    """What is on record for the requester of this request."""
    stood = own_data.standing(reader, request)
    stands = {
        "name": star_name(stood["name"]),
        "place": "" if _others_spoke(reader, request) else stood["place"],
        "phone": masked(stood["phone"]),
    }
    waits = own_data.waiting(reader, request["id"])
    erased_by = erasure_wishes.waits_for(reader, office, request["id"])
    if waits is None:
        return OnRecord(stands, erased_by=erased_by)
    asked = tuple(name for name in own_data.FIELDS if name in waits["wanted"])
    due = own_data.by_when(office, request, waits["asked_at"])
    return OnRecord(stands, asked, waits["asked_at"], due, erased_by)


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction that waits, for who decides on it: (field, as it stands, as it shall be)."""

    asked_at: datetime
    fields: tuple[tuple[str, str, str], ...]


def to_decide(reader: Any, request_id: int, *, whole: bool) -> Asked | None:
    """The correction of a request that waits; names and numbers masked unless ``whole``."""
    waits = own_data.waiting(reader, request_id)
    if waits is None:
        return None
    shown = {"name": star_name, "phone": masked} if not whole else {}
    rows = []
    for name in own_data.FIELDS:
        if name in waits["wanted"]:
            show = shown.get(name, str)
            rows.append((name, show(waits["stood"][name]), show(waits["wanted"][name])))
    return Asked(waits["asked_at"], tuple(rows))


def _others_spoke(reader: Any, request: Mapping[str, Any]) -> bool:
    """Whether words of other people stand in this request too: its address may be theirs."""
    others = select(col(Contact.id)).where(
        col(Contact.request_id) == request["id"],
        or_(
            col(Contact.person_id) != request["person_id"],
            col(Contact.reporter).is_not(None),
        ),
    )
    return reader.execute(others.limit(1)).first() is not None
