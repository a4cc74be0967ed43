"""Pictures and recordings that belong to something said or done: kept with it, served by us."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import SQLModel

from models.columns import bytes_of, key, operational, sensitive


class Attachment(SQLModel, table=True):
    """One file, as we wrote it ourselves after looking into it.

    ``about`` and ``about_key`` name what it belongs to: a contact by its channel and its id there
    ("contact", "grid_app:grid_w010101:…"), so that it can be kept before the contact is. ``token``
    is its address, not to be guessed. The same content for the same thing is kept once.
    """

    __table_args__ = (
        Index("uq_attachment_about", "about", "about_key", "digest", unique=True),
        Index("uq_attachment_token", "token", unique=True),
    )

    id: int = key()
    token: str = operational()
    about: str = operational()
    about_key: str = operational()
    digest: str = operational()
    content_type: str = operational()
    size: int = operational()
    width: int | None = operational(None)
    height: int | None = operational(None)
    kept_at: datetime = operational()
    kept_by: str | None = operational(None)
    body: bytes = bytes_of(sensitive)
