"""Rows of a span of time, read as they are needed: what every export goes through."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, col

Span = tuple[datetime | None, datetime | None]


def within(session: Session, query: Any, at: Any, span: Span) -> Iterator[Any]:
    """The rows of a query whose time ``at`` lies in the span, the end not included."""
    since, until = span
    if since is not None:
        query = query.where(col(at) >= since)
    if until is not None:
        query = query.where(col(at) < until)
    yield from session.connection().execute(query).yield_per(1000)
