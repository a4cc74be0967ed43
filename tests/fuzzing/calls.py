"""One call of an application by ASGI itself: no client between that would tidy what is sent."""

import asyncio
from dataclasses import dataclass, field
from time import process_time
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI

PATIENCE_SECONDS = 180
"""Long, for a machine that others use; what is slow by its nature shows in CPU time."""
PIECE = 16_384


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, byte for byte. ``name`` says in words what is tried."""

    name: str
    method: str
    path: bytes
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What came back; ``broke`` is the exception that nobody caught."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broke: BaseException | None = None
    seconds: float = 0.0


async def ask(app: FastAPI, call: Call) -> Answer:
    """Make the call, hang up after the body, and wait for the end of the answer."""
    answer = Answer()
    pieces = [call.body[at : at + PIECE] for at in range(0, len(call.body), PIECE)] or [b""]

    async def receive() -> dict[str, Any]:
        if pieces:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
        if answer.status == 0:  # a server says that the caller is gone when it is, not before
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        else:
            answer.body += message.get("body", b"")

    raw = call.path
    try:
        path = _unquoted(raw)
    except UnicodeDecodeError:
        path = raw.decode("latin-1")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "https",
        "path": path,
        "raw_path": raw,
        "root_path": "",
        "query_string": call.query,
        "headers": [(b"host", b"hotline.example"), *call.headers],
        "client": ("203.0.113.7", 40000),
        "server": ("hotline.example", 443),
        "state": {},
        "extensions": {},
    }
    begun = process_time()
    try:
        await asyncio.wait_for(app(scope, receive, send), PATIENCE_SECONDS)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        answer.broke = error
    answer.seconds = process_time() - begun
    return answer


def _unquoted(raw: bytes) -> str:
    """As uvicorn does it: percent signs decoded, then UTF-8 with what is none replaced."""
    return unquote(raw.decode("ascii"))
