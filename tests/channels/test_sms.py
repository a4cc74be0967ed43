"""Text messages: nobody but Twilio is heard, nothing that Twilio signed is lost, sends are safe."""

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels import Channel, ChannelSettings, _twilio
from channels.sms import LONGEST, channel
from models.messages import (
    Forged,
    Inbound,
    Outbound,
    Outcome,
    Preference,
    Raw,
    Unavailable,
    Undeliverable,
    Unreadable,
)
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioStandIn

PUBLIC = "https://help.example.cn"
HOOK = f"{PUBLIC}/hook/sms"
SID = "SM" + "0123456789abcdef" * 2
FIELDS = {
    "AccountSid": ACCOUNT_SID,
    "ApiVersion": "2010-04-01",
    "Body": "家里断粮了",
    "From": "+8613900010002",
    "FromCountry": "CN",
    "MessageSid": SID,
    "NumMedia": "0",
    "SmsSid": SID,
    "To": NUMBER,
}
VALIDATOR = RequestValidator(AUTH_TOKEN)
SHARED = Path("/work/shared/data/payloads")
MESSAGE = Outbound(
    key="ob-7:1",
    address="+8613900010002",
    text="【望河县12345】已收到您的求助。",
    number="HY20261122-00431-8",
    callback_url=f"{PUBLIC}/hook/sms/status",
)


def sms(base: str = "", **env: str):
    settings = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBER,
        "TWILIO_API_BASE": base,
    }
    return channel(ChannelSettings(PUBLIC, "+865721234599", settings | env))


def signed(fields, *, url: str = HOOK, part: str = "", body: bytes | None = None) -> Raw:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": VALIDATOR.compute_signature(url, fields),
    }
    return Raw(url=url, body=body or urlencode(fields).encode(), headers=headers, part=part)


def changed(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in {**FIELDS, **fields}.items() if value is not None}


# -- who is heard ----------------------------------------------------------------------------


def test_a_missing_setting_is_named():
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
        with pytest.raises(ValueError, match=f"HUIYIN_{name} is not set"):
            sms(**{name: ""})


@pytest.mark.parametrize(
    "signature", ["", "x", "签名" * 9, "\udc80" * 28, "A" * 27 + "=", "A" * 100_000, "\x00"]
)
def test_a_wrong_signature_is_refused_whatever_its_characters(signature):
    raw = signed(FIELDS)
    headers = {**raw.headers, "x-twilio-signature": signature}
    with pytest.raises(Forged):
        sms().verify(replace(raw, headers=headers))


def test_a_token_of_somebody_else_is_refused():
    with pytest.raises(Forged):
        sms(TWILIO_AUTH_TOKEN="another").verify(signed(FIELDS))


def test_an_unknown_algorithm_is_refused_and_sha256_is_understood():
    raw = signed(FIELDS)
    header = "x-twilio-webhooks-signature-settings"
    with pytest.raises(Forged):
        sms().verify(replace(raw, headers={**raw.headers, header: "algorithm=ROT13"}))
    strong = VALIDATOR.compute_signature(HOOK, FIELDS, "HMAC_SHA256")
    headers = {**raw.headers, header: "key=k,algorithm=HMAC_SHA256", "x-twilio-signature": strong}
    sms().verify(replace(raw, headers=headers))


def test_the_port_may_be_signed_or_not():
    for signed_url in ("https://help.example.cn:443/hook/sms", HOOK):
        raw = signed(FIELDS, url=signed_url)
        sms().verify(replace(raw, url=HOOK))
        sms().verify(replace(raw, url="https://help.example.cn:443/hook/sms"))
    with pytest.raises(Forged):
        sms().verify(replace(signed(FIELDS), url="http://help.example.cn/hook/sms"))


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
values = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(names, values), max_size=8))
def test_the_signed_string_is_the_one_of_twilios_own_library(pairs):
    class Many(dict):
        def getlist(self, name):
            return self[name]

    fields = Many()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    form = _twilio.Form(urlencode(pairs).encode())
    by_hand = hmac.new(AUTH_TOKEN.encode(), form.signed(HOOK).encode(), hashlib.sha1).digest()
    assert base64.b64encode(by_hand).decode() == VALIDATOR.compute_signature(HOOK, fields)


