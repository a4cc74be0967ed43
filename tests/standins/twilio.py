"""A stand-in for Twilio's REST API on loopback: it accepts, lists, refuses and calls back.

with TwilioStandIn().serve() as twilio:
    twilio.base            # for HUIYIN_TWILIO_API_BASE
    twilio.refuse(429)     # the next create is answered so; refuse(400, 21610) likewise
    twilio.messages        # what was accepted: dicts with the form fields and their headers
    twilio.take_in("+86138…", "text")        # a message that Twilio took while we were down
    twilio.post(url, fields)                 # a webhook of ours, signed; returns its status
    twilio.report(sid, "delivered")          # a signed receipt to the StatusCallback
"""

import asyncio
import base64
import secrets
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from twilio.request_validator import RequestValidator

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "a-token-of-the-stand-in"
NUMBER = "+865721234500"
PAGE = 50


class TwilioStandIn:
    """State and routes; every list grows in the order of arrival."""

    def __init__(
        self,
        sid: str = ACCOUNT_SID,
        token: str = AUTH_TOKEN,
        number: str = NUMBER,
        now: Callable[[], datetime] = lambda: datetime(2026, 11, 23, tzinfo=UTC),
    ):
        self.sid, self.token, self.number, self._now = sid, token, number, now
        self.base = ""
        self.messages: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.media: dict[str, list[dict[str, str]]] = {}
        self.faults: list[dict[str, str]] = []
        self.requests: list[str] = []
        self.connections: set[int] = set()  # the client's ports
        self._plan: deque[tuple[int, int | None] | float | bytes] = deque()
        self.app = self._routes()

    def reset(self) -> None:
        """Forget everything that was accepted, listed or planned."""
        for kept in (self.messages, self.calls, self.media, self.faults, self.requests, self._plan):
            kept.clear()
        self.connections.clear()

    def settings(self) -> dict[str, str]:
        """The ``env`` of a channel that talks to this stand-in."""
        return {
            "TWILIO_ACCOUNT_SID": self.sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_FROM": self.number,
            "TWILIO_API_BASE": self.base,
        }

    def refuse(self, status: int, code: int | None = None) -> None:
        """Answer the next call of the API with this status and Twilio error code."""
        self._plan.append((status, code))

    def hang(self, seconds: float) -> None:
        """Answer the next call of the API only after so many seconds."""
        self._plan.append(seconds)

    def mumble(self, body: bytes = b"<html>502</html>") -> None:
        """Answer the next call with 200 and something that is not Twilio's JSON."""
        self._plan.append(body)

    def take_in(self, sender: str, text: str, *, at: datetime, media: tuple[str, ...] = ()) -> str:
        """An inbound message that stands in the list; returns its MessageSid."""
        sid = "SM" + secrets.token_hex(16)
        self.messages.append(
            self._message(sid, sender, self.number, text, at=at, inbound=True, media=len(media))
        )
        self.media[sid] = [
            {
                "sid": "ME" + secrets.token_hex(16),
                "content_type": kind,
                "parent_sid": sid,
            }
            for kind in media
        ]
        return sid

    def take_call(
        self, sender: str, *, at: datetime, status: str = "completed", fault: int = 0
    ) -> str:
        """An inbound call that stands in the list; ``fault`` is the error that Twilio noted
        (11200: our web hook did not answer). Returns its CallSid."""
        sid = "CA" + secrets.token_hex(16)
        if fault:
            self.faults.append(
                {"call_sid": sid, "error_code": str(fault), "log": "0", "day": f"{at:%Y-%m-%d}"}
            )
        call = {
            "sid": sid,
            "from": sender,
            "to": self.number,
            "direction": "inbound",
            "status": status,
            "start_time": format_datetime(at.astimezone(UTC)),
        }
        self.calls.append({"fields": {}, "headers": {}, "row": call, "at": at})
        return sid

    def sign(self, url: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The headers Twilio sends with such a webhook."""
        return {
            "x-twilio-signature": RequestValidator(self.token).compute_signature(url, fields),
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        }

    def post(self, url: str, fields: Mapping[str, str], signed_url: str = "") -> int:
        """Call a webhook as Twilio does and return the status of the answer."""
        request = urllib.request.Request(
            url, urlencode(fields).encode(), self.sign(signed_url or url, fields)
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def report(self, sid: str, status: str, error: str = "") -> int:
        """Post a receipt for an accepted message to the address it named."""
        message = next(m for m in self.messages if m["row"]["sid"] == sid)
        fields = {
            "AccountSid": self.sid,
            "ApiVersion": "2010-04-01",
            "From": self.number,
            "To": message["fields"]["To"],
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
        } | ({"ErrorCode": error} if error else {})
        return self.post(message["fields"]["StatusCallback"], fields)

    @contextmanager
    def serve(self) -> Iterator["TwilioStandIn"]:
        """Serve on a free port of loopback until the block is left."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            server = uvicorn.Server(uvicorn.Config(self.app, log_level="error", lifespan="off"))
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            self.base = f"http://127.0.0.1:{port}"
            try:
                yield self
            finally:
                server.should_exit = True
                server.force_exit = True
                thread.join()

    def _message(
        self, sid: str, sender: str, to: str, text: str, *, at: datetime, inbound: bool, media: int
    ) -> dict[str, Any]:
        stamp = format_datetime(at.astimezone(UTC))
        row = {
            "sid": sid,
            "account_sid": self.sid,
            "from": sender,
            "to": to,
            "body": text,
            "direction": "inbound" if inbound else "outbound-api",
            "status": "received" if inbound else "queued",
            "num_media": str(media),
            "date_created": stamp,
            "date_sent": stamp,
            "uri": f"/2010-04-01/Accounts/{self.sid}/Messages/{sid}.json",
        }
        return {"row": row, "fields": {}, "headers": {}, "at": at}

    async def _refusal(self, request: Request) -> Response | None:
        self.connections |= {request.client.port} if request.client else set()
        self.requests.append(f"{request.method} {request.url.path}?{request.url.query}")
        expected = "Basic " + base64.b64encode(f"{self.sid}:{self.token}".encode()).decode()
        if not secrets.compare_digest(request.headers.get("authorization", ""), expected):
            return _error(401, 20003)
        if not self._plan:
            return None
        planned = self._plan.popleft()
        if isinstance(planned, bytes):
            return Response(planned, 200, media_type="text/html")
        if isinstance(planned, float):
            await asyncio.sleep(planned)
            return None
        return _error(*planned)

    def _routes(self) -> FastAPI:
        app = FastAPI()
        account = "/2010-04-01/Accounts/{sid}"

        @app.post(account + "/Messages.json")
        async def send(request: Request) -> Response:
            fields = {name: str(value) for name, value in (await request.form()).items()}
            if refused := await self._refusal(request):
                return refused
            if not fields.get("To") or not (fields.get("Body") or fields.get("MediaUrl")):
                return _error(400, 21604 if not fields.get("To") else 21602)
            if len(fields["Body"]) > 1600:
                return _error(400, 21617)
            kept = self._message(
                "SM" + secrets.token_hex(16),
                fields.get("From", ""),
                fields["To"],
                fields["Body"],
                at=self._now(),
                inbound=False,
                media=0,
            )
            kept |= {"fields": fields, "headers": dict(request.headers)}
            self.messages.append(kept)
            return JSONResponse(kept["row"], 201)

        @app.get(account + "/Messages.json")
        async def listed(request: Request) -> Response:
            if refused := await self._refusal(request):
                return refused
            return self._page(request, "messages", self.messages, "DateSent>")

        @app.get(account + "/Messages/{message}/Media.json")
        async def media(request: Request, message: str) -> Response:
            if refused := await self._refusal(request):
                return refused
            root = f"/2010-04-01/Accounts/{self.sid}/Messages/{message}/Media"
            rows = [
                item | {"uri": f"{root}/{item['sid']}.json"} for item in self.media.get(message, [])
            ]
            return JSONResponse({"media_list": rows, "next_page_uri": None})

        @app.post(account + "/Calls.json")
        async def call(request: Request) -> Response:
            form = await request.form()
            if refused := await self._refusal(request):
                return refused
            fields = {name: str(value) for name, value in form.items()}
            if not fields.get("To"):
                return _error(400, 21201)
            row = {
                "sid": "CA" + secrets.token_hex(16),
                "from": fields.get("From", ""),
                "to": fields["To"],
                "direction": "outbound-api",
                "status": "queued",
            }
            events = form.getlist("StatusCallbackEvent")
            self.calls.append(
                {"fields": fields, "events": events, "headers": dict(request.headers), "row": row}
            )
            return JSONResponse(row, 201)

        @app.get(account + "/Calls.json")
        async def calls(request: Request) -> Response:
            if refused := await self._refusal(request):
                return refused
            return self._page(request, "calls", self.calls, "StartTime>")

        @app.get(account + "/Notifications.json")
        async def faults(request: Request) -> Response:
            if refused := await self._refusal(request):
                return refused
            day = request.query_params.get("MessageDate>", "")
            rows = [row for row in self.faults if row["day"] >= day]
            return JSONResponse({"notifications": rows, "next_page_uri": None})

        return app

    def _page(
        self, request: Request, name: str, kept: list[dict[str, Any]], after: str
    ) -> Response:
        """Newest first, filtered and paged as Twilio does."""
        query = request.query_params
        since = query.get(after)
        edge = datetime.fromisoformat(since) if since else None
        rows = [
            entry["row"]
            for entry in reversed(kept)
            if (not query.get("To") or entry["row"]["to"] == query["To"])
            and (edge is None or entry.get("at", edge) >= edge)
        ]
        page = int(query.get("Page", 0))
        size = int(query.get("PageSize", PAGE))
        shown = rows[page * size : (page + 1) * size]
        following = None
        if len(rows) > (page + 1) * size:
            again = {**query, "Page": page + 1, "PageSize": size}
            following = f"{request.url.path}?{urlencode(again)}"
        return JSONResponse({name: shown, "next_page_uri": following, "page": page})


def _error(status: int, code: int | None) -> Response:
    body = {"code": code, "message": "refused by the stand-in", "status": status}
    return JSONResponse(body, status, headers={"Retry-After": "1"} if status == 429 else None)
