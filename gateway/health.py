"""Whether the ways in and out are alive: when each was last heard, what waits to be sent, and a
message of our own to the console, which sends nothing to anybody outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from channels import Channel
from gateway import access
from gateway.access import Actor
from models.assurances import Assurance
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.transaction import Transaction
from models.vocabulary import Form, OutboxState
from referral import telling
from referral.casework import Refusal
from referral.office import Office, Reply, Way

CONSOLE = "console"
TEST = "test_message"


@dataclass(frozen=True, slots=True)
class Health:
    """One channel. ``waiting`` messages have not gone out, the oldest since ``oldest``; ``failed``
    are given up. ``canary`` is when a message of our own last came home, if any flies."""

    name: str
    on: bool
    heard_at: datetime | None
    sent_at: datetime | None
    waiting: int
    oldest: datetime | None
    failed: int
    canary: datetime | None


def read(connection: Any, channels: Mapping[str, Channel]) -> Sequence[Health]:
    """Every channel that is on, and every other that something still waits for."""
    heard = dict(
        connection.execute(
            select(col(JournalEntry.channel), func.max(col(JournalEntry.received_at))).group_by(
                col(JournalEntry.channel)
            )
        ).all()
    )
    sent = dict(
        connection.execute(
            select(col(Outgoing.channel), func.max(col(Outgoing.sent_at))).group_by(
                col(Outgoing.channel)
            )
        ).all()
    )
    out = connection.execute(
        select(col(Outgoing.channel), func.count(), func.min(col(Outgoing.posted_at)))
        .where(col(Outgoing.state).in_([OutboxState.READY, OutboxState.LEASED]))
        .group_by(col(Outgoing.channel))
    ).all()
    waiting = {name: (count, oldest) for name, count, oldest in out}
    failed = dict(
        connection.execute(
            select(col(Outgoing.channel), func.count())
            .where(col(Outgoing.state) == OutboxState.FAILED)
            .group_by(col(Outgoing.channel))
        ).all()
    )
    flown = dict(
        connection.execute(
            select(col(Assurance.name), col(Assurance.held_at)).where(
                col(Assurance.name).startswith("canary:")
            )
        ).all()
    )
    names = [*channels, *sorted(set(waiting) - set(channels))]
    return [
        Health(
            name,
            name in channels,
            heard.get(name),
            sent.get(name),
            *waiting.get(name, (0, None)),
            failed.get(name, 0),
            flown.get(f"canary:{name}"),
        )
        for name in names
    ]


def test(
    tx: Transaction,
    office: Office,
    channels: Mapping[str, Channel],
    actor: Actor,
    now: Any,
    language: str,
) -> int:
    """Post a message to the console; it goes the way of every other. Returns its id. Raises
    ``Refusal`` (409) where the console is off."""
    access.allow(actor, "administer")
    if CONSOLE not in channels:
        raise Refusal("refusal.no_console", status=409)
    row = telling.post(
        tx,
        office,
        TEST,
        request=None,
        reply=Reply(Way(CONSOLE, CONSOLE, Form.FULL), actor.login),
        now=now,
        language=language,
        params={"hotline": office.hotline, "by": actor.name or actor.login},
        staff=actor.login,
    )
    tx.event("test_message_sent", at=now, by=actor.login, channel=CONSOLE, outbox=str(row["id"]))
    return int(row["id"])
