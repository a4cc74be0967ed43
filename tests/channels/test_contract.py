"""The contract of ``channels`` holds for every module in it and for every recorded call."""

import dataclasses
import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import channels
from channels import Channel, ChannelSettings
from models.messages import (
    DeliveryReport,
    Forged,
    Happening,
    Inbound,
    Location,
    Media,
    Preference,
    Raw,
    Turn,
    Unreadable,
)
from models.vocabulary import Form, Level, OutboxState

RECORDED = Path(__file__).parent / "recorded"
MODULES = sorted(m.name for m in pkgutil.iter_modules(channels.__path__) if m.name[0] != "_")
RECORDINGS = sorted(RECORDED.glob("*/*.json"))
PUBLIC = "https://help.example.cn"
SECRETS = {
    "SECRET_KEY": "s3cret-of-the-contract-1",
    "CONSOLE_TOKEN": "s3cret-of-the-contract-2",
    "TWILIO_AUTH_TOKEN": "s3cret-of-the-contract-3",
    "TELEGRAM_TOKEN": "424242:s3cret-of-the-contract-4",
    "TELEGRAM_SECRET": "s3cret-of-the-contract-5",
}
ENV = {
    "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
    "TWILIO_FROM": "+865721234500",
    "TWILIO_SECOND_FROM": "+865721234501",
    **SECRETS,
}
KINDS = {kind.__name__: kind for kind in (Inbound, DeliveryReport, Preference, Turn)}
READ_AS = {"claims": Level, "state": OutboxState}


def words(key: str, params: Any, form: Form, language: str) -> str:
    return f"<{key}>"


def build(name: str, env: dict[str, str] | None = None) -> Channel:
    given_settings = ChannelSettings(PUBLIC, "+865721234599", {**ENV, **(env or {})}, say=words)
    return importlib.import_module(f"channels.{name}").channel(given_settings)


def recording(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def raw_of(recorded: dict[str, Any], **changes: Any) -> Raw:
    body = recorded["body"]
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    raw = Raw(
        url=recorded["url"],
        body=text.encode(),
        headers=recorded["headers"],
        query=recorded.get("query", ""),
        part=recorded.get("part", ""),
    )
    return dataclasses.replace(raw, **changes)


def happening(described: dict[str, Any]) -> Happening:
    ((kind, fields),) = described.items()
    values = {name: READ_AS.get(name, lambda v: v)(value) for name, value in fields.items()}
    if "media" in values:
        values["media"] = tuple(Media(**item) for item in values["media"])
    if values.get("location"):
        values["location"] = Location(**values["location"])
    return KINDS[kind](**values)


@pytest.fixture(params=MODULES)
def module(request):
    return request.param


@pytest.fixture(params=RECORDINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def recorded(request):
    return request.param.parent.name, recording(request.param)


def test_every_folder_of_recordings_belongs_to_a_channel():
    assert {path.parent.name for path in RECORDINGS} <= set(MODULES)


def test_a_channel_bears_the_name_of_its_module(module):
    channel = build(module)
    assert channel.name == module
    assert isinstance(channel.form, Form)
    assert channel.address_kind


def test_a_channel_shows_no_secret(module):
    channel = build(module)
    shown = repr(channel) + str(channel)
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_a_call_without_any_proof_is_forged(module):
    channel = build(module)
    for part in ("", "status"):
        for body in (b"", b"{}", b"Body=1", b"\xff\xfe\x00"):
            raw = Raw(url=f"{PUBLIC}/hook/{module}", body=body, headers={}, part=part)
            with pytest.raises(Forged):
                channel.verify(raw)


@settings(max_examples=50, deadline=None)
@given(
    body=st.binary(max_size=200),
    value=st.text(max_size=40),
    names=st.lists(st.sampled_from(["content-type", "authorization", "x-twilio-signature"])),
)
def test_no_bytes_make_a_channel_fail_otherwise_than_by_refusing(body, value, names):
    for name in MODULES:
        channel = build(name)
        secret = "x-telegram-bot-api-secret-token"
        headers = dict.fromkeys([*names, secret], value)
        raw = Raw(url=f"{PUBLIC}/hook/{name}", body=body, headers=headers)
        with pytest.raises((Forged, Unreadable)):
            channel.verify(raw)
        assert isinstance(channel.digest(raw), bytes)


def test_a_recorded_call_means_what_is_written_beside_it(recorded):
    name, call = recorded
    channel = build(name, call["env"])
    raw = raw_of(call)
    channel.verify(raw)
    expected = [happening(item) for item in call["expect"]]
    assert list(channel.parse(raw)) == expected
    assert list(channel.parse(raw)) == expected  # reading again changes nothing
    assert channel.key(raw) == build(name, call["env"]).key(raw)
    assert channel.digest(raw) == build(name, call["env"]).digest(raw)


def test_a_recorded_call_without_its_headers_is_forged(recorded):
    name, call = recorded
    with pytest.raises(Forged):
        build(name, call["env"]).verify(raw_of(call, headers={}))


def test_a_signed_call_is_refused_when_one_byte_changes(recorded):
    name, call = recorded
    if not call.get("signed"):
        pytest.skip("this provider proves itself by a secret header, not by a signature")
    channel = build(name, call["env"])
    raw = raw_of(call)
    for at in range(len(raw.body)):
        changed = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
        with pytest.raises(Forged):
            channel.verify(dataclasses.replace(raw, body=changed))
    with pytest.raises(Forged):
        channel.verify(dataclasses.replace(raw, url=raw.url + "?more=1"))
