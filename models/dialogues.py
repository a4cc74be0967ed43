"""The state of every conversation, so that any process can go on with it after a restart."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, insert, select, tuple_
from sqlmodel import Session, SQLModel, col

from models import keyring
from models.columns import document, operational, personal, sensitive
from models.transaction import Transaction


class Conversation(SQLModel, table=True):
    """One call or chat in progress; ``state`` is the channel's own flat document."""

    conversation: str = personal(primary_key=True, sealed=False)  # its name for looking up
    channel: str = operational(primary_key=True)
    state: dict[str, str] = document(sensitive)
    updated_at: datetime = operational(index=True)


def states(tx: Transaction, conversations: Iterable[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The states of these conversations, by channel and conversation."""
    meant = {name: one for one in conversations for name in _names(tx, one)}
    if not meant:
        return {}
    rows: Any = tx.execute(
        select(
            col(Conversation.channel), col(Conversation.conversation), col(Conversation.state)
        ).where(col(Conversation.conversation).in_(meant))
    ).all()
    return {(row.channel, meant[row.conversation]): row.state for row in rows}


def _names(tx: Transaction, conversation: str) -> list[str]:
    """The names of a call or chat; its own words, a number perhaps, are kept nowhere. The first
    stays the same when the keys of the fields are rotated: a report goes on over that."""
    secret, _mark = keyring.lasting_secret(tx.connection, "conversation")
    lasting = hmac.new(secret, conversation.encode("utf-8", "replace"), sha256) if secret else None
    named = keyring.names(tx.connection, "conversation", conversation)
    return [lasting.hexdigest()[:32], *named] if lasting else named


def remember(
    tx: Transaction,
    channel: str,
    conversation: str,
    *,
    state: dict[str, str] | None,
    now: datetime,
) -> None:
    """Replace the state of a conversation; None forgets it."""
    named = _names(tx, conversation)
    tx.later(_gone(channel, named))
    if state is not None:
        tx.later(
            insert(Conversation).values(
                channel=channel, conversation=named[0], state=state, updated_at=now
            )
        )


def abandon(tx: Transaction, channel: str, name: str, before: datetime) -> None:
    """Forget a conversation, unless somebody has gone on with it since ``before``."""
    tx.later(_gone(channel, [name]).where(col(Conversation.updated_at) < before))


def _gone(channel: str, named: Sequence[str]) -> Any:
    return delete(Conversation).where(
        col(Conversation.channel) == channel, col(Conversation.conversation).in_(named)
    )


def older_than(session: Session, at: datetime, *, after: Any = None, limit: int = 50) -> list[Any]:
    """Conversations that nobody has gone on with since ``at``, those after the row ``after``."""
    place = col(Conversation.updated_at), col(Conversation.conversation)
    query = (
        select(col(Conversation.channel), *place, col(Conversation.state))
        .where(col(Conversation.updated_at) < at)
        .order_by(*place)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.updated_at, after.conversation))
    return list(session.connection().execute(query))
