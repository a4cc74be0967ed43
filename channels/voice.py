"""Telephone calls by way of Twilio: its parameters in, TwiML out. The call itself is ``_call``."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import ClassVar

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels import Channel, ChannelSettings, _twilio, _twilio_api
from channels._call import CallFlow
from channels._twiml import RING, Speaker
from models.messages import (
    Answer,
    DeliveryReport,
    Forged,
    Happening,
    Inbound,
    Line,
    Media,
    Outbound,
    Outcome,
    Raw,
    Say,
    Step,
    Turn,
    Undeliverable,
    Unreadable,
)
from models.vocabulary import Form, OutboxState

LONGEST = 4_000
"""Characters of TwiML that Twilio takes with a call that we place."""

_CALL_ID = re.compile(r"CA[0-9a-f]{32}\Z")
_RECORDING_ID = re.compile(r"(?:RE[0-9a-f]{32})?\Z")
_DIGITS = re.compile(r"[0-9*#A-Da-d]{0,32}\Z|hangup\Z")
_XML = "text/xml; charset=utf-8"

# "Why am I getting calls from these strange numbers?" (Twilio's help): withheld numbers arrive as
# words keyed on a telephone: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE.
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})

_UNANSWERED = frozenset({"busy", "failed", "no-answer", "canceled"})
_OVER = _UNANSWERED | {"completed"}
_REPORTS = {
    **dict.fromkeys(("queued", "initiated", "ringing", "in-progress"), OutboxState.SENT),
    "completed": OutboxState.DELIVERED,
    **dict.fromkeys(("busy", "failed", "no-answer", "canceled"), OutboxState.FAILED),
}


class Voice(Channel):
    """The telephone. Every webhook of a call is one turn of its dialogue."""

    name: ClassVar[str] = "voice"
    form: ClassVar[Form] = Form.SPOKEN
    address_kind: ClassVar[str] = "tel"
    source: ClassVar[str] = "phone"
    receipts: ClassVar[bool] = True

    def __init__(self, settings: ChannelSettings) -> None:
        """Raises ValueError when a Twilio setting is missing."""
        self._account = _twilio_api.Account.of(settings, self.name)
        self._validator = RequestValidator(self._account.token)
        self._settings = settings
        self._hook = f"{settings.public_url.rstrip('/')}/hook/{self.name}"
        self._speaker = Speaker(settings, self._hook)
        self.dialogue = CallFlow(settings.say, operator=bool(settings.operator_number))

    def verify(self, raw: Raw) -> None:
        """``Forged`` unless Twilio signed the call and its fields are whole (see ``sms``)."""
        fields = _twilio.check_signature(raw, self._validator)
        if not _CALL_ID.match(fields.get("CallSid")):
            raise Forged("no CallSid")
        if not _RECORDING_ID.match(fields.get("RecordingSid")):
            raise Forged("RecordingSid is no id")
        if raw.part == "status":
            if not any(name in fields for name in _STATUS_FIELDS):
                raise Forged("no status")
            return
        if not ("From" in fields and "To" in fields):
            raise Forged("a required field is missing")
        if not _DIGITS.match(fields.get("Digits")):
            raise Forged("Digits are no keys")

    def key(self, raw: Raw) -> str | None:
        """The id of the turn; for a call of ours its CallSid with the status."""
        fields = _twilio.form(raw)
        turn = _turn(raw, fields)
        if turn is not None:
            return turn.external_id
        return f"{fields.get('CallSid')}:{_number(raw)}:{fields.get('CallStatus')}"

    def digest(self, raw: Raw) -> bytes:
        """SHA-256 of the signed base string."""
        return _twilio.digest(raw)

    def parse(self, raw: Raw) -> Sequence[Happening]:
        """One turn of a call, or a report on a call that we placed; nothing for mere progress."""
        fields = _twilio.readable(raw)
        if not _CALL_ID.match(fields.get("CallSid")):
            raise Unreadable("CallSid is missing")
        turn = _turn(raw, fields)
        if turn is not None:
            return (turn,)
        state = _REPORTS.get(fields.get("CallStatus"))
        if state is None or not _is_ours(fields):
            return ()
        error = fields.get("CallStatus") if state is OutboxState.FAILED else None
        sid = fields.get("CallSid")
        return (DeliveryReport(sid, state, error=error, reference=_twilio.reference(raw)),)

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:
        """TwiML for the caller: what the steps say, the number and code of a new request, and what
        the line does next. A caller for whom there is no step (a repeat, a fault) is connected."""
        if raw.part == "status":
            return Answer()
        following = f"{self._hook}?turn={_number(raw) + 1}"
        steps = [step for step in outcome.steps if step.says or step.line]
        step = steps[-1] if steps else Step(says=(Say("call_connecting"),), line=Line.CONNECT)
        if step.line is Line.CONNECT and not self._settings.operator_number:
            step = Step(says=(Say("call_number"), Say("call_tell")), line=Line.RECORD)
        twiml = self._speaker.twiml(step, outcome, action=following)
        return Answer(twiml.encode(), media_type=_XML)

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keep the connections to Twilio's API open from one message to the next."""
        return self._account.connected()

    async def send(self, message: Outbound) -> str:
        """Call the address and read the text, twice where there is room; returns the CallSid. For
        people who cannot read. ``Undeliverable`` when the address is no telephone number."""
        address = _twilio.dialable(message.address)
        if not re.fullmatch(r"\+?[0-9]{3,20}", address):
            raise Undeliverable("this address cannot be called")
        twiml = self._speaker.reading(message.text, twice=True)
        if len(twiml) > LONGEST:
            twiml = self._speaker.reading(message.text, twice=False)
        if len(twiml) > LONGEST:
            raise Undeliverable("the text is too long to be read out in one call")
        callback = _twilio.with_reference(message.callback_url, message)
        async with self._account.api(_twilio_api.references(message)) as client:
            call = await client.calls.create_async(
                to=address,
                from_=self._account.number,
                twiml=twiml,
                timeout=RING,
                **({"status_callback": callback} if callback else {}),
            )
            sid = call.sid
        return _twilio_api.accepted(sid)

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """Calls since then that failed because we did not answer Twilio, or that ended before they
        were answered: missed calls, oldest first, with the id that a hang-up gives them."""
        since = since.astimezone(UTC)  # the SDK writes any time as if it were UTC
        found: list[Inbound] = []
        async with self._account.api() as client:
            faults = await client.notifications.list_async(log=0, message_date_after=since.date())
            failed = {fault.call_sid for fault in faults}
            calls = await client.calls.list_async(to=self._account.number, start_time_after=since)
            for call in calls:
                ours = call.direction == "inbound" and _CALL_ID.match(call.sid or "")
                lost = call.sid in failed or call.status in _UNANSWERED
                if ours and lost and call.status in _OVER:
                    sender = _caller(call._from or "")
                    at = call.start_time or call.date_created
                    found.append(Inbound(f"{call.sid}:missed", sender, "", at=at, missed=True))
        return found[::-1]


