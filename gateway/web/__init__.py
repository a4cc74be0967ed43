"""The pages: finished HTML from the server, our own style sheet, and no file from elsewhere."""

from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.hooks import TooLarge
from gateway.web import (
    account,
    admin,
    admin_rules,
    admin_units,
    admin_users,
    attachments,
    audit,
    board,
    citizen,
    desk,
    disaster,
    entrance,
    erasures,
    field,
    homes,
    import_sheets,
    imports,
    inbox,
    live,
    own_case,
    own_data,
    papers,
    phone,
    quarters,
    queue,
    relief,
    reserves,
    second,
    simulator,
    sso,
)
from gateway.web.discovery import router as discovery_router
from gateway.web.faults import error_page
from gateway.web.quarterly import router as quarterly_router
from gateway.web.rendering import STATIC
from gateway.web.staff import StaffRoute
from models.db import Busy
from models.messages import Forged, Unreadable
from referral.directory import Nobody

Handler = Callable[[Any, Any], Any]

ROUTERS = (
    citizen.router,
    own_case.router,
    own_data.router,
    erasures.public,
    erasures.router,
    entrance.router,
    second.router,
    sso.router,
    account.router,
    audit.router,
    live.router,
    phone.router,
    queue.router,
    admin.router,
    admin_rules.router,
    admin_units.router,
    admin_users.router,
    desk.router,
    simulator.router,
    inbox.router,
    papers.router,
    attachments.router,
    reserves.router,
    relief.router,
    disaster.router,
    board.router,
    homes.router,
    import_sheets.router,
    imports.router,
    field.entries,
    field.router,
    quarters.router,
    quarterly_router,  # before the pages of discovery, which take any name of a sheet
    discovery_router,
)

MACHINES = ("/hook/", "/api/", "/healthz", "/readyz", "/metrics")
"""What machines call: the few headers that cost nothing, and no page as an error."""

FILES = ("/static/", "/vendor/")

HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
}
FOR_MACHINES = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
FOR_EVER = "public, max-age=31536000, immutable"  # the address changes with the content
TWO_YEARS = "max-age=63072000"


class PageHeaders:
    """Puts the protecting headers on every answer; a plain ASGI layer."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        strict = {"strict-transport-security": TWO_YEARS} if https else {}
        self._headers = {**HEADERS, **strict}
        self._plain = {**FOR_MACHINES, **strict}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(MACHINES) and scope["path"] != "/api/docs":
            await self._app(scope, receive, _with(self._plain, send))
            return
        is_file = scope["path"].startswith(FILES)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if is_file and message["status"] < 400 and scope["query_string"][:2] == b"v=":
                    headers["cache-control"] = FOR_EVER
                elif not is_file:
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def _with(more: Mapping[str, str], send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in more.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def mount(app: FastAPI) -> None:
    """Add the pages, their files, their headers and their errors. Call it after the handlers of
    the machines' errors are in: a browser gets the same error as a page."""
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/vendor", StaticFiles(packages=[("js_lib_htmx", "static/htmx")]), name="vendor")
    https = app.state.huiyin.settings.public_url.startswith("https:")
    app.add_middleware(PageHeaders, https=https)
    for error, (phrase, status) in _PAGES.items():
        handler = _for_browsers(app.exception_handlers[error], phrase, status)
        app.add_exception_handler(error, handler)
    app.add_exception_handler(Exception, _failed)


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    by_person = "text/html" in request.headers.get("accept", "")
    return by_person and not request.url.path.startswith(MACHINES)


def _for_browsers(machines: Handler, phrase: str, status: int) -> Handler:
    """The handler that shows browsers a page and leaves machines what they had."""

    async def handle(request: Request, error: Exception) -> Response:
        known = _known(request, error, phrase, status)
        if wants_page(request) and known:
            return error_page(request, *known, places=_PLACES)
        answer = machines(request, error)
        plain: Response = await answer if isawaitable(answer) else answer
        return plain

    return handle


def _known(request: Request, error: Exception, phrase: str, status: int) -> tuple[str, int] | None:
    """What page an error has. None for one that only machines meet."""
    if isinstance(error, RequestValidationError) and request.method == "GET":
        return "not_found", 404  # letters in an address where a number stands
    given = getattr(error, "status_code", status)
    return (phrase, status) if given == status else _OTHERS.get(given)


def _failed(request: Request, _error: Exception) -> Response:
    """A fault of ours. The server logs it; nobody is shown what it was."""
    if wants_page(request):
        answer: Response
        try:
            answer = error_page(request, "failed", 500, places=_PLACES)
        except Exception:  # what failed may be what makes the page
            answer = PlainTextResponse(
                "系统出了问题，请拨打热线。 The system failed; please call.\n", 500
            )
        answer.headers.update({**HEADERS, "cache-control": "no-store"})
        return answer
    return PlainTextResponse("Internal Server Error", 500, headers=FOR_MACHINES)


_PAGES: dict[type[Exception], tuple[str, int]] = {
    Forged: ("forged", 403),
    Unreadable: ("unreadable", 400),
    TooLarge: ("too_large", 413),
    Busy: ("busy", 503),
    Nobody: ("busy", 503),
    TimeoutError: ("busy", 503),
    RequestValidationError: ("unreadable", 422),
    HTTPException: ("not_found", 404),
}
_OTHERS = {405: ("wrong_way", 405)}
"""What the framework says besides that there is no such page."""
_PLACES = frozenset(
    route.path.split("/")[1]
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, StaffRoute)
)
"""The first words of staff's addresses."""