@given(st.lists(st.tuples(names, values), max_size=8))
def test_a_form_is_read_as_the_standard_library_reads_it(pairs):
    form = _twilio.Form(urlencode(pairs).encode())
    expected: dict[str, str] = {}
    for name, value in parse_qsl(urlencode(pairs), keep_blank_values=True):
        expected.setdefault(name, value)
    assert {name: form.get(name) for name in expected} == expected
    assert not form.faulty


# -- bodies cut anew: names and values are signed without separators ---------------------------

RECUT = {
    "MessageSid disappears into a longer name": changed(MessageSid=None, MessageSidS=SID[1:]),
    "Body is renamed": changed(Body=None, Body家=FIELDS["Body"][1:]),
    "the sender swallows the next field": changed(
        FromCountry=None, From=FIELDS["From"] + "FromCountryCN"
    ),
    "the words swallow the sender": changed(
        From=None, FromCountry=None, Body=f"{FIELDS['Body']}From{FIELDS['From']}FromCountryCN"
    ),
    "the id swallows the next field": changed(NumMedia=None, MessageSid=SID + "NumMedia0"),
    "To disappears": changed(To=None, T="o" + NUMBER),
}


@pytest.mark.parametrize("fields", RECUT.values(), ids=RECUT)
def test_a_body_cut_anew_keeps_its_signature_and_is_refused_all_the_same(fields):
    original = signed(FIELDS)
    again = replace(original, body=urlencode(fields).encode())
    assert VALIDATOR.validate(HOOK, fields, original.headers["x-twilio-signature"])
    with pytest.raises(Forged):
        sms().verify(again)


def test_a_body_cut_anew_has_the_digest_of_the_original():
    original = signed(FIELDS)
    swallowed = changed(FromCountry=None, FromC="ountryCN")
    again = replace(original, body=urlencode(swallowed).encode())
    sms().verify(again)  # all that we need is whole, so only the digest can tell
    assert sms().digest(again) == sms().digest(original)
    turned = replace(original, body=urlencode(dict(reversed(FIELDS.items()))).encode())
    assert sms().digest(turned) == sms().digest(original)
    assert sms().digest(signed(changed(Body="别的"))) != sms().digest(original)


def test_of_a_repeated_field_the_first_value_counts_and_all_are_signed():
    class Twice(dict):
        def getlist(self, name):
            return ["二", "一"] if name == "Body" else [self[name]]

    body = urlencode([("Body", "二"), ("Body", "一")]) + "&" + urlencode(changed(Body=None))
    raw = signed(Twice(FIELDS), body=body.encode())
    sms().verify(raw)
    (said,) = sms().parse(raw)
    assert said.text == "二"
    with pytest.raises(Forged):
        sms().verify(replace(raw, body=urlencode(changed(Body="二")).encode()))


# -- what is read ----------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_a_signed_text_is_never_refused_for_its_words(text):
    raw = signed(changed(Body=text))
    sms().verify(raw)
    (said,) = sms().parse(raw)
    assert isinstance(said, Preference) or said.text == text
    assert said.external_id == sms().key(raw) == SID


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"Body=%ff%fe"),
        ("application/x-www-form-urlencoded", "Body=家".encode("gb18030")),
        ("application/x-www-form-urlencoded", b"a=1&" * 600),
    ],
)
def test_a_body_that_is_no_form_is_unreadable_with_one_sentence(kind, body):
    raw = Raw(url=HOOK, body=body, headers={"content-type": kind})
    with pytest.raises(Unreadable) as refused:
        sms().parse(raw)
    assert "\n" not in str(refused.value)
    assert str(refused.value)


def test_an_sms_is_answered_with_empty_twiml():
    answer = sms().answer(signed(FIELDS), Outcome(number="HY20261122-00431-8", code="583026"))
    assert answer.status == 200
    assert answer.media_type.startswith("text/xml")
    assert answer.body.endswith(b"<Response/>")


