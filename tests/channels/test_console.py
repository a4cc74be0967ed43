"""The reference channel keeps the contract in its plainest form."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from channels import ChannelSettings
from channels.console import LOCAL_HEADER, channel
from models.messages import Forged, Inbound, Outbound, Outcome, Raw, Unreadable

OPEN = ChannelSettings(public_url="https://h.example.cn", operator_number="12345")
GUARDED = ChannelSettings(
    public_url="https://h.example.cn", operator_number="12345", env={"CONSOLE_TOKEN": "s3cret"}
)
BODY = {"external_id": "1", "sender": "li", "text": "家里没水了"}


def call(body: object = BODY, **headers: str) -> Raw:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(
        url="https://h.example.cn/hook/console", body=json.dumps(body).encode(), headers=named
    )


def test_without_a_token_only_the_simulator_inside_the_process_is_heard():
    channel(OPEN).verify(call(**{LOCAL_HEADER: "1"}))
    with pytest.raises(Forged):
        channel(OPEN).verify(call())
    with pytest.raises(Forged):
        channel(OPEN).verify(call(authorization="Bearer "))


def test_with_a_token_the_header_of_the_simulator_is_worth_nothing():
    channel(GUARDED).verify(call(authorization="Bearer s3cret"))
    for headers in ({LOCAL_HEADER: "1"}, {"authorization": "Bearer 错误"}, {"authorization": ""}):
        with pytest.raises(Forged):
            channel(GUARDED).verify(call(**headers))


def test_a_call_is_one_contact():
    body = {**BODY, "at": "2026-11-22T03:10:00+08:00", "place": "下湾村", "name": "李"}
    assert channel(OPEN).parse(call(body)) == (
        Inbound(
            external_id="1",
            sender="li",
            text="家里没水了",
            at=datetime(2026, 11, 21, 19, 10, tzinfo=UTC),
            place="下湾村",
            name="李",
        ),
    )
    assert channel(OPEN).key(call(body)) == "1"


@pytest.mark.parametrize("at", ["yesterday", "2026-11-22T03:10:00", 5, None])
def test_an_unusable_time_does_not_cost_the_words(at):
    (found,) = channel(OPEN).parse(call({**BODY, "at": at}))
    assert found.at is None
    assert found.text == "家里没水了"


@pytest.mark.parametrize("body", [[], None, {}, {"external_id": "1", "sender": "li"}])
def test_a_body_of_another_kind_is_unreadable(body):
    with pytest.raises(Unreadable):
        channel(OPEN).parse(call(body))


def test_what_was_sent_is_recorded_shown_and_logged_without_words(capsys):
    console = channel(OPEN)
    shown: list[Outbound] = []
    console.show = shown.append
    message = Outbound(key="k1", address="li", text="棉被今天送到", number="HY20261122-00431-8")
    assert asyncio.run(console.send(message)) == "console:k1"
    assert console.sent == shown == [message]
    printed = "".join(capsys.readouterr())
    assert "k1" in printed
    assert "棉被" not in printed


def test_the_answer_says_what_became_of_the_call():
    answer = channel(OPEN).answer(call(), Outcome(number="HY20261122-00431-8", opened=True))
    assert json.loads(answer.body)["number"] == "HY20261122-00431-8"
    assert json.loads(answer.body)["opened"] is True
