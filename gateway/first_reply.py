"""Who asked for help has a first reply by what was sent to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.outbox import Sent
from models.requests import HelpRequest
from models.transaction import Transaction
from referral import promises


def sent(tx: Transaction, parts: Sequence[tuple[Any, Sent]]) -> None:
    """These messages were sent: the promise of a first reply is kept to those of them who asked for
    help. It is not by what is told to whoever asks how it stands, to a field worker who adds to it,
    or to somebody whose own request was joined to it."""
    told: dict[tuple[int, int], datetime] = {}
    for row, one in parts:
        if row.request_id and row.person_id and row.staff is None:
            told.setdefault((row.request_id, row.person_id), one.at)
    if not told:
        return
    ids = sorted({request_id for request_id, _ in told})
    requesters = select(col(HelpRequest.id), col(HelpRequest.person_id))
    for request in tx.execute(requesters.where(col(HelpRequest.id).in_(ids))):
        if (at := told.get((request.id, request.person_id))) is not None:
            promises.stop(tx, request.id, ("CLK-FIRST-REPLY",), at)
