"""Whether what comes under a key is what came under it before, or another report in the same form.

A page that is gone back to bears the key that was printed with it. Who fills it in anew, for the
next house, has written another report: it gets a key of its own, the same whenever the same words
come again, so that none is lost and none is doubled.
"""

from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway import attachments, recorded
from gateway.cleaning import clean
from gateway.recorded import BadRecord, Recorded
from models.journal import JournalEntry
from models.messages import Inbound
from models.requests import Contact, HelpRequest

_BESIDE = {"at", "external_id", "media"}
"""What says nothing of whether it is the same report: a form that names no time is dated anew each
time it is sent, and files are compared by their content."""


def own_key(connection: Any, record: Recorded, pictures: Collection[bytes]) -> str:
    """What to add to the key of this report, "" where nothing came under it, or the same did."""
    before = _before(connection, record)
    if before is None:
        return ""
    digests = sorted({sha256(body).hexdigest() for body in pictures})
    about = attachments.about_contact(record.channel, record.external_id)
    kept = {row["digest"] for row in attachments.of(connection, "contact", about)}
    if _said(before) == _said(record) and kept.issuperset(digests):
        return ""
    return "-" + sha256(orjson.dumps([_said(record), digests])).hexdigest()[:12]


def other_words(connection: Any, record: Recorded, external_id: str) -> bool:
    """Whether other words, or another sender's, are kept under this id: a repeat is answered by
    the first number, and whoever sent these would think that they were taken. So are words after a
    call without any. What was erased can be compared with nothing."""
    said = clean(replace(record.inbound(), external_id=external_id))
    assert isinstance(said, Inbound)
    kept = connection.execute(
        select(col(Contact.text), col(Contact.sender))
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(
            col(Contact.channel) == record.channel,
            col(Contact.external_id) == said.external_id,
            col(HelpRequest.erased_at).is_(None),
        )
    )
    return any((row.text, row.sender) != (said.text, said.sender) for row in kept)


def _before(connection: Any, record: Recorded) -> Recorded | None:
    """The report that came under this key; None where none did, or its words are kept no more."""
    came = (
        col(JournalEntry.channel) == record.channel,
        col(JournalEntry.digest) == recorded.mark_of(record.channel, record.external_id),
    )
    body = connection.execute(select(col(JournalEntry.body)).where(*came)).scalar()
    try:
        return recorded.read(body) if body else None
    except BadRecord:
        return None


def _said(record: Recorded) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude=_BESIDE)
