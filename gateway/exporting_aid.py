"""Aid, row by row: every grant with all that was recorded of it, and every movement of money."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gateway.aid import yuan
from gateway.spans import Span, within
from models.relief import COLUMNS, Decision, Relief
from models.requests import HelpRequest
from models.reserves import AidEntry, Reserve

Row = dict[str, Any]

_AS_THEY_ARE = (
    "kind", "state", "green", "household_id", "recipient", "area", "service", "need", "cause",
    "words", "form", "goods", "standard", "fund", "unit", "giver", "judgements", "proposed_at",
    "proposed_by", "guards", "reason", "agreed_by", "asked_unit", "asked_until", "stage",
    "authorised_at", "authorised_by", "authorised_how", "delivered_at", "delivered_by",
    "second_officer", "place", "received_by", "witness", "proof", "lifted_at", "lifted_by",
    "explain_due_at", "explain_source", "explain_tag", "overdue_at", "explained_at",
    "explained_by", "explanation", "signatures", "notice", "notice_source", "published_at",
    "published_by", "filed_at", "filed_with", "kin", "kin_of", "ended_at", "ended_by",
    "ended_why", "policy", "erased_at",
)  # fmt: skip


def relief(session: Session, span: Span) -> Iterator[Row]:
    """Every grant, undone ones too. ``amount`` is in yuan and what stands after corrections."""
    before = aliased(Relief)
    query = (
        select(
            *COLUMNS,
            col(HelpRequest.number).label("request_number"),
            col(before.number).label("follows"),
            col(Decision.words).label("decision"),
            col(Decision.decided_by).label("decided_by"),
            col(Decision.amount_fen).label("decided_fen"),
            col(Decision.stages).label("stages"),
        )
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Relief.request_id))
        .outerjoin(before, col(before.id) == col(Relief.follows_id))
        .outerjoin(Decision, col(Decision.id) == col(Relief.decision_id))
        .order_by(col(Relief.id))
    )
    for row in within(session, query, Relief.proposed_at, span):
        yield {
            "relief": row.number,
            "number": row.request_number,
            "amount": yuan(row.amount_fen),
            **{name: getattr(row, name) for name in _AS_THEY_ARE},
            "resident_id": None if row.resident_id is None else str(row.resident_id),
            "follows": row.follows,
            "decision": row.decision,
            "decided_by": row.decided_by,
            "decided_amount": None if row.decided_fen is None else yuan(row.decided_fen),
            "stages": [[yuan(fen), when] for fen, when in row.stages or []],
        }


def entries(session: Session, span: Span) -> Iterator[Row]:
    """Every movement of aid money; the balance of a reserve is the sum of its rows."""
    query: Any = (
        select(
            *AidEntry.__table__.columns,  # type: ignore[attr-defined]
            col(Relief.number).label("relief"),
            col(Reserve.unit).label("reserve"),
        )
        .outerjoin(Relief, col(Relief.id) == col(AidEntry.relief_id))
        .outerjoin(Reserve, col(Reserve.id) == col(AidEntry.reserve_id))
        .order_by(col(AidEntry.id))
    )
    for row in within(session, query, AidEntry.at, span):
        yield {
            "id": str(row.id),
            "at": row.at,
            "kind": row.kind,
            "amount": yuan(row.amount_fen),
            "reserve": row.reserve,
            "relief": row.relief,
            "undoes": None if row.undoes_id is None else str(row.undoes_id),
            "counted": None if row.counted_fen is None else yuan(row.counted_fen),
            "book": None if row.book_fen is None else yuan(row.book_fen),
            "by": row.recorded_by,
            "unit": row.unit,
            "voucher": row.voucher,
            "reason": row.reason,
        }