def test_receipts_of_one_message_are_told_apart_by_their_status():
    keys = {
        sms().key(signed({"MessageSid": SID, "MessageStatus": status}, part="status"))
        for status in ("queued", "sent", "delivered")
    }
    assert len(keys) == 3


def test_a_receipt_without_its_status_is_refused():
    with pytest.raises(Forged):
        sms().verify(signed({"MessageSid": SID}, part="status"))


# -- sending ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    with TwilioStandIn().serve() as twilio:
        yield twilio


@pytest.fixture
def twilio(server):
    server.reset()
    return server


def test_a_text_is_sent_with_its_reference_and_an_address_for_receipts(twilio):
    sid = asyncio.run(sms(twilio.base).send(MESSAGE))
    (sent,) = twilio.messages
    assert sid == sent["row"]["sid"]
    assert sent["fields"]["To"] == MESSAGE.address
    assert sent["fields"]["From"] == NUMBER
    assert sent["fields"]["Body"] == MESSAGE.text
    assert sent["headers"]["i-twilio-idempotency-token"] == MESSAGE.key
    assert sent["headers"]["x-huiyin-request"] == MESSAGE.number
    callback = sent["fields"]["StatusCallback"]
    assert callback.startswith(f"{PUBLIC}/hook/sms/status?")
    assert parse_qs(urlsplit(callback).query) == {
        "key": [MESSAGE.key],
        "number": [MESSAGE.number],
    }


def test_a_repeated_send_bears_the_same_reference(twilio):
    for _ in range(2):
        asyncio.run(sms(twilio.base).send(MESSAGE))
    first, second = twilio.messages
    for sent in (first, second):
        assert sent["headers"]["i-twilio-idempotency-token"] == "ob-7:1"
    assert first["fields"]["StatusCallback"] == second["fields"]["StatusCallback"]


def test_an_address_for_receipts_that_names_the_key_already_names_it_once(twilio):
    url = f"{PUBLIC}/hook/sms/status?key=77"
    asyncio.run(sms(twilio.base).send(replace(MESSAGE, key="77", callback_url=url)))
    query = urlsplit(twilio.messages[0]["fields"]["StatusCallback"]).query
    assert parse_qs(query) == {"key": ["77"], "number": [MESSAGE.number]}
    raw = signed(
        {"MessageSid": SID, "MessageStatus": "sent"}, url=f"{PUBLIC}/hook/sms/status?{query}"
    )
    (report,) = sms().parse(replace(raw, part="status", query=query))
    assert report.reference == "77"


def test_a_receipt_posted_by_twilio_is_authentic(twilio):
    sid = asyncio.run(sms(twilio.base).send(MESSAGE))
    fields = {"MessageSid": sid, "MessageStatus": "delivered", "To": MESSAGE.address}
    url = twilio.messages[0]["fields"]["StatusCallback"]
    raw = Raw(url, urlencode(fields).encode(), twilio.sign(url, fields), part="status")
    sms(twilio.base).verify(raw)


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("19900000264", "+8619900000264"),
        ("139 0001 0002", "+8613900010002"),
        ("0572-12345678", "+8657212345678"),
        ("(0572) 1234567", "+865721234567"),
        ("+85291234567", "+85291234567"),
        ("10086", "10086"),
        ("whatsapp:+8613900010003", "whatsapp:+8613900010003"),
    ],
)
def test_a_number_without_a_country_is_a_chinese_one(twilio, written, dialled):
    asyncio.run(sms(twilio.base).send(replace(MESSAGE, address=written)))
    assert twilio.messages[0]["fields"]["To"] == dialled


def test_a_handle_of_whatsapp_is_answered_by_whatsapp(twilio):
    asyncio.run(sms(twilio.base).send(replace(MESSAGE, address="whatsapp:+8613900010003")))
    assert twilio.messages[0]["fields"]["From"] == f"whatsapp:{NUMBER}"


def test_a_messaging_service_may_stand_for_the_number(twilio):
    asyncio.run(sms(twilio.base, TWILIO_FROM="MG" + "7" * 32).send(MESSAGE))
    fields = twilio.messages[0]["fields"]
    assert fields["MessagingServiceSid"] == "MG" + "7" * 32
    assert "From" not in fields


