"""The telephone by way of Twilio: whole calls are played through signed webhooks and TwiML."""

import asyncio
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels import ChannelSettings
from channels.voice import LONGEST, channel
from models import numbers
from models.messages import (
    Correspondent,
    Forged,
    Inbound,
    Line,
    Outbound,
    Outcome,
    Raw,
    Say,
    Step,
    Unavailable,
    Undeliverable,
    Unreadable,
)
from models.vocabulary import Form, Level, Status
from tests import shipped
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioStandIn

PUBLIC = "https://help.example.cn"
HOOK = f"{PUBLIC}/hook/voice"
OPERATOR = "0572-1234599"
CALLER = "+8613900010002"
SID = "CA" + "0123456789abcdef" * 2
BOOK = shipped.phrases()
VALIDATOR = RequestValidator(AUTH_TOKEN)
REQUEST = numbers.number(date(2026, 11, 22), 431)
MESSAGE = Outbound(
    key="ob-9:1",
    address=CALLER,
    text="您的求助已经受理。",
    number=REQUEST,
    callback_url=f"{HOOK}/status",
)

# Every verb and attribute of TwiML that we may use, after https://www.twilio.com/docs/voice/twiml:
# Twilio's library passes unknown ones through, and Twilio ends a call over a wrong one.
ALLOWED: dict[str, dict[str, set[str] | None]] = {
    "Response": {},
    "Start": {},
    "Recording": {
        "recordingStatusCallback": None,
        "track": {"inbound", "outbound", "both"},
        "channels": {"mono", "dual"},
        "trim": {"trim-silence", "do-not-trim"},
    },
    "Say": {"language": {"cmn-CN", "zh-CN", "en-US"}, "voice": {"Polly.Zhiyu"}},
    "Gather": {
        "input": {"dtmf", "speech", "dtmf speech"},
        "action": None,
        "method": {"POST"},
        "numDigits": {"1", "6", "14"},
        "finishOnKey": {"#"},
        "timeout": {"6", "10"},
        "actionOnEmptyResult": {"true"},
        "language": {"cmn-Hans-CN", "en-US"},
        "profanityFilter": {"false"},
        "speechTimeout": {"auto", "3"},
    },
    "Dial": {"action": None, "method": {"POST"}, "timeout": {"25"}},
    "Number": {"statusCallback": None, "statusCallbackEvent": {"answered"}},
    "Hangup": {},
}
NESTED = {
    "Response": {"Start", "Say", "Gather", "Dial", "Hangup"},
    "Start": {"Recording"},
    "Gather": {"Say"},
    "Dial": {"Number"},
}


def voice(base: str = "", operator: str = OPERATOR, **env: str):
    settings = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBER,
        "TWILIO_API_BASE": base,
    }
    return channel(ChannelSettings(PUBLIC, operator, settings | env, say=BOOK.say))


def signed(fields: dict[str, str], *, url: str = HOOK) -> Raw:
    split = urlsplit(url)
    return Raw(
        url=url,
        body=urlencode(fields).encode(),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": VALIDATOR.compute_signature(url, fields),
        },
        query=split.query,
        part=split.path.removeprefix("/hook/voice").strip("/"),
    )


def fields(**more: str) -> dict[str, str]:
    call = {"AccountSid": ACCOUNT_SID, "CallSid": SID, "CallStatus": "in-progress"}
    return call | {"Direction": "inbound", "From": CALLER, "To": NUMBER} | more


def check_twiml(body: bytes) -> ET.Element:
    """The parsed answer, after holding it against the allow-list."""
    root = ET.fromstring(body)

    def check(element: ET.Element) -> None:
        allowed = ALLOWED[element.tag]
        for name, value in element.attrib.items():
            assert name in allowed, f"{element.tag} {name}"
            values = allowed[name]
            assert values is None or value in values, f"{element.tag} {name}={value!r}"
            assert values is not None or value.startswith(HOOK)
        for child in element:
            assert child.tag in NESTED.get(element.tag, set()), f"{child.tag} in {element.tag}"
            check(child)

    assert root.tag == "Response"
    check(root)
    return root


