"""By when somebody gets in touch with whoever asked, as their page says it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.clocks import Clock
from models.people import BY_NUMBER, NAMELESS, Address
from models.transaction import Row
from models.vocabulary import Level
from referral import word_given


def of(reader: Any, request: Row) -> datetime | None:
    """By when somebody gets in touch: the first hour at which a contact or a call back is promised
    that nobody has made, which is what the messages say too."""
    level = Level(request["level"])
    running = reader.execute(
        select(col(Clock.name), col(Clock.case), col(Clock.due_at)).where(
            col(Clock.request_id) == request["id"],
            col(Clock.name).in_({name for name, _ in word_given.contacts(level)}),
            col(Clock.stopped_at).is_(None),
        )
    )
    return word_given.first_contact(running.mappings(), level)


def reachable(reader: Any, request: Row) -> bool:
    """Whether there is any number or handle of theirs under which they can be reached; who rang
    with a withheld number or came back with number and code alone cannot be."""
    theirs = select(col(Address.id)).where(
        col(Address.person_id) == request["person_id"],
        col(Address.kind).not_in((NAMELESS, BY_NUMBER)),
    )
    return reader.execute(theirs.limit(1)).first() is not None
