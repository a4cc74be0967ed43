"""A stand-in for Telegram's Bot API on loopback: it queues updates, takes messages, refuses.

with TelegramStandIn().serve() as telegram:
    telegram.base                   # for HUIYIN_TELEGRAM_API_BASE; settings() gives all of them
    telegram.say("42", "text")      # queue an update with a message; returns its update_id
    telegram.press("42", "report")  # queue an update with a pressed button
    telegram.queue({...})           # queue any update (its update_id is filled in)
    telegram.push(url)              # post the queued updates to a webhook as Telegram does
    telegram.refuse(403, "Forbidden: bot was blocked by the user")   # the next call
    telegram.sent                   # what was accepted: dicts with the fields of sendMessage
    telegram.calls                  # the names of all methods called, in order
"""

import asyncio
import json
import secrets
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

TOKEN = "424242:a-token-of-the-stand-in"
SECRET = "a-webhook-secret-of-the-stand-in"
BOT = {"id": 424242, "is_bot": True, "first_name": "Huiyin", "username": "huiyin_test_bot"}
DATE = 1_795_300_000  # 2026-11-22


class TelegramStandIn:
    """State and routes. Updates wait until a later offset confirms them, as in Telegram."""

    def __init__(self, token: str = TOKEN, secret: str = SECRET) -> None:
        self.token, self.secret = token, secret
        self.base = ""
        self.updates: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.answered: list[str] = []
        self.calls: list[str] = []
        self.webhook = ""
        self.files: dict[str, bytes] = {}
        self._plan: deque[tuple[int, str, dict[str, Any]] | bytes | float] = deque()
        self._next_update = 700_000_001
        self._next_message = 1
        self.app = self._routes()

    def settings(self, mode: str = "webhook") -> dict[str, str]:
        """The ``env`` of a channel that talks to this stand-in."""
        return {
            "TELEGRAM_TOKEN": self.token,
            "TELEGRAM_SECRET": self.secret,
            "TELEGRAM_API_BASE": self.base,
            "TELEGRAM_MODE": mode,
            "TELEGRAM_BOT_NAME": BOT["username"],
        }

    def queue(self, update: dict[str, Any]) -> int:
        """Let an update wait for us; returns its id."""
        found = self._next_update
        self._next_update += 1
        self.updates.append({**update, "update_id": found})
        return found

    def say(self, chat: str, text: str, **more: Any) -> int:
        """A message of somebody in a private chat."""
        return self.queue({"message": self._message(chat, text=text, **more)})

    def press(self, chat: str, data: str) -> int:
        """A pressed button below a message of ours."""
        query = {
            "id": secrets.token_hex(8),
            "from": {"id": int(chat), "is_bot": False, "first_name": "A"},
            "chat_instance": "1",
            "data": data,
            "message": {**self._message(chat, text="?"), "from": BOT},
        }
        return self.queue({"callback_query": query})

    def refuse(self, status: int, description: str = "refused", **parameters: Any) -> None:
        """Answer the next call with this status, e.g. ``refuse(429, "…", retry_after=3)``."""
        self._plan.append((status, description, parameters))

    def mumble(self, body: bytes = b"<html>502</html>") -> None:
        """Answer the next call with 200 and something that is not Telegram's JSON."""
        self._plan.append(body)

    def hang(self, seconds: float) -> None:
        """Answer the next call only after so many seconds."""
        self._plan.append(seconds)

    def push(self, url: str = "", secret: str | None = None) -> list[int]:
        """Post what waits to the webhook and return the statuses; only a 2xx takes an update off
        the queue, and the first refusal holds back the rest."""
        statuses = []
        while self.updates:
            headers = {
                "content-type": "application/json",
                "X-Telegram-Bot-Api-Secret-Token": self.secret if secret is None else secret,
            }
            body = json.dumps(self.updates[0], ensure_ascii=False).encode()
            request = urllib.request.Request(url or self.webhook, body, headers)
            try:
                with urllib.request.urlopen(request, timeout=15) as answer:
                    statuses.append(answer.status)
                    self._take_answer(answer.read())
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
                break
            self.updates.pop(0)
        return statuses

    @contextmanager
    def serve(self) -> Iterator["TelegramStandIn"]:
        """Serve on a free port of loopback until the block is left."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
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

    def _take_answer(self, body: bytes) -> None:
        """Telegram takes one method in the body of the webhook's answer."""
        if body.startswith(b"{"):
            content = json.loads(body)
            if content.get("method") == "answerCallbackQuery":
                self.answered.append(content["callback_query_id"])

    def _message(self, chat: str, **more: Any) -> dict[str, Any]:
        found = self._next_message
        self._next_message += 1
        person = {"id": int(chat), "is_bot": False, "first_name": "A", "language_code": "zh-hans"}
        return {
            "message_id": found,
            "date": DATE + found,
            "chat": {"id": int(chat), "type": "private", "first_name": "A"},
            "from": person,
            **more,
        }

    def _routes(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/bot{token}/{method}", methods=["GET", "POST"])
        async def call(token: str, method: str, request: Request) -> Response:
            self.calls.append(method)
            if not secrets.compare_digest(token.encode(), self.token.encode()):
                return _refusal(401, "Unauthorized")
            fields = await _fields(request)
            if self._plan and method != "getUpdates":
                planned = self._plan.popleft()
                if isinstance(planned, bytes):
                    return Response(planned, 200, media_type="text/html")
                if isinstance(planned, tuple):
                    return _refusal(planned[0], planned[1], planned[2])
                await asyncio.sleep(planned)
            handler = getattr(self, f"_{method}", None)
            if handler is None:
                return _refusal(404, "Not Found")
            return await handler(fields)

        @app.get("/file/bot{token}/{path:path}")
        async def file(token: str, path: str) -> Response:
            if token != self.token or path not in self.files:
                return _refusal(404, "Not Found")
            return Response(self.files[path], media_type="application/octet-stream")

        return app

    async def _getMe(self, fields: dict[str, Any]) -> Response:
        return _result(BOT)

    async def _getUpdates(self, fields: dict[str, Any]) -> Response:
        if self.webhook:
            return _refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(fields.get("offset", 0))
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        deadline = min(float(fields.get("timeout", 0)), 2.0)
        while not self.updates and deadline > 0:
            await asyncio.sleep(0.02)
            deadline -= 0.02
        return _result(self.updates[: int(fields.get("limit", 100))])

    async def _setWebhook(self, fields: dict[str, Any]) -> Response:
        if fields.get("drop_pending_updates") in (True, "true"):
            self.updates.clear()
        self.webhook = str(fields.get("url", ""))
        self.secret = str(fields.get("secret_token", ""))
        return _result(True)

    async def _deleteWebhook(self, fields: dict[str, Any]) -> Response:
        if fields.get("drop_pending_updates") in (True, "true"):
            self.updates.clear()
        self.webhook = ""
        return _result(True)

    async def _getWebhookInfo(self, fields: dict[str, Any]) -> Response:
        return _result(
            {
                "url": self.webhook,
                "has_custom_certificate": False,
                "pending_update_count": len(self.updates),
            }
        )

    async def _sendMessage(self, fields: dict[str, Any]) -> Response:
        text = str(fields.get("text", ""))
        if not text.strip():
            return _refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) > 2 * 4096:
            return _refusal(400, "Bad Request: message is too long")
        markup = fields.get("reply_markup")
        keyboard = json.loads(markup) if isinstance(markup, str) else markup
        for row in (keyboard or {}).get("inline_keyboard", ()):
            for button in row:
                if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                    return _refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        message = {**self._message(str(fields["chat_id"]), text=text), "from": BOT}
        self.sent.append({**fields, "reply_markup": keyboard, "message_id": message["message_id"]})
        return _result(message)

    async def _answerCallbackQuery(self, fields: dict[str, Any]) -> Response:
        self.answered.append(str(fields["callback_query_id"]))
        return _result(True)

    async def _getFile(self, fields: dict[str, Any]) -> Response:
        found = str(fields.get("file_id", ""))
        if found not in self.files:
            return _refusal(400, "Bad Request: invalid file_id")
        return _result({"file_id": found, "file_unique_id": found, "file_path": found})


async def _fields(request: Request) -> dict[str, Any]:
    """A call may be JSON, a form or a query, as in Telegram."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return dict(await request.json())
    return {**request.query_params, **(await request.form())}


def _result(result: Any) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refusal(status: int, description: str, parameters: dict[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return JSONResponse({**body, "parameters": parameters} if parameters else body, status)
