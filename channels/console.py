"""The reference channel: plain JSON in, a list out. The simulator and the tests talk through it."""

import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

import structlog

from channels import Channel, ChannelSettings
from models.messages import Answer, Forged, Inbound, Outbound, Outcome, Raw, Unreadable
from models.vocabulary import Form

LOCAL_HEADER = "x-huiyin-local"
"""Set by the simulator inside the process. The web layer drops every ``x-huiyin-`` header of a
call that came over the network; otherwise anybody could claim to be the simulator."""

_KEPT = 1000
_log = structlog.get_logger(__name__)


def _show_nothing(message: Outbound) -> None:
    """Words of citizens do not belong in a server's output; the simulator sets its own."""


class ConsoleChannel(Channel):
    """``sent`` holds the latest messages; ``show`` is called with each (the simulator prints)."""

    name: ClassVar[str] = "console"
    form: ClassVar[Form] = Form.FULL
    address_kind: ClassVar[str] = "console"

    def __init__(self, settings: ChannelSettings) -> None:
        self._token = settings.env.get("CONSOLE_TOKEN", "")
        self.sent: list[Outbound] = []
        self.show: Callable[[Outbound], object] = _show_nothing

    def verify(self, raw: Raw) -> None:
        """With HUIYIN_CONSOLE_TOKEN the call must bear it; without, only the simulator is heard,
        because a channel that accepts strangers by default would be a hole nobody asked for."""
        if not self._token:
            if raw.headers.get(LOCAL_HEADER) != "1":
                raise Forged("no HUIYIN_CONSOLE_TOKEN is set and the call is not the simulator's")
            return
        given = raw.headers.get("authorization", "")
        if not hmac.compare_digest(_bytes(given), _bytes(f"Bearer {self._token}")):
            raise Forged("the bearer token is missing or wrong")

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """One contact: ``external_id``, ``sender`` and ``text`` are strings, ``at`` (RFC 3339
        with an offset), ``place`` and ``name`` optional."""
        body = _object(raw)
        return (
            Inbound(
                external_id=_text(body, "external_id"),
                sender=_text(body, "sender"),
                text=_text(body, "text"),
                at=_when(body.get("at")),
                place=_optional(body, "place"),
                name=_optional(body, "name"),
            ),
        )

    async def send(self, message: Outbound) -> str:
        """Record the message; the log names it without its words or its address."""
        self.sent.append(message)
        del self.sent[:-_KEPT]
        self.show(message)
        _log.debug("console_sent", key=message.key, number=message.number)
        return f"console:{message.key}"

    def key(self, raw: Raw) -> str | None:
        """The caller's own id; None for a body that has none."""
        try:
            return _text(_object(raw), "external_id")
        except Unreadable:
            return None

    def probe(self, words: str) -> Raw:
        """A call as the simulator makes it, with the token."""
        body = {"external_id": words, "sender": "canary", "text": words}
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        return Raw("", json.dumps(body).encode(), headers)

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:  # noqa: ARG002
        """What became of the call, as JSON."""
        content = {
            "number": outcome.number,
            "code": outcome.code,
            "opened": outcome.opened,
            "duplicate": outcome.duplicate,
            "held": outcome.held,
            "level": outcome.level,
        }
        return Answer(json.dumps(content).encode(), "application/json")


def channel(settings: ChannelSettings) -> ConsoleChannel:
    """The console channel."""
    return ConsoleChannel(settings)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _object(raw: Raw) -> dict[str, Any]:
    try:
        body = json.loads(raw.body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON") from None
    if not isinstance(body, dict):
        raise Unreadable("the body is no JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"{name} is missing or no text")
    return value


def _optional(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def _when(value: object) -> datetime | None:
    """An unusable time is no reason to refuse words; the time of receipt counts instead."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None