_STATUS_FIELDS = ("CallStatus", "RecordingStatus", "RecordingUrl", "TranscriptionStatus")


def _number(raw: Raw) -> int:
    """Which turn of the call this is, from the address that we made ourselves."""
    found = re.search(r"(?:^|&)turn=([0-9]{1,4})(?:&|$)", raw.query)
    return int(found[1]) if found else 0


def _is_ours(fields: _twilio.Form) -> bool:
    return fields.get("Direction") == "outbound-api"


def _caller(number: str) -> str:
    """The handle to answer, "" for a withheld number."""
    return "" if number in _WITHHELD or not re.search("[0-9]{3}", number) else number


def _turn(raw: Raw, fields: _twilio.Form) -> Turn | None:
    """The turn that a webhook tells, or None: progress, or a call that we placed."""
    if _is_ours(fields) and "RecordingSid" not in fields:
        return None
    call, status = fields.get("CallSid"), fields.get("CallStatus")
    sender = _caller(fields.get("From"))

    def turn(act: str, value: str = "", *, own: str = "", media: tuple[Media, ...] = ()) -> Turn:
        external_id = own or f"{call}:{_number(raw)}"
        return Turn(external_id, call, sender, act, value, media=media)

    if fields.get("TranscriptionText"):
        own = f"{call}:transcript:{fields.get('TranscriptionSid') or fields.get('RecordingSid')}"
        return turn("transcript", fields.get("TranscriptionText"), own=own)
    recorded = fields.get("RecordingStatus") in ("", "completed")
    if fields.get("RecordingUrl") and recorded and "DialCallStatus" not in fields:
        sid = fields.get("RecordingSid") or fields.get("RecordingUrl").rpartition("/")[2]
        media = (Media(fields.get("RecordingUrl"), "audio/x-wav"),)
        own = f"{call}:recording:{sid}" if raw.part else ""
        return turn("recording", sid, own=own, media=media)
    if fields.get("Direction") == "outbound-dial":
        parent = fields.get("ParentCallSid")
        if status != "in-progress" or not _CALL_ID.match(parent):
            return None
        return Turn(f"{parent}:answered", parent, "", "answered")
    if "DialCallStatus" in fields and not raw.part:
        return turn("dialled", fields.get("DialCallStatus"))
    if raw.part and status in _OVER:
        return _hang_up(call, sender=sender, status=status)
    if raw.part:
        return None
    digits = fields.get("Digits")
    if digits and digits != "hangup":
        return turn("key", digits)
    if fields.get("SpeechResult"):
        return turn("words", fields.get("SpeechResult"))
    if status in _OVER:
        return _hang_up(call, sender=sender, status=status)
    return turn("silence") if _number(raw) else turn("start")


def _hang_up(call: str, *, sender: str, status: str) -> Turn:
    return Turn(f"{call}:hang_up", call, sender, "hang_up", status)


def channel(settings: ChannelSettings) -> Channel:
    """The voice channel; raises ValueError naming the setting that is missing."""
    return Voice(settings)