@dataclass
class Played:
    """A caller, Twilio, and as much of the gateway as a call needs."""

    channel: object
    level: Level | None = None
    known: dict[str, str] = field(default_factory=lambda: {"found": ""})
    state: dict[str, str] = field(default_factory=dict)
    contacts: list[Inbound] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    action: str = HOOK
    twiml: ET.Element | None = None

    def __call__(self, *, url: str = "", language: str = "zh-CN", **more: str) -> str:
        """Post a webhook, follow the answer, return what the caller hears."""
        raw = signed(fields(**more), url=url or self.action)
        self.channel.verify(raw)
        (turn,) = self.channel.parse(raw)
        self.keys.append(self.channel.key(raw))
        assert turn.external_id == self.channel.key(raw)
        step = self.channel.dialogue.step(self.state, turn, Correspondent())
        if step.lookup:
            again = replace(turn, known=self.known)
            step = self.channel.dialogue.step(step.state or {}, again, Correspondent())
        contact = step.contact
        if contact and step.if_danger and self.level is Level.LIFE_THREAT:
            step = step.if_danger
        self.state = dict(step.state or {})
        number = None
        if contact:
            self.contacts.append(contact)
            number = REQUEST
        first = len(self.contacts) == 1
        outcome = Outcome(
            number=number,
            code="583026" if number and first else None,
            level=self.level if number else None,
            # The gateway gives neither state nor contact to the answer.
            steps=(replace(step, state=None, contact=None, if_danger=None),),
            language=language,
        )
        answer = self.channel.answer(raw, outcome)
        if raw.part:
            assert answer.body == b""
            return ""
        assert answer.media_type.startswith("text/xml")
        self.twiml = check_twiml(answer.body)
        asking = next((e for e in self.twiml if "action" in e.attrib), None)
        if asking is not None:
            self.action = asking.attrib["action"]
        return "".join(say.text for say in self.twiml.iter("Say"))

    def status(self, **more: str) -> str:
        return self(url=f"{HOOK}/status", **more)

    def verbs(self) -> list[str]:
        return [element.tag for element in self.twiml]


def spoken(key: str, **params: str) -> str:
    return BOOK.say(key, params, Form.SPOKEN, "zh-CN")


@pytest.fixture
def call():
    played = Played(voice())
    played(CallStatus="ringing")
    return played


def test_a_missing_setting_is_named():
    with pytest.raises(ValueError, match="HUIYIN_TWILIO_AUTH_TOKEN is not set"):
        voice(TWILIO_AUTH_TOKEN="")


def test_a_caller_hears_the_menu_and_may_interrupt_it_by_key_or_word(call):
    assert call.verbs() == ["Gather"]
    assert call.twiml[0].attrib["input"] == "dtmf speech"
    assert call.twiml[0].attrib["language"] == "cmn-Hans-CN"
    assert call.twiml[0].attrib["action"] == f"{HOOK}?turn=1"
    assert call.twiml[0][0].text == spoken("call_greeting")


def test_a_call_for_help_by_speech(call):
    heard = call(Digits="2")
    assert heard == spoken("call_taped") + spoken("call_tell")
    assert call.verbs() == ["Start", "Gather"]
    assert call.twiml[0][0].attrib["recordingStatusCallback"] == f"{HOOK}/status"
    heard = call(SpeechResult="家里断粮了，老人走不动", Confidence="0.4")
    assert call.contacts[0].text == "家里断粮了，老人走不动"
    assert heard.startswith(
        spoken(
            "call_number",
            number="二 零 二 六 一 一 二 二，零 零 四 三 一，"
            + "零一二三四五六七八九"[int(REQUEST[-1])],
            code="五 八 三 零 二 六",
        )
    )
    assert call.verbs() == ["Say", "Gather"]  # the number is not cut off by a noise
    call.status(CallStatus="completed")
    call(
        url=f"{HOOK}/status",
        RecordingSid="RE" + "1" * 32,
        RecordingUrl="https://api.twilio.com/r/RE1",
        RecordingStatus="completed",
    )
    assert [contact.missed for contact in call.contacts] == [False, False]
    assert call.contacts[1].media[0].url == "https://api.twilio.com/r/RE1"
    assert call.contacts[1].sender == CALLER
    assert len(set(call.keys)) == len(call.keys)


