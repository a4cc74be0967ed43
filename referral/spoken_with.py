"""Somebody has spoken with whoever has a telephone number, over a line that is not ours: nobody
rings back any more for the calls that were missed before."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models import keyring
from models.events import SYSTEM
from models.people import FIELD, Address
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import Transaction
from models.vocabulary import TaskKind
from referral import starting

TELEPHONES = ("phone", "voice")
"""Channels by which a call that nobody took is told."""


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


def _rang_again(tx: Transaction, request_id: int, since: datetime, entered: str) -> bool:
    later = select(col(Contact.id)).where(
        col(Contact.request_id) == request_id,
        col(Contact.channel).in_(TELEPHONES),
        col(Contact.received_at) > since,
        col(Contact.external_id) != entered,
    )
    return tx.execute(later.limit(1)).first() is not None
