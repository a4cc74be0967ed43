"""``POST /hook/{channel}``: raw body in, answer out; nothing between but the one path.

Providers' calls are answered in front of the pages' own machinery (routing, sessions, validation),
which they do not use: half of what such a call costs before it is kept would be spent there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from time import perf_counter
from weakref import WeakKeyDictionary

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from channels import Channel
from gateway.intake import Intake
from gateway.settings import Settings
from gateway.state import State
from models.messages import Answer, Forged, Outcome, Raw

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 12
"""Twilio waits fifteen seconds in all; after twelve we say 503 and let the provider repeat."""

PREFIX = "/hook/"
RAW_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer, encoded once."""

Handlers = Mapping[type[Exception], Callable[[Request, Exception], Response]]


class TooLarge(Exception):
    """The body is larger than HUIYIN_BODY_LIMIT."""


class Hooks:
    """A small application of its own, with the same words for the same errors as the pages."""

    def __init__(self, state: State, handlers: Handlers) -> None:
        self._state = state
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._hook(request, scope)
        except tuple(self._handlers) as error:
            kind = next(kind for kind in self._handlers if isinstance(error, kind))
            answer = self._handlers[kind](request, error)
        answer.raw_headers.extend(RAW_HEADERS)
        await answer(scope, receive, send)

    async def _hook(self, request: Request, scope: Scope) -> Response:
        """Verify, keep, understand, commit, answer. 404 for a channel that is switched off."""
        channel, _, part = scope["path"].removeprefix(PREFIX).partition("/")
        adapter = self._state.channels.get(channel)
        if adapter is None or "/" in part:
            return PlainTextResponse("There is no such channel here.\n", 404)
        if scope["method"] != "POST":
            return PlainTextResponse("Calls come by POST.\n", 405, headers={"allow": "POST"})
        raw = await raw_of(request, self._state.settings, part)
        address = request.client.host if request.client else ""
        taken = await take(self._state.intake, adapter, raw, self._state, address=address)
        return response(taken)


async def take(
    intake: Intake, adapter: Channel, raw: Raw, state: State, *, address: str = ""
) -> Answer:
    """One call through the path, from this address. Raises what the error handlers of the app word
    as 4xx or 503."""
    begun = perf_counter()
    try:
        pending = intake.receive(adapter, raw, state.now(), address=address)
    except Forged:
        state.counts.refused("signature")
        log.warning("a call is not from whom it says", extra={"channel": adapter.name})
        raise
    outcome = await kept(pending)
    state.counts.received(adapter.name, outcome, perf_counter() - begun)
    return adapter.answer(raw, outcome)


async def kept(pending: "Future[Outcome]") -> Outcome:
    """Wait for the commit, but not for ever. Raises TimeoutError, ``Busy`` and what else it met."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Outcome] = loop.create_future()
    pending.add_done_callback(partial(_arrivals(loop).land, waiting))
    alarm = loop.call_later(PATIENCE_SECONDS, _give_up, waiting)
    try:
        return await waiting
    finally:
        alarm.cancel()


class Arrivals:
    """Brings the outcomes of one batch back to the event loop with one wake-up for all."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._landed: deque[tuple[asyncio.Future[Outcome], Future[Outcome]]] = deque()
        self._woken = False

    def land(self, waiting: "asyncio.Future[Outcome]", pending: "Future[Outcome]") -> None:
        """Called by the writer's thread when a future is done."""
        self._landed.append((waiting, pending))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._landed:
            waiting, pending = self._landed.popleft()
            if waiting.done():
                continue
            try:
                outcome = pending.result()
            except Exception as error:
                waiting.set_exception(error)
            else:
                waiting.set_result(outcome)


_ARRIVALS: WeakKeyDictionary[asyncio.AbstractEventLoop, Arrivals] = WeakKeyDictionary()


def _arrivals(loop: asyncio.AbstractEventLoop) -> Arrivals:
    found = _ARRIVALS.get(loop)
    if found is None:
        found = _ARRIVALS[loop] = Arrivals(loop)
    return found


def _give_up(waiting: "asyncio.Future[Outcome]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


async def raw_of(request: Request, settings: Settings, part: str) -> Raw:
    """The call as the provider made it: our public address, never the Host header."""
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    headers = {
        name: value for name, value in request.headers.items() if not name.startswith("x-huiyin-")
    }
    body = await limited(request, settings.body_limit)
    return Raw(settings.public_url.rstrip("/") + path, body, headers, query, part)


async def limited(request: Request, limit: int) -> bytes:
    """The body, never more of it than the limit. Raises ``TooLarge``."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise TooLarge(limit)
        pieces.append(piece)
    return b"".join(pieces)


def response(answer: Answer) -> Response:
    """The HTTP form of a channel's answer."""
    headers: Mapping[str, str] = answer.headers
    return Response(answer.body, answer.status, dict(headers), answer.media_type)