def test_a_text_too_long_for_one_message_goes_out_whole_in_parts(twilio):
    text = "".join(chr(0x4E00 + at % 5000) for at in range(2 * LONGEST + 9))
    sid = asyncio.run(sms(twilio.base).send(replace(MESSAGE, text=text)))
    assert "".join(sent["fields"]["Body"] for sent in twilio.messages) == text
    assert sid == twilio.messages[-1]["row"]["sid"]
    assert ["StatusCallback" in sent["fields"] for sent in twilio.messages] == [False, False, True]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 21610), (400, 21211), (400, 21614), (403, 21408), (429, 21610), (400, 21999)],
)
def test_a_refusal_for_good_is_undeliverable(twilio, status, code):
    twilio.refuse(status, code)
    with pytest.raises(Undeliverable, match=str(code)) as refused:
        asyncio.run(sms(twilio.base).send(MESSAGE))
    assert MESSAGE.address not in str(refused.value)
    assert twilio.messages == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, 20429), (500, 20500), (503, None), (401, 20003), (404, 20404), (400, 21611)],
)
def test_a_busy_or_broken_provider_is_unavailable(twilio, status, code):
    twilio.refuse(status, code)
    with pytest.raises(Unavailable):
        asyncio.run(sms(twilio.base).send(MESSAGE))
    asyncio.run(sms(twilio.base).send(MESSAGE))  # and later it works
    assert len(twilio.messages) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"sid": 7}', b"null", b"\xff"])
def test_an_answer_that_cannot_be_read_is_unavailable(twilio, body):
    twilio.mumble(body)
    with pytest.raises(Unavailable):
        asyncio.run(sms(twilio.base).send(MESSAGE))


def test_a_provider_that_hangs_is_unavailable_in_time(twilio):
    twilio.hang(3.0)
    with pytest.raises(Unavailable):
        asyncio.run(sms(twilio.base, TWILIO_TIMEOUT="0.3").send(MESSAGE))


def test_a_provider_that_cannot_be_reached_is_unavailable():
    with pytest.raises(Unavailable) as refused:
        asyncio.run(sms("http://127.0.0.1:9").send(MESSAGE))
    assert AUTH_TOKEN not in str(refused.value)


def test_a_wrong_token_is_our_fault_and_tried_again(twilio):
    with pytest.raises(Unavailable):
        asyncio.run(sms(twilio.base, TWILIO_AUTH_TOKEN="stale").send(MESSAGE))


# -- after we were away ------------------------------------------------------------------------

SINCE = datetime(2026, 11, 22, 8, 0, tzinfo=timezone(timedelta(hours=8)))


def test_what_twilio_took_while_we_were_down_is_found_under_its_own_id(twilio):
    early = SINCE - timedelta(hours=1)
    twilio.take_in("+8613900010001", "太早", at=early)
    one = twilio.take_in("+8613900010002", "家里断粮了", at=SINCE + timedelta(minutes=1))
    asyncio.run(sms(twilio.base).send(MESSAGE))  # ours, outbound
    two = twilio.take_in(
        "+8613900010003", "", at=SINCE + timedelta(minutes=2), media=("image/jpeg",)
    )
    twilio.take_in("+8613900010004", "STOP", at=SINCE + timedelta(minutes=3))  # Twilio keeps it
    first, second = asyncio.run(sms(twilio.base).missed(SINCE))
    at = (SINCE + timedelta(minutes=1)).astimezone(UTC)
    assert first == Inbound(one, "+8613900010002", "家里断粮了", at=at)
    assert second.external_id == two
    assert [item.content_type for item in second.media] == ["image/jpeg"]
    assert second.media[0].url.startswith(f"{twilio.base}/2010-04-01/Accounts/{ACCOUNT_SID}/")
    assert not second.media[0].url.endswith(".json")


