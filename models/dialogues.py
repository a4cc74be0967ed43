"""The state of every conversation, so that any process can go on with it after a restart."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, SQLModel, col

from models.columns import document, operational, personal, sensitive
from models.transaction import Transaction


class Conversation(SQLModel, table=True):
    """One call or chat in progress; ``state`` is the channel's own flat document."""

    conversation: str = personal(primary_key=True)
    channel: str = operational(primary_key=True)
    state: dict[str, str] = document(sensitive)
    updated_at: datetime = operational(index=True)


def states(tx: Transaction, conversations: Iterable[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The states of these conversations, by channel and conversation."""
    wanted = list(conversations)
    if not wanted:
        return {}
    rows: Any = tx.execute(
        select(
            col(Conversation.channel), col(Conversation.conversation), col(Conversation.state)
        ).where(col(Conversation.conversation).in_(wanted))
    ).all()
    return {(row.channel, row.conversation): row.state for row in rows}


def remember(
    tx: Transaction,
    channel: str,
    conversation: str,
    *,
    state: dict[str, str] | None,
    now: datetime,
) -> None:
    """Replace the state of a conversation; None forgets it."""
    tx.later(
        delete(Conversation).where(
            col(Conversation.channel) == channel, col(Conversation.conversation) == conversation
        )
    )
    if state is not None:
        tx.later(
            insert(Conversation).values(
                channel=channel, conversation=conversation, state=state, updated_at=now
            )
        )


def older_than(session: Session, at: datetime, limit: int = 50) -> list[Any]:
    """Conversations that nobody has gone on with since ``at``."""
    query = (
        select(col(Conversation.channel), col(Conversation.conversation), col(Conversation.state))
        .where(col(Conversation.updated_at) < at)
        .order_by(col(Conversation.updated_at))
        .limit(limit)
    )
    return list(session.connection().execute(query))
