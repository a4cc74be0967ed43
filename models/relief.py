"""Aid as it is given: one row a grant, from the judgement that it cannot wait to the explanation
afterwards, and what the county decided on a hard case. The platform records aid; it does not pay.

Money is counted in fen, in whole numbers. What stands is ``amount_fen``; how it came to stand is
in the entries (``models.reserves``), which are never changed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Index, Text, or_, select, text
from sqlmodel import SQLModel, col

from models.columns import document, key, operational, personal, sensitive

_OWED = text("explain_due_at IS NOT NULL AND explained_at IS NULL")


class Decision(SQLModel, table=True):
    """One case, one decision (一事一议): who sat together, what was allowed, in which stages.

    ``stages`` is the plan of a staged aid: [amount in fen, when in words] each.
    """

    __tablename__ = "relief_decision"

    id: int = key()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    household_id: str | None = operational(None, index=True)
    decided_at: datetime = operational()
    decided_by: str = operational()
    unit: str = operational()
    present: str = personal("", sa_type=Text)
    amount_fen: int = operational(sa_type=BigInteger)
    stages: list[Any] = document(operational)
    words: str = sensitive(sa_type=Text)
    erased_at: datetime | None = operational(None)


class Relief(SQLModel, table=True):
    """One grant of money or goods. Nothing about the recipient is compulsory (I11).

    ``kind`` is advance (先行救助), item (an aid item of a bureau, filed when it is given) or social
    (of a charity or a firm). ``judgements`` are the three of Art. 50, each with who and when.
    ``guards`` are the warnings that were shown, as they stood. ``resident_id`` points into the
    registry of residents. ``once`` makes a repeated report the same grant.
    """

    __table_args__ = (
        Index("ix_relief_owed", "explain_due_at", sqlite_where=_OWED, postgresql_where=_OWED),
        Index("ix_relief_unit_proposed_at", "unit", "proposed_at"),
        Index("ix_relief_recipient_area", "recipient", "area"),
    )

    id: int = key()
    number: str = operational(unique=True)
    kind: str = operational()
    state: str = operational(index=True)
    green: bool = operational(False)
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    household_id: str | None = operational(None, index=True)
    resident_id: int | None = operational(None, sa_type=BigInteger)
    recipient: str = personal("")
    area: str | None = operational(None)
    service: str = operational()
    need: str = operational()
    cause: str = operational()
    words: str = sensitive("", sa_type=Text)
    form: str = operational()
    amount_fen: int = operational(0, sa_type=BigInteger)
    goods: str = sensitive("", sa_type=Text)
    standard: str = operational("")
    fund: str = operational()
    reserve_id: int | None = key(foreign="reserve.id", nullable=True)
    unit: str = operational()
    giver: str = operational("")
    judgements: list[Any] = document(sensitive)
    proposed_at: datetime = operational(index=True)
    proposed_by: str = operational()
    guards: list[Any] = document(operational)
    reason: str = sensitive("", sa_type=Text)
    agreed_by: str = personal("")
    asked_unit: str | None = operational(None)
    asked_until: datetime | None = operational(None)
    decision_id: int | None = key(foreign="relief_decision.id", nullable=True)
    stage: int | None = operational(None)
    follows_id: int | None = key(foreign="relief.id", nullable=True)
    authorised_at: datetime | None = operational(None)
    authorised_by: str | None = operational(None)
    authorised_how: str | None = operational(None)
    delivered_at: datetime | None = operational(None, index=True)
    delivered_by: str | None = operational(None)
    second_officer: str = personal("")
    place: str = sensitive("")
    received_by: str = personal("")
    witness: str = personal("")
    proof: str = sensitive("", sa_type=Text)
    lifted_at: datetime | None = operational(None)
    lifted_by: str | None = operational(None)
    explain_due_at: datetime | None = operational(None)
    explain_source: str = operational("")
    explain_tag: str = operational("")
    explain_clock_id: int | None = key(foreign="clock.id", nullable=True, index=True)
    overdue_at: datetime | None = operational(None)
    explained_at: datetime | None = operational(None)
    explained_by: str | None = operational(None)
    explanation: str = sensitive("", sa_type=Text)
    signatures: str = personal("")
    notice: str = operational()
    notice_source: str = operational("")
    published_at: datetime | None = operational(None)
    published_by: str | None = operational(None)
    filed_at: datetime | None = operational(None)
    filed_with: str = operational("")
    kin: str = operational("")
    kin_of: str = operational("")
    ended_at: datetime | None = operational(None)
    ended_by: str | None = operational(None)
    ended_why: str = sensitive("", sa_type=Text)
    once: str | None = operational(None, unique=True)
    digest: str | None = operational(None)
    policy: str = operational()
    erased_at: datetime | None = operational(None)


COLUMNS = tuple(Relief.__table__.columns)  # type: ignore[attr-defined]


def of_household(
    connection: Connection,
    household_id: str,
    *,
    requests: Iterable[int] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """All aid of a household, the newest first: its own rows and those of ``requests`` (ids) that
    belong to it, by whichever bureau or charity. For the household's one line of time."""
    ids = list(requests)
    mine: Any = col(Relief.household_id) == household_id
    if ids:
        mine = or_(mine, col(Relief.request_id).in_(ids))
    query = select(*COLUMNS).where(mine)
    if since is not None:
        query = query.where(col(Relief.proposed_at) >= since)
    if until is not None:
        query = query.where(col(Relief.proposed_at) < until)
    rows = connection.execute(query.order_by(col(Relief.proposed_at).desc(), col(Relief.id)))
    return [dict(row._mapping) for row in rows]
