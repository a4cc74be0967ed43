"""Attached files against the ledger: each is the content that it marked when the file was kept."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from models.attachments import Attachment
from models.events import Event

KEPT = "attachment_kept"
PAGE = 2000
AT_ONCE = 100_000
_BODIES = 4


def faults(session: Session) -> Iterator[str]:
    """Files whose content is not what their row or the ledger says. One that is gone is not
    noticed: erasing takes the row with it."""
    waiting: dict[bytes, int] = {}
    after = -(2**63)
    while ids := _page(session, after):
        after = ids[-1]
        rows = session.connection().execute(
            select(col(Attachment.id), col(Attachment.digest), col(Attachment.body))
            .where(col(Attachment.id).in_(ids))
            .order_by(col(Attachment.id))
            .execution_options(yield_per=_BODIES)
        )
        for row in rows:
            digest = sha256(row.body)
            if digest.hexdigest() != row.digest:
                yield f"the content of file {row.id} is not what its row says"
            else:
                waiting[digest.digest()] = row.id
        if len(waiting) >= AT_ONCE:
            yield from _unknown(session, waiting)
            waiting = {}
    if waiting:
        yield from _unknown(session, waiting)


def _page(session: Session, after: int) -> list[int]:
    query: Any = select(col(Attachment.id)).where(col(Attachment.id) > after)
    return list(session.connection().scalars(query.order_by(col(Attachment.id)).limit(PAGE)))


def _unknown(session: Session, waiting: dict[bytes, int]) -> Iterator[str]:
    entries = session.connection().scalars(
        select(col(Event.detail)).where(col(Event.kind) == KEPT).execution_options(yield_per=PAGE)
    )
    left = dict(waiting)
    for detail in entries:
        left.pop(bytes.fromhex(orjson.loads(detail)["digest"]), None)
    for file in sorted(left.values()):
        yield f"file {file} is in no entry of the ledger"
