"""``POST /hook/{channel}``: raw body in, answer out; nothing between but the one path."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from channels import Channel
from gateway.intake import Intake
from gateway.settings import Settings
from gateway.state import State
from models.messages import Answer, Raw

PATIENCE_SECONDS = 12
"""Twilio waits fifteen seconds in all; after twelve we say 503 and let the provider repeat."""

router = APIRouter()


class TooLarge(Exception):
    """The body is larger than HUIYIN_BODY_LIMIT."""


@router.post("/hook/{channel}", include_in_schema=False)
@router.post("/hook/{channel}/{part}", include_in_schema=False)
async def hook(channel: str, request: Request, part: str = "") -> Response:
    """Verify, keep, understand, commit, answer. 404 for a channel that is switched off."""
    state: State = request.app.state.huiyin
    adapter = state.channels.get(channel)
    if adapter is None:
        return PlainTextResponse("There is no such channel here.\n", 404)
    raw = await raw_of(request, state.settings, part)
    return response(await take(state.intake, adapter, raw, state))


async def take(intake: Intake, adapter: Channel, raw: Raw, state: State) -> Answer:
    """One call through the path. Raises what the error handlers of the app word as 4xx or 503."""
    future = intake.receive(adapter, raw, state.now())
    outcome = await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE_SECONDS)
    state.counts.received(adapter.name, outcome)
    return adapter.answer(raw, outcome)


async def raw_of(request: Request, settings: Settings, part: str) -> Raw:
    """The call as the provider made it: our public address, never the Host header."""
    query = request.url.query
    path = request.url.path + (f"?{query}" if query else "")
    headers = {
        name: value for name, value in request.headers.items() if not name.startswith("x-huiyin-")
    }
    body = await _limited(request, settings.body_limit)
    return Raw(settings.public_url.rstrip("/") + path, body, headers, query, part)


async def _limited(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)


def response(answer: Answer) -> Response:
    """The HTTP form of a channel's answer."""
    headers: Mapping[str, str] = answer.headers
    return Response(answer.body, answer.status, dict(headers), answer.media_type)
