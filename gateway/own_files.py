"""What a requester sent along with their words, shown to them again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import attachments
from models.attachments import Attachment
from models.requests import Contact
from models.transaction import Row


def of(reader: Any, keys: Sequence[str]) -> dict[str, list[tuple[str, bool]]]:
    """By contact: the token of each file, and whether it is a picture."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for row in attachments.of(reader, "contact", *keys) if keys else ():
        is_picture = row["content_type"].startswith("image/")
        found.setdefault(row["about_key"], []).append((row["token"], is_picture))
    return found


def one(session: Any, request: Row, token: str) -> Any:
    """The file of this token if this requester sent it, None otherwise."""
    reader = session.connection()
    said = reader.execute(
        select(col(Contact.channel), col(Contact.external_id)).where(
            col(Contact.person_id) == request["person_id"], col(Contact.reporter).is_(None)
        )
    )
    keys = [attachments.about_contact(row.channel, row.external_id) for row in said]
    return reader.execute(
        select(col(Attachment.content_type), col(Attachment.body)).where(
            col(Attachment.token) == token,
            col(Attachment.about) == "contact",
            col(Attachment.about_key).in_(keys),
        )
    ).first()
