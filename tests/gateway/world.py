"""The whole system in one process, spoken to by HTTP, with every channel switched on."""

import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import uvicorn
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from gateway.app import create_app
from gateway.settings import Settings
from gateway.state import State, wire
from gateway.ticks import Ticks
from models.events import Event
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.people import Person
from models.requests import Contact, HelpRequest
from models.tasks import Task
from tests.client import TestClient
from tests.conftest import ENGINES, Clock
from tests.standins import telegram, twilio

CHANNELS = "web,console,sms,voice,telegram"
CITIZEN = "+8619900001234"
HUNGRY = "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
ENV = {
    "CONSOLE_TOKEN": "a-token-of-the-console",
    "OPERATOR_NUMBER": "+865721234599",
    "TWILIO_ACCOUNT_SID": twilio.ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": twilio.AUTH_TOKEN,
    "TWILIO_FROM": twilio.NUMBER,
    "TELEGRAM_TOKEN": telegram.TOKEN,
    "TELEGRAM_SECRET": telegram.SECRET,
}
WRITTEN = (JournalEntry, Contact, HelpRequest, Person, Outgoing, Event, Task)


@dataclass(slots=True)
class World:
    """One process; ``client`` speaks to its real ASGI application."""

    settings: Settings
    state: State
    client: TestClient
    now: Clock

    def sms(self, text: str, *, sender: str = CITIZEN, **more: str) -> httpx2.Response:
        """A signed text message."""
        return self.signed("/hook/sms", sms_fields(text, sender=sender, **more))

    def voice(self, at: str = "/hook/voice", **fields: str) -> httpx2.Response:
        """A signed webhook of a call."""
        return self.signed(at, call_fields(**fields))

    def signed(self, path: str, fields: Mapping[str, str]) -> httpx2.Response:
        """A webhook as Twilio signs it."""
        body = urlencode(fields).encode("utf-8", "surrogatepass")
        return self.client.post(path, content=body, headers=self.signature(path, fields))

    def signature(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The headers of such a webhook."""
        validator = RequestValidator(self.settings.env["TWILIO_AUTH_TOKEN"])
        address = self.settings.public_url + path
        return {
            "content-type": FORM,
            "x-twilio-signature": validator.compute_signature(address, dict(fields)),
        }

    def telegram(self, update: Any) -> httpx2.Response:
        """An update as Telegram posts it; bytes go out as they are."""
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        secret = self.settings.env["TELEGRAM_SECRET"]
        headers = {"x-telegram-bot-api-secret-token": secret, "content-type": "application/json"}
        return self.client.post("/hook/telegram", content=body, headers=headers)

    def console(self, body: Any) -> httpx2.Response:
        """A message of the simulator; bytes go out as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {ENV['CONSOLE_TOKEN']}"}
        return self.client.post("/hook/console", content=content, headers=headers)

    def all(self, table: Any) -> list[Any]:
        """Every row, oldest first."""
        with self.state.database.read() as session:
            return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))

    def counts(self) -> dict[str, int]:
        """How many rows a message could have left."""
        with self.state.database.read() as session:
            return {
                table.__name__: session.connection()
                .execute(select(func.count()).select_from(table))
                .scalar_one()
                for table in WRITTEN
            }

    def ticks(self) -> Ticks:
        """The recurring work, to be called by the test."""
        return Ticks(
            self.state.database,
            self.state.mint,
            channels=self.state.channels,
            offices=self.state.offices,
            intake=self.state.intake,
            now=self.now,
        )


@contextmanager
def world(
    settings: Settings, now: Clock, *, channels: str = CHANNELS, **env: str
) -> Iterator[World]:
    """A process with these settings of its channels; ``env`` is laid over ``ENV``."""
    lines = [f"HUIYIN_{name}={value}" for name, value in {**ENV, **env}.items() if value]
    (settings.data_dir / "huiyin.env").write_text("\n".join(lines) + "\n", "utf-8")
    changes = {"channels": channels, "operator_number": ENV["OPERATOR_NUMBER"]}
    if "PUBLIC_URL" in env:
        changes["public_url"] = env["PUBLIC_URL"]
    chosen = Settings(**{**settings.model_dump(), **changes})
    with ENGINES.lend(chosen) as engine:
        state = wire(chosen, kind="test", now=now, engine=engine)
        client = TestClient(create_app(state), chosen.public_url, raise_server_exceptions=False)
        try:
            yield World(chosen, state, client, now)
        finally:
            state.close()


@contextmanager
def served(state: State, port: int) -> Iterator[None]:
    """The application on a port of loopback, as providers reach it."""
    config = uvicorn.Config(create_app(state), port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sms_fields(text: str, *, sender: str = CITIZEN, **more: str) -> dict[str, str]:
    """What Twilio posts for a text message."""
    sid = "SM" + secrets.token_hex(16)
    return {
        "AccountSid": twilio.ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "Body": text,
        "From": sender,
        "FromCity": "",
        "FromCountry": "CN",
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsSid": sid,
        "To": twilio.NUMBER,
    } | more


def call_fields(sid: str = "CA" + "0123456789abcdef" * 2, **more: str) -> dict[str, str]:
    """What Twilio posts for a turn of a call."""
    return {
        "AccountSid": twilio.ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "From": CITIZEN,
        "To": twilio.NUMBER,
    } | more


def update(number: int, text: str = "", *, chat: int = 4242, **more: Any) -> dict[str, Any]:
    """What Telegram posts for a message in a private chat."""
    person = {"id": chat, "is_bot": False, "first_name": "A", "language_code": "zh-hans"}
    message = {
        "message_id": number,
        "date": 1_790_757_600,
        "chat": {"id": chat, "type": "private", "first_name": "A"},
        "from": person,
        **({"text": text} if text else {}),
        **more,
    }
    return {"update_id": 700_000_000 + number, "message": message}
