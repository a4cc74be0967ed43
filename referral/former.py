"""Who left an accused unit lately reads of the complaint as little as those who are there (I9).

Where somebody was is read from the ledger's entries of transfers, by an index of their own; only a
complaint asks for it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from models.events import TRANSFERRED, Event
from models.requests import said
from models.transaction import Transaction
from referral import accused
from referral.accused import WAS_THERE, Accused
from referral.office import Office


def of(tx: Transaction, office: Office, complained_of: Accused, now: datetime) -> Accused:
    """Those who belonged to these units within the days of ``former_member_days``, but for those
    who are accused themselves."""
    if not complained_of.units:
        return accused.NOBODY
    days = float(office.policy.values["former_member_days"].value)
    left = tx.execute(
        select(col(Event.detail)).where(
            col(Event.kind) == said(TRANSFERRED), col(Event.at) >= now - timedelta(days=days)
        )
    ).scalars()
    moves = [orjson.loads(one) for one in left]
    found = {
        move["login"]
        for move in moves
        if move["login"] in office.directory.officer
        and complained_of.units & set(accused.chain(office.directory, move["before"]["unit"]))
    }
    return Accused(logins=frozenset(found) - complained_of.logins)


def keep(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    complained_of: Accused,
    *,
    why: str,
    by: str,
    now: datetime,
) -> None:
    """Write down who is barred (``accused.keep``), and who was there lately with them."""
    accused.keep(tx, request, complained_of, why=why, by=by, now=now)
    if were_there := of(tx, office, complained_of, now):
        accused.keep(tx, request, were_there, why=WAS_THERE, by=by, now=now)
