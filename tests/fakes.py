"""Stand-ins for the outside, chosen by handing them over, never by patching."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from channels import Channel, ChannelSettings
from channels.web import WebChannel
from models.messages import Forged, Happening, Inbound, Outbound, Raw
from models.vocabulary import Form


class RecordingChannel(Channel):
    """Takes JSON, records what it is told to send. ``fails`` are raised first, one a message."""

    name: ClassVar[str] = "recording"
    form: ClassVar[Form] = Form.SMS
    address_kind: ClassVar[str] = "tel"
    source: ClassVar[str] = "sms"

    def __init__(self, fails: Sequence[Exception] = ()) -> None:
        self.sent: list[Outbound] = []
        self.fails = list(fails)
        self.missing: list[Inbound] = []

    def verify(self, raw: Raw) -> None:
        if raw.headers.get("authorization") != "yes":
            raise Forged("no")

    def parse(self, raw: Raw) -> Sequence[Happening]:
        body = json.loads(raw.body)
        if body.get("poison"):
            raise RuntimeError("nobody can read this")
        return [Inbound(body["id"], body["from"], body["text"])]

    def key(self, raw: Raw) -> str | None:
        return str(json.loads(raw.body).get("id"))

    async def send(self, message: Outbound) -> str:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(message)
        return f"sent-{message.key}"

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        return self.missing


def form_and_sms() -> dict[str, Channel]:
    """The channel of the citizen's form as it is, and one that records what is sent by SMS."""
    secret = {"SECRET_KEY": "test-secret-" * 4}
    form = WebChannel(ChannelSettings("https://hotline.example", "", secret))
    return {"web": form, "recording": RecordingChannel()}


def call(id: str, text: str, sender: str = "+8619900001234", *, poison: bool = False) -> Raw:  # noqa: A002
    """An authentic call of the recording channel."""
    body = {"id": id, "from": sender, "text": text, "poison": poison}
    url = "https://hotline.example/hook/recording"
    return Raw(url, json.dumps(body).encode(), {"authorization": "yes"})
