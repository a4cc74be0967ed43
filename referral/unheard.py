"""A voice or a picture without words: nobody knows what it says until a person listens or looks.

Unsure between two levels is the higher one, and a person looks soon (domain note 3e.2): such a
message is no alarm, but it has its own clock and its own work at the desk, where it opens a request
as where it joins one. Software does not listen, and says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.transaction import Transaction
from models.vocabulary import Level, TaskKind
from referral import casework, promises, telling
from referral.directory import ZONE
from referral.office import Arrival, Office, wordless

CLOCK = "CLK-LISTEN"
TOLD = "unheard"
"""What tells the sender that a person will listen or look, and by when."""


def asked(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    request: Mapping[str, Any],
    *,
    opened: bool = False,
) -> datetime | None:
    """Let somebody listen or look, once for all that nobody has heard yet; by when they do. None
    where the message has words. ``opened`` with this message, so that nothing can run yet."""
    if not wordless(arrival.inbound):
        return None
    read = casework.begun if opened else casework.going
    dues: list[datetime] = [
        clock["due_at"] for clock in read(tx, request["id"]) if clock["name"] == CLOCK
    ]
    if dues:
        return min(dues)
    rule = office.policy.clock(CLOCK, "", arrival.now.astimezone(ZONE).date())
    urgent = Level(request["level"]).is_urgent
    clock = promises.start(tx, office, request, rule=rule, at=arrival.now, urgent=urgent)
    due: datetime = clock["due_at"]
    telling.ask(tx, office, TaskKind.LISTEN, request, now=arrival.now, due=due)
    return due
