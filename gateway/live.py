"""What changes, told while it changes: one look a second at the ledger for all open streams.

Only numbers are told, never words: a page asks again for what it shows, so that rights are checked
where they always are. Whoever may not see every request is told that something changed, not what.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.bars import barred_of
from models.db import Busy, Database
from models.events import Event, Ledger

EVERY_SECONDS = 1.0
MOST = 500
BEHIND = 100
"""A stream that is so many messages behind is ended; its browser comes again."""


@dataclass(frozen=True, slots=True)
class News:
    """What was entered up to ``seq``: the numbers of the requests, and whether it was a call.
    ``barred`` are those of them that do not exist for somebody."""

    seq: int
    numbers: tuple[str, ...] = ()
    call: bool = False
    barred: tuple[str, ...] = ()


class Pulse:
    """The streams of one process. ``close`` may be called from a signal or another thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: set[asyncio.Queue[News | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def follow(self, after: int | None) -> AsyncIterator[News]:
        """What is entered after ``after``, or from now on; ends when the process does."""
        if self._closed:
            return
        self._loop = asyncio.get_running_loop()
        start = await asyncio.to_thread(self._head)
        news: asyncio.Queue[News | None] = asyncio.Queue(BEHIND)
        if after is not None and after < start:
            missed = await asyncio.to_thread(self._since, after)
            yield missed or News(start)
        else:
            yield News(start)
        self._streams.add(news)
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._watch(start))
        try:
            if self._closed:  # while the first words were said
                return
            while (told := await news.get()) is not None:
                yield told
        finally:
            self._streams.discard(news)

    def close(self) -> None:
        """End every stream now."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
        for stream in list(self._streams):
            while stream.full():
                stream.get_nowait()
            stream.put_nowait(None)

    async def _watch(self, seq: int) -> None:
        """Look while anybody listens."""
        while self._streams and not self._closed:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                told = await asyncio.to_thread(self._since, seq)
            except Busy:  # it is said with the next look
                continue
            if told is None:
                continue
            seq = told.seq
            for stream in list(self._streams):
                if stream.full():
                    self._streams.discard(stream)
                    stream.get_nowait()
                    stream.put_nowait(None)
                else:
                    stream.put_nowait(told)

    def _head(self) -> int:
        with self._database.read() as session:
            return session.connection().execute(select(col(Ledger.seq))).scalar() or 0

    def _since(self, seq: int) -> News | None:
        with self._database.read() as session:
            rows = (
                session.connection()
                .execute(
                    select(col(Event.seq), col(Event.number), col(Event.kind))
                    .where(col(Event.seq) > seq)
                    .order_by(col(Event.seq))
                    .limit(MOST)
                )
                .all()
            )
            numbers = tuple(dict.fromkeys(row.number for row in rows if row.number))
            barred = barred_of(session.connection(), numbers)
        if not rows:
            return None
        return News(rows[-1].seq, numbers, any(row.kind in CALLS for row in rows), barred)


CALLS = ("call_rang", "call_answered", "call_ended")
"""The entries of the ledger that a change of a telephone call makes."""


@contextmanager
def ended_by_signals(close: Callable[[], None]) -> Iterator[None]:
    """While it lasts, Ctrl-C and SIGTERM first end the streams: a server waits for open ones."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Any] = {}

    def ending(number: int, frame: FrameType | None) -> None:
        close()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for name in (signal.SIGINT, signal.SIGTERM):
        current = signal.getsignal(name)
        if callable(current):  # a server's own; without one there is nobody to go on to
            before[name] = current
            signal.signal(name, ending)
    try:
        yield
    finally:
        for name, handler in before.items():
            if signal.getsignal(name) is ending:
                signal.signal(name, handler)
