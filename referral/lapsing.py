"""What a bureau asked for lapses with its order, or when its result is in: nobody decides on it any
more, and the work of deciding waits for nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.events import SYSTEM
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import ReferralRole, TaskKind
from referral import casework

ASKED = (TaskKind.DECIDE_EXTENSION, TaskKind.DECIDE_SUSPENSION)
CLOCK = "CLK-LEAVE"
"""Runs for those who decide on it, in a case of its own for each of both; it moves no other
date."""
ENDS = ("route_corrected", "taken_upward", "reopened", "rehandled", "result_reported")
LEADS_ANEW = ("return_upheld", "arbitrated", "bar_set")
"""After these another unit may lead, or the same one still."""


def lapse(tx: Transaction, request: Row, order: Row, now: datetime) -> None:
    """End the work of deciding on what the lead of this order asked for, if anything, and its
    clock."""
    if order["role"] != ReferralRole.LEAD:
        return
    tx.execute(
        update(Task)
        .where(
            col(Task.request_id) == request["id"],
            col(Task.kind).in_(ASKED),
            col(Task.done_at).is_(None),
        )
        .values(done_at=now, done_by=SYSTEM)
    )
    casework.halt(tx, request["id"], (CLOCK,), now)


def ended(kind: str, detail: Mapping[str, Any]) -> bool:
    """Whether an event ended what was asked for before it: a new lead must ask anew."""
    return kind in ENDS or (kind in LEADS_ANEW and "lead_bureau" in detail)