def test_of_missed_stop_words_the_last_counts_and_those_twilio_does_not_keep(twilio):
    def said(sender: str, *texts: str) -> list[str]:
        return [
            twilio.take_in(sender, text, at=SINCE + timedelta(minutes=at))
            for at, text in enumerate(texts, 1)
        ]

    first = said("+8613900010001", "TD")
    second = said("+8613900010002", "退订", "恢复")
    said("+8613900010003", "恢复", "STOP")
    found = asyncio.run(sms(twilio.base).missed(SINCE))
    assert {(one.external_id, one.stop) for one in found} == {
        (first[0], True),
        (second[1], False),
    }


def test_more_messages_than_a_page_are_all_found(twilio):
    sids = [
        twilio.take_in("+8613900010002", str(n), at=SINCE + timedelta(seconds=n))
        for n in range(123)
    ]
    found = asyncio.run(sms(twilio.base).missed(SINCE))
    assert [said.external_id for said in found] == sids


def test_credentials_that_were_taken_back_are_named_by_their_settings(twilio):
    """Sending and asking afterwards alike: the log says what to mend."""
    stale, named = sms(twilio.base, TWILIO_AUTH_TOKEN="stale"), "401.*HUIYIN_TWILIO_AUTH_TOKEN"
    for call in (stale.send(MESSAGE), stale.missed(SINCE)):
        with pytest.raises(Unavailable, match=named) as refused:
            asyncio.run(call)
        assert "stale" not in str(refused.value)


def test_asking_afterwards_says_when_the_provider_is_away(twilio):
    twilio.refuse(503)
    with pytest.raises(Unavailable):
        asyncio.run(sms(twilio.base).missed(SINCE))


# -- known answers and captured payloads, where the machine has them ---------------------------


def test_the_published_signature_fits():
    path = SHARED / "signature_vectors.json"
    if not path.exists():
        pytest.skip("no shared data on this machine")
    vectors = [v for v in json.loads(path.read_text()) if v["provider"] == "twilio"]
    assert vectors
    for vector in vectors:
        raw = Raw(
            url=vector["url"],
            body=urlencode(vector["params"]).encode(),
            headers={"x-twilio-signature": vector["expected"]},
        )
        validator = RequestValidator(vector["auth_token"])
        _twilio.check_signature(raw, validator)
        with pytest.raises(Forged):
            _twilio.check_signature(replace(raw, url=raw.url + "x"), validator)


def test_captured_webhooks_are_understood():
    paths = sorted((SHARED / "twilio").glob("webhook_*.form"))
    if not paths:
        pytest.skip("no shared data on this machine")
    for path in paths:
        body = path.read_bytes().strip()
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        raw = signed(fields, body=body)
        sms().verify(raw)
        (said,) = sms().parse(raw)
        assert said.external_id == fields["MessageSid"]
        assert said.sender == fields["From"]
        assert said.text == fields["Body"]
        assert len(said.media) == int(fields["NumMedia"])


async def _three(channel: Channel) -> None:
    for key in ("1", "2", "3"):
        await channel.send(replace(MESSAGE, key=key))


def test_messages_in_a_row_share_one_connection_and_keep_their_own_keys(twilio):
    channel = sms(twilio.base)

    async def in_a_row() -> None:
        async with channel.connected():
            await _three(channel)

    asyncio.run(in_a_row())
    keys = [one["headers"]["i-twilio-idempotency-token"] for one in twilio.messages]
    assert keys == ["1", "2", "3"]
    assert len(twilio.connections) == 1
    asyncio.run(_three(channel))
    assert len(twilio.connections) == 4


def test_asking_afterwards_does_not_end_with_the_sending_beside_it(twilio):
    channel = sms(twilio.base)
    sid = twilio.take_in("+8613900010002", "家里断粮了", at=SINCE + timedelta(minutes=1))
    twilio.hang(0.3)

    async def beside_one_another() -> list[str]:
        async with channel.connected():
            asking = asyncio.create_task(channel.missed(SINCE))
            while not twilio.requests:
                await asyncio.sleep(0.01)
        async with channel.connected():  # the next round begins and ends while it is asked
            pass
        return [said.external_id for said in await asking]

    assert asyncio.run(beside_one_another()) == [sid]
