"""Where an account is signed in: its sessions as their owner sees and ends them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col

from gateway import sessions
from gateway.sessions import SignedIn
from gateway.state import State
from models.access import StaffSession, hashed
from models.transaction import acting
from referral.casework import Refusal

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Device:
    """One session. ``mark`` names it to its owner and opens nothing."""

    mark: str
    here: bool
    begun_at: datetime
    seen_at: datetime
    address: str
    device: str


def of(reader: Any, session: SignedIn, now: datetime) -> list[Device]:
    """The sessions in force of the account of this one, the last used first."""
    rows = reader.execute(
        select(*StaffSession.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(StaffSession.login) == session.actor.login,
            col(StaffSession.passed).is_(True),
            col(StaffSession.expires_at) > now,
            col(StaffSession.seen_at) > now - sessions.IDLE,
        )
        .order_by(col(StaffSession.seen_at).desc())
    )
    return [
        Device(
            mark=_mark(row.hash),
            here=row.hash == session.hash,
            begun_at=row.created_at,
            seen_at=row.seen_at,
            address=row.address,
            device=row.device,
        )
        for row in rows
    ]


def end(state: State, session: SignedIn, mark: str) -> None:
    """End the session of this mark, or all ``others``. Raises ``Refusal`` (404) for a mark that is
    none of the account's own."""
    login = session.actor.login
    with acting(state.database, state.mint) as tx:
        kept = tx.execute(
            select(col(StaffSession.hash)).where(col(StaffSession.login) == login)
        ).scalars()
        chosen = [
            one for one in kept if (mark == OTHERS and one != session.hash) or _mark(one) == mark
        ]
        if not chosen and mark != OTHERS:
            raise Refusal("refusal.not_found", status=404)
        tx.execute(delete(StaffSession).where(col(StaffSession.hash).in_(chosen)))
        tx.event("sessions_ended", at=state.now(), by=login, sessions=len(chosen))


def _mark(kept: str) -> str:
    return hashed(kept)[:16]
