"""What a requester said and was told, as they may see it again, and what of it is the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import attachments, own_files
from models.outbox import Outgoing
from models.requests import Contact
from models.transaction import Row
from models.vocabulary import Form, OutboxState
from referral import wording
from referral.office import Office
from referral.reporters import ANSWERS, REFUSED

_KEPT = (
    col(Outgoing.id),
    col(Outgoing.number),
    col(Outgoing.posted_at),
    col(Outgoing.phrase),
    col(Outgoing.language),
    col(Outgoing.text),
    col(Outgoing.state),
    col(Outgoing.params),
)


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said. ``theirs`` is the citizen's; ``lost`` did not reach their telephone;
    ``whole`` are the words that an SMS had to shorten, ``kept`` is its row where it is ours."""

    theirs: bool
    at: datetime
    text: str
    lost: bool = False
    whole: str = ""
    files: Sequence[tuple[str, bool]] = ()
    """Of what was sent along: the token of each, and whether it is a picture."""
    kept: Any = None


def of(reader: Any, office: Office, request: Row, led_to: int) -> list[Message]:
    """What this person said and was told, here and in the request that theirs was joined to."""
    ids = sorted({request["id"], led_to})
    said = reader.execute(
        select(
            col(Contact.received_at),
            col(Contact.text),
            col(Contact.channel),
            col(Contact.external_id),
        )
        .where(
            col(Contact.request_id).in_(ids),
            col(Contact.person_id) == request["person_id"],  # not a neighbour's, merged
            col(Contact.reporter).is_(None),
        )
        .order_by(col(Contact.received_at), col(Contact.id))
    ).all()
    sent = own_files.of(
        reader, [attachments.about_contact(row.channel, row.external_id) for row in said]
    )
    told = reader.execute(
        select(*_KEPT)
        .where(
            col(Outgoing.request_id).in_(ids),
            col(Outgoing.person_id) == request["person_id"],
            col(Outgoing.staff).is_(None),
        )
        .order_by(col(Outgoing.posted_at), col(Outgoing.id))
    )
    messages = [
        Message(
            True,
            row.received_at,
            row.text,
            files=sent.get(attachments.about_contact(row.channel, row.external_id), ()),
        )
        for row in said
    ]
    messages += [
        Message(
            False,
            row.posted_at,
            row.text,
            row.state == OutboxState.FAILED,
            _whole(office, row),
            kept=row,
        )
        for row in told
    ]
    return sorted(messages, key=lambda message: (message.at, not message.theirs))


def responder(messages: Sequence[Message]) -> str:
    """Who is answerable, as the last of these messages that names somebody names them."""
    for message in reversed(messages):
        named = str(message.kept.params.get("responder") or "") if message.kept else ""
        if named and named in message.text:
            return named
    return ""


def answer(messages: Sequence[Message], again: datetime | None) -> Message | None:
    """The last answer among these messages, if it was given since the request was taken up
    again."""
    for message in reversed(messages):
        if message.kept and message.kept.phrase in ANSWERS and message.text:
            return message if again is None or message.at > again else None
    return None


def again(reader: Any, office: Office, outbox_id: int, form: Form) -> str:
    """An answer that was told before, by the row that keeps it; "" where it is erased."""
    row = reader.execute(select(*_KEPT).where(col(Outgoing.id) == outbox_id)).first()
    return worded(office, row, form) if row is not None and row.text else ""


def worded(office: Office, row: Any, form: Form) -> str:
    """What a message says, in the form of another way to say it and in full."""
    words, whole = wording.anew(office, row, form), _whole(office, row)
    cut = words == row.text and whole
    return f"{words} {whole}" if cut else words


def _whole(office: Office, row: Any) -> str:
    """The unit's own words, where an SMS had to shorten them; they stand here in full."""
    if row.phrase == REFUSED:
        full = wording.anew(office, row, Form.FULL)
        return "" if full == row.text else full
    answer = str(row.params.get("answer", ""))
    return "" if answer in row.text else answer