def test_danger_is_connected_and_when_nobody_answers_words_are_taken(call):
    assert call(Digits="1") == spoken("call_danger") + spoken("call_taped")
    assert call.verbs() == ["Start", "Say", "Say", "Dial"]
    assert call.twiml.find("Dial/Number").text == "+865721234599"
    assert call.contacts[0].claims is Level.LIFE_THREAT
    assert call(DialCallStatus="no-answer") == spoken("call_danger_unanswered")
    assert call.verbs() == ["Say", "Gather"]  # the advice is not cut off by a noise
    call(SpeechResult="东头村桥下")
    assert [c.external_id for c in call.contacts] == [
        f"{SID}:danger",
        f"{SID}:missed",
        f"{SID}:speech",
    ]


def test_words_understood_as_danger_are_connected_at_once(call):
    call.level = Level.LIFE_THREAT
    heard = call(SpeechResult="我不想活了，药已经吃了")
    assert heard == spoken("call_danger") + spoken("call_taped")
    assert "Dial" in call.verbs()
    call.level = Level.STANDARD
    assert call(DialCallStatus="busy") == spoken("call_danger_unanswered"), "as after key 1"


def test_an_operator_who_picks_up_leaves_no_missed_call(call):
    call(Digits="0")
    child = {"CallSid": "CA" + "9" * 32, "ParentCallSid": SID, "Direction": "outbound-dial"}
    call.status(**child, CallStatus="in-progress")
    call.status(CallStatus="completed")
    assert [c.missed for c in call.contacts] == [False]


def test_a_hang_up_in_the_menu_is_a_missed_call(call):
    call.status(CallStatus="completed")
    assert [(c.missed, c.sender) for c in call.contacts] == [(True, CALLER)]


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("11月27日18:00", "11月27日18:00"),
        ("2026-11-27T10:05:00+00:00", "11月27日18点05分"),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [*Status, "镇里正在核实"])
def test_a_status_is_spoken_in_words(call, status, due, words):
    call.known = {"found": "1", "status": status, "unit": "柳林镇", "due": due}
    assert call(Digits="3") == spoken("call_ask_number")
    assert call.twiml[0].attrib["numDigits"] == "14"
    assert call.twiml[0].attrib["input"] == "dtmf"
    call(Digits=REQUEST.removeprefix("HY").replace("-", ""), FinishedOnKey="#")
    heard = call(Digits="583026")
    assert "二 零 二 六" in heard
    assert "柳林镇" in heard
    assert (words is None) == ("前给您答复" not in heard)
    assert words is None or words in heard
    assert status in heard if status == "镇里正在核实" else f"{status}" not in heard
    call.status(CallStatus="completed")
    assert call.contacts == []


def test_silence_and_unknown_keys_end_at_a_person(call):
    call()
    assert "Gather" in call.verbs()
    call(Digits="8")
    assert "Dial" in call.verbs()


def test_without_an_operator_the_words_are_taken_instead():
    played = Played(voice(operator=""))
    played(CallStatus="ringing")
    played(Digits="1")
    assert "Dial" not in played.verbs()
    assert "Gather" in played.verbs()
    assert played.contacts[0].claims is Level.LIFE_THREAT


@pytest.mark.parametrize("operator", [OPERATOR, ""])
@pytest.mark.parametrize("held", [True, False])
def test_a_turn_without_a_step_never_leaves_the_caller_in_silence(operator, held):
    raw = signed(fields(SpeechResult="断粮"), url=f"{HOOK}?turn=3")
    answer = voice(operator=operator).answer(raw, Outcome(held=held, duplicate=not held))
    root = check_twiml(answer.body)
    assert [e.tag for e in root][-1] == ("Dial" if operator else "Gather")
    assert root.find("Say") is not None or root.find("Gather/Say") is not None
    assert any(e.attrib.get("action") == f"{HOOK}?turn=4" for e in root)


