"""Text messages by way of Twilio (SMS, MMS and, with the same webhook, WhatsApp)."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels import Channel, ChannelSettings, _twilio, _twilio_api
from models.messages import (
    Answer,
    DeliveryReport,
    Forged,
    Happening,
    Inbound,
    Location,
    Media,
    Outbound,
    Outcome,
    Preference,
    Raw,
)
from models.vocabulary import Form, OutboxState

LONGEST = 1_600
"""Characters that Twilio takes in one message (its error 21617); longer texts go in parts."""

_MESSAGE_ID = re.compile(r"(?:SM|MM)[0-9a-f]{32}\Z")
_NOTHING = Answer(
    b'<?xml version="1.0" encoding="UTF-8"?><Response/>', media_type="text/xml; charset=utf-8"
)

# The provider's own opt-out words (https://www.twilio.com/docs/messaging, "Advanced Opt-Out") and
# those of Chinese carriers. YES, which Twilio counts as START, is an answer to our questions here.
_STOP = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "t", "td", "退订", "td退订"}
)
_TWILIOS_OWN = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
"""Twilio keeps these itself and refuses what we send afterwards (21610)."""
_START = frozenset({"start", "unstop", "恢复", "恢复订阅"})

_STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), OutboxState.SENT),
    **dict.fromkeys(("delivered", "read"), OutboxState.DELIVERED),
    **dict.fromkeys(("undelivered", "failed", "canceled"), OutboxState.FAILED),
}


class Sms(Channel):
    """The SMS channel. Receipts to the citizen go out through the outbox, not as TwiML."""

    name: ClassVar[str] = "sms"
    form: ClassVar[Form] = Form.SMS
    address_kind: ClassVar[str] = "tel"
    source: ClassVar[str] = "sms"
    receipts: ClassVar[bool] = True

    def __init__(self, settings: ChannelSettings) -> None:
        """Raises ValueError when a Twilio setting is missing."""
        self._account = _twilio_api.Account.of(settings, self.name)
        self._validator = RequestValidator(self._account.token)

    def verify(self, raw: Raw) -> None:
        """``Forged`` unless Twilio signed the call and its fields are whole: Twilio's signature
        does not protect the borders between fields, so names and shapes are checked strictly."""
        fields = _twilio.check_signature(raw, self._validator)
        if not _MESSAGE_ID.match(fields.get("MessageSid")):
            raise Forged("no MessageSid")
        if raw.part == "status":
            if "MessageStatus" not in fields:
                raise Forged("no MessageStatus")
            return
        if not ("Body" in fields and "To" in fields):
            raise Forged("a required field is missing")
        if not _twilio.HANDLE.match(fields.get("From")):
            raise Forged("From is no number")

    def key(self, raw: Raw) -> str | None:
        """The MessageSid; for a receipt together with its status."""
        fields = _twilio.form(raw)
        sid = fields.get("MessageSid")
        if raw.part == "status":
            return f"{sid}:{fields.get('MessageStatus')}"
        return sid or None

    def digest(self, raw: Raw) -> bytes:
        """SHA-256 of the signed base string."""
        return _twilio.digest(raw)

    def parse(self, raw: Raw) -> Sequence[Happening]:
        """One contact, one opt-out or opt-in, or one delivery report.

        A picture without words is a contact with empty text. A body that is nothing but an
        opt-out word (STOP, TD, 退订 …) becomes a ``Preference`` and we stay silent on this number
        because carriers and law (PIPL Art. 15, withdrawal of consent) require it; only the safety
        messages of an open urgent case still go out, an exception that the outbox applies when a
        message is posted, never here.
        """
        fields = _twilio.readable(raw)
        sid = fields.get("MessageSid")
        if raw.part == "status":
            state = _STATES.get(fields.get("MessageStatus").lower())
            if state is None:
                return ()
            error = fields.get("ErrorCode") or None
            return (DeliveryReport(sid, state, error=error, reference=_twilio.reference(raw)),)
        said = _said(sid, fields.get("From"), fields.get("Body"), media=_media(fields.get))
        if isinstance(said, Inbound) and ("ProfileName" in fields or "Latitude" in fields):
            # WhatsApp tells the name of the profile and may carry a point on the map.
            said = replace(
                said, name=fields.get("ProfileName") or None, location=_location(fields.get)
            )
        return (said,)

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:  # noqa: ARG002
        """Empty TwiML, whatever came of it."""
        return _NOTHING

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keep the connections to Twilio's API open from one message to the next."""
        return self._account.connected()

    async def send(self, message: Outbound) -> str:
        """Send the text and return Twilio's SID, that of the last part for a long text.

        The idempotency key travels in a header and in the query of the address for receipts.
        """
        sid = ""
        parts = [message.text[at : at + LONGEST] for at in range(0, len(message.text), LONGEST)]
        callback = _twilio.with_reference(message.callback_url, message)
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            async with self._account.api(_twilio_api.references(message)) as client:
                sent = await client.messages.create_async(
                    to=_twilio.dialable(message.address),
                    body=part,
                    **self._sender(message.address),
                    **({"status_callback": callback} if callback and last else {}),
                )
                sid = sent.sid
            sid = _twilio_api.accepted(sid)
        return sid

    async def find(self, message: Outbound, since: datetime) -> str | None:
        """The SID of a text that Twilio took since then, by its address and its words."""
        last = message.text[(len(message.text) - 1) // LONGEST * LONGEST :]
        async with self._account.api() as client:
            to, after = _twilio.dialable(message.address), since.astimezone(UTC)
            for row in await client.messages.list_async(to=to, date_sent_after=after):
                if row.direction != "inbound" and row.body == last and row.sid:
                    return _twilio_api.accepted(row.sid)
        return None

    def _sender(self, address: str) -> dict[str, str]:
        number = self._account.number
        if number.startswith("MG"):
            return {"messaging_service_sid": number}
        kind, colon, _ = address.rpartition(":")
        if colon and ":" not in number:
            return {"from_": f"{kind}:{number}"}
        return {"from_": number}

    async def missed(self, since: datetime) -> Sequence[Inbound | Preference]:
        """Messages that Twilio took for us since then, oldest first, with the ids their webhooks
        bear: Twilio tries a webhook for 15 seconds only. Of the wishes to hear no more, or again,
        only each sender's last counts, and none that Twilio keeps itself. Raises ``Unavailable``.
        """
        number = self._account.number
        to = {} if number.startswith("MG") else {"to": number}
        found: list[Inbound | Preference] = []
        wished: set[str] = set()
        async with self._account.api() as client:
            after = since.astimezone(UTC)  # the SDK writes any time as if it were UTC
            for row in await client.messages.list_async(date_sent_after=after, **to):
                if row.direction != "inbound" or not _MESSAGE_ID.match(row.sid or ""):
                    continue
                items: list[Any] = []
                if int(row.num_media or 0):
                    items = await client.messages(row.sid).media.list_async()
                media = tuple(
                    Media(self._account.base + item.uri.removesuffix(".json"), item.content_type)
                    for item in items
                )
                at = row.date_created or row.date_sent
                said = _said(row.sid, row.from_ or "", row.body or "", media=media, at=at)
                if isinstance(said, Inbound):
                    found.append(said)
                elif said.sender not in wished:  # the newest comes first
                    wished.add(said.sender)
                    if _word(row.body or "") not in _TWILIOS_OWN:
                        found.append(said)
        return found[::-1]


def _said(
    sid: str, sender: str, text: str, *, media: tuple[Media, ...], at: datetime | None = None
) -> Inbound | Preference:
    word = _word(text)
    if word in _STOP and not media:
        return Preference(sid, sender, stop=True, at=at)
    if word in _START and not media:
        return Preference(sid, sender, stop=False, at=at)
    return Inbound(sid, sender, text, media=media, at=at)


def _word(text: str) -> str:
    return text.strip().strip(".。!！").casefold()


def _media(get: Callable[[str], str]) -> tuple[Media, ...]:
    found: list[Media] = []
    while url := get(f"MediaUrl{len(found)}"):
        found.append(Media(url, get(f"MediaContentType{len(found)}")))
    return tuple(found)


def _location(get: Callable[[str], str]) -> Location | None:
    try:
        return Location(float(get("Latitude")), float(get("Longitude")))
    except ValueError:
        return None


def channel(settings: ChannelSettings) -> Channel:
    """The SMS channel; raises ValueError naming the setting that is missing."""
    return Sms(settings)
