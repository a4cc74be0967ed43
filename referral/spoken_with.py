"""Somebody speaks, or has spoken, with whoever has a telephone number, on a line that is not ours.

Who was spoken with is not rung back any more for the calls that were missed before. While somebody
speaks nobody else is told to ring, and nothing is ended: that is asked of the calls that go on each
time, so that a call back stands there again by itself where the talk is over and nobody entered it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models import keyring
from models.desk import PhoneCall
from models.events import SYSTEM
from models.people import FIELD, Address
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import starting
from referral.office import Office

RINGS_AT_MOST = timedelta(hours=1)
TELEPHONES = ("phone", "voice")
"""Channels by which a call that nobody took is told."""


def on_the_line(connection: Any, office: Office, now: datetime) -> dict[int, str]:
    """Who is being spoken with at this moment (id of the person), and by whom: a login, "" where
    only the switchboard told. A talk of which no end is told counts for so long and no longer
    (``talk_holds_call_back_minutes``), and until whoever answered it answers the next."""
    holds: Any = office.policy.values["talk_holds_call_back_minutes"].value
    since = now - timedelta(minutes=holds)
    rows = connection.execute(
        select(col(PhoneCall.caller), col(PhoneCall.answered_by))
        .where(
            col(PhoneCall.ended_at).is_(None),
            col(PhoneCall.rang_at) > since - RINGS_AT_MOST,
            col(PhoneCall.answered_at) > since,
        )
        .order_by(col(PhoneCall.answered_at), col(PhoneCall.id))
    ).all()
    last = {row.answered_by: row.caller for row in rows if row.answered_by}
    names: dict[str, str] = {}
    for row in rows:
        if row.caller and last.get(row.answered_by, row.caller) == row.caller:
            looked_up = keyring.names(connection, FIELD, row.caller)
            names |= dict.fromkeys(looked_up, row.answered_by or "")
    if not names:
        return {}
    theirs = select(col(Address.person_id), col(Address.lookup)).where(
        col(Address.kind) == "tel", col(Address.lookup).in_(names)
    )
    return {row.person_id: names[row.lookup] for row in connection.execute(theirs)}


def end_call_backs(
    tx: Transaction,
    telephone: str,
    *,
    since: datetime,
    now: datetime,
    because: str,
    by: str = SYSTEM,
    entered: str = "",
    **how: str,
) -> None:
    """End what waits to ring back this number, in every request of who has it, and write down who
    says so and why. The talk began at ``since``: who has rung again after that, and not only in the
    call of the talk (``entered``, the id of its contact), is rung back all the same."""
    if not telephone:
        return
    waiting = (
        select(col(HelpRequest.id), col(HelpRequest.number))
        .join(Task, col(Task.request_id) == col(HelpRequest.id))
        .join(Address, col(Address.person_id) == col(HelpRequest.person_id))
        .where(
            col(Address.kind) == "tel",
            col(Address.lookup).in_(keyring.names(tx.connection, FIELD, telephone)),
            col(Task.kind) == TaskKind.CALL_BACK,
            col(Task.done_at).is_(None),
            col(Task.opened_at) <= since,
        )
        .distinct()
    )
    for row in tx.execute(waiting).all():
        if not _rang_again(tx, row.id, since, entered):
            request = dict(row._mapping)
            starting.got_through(tx, request, now, by)
            tx.event("got_through", at=now, by=by, request=request, because=because, **how)


def met(tx: Transaction, request: Row, *, at: datetime, now: datetime, by: str) -> None:
    """Somebody wrote down that they spoke with the requester at ``at``: nobody rings back for calls
    that were missed before."""
    if not _rang_again(tx, request["id"], at, ""):
        starting.got_through(tx, request, now, by)


def _rang_again(tx: Transaction, request_id: int, since: datetime, entered: str) -> bool:
    later = select(col(Contact.id)).where(
        col(Contact.request_id) == request_id,
        col(Contact.channel).in_(TELEPHONES),
        col(Contact.received_at) > since,
        col(Contact.external_id) != entered,
    )
    return tx.execute(later.limit(1)).first() is not None
