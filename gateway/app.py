"""The web application: routers, error handlers, life and death of the process. No globals."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import quote_from_bytes

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway import api, hooks, operations, spool, web
from gateway.live import Pulse, ended_by_signals
from gateway.spool import Spool
from gateway.state import State
from models.db import Busy
from models.messages import Forged, Unreadable
from referral.directory import Nobody

RETRY_SECONDS = "5"
_ASCII = bytes(range(128))


class Beside(Protocol):
    """What goes on beside the pages in the same process (``gateway.ticks``)."""

    def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End what has begun."""


class Application(FastAPI):
    """The pages and the JSON interface, with the providers' hooks in front of all of it."""

    hooks: hooks.Hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(hooks.PREFIX):
            await self.hooks(scope, receive, send)
        else:
            if not scope.get("query_string", b"").isascii():  # no address, but some send it
                scope["query_string"] = quote_from_bytes(scope["query_string"], _ASCII).encode()
            await super().__call__(scope, receive, send)


def create_app(
    state: State, ticks: Beside | None = None, first: Callable[[], object] | None = None
) -> FastAPI:
    """The application on a wired process; with ``ticks`` it also delivers and reminds, once
    ``first`` has been done in a thread, while the pages already answer."""
    pulse = Pulse(state.database)
    documented = state.settings.demo or state.settings.openapi

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        beginning = asyncio.create_task(_begin(ticks, first))
        attending = asyncio.create_task(spool.attend(state, Spool.of(state.settings)))
        with ended_by_signals(pulse.close):
            yield
        pulse.close()
        beginning.cancel()
        attending.cancel()
        if ticks is not None:
            await ticks.stop()
        state.close()

    app = Application(
        title="Huiyin 回音",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json" if documented else None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # /metrics is our own
    )
    app.state.huiyin = state
    app.state.pulse = pulse
    app.state.asked = operations.Asked()
    for router in (operations.router, *api.routers):
        # taken as they are: what is included is made anew for every application, at its first call
        app.router.routes.extend(router.routes)
    for error, handler in _HANDLERS.items():
        app.add_exception_handler(error, handler)
    if state.settings.demo:
        from gateway import standin  # production has no such provider

        app.include_router(standin.router)
    web.mount(app)
    app.hooks = hooks.Hooks(state, _HANDLERS)
    return app


async def _begin(ticks: Beside | None, first: Callable[[], object] | None) -> None:
    if first is not None:
        await asyncio.to_thread(first)
    if ticks is not None:
        ticks.start()


def _forged(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("This call is not from whom it says.\n", 403)


def _unreadable(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 400)


def _too_large(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"The body is larger than {error} bytes; send it in parts.\n", 413)


def _busy(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse(
        "Not kept: the database is busy or away. Please send it again.\n",
        503,
        headers={"retry-after": RETRY_SECONDS},
    )


def _invalid(_request: Request, error: Exception) -> Response:
    """What is wrong and where; never what was sent, which may be personal."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    places = [
        {"where": ".".join(str(part) for part in fault["loc"]), "what": str(fault["msg"])}
        for fault in faults
    ]
    return JSONResponse({"error": "The request cannot be used as it is.", "faults": places}, 422)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    Forged: _forged,
    Unreadable: _unreadable,
    hooks.TooLarge: _too_large,
    Busy: _busy,
    Nobody: _busy,
    TimeoutError: _busy,
    RequestValidationError: _invalid,
}