@pytest.mark.parametrize(
    "outcome", [{}, {"number": REQUEST}, {"number": REQUEST, "code": "583026"}]
)
def test_the_caller_hears_only_what_there_is(outcome):
    step = Step(says=(Say("call_number"), Say("call_after")), line=Line.KEYS)
    answer = voice().answer(signed(fields()), Outcome(steps=(step,), **outcome))
    heard = "".join(say.text for say in check_twiml(answer.body).iter("Say"))
    assert (spoken("call_kept") in heard) == (not outcome)
    assert ("二 零 二 六" in heard) == ("number" in outcome)
    assert ("五 八 三" in heard) == ("code" in outcome)
    assert "{" not in heard


def test_english_is_spoken_and_heard_in_english(call):
    heard = call(language="en", Digits="2")
    assert heard.endswith(BOOK.say("call_tell", {}, Form.SPOKEN, "en"))
    assert call.twiml.find("Gather").attrib["language"] == "en-US"
    assert call.twiml.find("Gather/Say").attrib["language"] == "en-US"


def test_the_voice_can_be_chosen():
    played = Played(voice(TWILIO_VOICE="Polly.Zhiyu", TWILIO_SAY_LANGUAGE="zh-CN"))
    played(CallStatus="ringing")
    say = played.twiml.find("Gather/Say")
    assert say.attrib == {"language": "zh-CN", "voice": "Polly.Zhiyu"}


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.sampled_from(list(Line)))
def test_no_text_breaks_out_of_the_answer(text, line):
    step = Step({}, says=(Say("call_status_unit", {"unit": text}),), line=line)
    root = check_twiml(voice().answer(signed(fields()), Outcome(steps=(step,))).body)
    expected = spoken("call_status_unit", unit=text).replace("\r\n", "\n").replace("\r", "\n")
    heard = "".join(say.text for say in root.iter("Say"))
    printable = [c for c in expected if c.isprintable() and c > " "]
    assert [c for c in heard if c.isprintable() and c > " "] == printable


@pytest.mark.parametrize("text", ["]]></Say><Dial>+1900</Dial>", "<&>\"'", "\x00\x1b\ud800\uffff"])
def test_hostile_text_is_only_spoken(text):
    step = Step({}, says=(Say("call_status_unit", {"unit": text}),), line=Line.HANG_UP)
    root = check_twiml(voice().answer(signed(fields()), Outcome(steps=(step,))).body)
    assert [element.tag for element in root] == ["Say", "Hangup"]


# Who is heard, and what was cut anew.


@pytest.mark.parametrize("signature", ["", "x", "签名", "\udc80", "A" * 27 + "="])
def test_a_wrong_signature_is_refused(signature):
    raw = signed(fields())
    with pytest.raises(Forged):
        voice().verify(replace(raw, headers={**raw.headers, "x-twilio-signature": signature}))


def test_the_turn_in_the_address_is_signed_too():
    raw = signed(fields(Digits="1"), url=f"{HOOK}?turn=1")
    moved = replace(raw, url=f"{HOOK}?turn=2", query="turn=2")
    with pytest.raises(Forged):
        voice().verify(moved)


@pytest.mark.parametrize(
    "cut",
    [
        {"CallSid": None, "CallS": "id" + SID},
        {"Digits": "1Directioninbound", "Direction": None},
        {"CallSid": SID + "CallStatusin-progress", "CallStatus": None},
        {"To": None, "T": "o" + NUMBER},
    ],
    ids=["no CallSid", "Digits swallow", "CallSid swallows", "no To"],
)
def test_a_body_cut_anew_is_refused(cut):
    whole = fields(Digits="1")
    raw = signed(whole)
    anew = {name: value for name, value in {**whole, **cut}.items() if value is not None}
    assert VALIDATOR.validate(HOOK, anew, raw.headers["x-twilio-signature"])
    with pytest.raises(Forged):
        voice().verify(replace(raw, body=urlencode(anew).encode()))


def test_a_body_that_is_no_form_is_unreadable():
    for body in (b"CallSid=%ff", b"", b"CallSid=CA1"):
        with pytest.raises(Unreadable):
            voice().parse(Raw(url=HOOK, body=body, headers={}))


# Calls that we place, and calls that we missed.


@pytest.fixture(scope="module")
def server():
    with TwilioStandIn().serve() as twilio:
        yield twilio


