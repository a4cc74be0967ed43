"""The citizen hears when a promise to them was broken: sorry, who sees to it, the new word (N10).

Silence after the due time would be the second injury (AS-13)."""

from datetime import datetime
from typing import Any

from models.transaction import Row, Transaction
from models.vocabulary import Level, Status
from referral import clockwork, telling
from referral.answering import tell
from referral.directory import Answerable
from referral.office import Office


def tell_citizen(
    tx: Transaction, office: Office, request: Row, clock: Any, above: Answerable, now: datetime
) -> None:
    """Say that the answer is late, which supervisor sees to it, and by when they hear more. Only of
    the time for handling, and only while the request is open."""
    if not Status(request["status"]).is_open or clock.referral_id is not None:
        return
    if clock.name not in clockwork.handling(office, request, now):
        return
    urgent = Level(request["level"]).is_urgent
    tell(
        tx,
        office,
        request,
        "running_late",
        due=telling.by_when(office, "CLK-CONTACT", now, "urgent" if urgent else ""),
        now=now,
        supervisor=above.officer.login,
    )
