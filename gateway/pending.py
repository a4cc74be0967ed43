"""What waits for a decision on a request: returns with the precedents of their kind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.disputes import precedents
from referral import returning
from referral.office import Office


@dataclass(frozen=True, slots=True)
class Claim:
    """One request to return an order. ``reason`` is empty for who may not see words."""

    bureau: str
    bureau_name: str
    right_unit: str
    right_name: str
    rule: str
    reason: str
    asked_at: datetime
    asked_by: str
    overlap: bool
    first_aid: bool


@dataclass(frozen=True, slots=True)
class Precedent:
    """How a dispute of the same kind was decided: who asked, where it went, when."""

    bureau: str
    bureau_name: str
    went_to: str
    went_name: str
    decision: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """Open returns, whether the supervisor decides them, and the last of the same kind."""

    claims: tuple[Claim, ...]
    contested: bool
    precedents: tuple[Precedent, ...]


def pending(
    session: Session, office: Office, request_id: int, service: str | None, *, words: bool
) -> Pending:
    """What waits on this request, and how the last disputes about its kind of help ended."""
    reader: Any = session.connection()
    every = returning.disputes(reader, request_id)
    most = int(office.policy.values["precedents_shown"].value)
    kind = every[-1]["service"] if every else service
    decided = reader.execute(precedents(kind, most))
    return Pending(
        claims=tuple(
            Claim(
                bureau=one["bureau"],
                bureau_name=_name(office, one["bureau"]),
                right_unit=one["right_unit"],
                right_name=_name(office, one["right_unit"]),
                rule=one["rule"],
                reason=one["reason"] if words else "",
                asked_at=one["asked_at"],
                asked_by=one["asked_by"],
                overlap=one["overlap"],
                first_aid=one["first_aid"],
            )
            for one in every
            if one["decided_at"] is None
        ),
        contested=returning.is_contested(every),
        precedents=tuple(
            Precedent(
                bureau=row.bureau,
                bureau_name=_name(office, row.bureau),
                went_to=row.went_to,
                went_name=_name(office, row.went_to),
                decision=row.decision,
                decided_at=row.decided_at,
            )
            for row in decided
        ),
    )


def _name(office: Office, code: str) -> str:
    unit = office.directory.unit.get(code)
    return unit.name_zh if unit else code