@pytest.fixture
def twilio(server):
    server.reset()
    return server


def test_a_message_is_read_out_twice_to_who_cannot_read(twilio):
    sid = asyncio.run(voice(twilio.base).send(MESSAGE))
    (placed,) = twilio.calls
    assert sid == placed["row"]["sid"]
    root = check_twiml(placed["fields"]["Twiml"].encode())
    assert [say.text for say in root] == [MESSAGE.text, spoken("call_repeat"), MESSAGE.text]
    assert {say.attrib["language"] for say in root} == {"cmn-CN"}
    assert (placed["fields"]["To"], placed["fields"]["From"]) == (CALLER, NUMBER)
    assert placed["headers"]["i-twilio-idempotency-token"] == MESSAGE.key
    query = parse_qs(urlsplit(placed["fields"]["StatusCallback"]).query)
    assert query == {"key": [MESSAGE.key], "number": [REQUEST]}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Your urgent request is accepted. If nobody comes, call 望河 one two three.", "en-US"),
        ("您的求助收到了。首问负责人是工号political_legal_committee.head。", "cmn-CN"),
    ],
)
def test_a_message_is_read_in_the_language_of_most_of_it(twilio, text, language):
    asyncio.run(voice(twilio.base).send(replace(MESSAGE, text=text)))
    root = check_twiml(twilio.calls[0]["fields"]["Twiml"].encode())
    assert {say.attrib["language"] for say in root} == {language}


def test_a_long_message_is_read_once_and_one_too_long_is_undeliverable(twilio):
    asyncio.run(voice(twilio.base).send(replace(MESSAGE, text="字" * (LONGEST - 300))))
    assert twilio.calls[0]["fields"]["Twiml"].count("<Say") == 1
    with pytest.raises(Undeliverable):
        asyncio.run(voice(twilio.base).send(replace(MESSAGE, text="字" * LONGEST)))


@pytest.mark.parametrize("address", ["", "whatsapp:+8613900010003", "li@example.cn", "sip:1@h"])
def test_what_is_no_telephone_number_is_undeliverable_without_a_call(twilio, address):
    with pytest.raises(Undeliverable):
        asyncio.run(voice(twilio.base).send(replace(MESSAGE, address=address)))
    assert twilio.requests == []


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, 21211, Undeliverable),
        (400, 21214, Undeliverable),
        (400, 21217, Undeliverable),
        (429, 20429, Unavailable),
        (500, None, Unavailable),
    ],
)
def test_refusals_of_a_call_are_told_apart(twilio, status, code, fault):
    twilio.refuse(status, code)
    with pytest.raises(fault):
        asyncio.run(voice(twilio.base).send(MESSAGE))


SINCE = datetime(2026, 11, 22, 8, 0, tzinfo=timezone(timedelta(hours=8)))


def test_a_call_that_failed_at_our_side_or_rang_in_vain_is_found_as_missed(twilio):
    twilio.take_call(CALLER, at=SINCE - timedelta(minutes=1), fault=11200)
    lost = twilio.take_call(CALLER, at=SINCE + timedelta(minutes=1), fault=11200)
    twilio.take_call(CALLER, at=SINCE + timedelta(minutes=2))  # we answered this one
    twilio.take_call(CALLER, at=SINCE + timedelta(minutes=2), status="in-progress")
    hidden = twilio.take_call("+266696687", at=SINCE + timedelta(minutes=3), status="no-answer")
    asyncio.run(voice(twilio.base).send(MESSAGE))
    phone = voice(twilio.base)
    first, second = asyncio.run(phone.missed(SINCE))
    at = (SINCE + timedelta(minutes=1)).astimezone(UTC)
    assert first == Inbound(f"{lost}:missed", CALLER, "", at=at, missed=True)
    assert (second.external_id, second.sender) == (f"{hidden}:missed", "")
    webhook = signed(fields(CallSid=lost, CallStatus="completed"), url=f"{HOOK}/status")
    (turn,) = phone.parse(webhook)
    told = phone.dialogue.step({}, turn, Correspondent()).contact
    assert told.external_id == first.external_id  # so the contact is not made twice
