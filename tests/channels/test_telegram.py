"""Telegram: every word of a citizen becomes a turn, no update blocks the next, nothing leaks."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from structlog.testing import capture_logs

from channels import ChannelSettings, load
from channels.telegram import LONGEST, SECRET_HEADER, TelegramChannel
from models.messages import (
    Answer,
    Correspondent,
    Forged,
    Happening,
    Inbound,
    Location,
    Media,
    Outbound,
    Outcome,
    Preference,
    Raw,
    Turn,
    Unavailable,
    Undeliverable,
    Unreadable,
)
from tests.standins.telegram import SECRET, TOKEN, TelegramStandIn, _refusal

PUBLIC = "https://help.example.cn"
RECORDED = Path(__file__).parent / "recorded" / "telegram"
RECORDINGS = sorted(RECORDED.rglob("*.json"))
T = TypeVar("T")


def build(env: dict[str, str]) -> TelegramChannel:
    return TelegramChannel(ChannelSettings(PUBLIC, "12345", env))


BARE = build({"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_SECRET": SECRET})


def call(update: object, secret: str = SECRET) -> Raw:
    body = json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Raw(f"{PUBLIC}/hook/telegram", body, {SECRET_HEADER: secret})


def happening(described: dict[str, Any]) -> Happening:
    ((kind, fields),) = described.items()
    return {"Inbound": inbound, "Turn": turn, "Preference": lambda v: Preference(**v)}[kind](fields)


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    found = dict(fields)
    found["media"] = tuple(Media(**item) for item in fields.get("media", ()))
    found["location"] = Location(**fields["location"]) if fields.get("location") else None
    return found


def inbound(fields: dict[str, Any]) -> Inbound:
    return Inbound(**{**_values(fields), "at": datetime.fromisoformat(fields["at"])})


def turn(fields: dict[str, Any]) -> Turn:
    message = inbound(fields["message"]) if "message" in fields else None
    written = {"written_at": datetime.fromisoformat(at)} if (at := fields.get("written_at")) else {}
    return Turn(**{**_values(fields), "message": message, **written})


@pytest.fixture(scope="module")
def serving() -> Iterator[TelegramStandIn]:
    with TelegramStandIn().serve() as telegram:
        yield telegram


@pytest.fixture
def telegram(serving: TelegramStandIn) -> TelegramStandIn:
    for kept in (serving.updates, serving.sent, serving.answered, serving.calls, serving._plan):
        kept.clear()
    serving.webhook, serving.secret = "", SECRET
    return serving


def run(
    telegram: TelegramStandIn,
    work: Callable[[TelegramChannel], Coroutine[Any, Any, T]],
    mode: str = "webhook",
) -> T:
    async def whole() -> T:
        found = build(telegram.settings(mode))
        try:
            return await work(found)
        finally:
            await found.close()

    return asyncio.run(whole())


def listen(
    telegram: TelegramStandIn,
    deliver: Callable[[Raw], object],
    until: Callable[[], bool],
    seconds: float = 10,
) -> None:
    async def work(found: TelegramChannel) -> None:
        task = asyncio.create_task(found.listen(deliver))
        for _ in range(int(seconds * 100)):
            await asyncio.sleep(0.01)
            if until() or task.done():
                break
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    run(telegram, work, "polling")


def outbound(text: str = "已收到", **more: Any) -> Outbound:
    return Outbound(key="ob-7", address="42", text=text, number="HY20261122-00431-8", **more)


# --- what an update says


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recorded_update_means_what_is_written_beside_it(path):
    recorded = json.loads(path.read_text("utf-8"))
    found = build(recorded["env"])
    raw = Raw(recorded["url"], json.dumps(recorded["body"]).encode(), recorded["headers"])
    found.verify(raw)
    assert list(found.parse(raw)) == [happening(item) for item in recorded["expect"]]
    assert found.key(raw) == str(recorded["body"]["update_id"])
    for said in found.parse(raw):
        at = said.message.at if isinstance(said, Turn) and said.message else None
        assert at is None or at.utcoffset() is not None


def test_every_recorded_word_of_a_citizen_ends_in_a_contact():
    """Parsing and dialogue together: from the wire to the contact, for everything recorded."""
    assert BARE.dialogue is not None
    contacts = 0
    for path in RECORDINGS:
        recorded = json.loads(path.read_text("utf-8"))
        raw = Raw(recorded["url"], json.dumps(recorded["body"]).encode(), recorded["headers"])
        for said in build(recorded["env"]).parse(raw):
            if isinstance(said, Turn) and said.act in {"words", "place", "picture"}:
                assert BARE.dialogue.step({}, said, Correspondent()).contact == said.message
                contacts += 1
    assert contacts >= 15


@pytest.mark.parametrize(
    "odd",
    [
        {"date": 99999999999999999999},
        {"date": "yesterday", "message_id": "?"},
        {"entities": 5, "date": None},
    ],
    ids=" ".join,
)
def test_where_only_chat_and_words_can_be_read_they_are_taken(odd):
    message = {"message_id": 7, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "断粮了"}
    (said,) = BARE.parse(call({"update_id": 1, "message": message | odd}))
    assert (said.sender, said.conversation, said.value) == ("5", "telegram:5", "断粮了")
    assert said.message is not None
    assert said.message.text == "断粮了"


def test_an_edit_at_an_impossible_time_keeps_its_words():
    message = {"message_id": 7, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "断粮了"}
    update = {"update_id": 1, "edited_message": message | {"edit_date": 10**15}}
    (said,) = BARE.parse(call(update))
    assert isinstance(said, Turn)
    assert (said.act, said.value, said.edits) == ("edited", "断粮了", "5:7")
    assert said.message is not None
    assert said.message.text == "断粮了"


def test_a_stop_word_is_heeded_where_only_chat_and_words_can_be_read():
    message = {"date": "?", "chat": {"id": 5, "type": "private"}, "text": "退订"}
    assert BARE.parse(call({"update_id": 1, "message": message})) == (
        Preference("5:u1", "5", stop=True),
    )


def test_an_update_of_which_not_even_the_simple_parts_can_be_read_goes_to_a_person():
    """No Unreadable, for that would be a 4xx, and Telegram would hold the chat's next messages."""
    broken = {"update_id": 1, "message": {"message_id": "?", "chat": 5}}
    with pytest.raises(ValueError, match="validation error"):
        BARE.parse(call(broken))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"update_id":"x"}', b"\xff"])
def test_a_body_that_is_no_update_is_unreadable_and_has_no_key(body):
    raw = Raw("u", body, {SECRET_HEADER: SECRET})
    assert BARE.key(raw) is None
    with pytest.raises(Unreadable):
        BARE.parse(raw)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1))
def test_any_text_arrives_as_it_was_written(text):
    message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "text": text}
    found = BARE.parse(call({"update_id": 1, "message": message}))
    if text.strip() in {"/stop", "退订", "/resume", "恢复"}:
        return
    (said,) = found
    assert isinstance(said, Turn)
    assert said.message is not None
    assert said.value == said.message.text == text


def test_without_our_name_a_mention_of_any_bot_in_a_group_is_taken():
    recorded = json.loads((RECORDED / "group_other_bot.json").read_text("utf-8"))
    assert len(BARE.parse(call(recorded["body"]))) == 1


def in_group(text: str, *mentions: str, group: int = -100500, **more: Any) -> dict[str, Any]:
    entities = [
        {"type": "mention", "offset": text.index(name), "length": len(name)} for name in mentions
    ]
    person = {"id": 502, "is_bot": False, "first_name": "A"}
    chat = {"id": group, "type": "supergroup", "title": "g"}
    message = {"message_id": 7, "date": 1, "chat": chat, "from": person, "text": text}
    return {"update_id": 1, "message": {**message, "entities": entities, **more}}


@pytest.mark.parametrize("name", ["huiyin_bot", ""])
def test_in_a_group_a_mention_of_ours_counts_wherever_it_stands(name):
    ours = build({"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_SECRET": SECRET, "TELEGRAM_BOT_NAME": name})
    words = "@zhangsan @huiyin_bot 三楼着火了，有人困住"
    (said,) = ours.parse(call(in_group(words, "@zhangsan", "@huiyin_bot")))
    assert isinstance(said, Turn)
    assert (said.sender, said.value) == ("502", words)
    assert ours.parse(call(in_group("@zhangsan @lisi 在吗", "@zhangsan", "@lisi"))) == ()


def test_who_writes_as_a_group_is_nobody_and_no_two_of_them_are_one():
    """Telegram names the same account for the nameless administrators of all groups."""
    found = []
    for group in (-100501, -100502):
        bot = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        whole = {"id": group, "type": "supergroup", "title": "g"}
        told = in_group("@huiyin_bot 停水三天了", "@huiyin_bot", group=group)
        told["message"] |= {"from": bot, "sender_chat": whole}
        (said,) = BARE.parse(call(told))
        assert isinstance(said, Turn)
        assert said.message is not None
        assert (said.sender, said.message.sender, said.message.name) == ("", "", None)
        found.append(said.conversation)
    assert len(set(found)) == 2


# --- who may call


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", SECRET[:-1], "密", "\ud800"])
def test_a_call_without_the_secret_is_forged(secret):
    with pytest.raises(Forged):
        BARE.verify(call({"update_id": 1}, secret))
    BARE.verify(call({"update_id": 1}))


@pytest.mark.parametrize("given_secret", ["", SECRET])
def test_without_a_secret_setting_every_call_is_refused(given_secret):
    with pytest.raises(Forged, match="HUIYIN_TELEGRAM_SECRET"):
        build({"TELEGRAM_TOKEN": TOKEN}).verify(call({"update_id": 1}, given_secret))


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, "HUIYIN_TELEGRAM_TOKEN"),
        ({"TELEGRAM_MODE": "polling"}, "HUIYIN_TELEGRAM_TOKEN"),
        ({"TELEGRAM_SECRET": SECRET}, "HUIYIN_TELEGRAM_TOKEN"),
        ({"TELEGRAM_TOKEN": TOKEN}, "HUIYIN_TELEGRAM_SECRET"),
    ],
)
def test_a_channel_that_could_hear_nobody_does_not_begin(env, missing):
    with pytest.raises(ValueError, match=f"^{missing} is not set"):
        load(["telegram"], ChannelSettings(PUBLIC, "12345", env))
    polling = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_MODE": "polling"}
    assert load(["telegram"], ChannelSettings(PUBLIC, "12345", polling))


def test_only_polling_makes_up_its_own_secret():
    polling = build({"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_MODE": "polling"})
    with pytest.raises(Forged, match="missing or wrong"):
        polling.verify(call({"update_id": 1}, ""))


# --- sending


def test_a_message_is_sent_with_its_buttons_its_key_and_its_number(telegram):
    buttons = (("r:who:unknown", "不知道"), ("r:*:cancel", "取消"))
    sent = run(telegram, lambda found: found.send(outbound(buttons=buttons)))
    (message,) = telegram.sent
    assert sent == f"42:{message['message_id']}"
    assert message["text"] == "已收到"
    assert message["idempotency_key"] == "ob-7"
    assert message["request_number"] == "HY20261122-00431-8"
    rows = message["reply_markup"]["inline_keyboard"]
    assert [(row[0]["callback_data"], row[0]["text"]) for row in rows] == list(buttons)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("长" * (LONGEST * 2 + 5), id="without a line's end"),
        pytest.param("𠮷" * LONGEST, id="rare characters, two units each"),
        pytest.param(("行" * 99 + "\n") * 90, id="in lines"),
    ],
)
def test_a_long_text_goes_in_parts_and_arrives_whole(telegram, text):
    run(telegram, lambda found: found.send(outbound(text, buttons=(("a", "b"),))))
    assert len(telegram.sent) > 1
    assert "".join(message["text"] for message in telegram.sent) == text
    assert [bool(message["reply_markup"]) for message in telegram.sent] == [
        *[False] * (len(telegram.sent) - 1),
        True,
    ]


@pytest.mark.parametrize(
    ("status", "description", "raised"),
    [
        (403, "Forbidden: bot was blocked by the user", Undeliverable),
        (403, "Forbidden: user is deactivated", Undeliverable),
        (400, "Bad Request: chat not found", Undeliverable),
        (401, "Unauthorized", Unavailable),
        (404, "Not Found", Unavailable),
        (500, "Internal Server Error", Unavailable),
        (502, "Bad Gateway", Unavailable),
        (409, "Conflict", Unavailable),
    ],
)
def test_a_refusal_for_good_is_told_from_one_that_passes(telegram, status, description, raised):
    telegram.refuse(status, description)
    with pytest.raises(raised) as caught:
        run(telegram, lambda found: found.send(outbound()))
    assert TOKEN.partition(":")[2] not in str(caught.value)
    assert "已收到" not in str(caught.value)


def test_a_limit_is_waited_for(telegram):
    telegram.refuse(429, "Too Many Requests: retry after 3", retry_after=3)
    with pytest.raises(Unavailable, match="3 s"):
        run(telegram, lambda found: found.send(outbound()))


def test_a_group_that_moved_is_followed(telegram):
    telegram.refuse(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100123)
    run(telegram, lambda found: found.send(outbound()))
    assert telegram.sent[0]["chat_id"] == "-100123"


def test_an_answer_that_is_not_telegrams_is_no_delivery(telegram):
    telegram.mumble()
    with pytest.raises(Unavailable):
        run(telegram, lambda found: found.send(outbound()))


def test_nobody_listening_is_unavailable_and_the_token_stays_secret():
    dead = build({"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": "http://127.0.0.1:9"})

    async def work() -> None:
        try:
            await dead.send(outbound())
        finally:
            await dead.close()

    with pytest.raises(Unavailable) as caught:
        asyncio.run(work())
    assert TOKEN.partition(":")[2] not in repr(caught.value) + repr(dead)


@pytest.mark.parametrize("token", ["", "no colon", "x:y"])
def test_a_token_that_is_none_is_said_and_does_not_fail_the_message(token):
    broken = build({"TELEGRAM_TOKEN": token, "TELEGRAM_API_BASE": "http://127.0.0.1:9"})
    with pytest.raises(Unavailable, match="HUIYIN_TELEGRAM_TOKEN"):
        asyncio.run(broken.send(outbound()))


def test_what_waits_at_telegram_can_be_asked(telegram):
    telegram.say("42", "一")
    telegram.say("42", "二")
    assert run(telegram, lambda found: found.pending()) == 2
    telegram.refuse(500)
    assert run(telegram, lambda found: found.pending()) is None


def test_registering_keeps_what_waits(telegram):
    telegram.say("42", "一")
    run(telegram, lambda found: found.register())
    assert telegram.webhook == f"{PUBLIC}/hook/telegram"
    assert telegram.secret == SECRET
    assert len(telegram.updates) == 1


def test_an_attachment_can_be_fetched_by_its_address(telegram):
    telegram.files["f1"] = b"\xff\xd8picture"
    media = Media("telegram:f1", "image/jpeg")
    assert run(telegram, lambda found: found.fetch(media)) == b"\xff\xd8picture"
    with pytest.raises(Undeliverable):
        run(telegram, lambda found: found.fetch(Media("telegram:none", "image/jpeg")))


# --- buttons


def test_a_pressed_button_stops_spinning_by_the_answer_of_the_webhook():
    pressed = {"update_id": 1, "callback_query": {"id": "q1"}}
    answer = BARE.answer(call(pressed), Outcome())
    assert json.loads(answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "q1"}
    assert BARE.answer(call({"update_id": 1}), Outcome()) == Answer()


# --- polling


def test_polled_updates_take_the_same_way_in_and_are_confirmed_afterwards(telegram):
    first, second = telegram.say("42", "没米了"), telegram.press("42", "report")
    polling = build(telegram.settings("polling"))
    taken: list[Raw] = []

    async def deliver(raw: Raw) -> None:
        polling.verify(raw)
        assert telegram.updates, "confirmed before it was taken"
        taken.append(raw)

    listen(telegram, deliver, lambda: not telegram.updates)
    assert [polling.key(raw) for raw in taken] == [str(first), str(second)]
    assert [said.value for raw in taken for said in polling.parse(raw)] == ["没米了", "report"]
    assert len(telegram.answered) == 1


@pytest.mark.thorough
def test_an_update_that_cannot_be_taken_does_not_block_the_others_and_is_tried_again(telegram):
    poison, healthy = telegram.say("42", "一"), telegram.say("43", "二")
    polling = build(telegram.settings("polling"))
    tries: list[str | None] = []

    async def deliver(raw: Raw) -> None:
        key = polling.key(raw)
        tries.append(key)
        if key == str(poison) and tries.count(key) < 3:
            raise OSError("the disk is full")

    with capture_logs() as logs:
        listen(telegram, deliver, lambda: not telegram.updates)
    assert telegram.updates == []
    assert tries.count(str(poison)) == 3
    assert tries.count(str(healthy)) == 1
    assert tries.index(str(healthy)) == 1
    assert {log["update_id"] for log in logs if log["event"] == "telegram_update_failed"} == {
        poison
    }
    assert "一" not in json.dumps(logs, ensure_ascii=False)


def test_a_poison_update_that_fills_the_way_is_given_up_by_name(telegram):
    poison = telegram.say("42", "毒")
    others = {str(telegram.say("43", str(number))) for number in range(120)}
    polling = build(telegram.settings("polling"))
    taken: set[str | None] = set()

    async def deliver(raw: Raw) -> None:
        if polling.key(raw) == str(poison):
            raise ValueError("never")
        taken.add(polling.key(raw))

    with capture_logs() as logs:
        listen(telegram, deliver, lambda: not telegram.updates, seconds=20)
    assert taken == others
    given_up = [log for log in logs if log["event"] == "telegram_update_given_up"]
    assert [log["update_id"] for log in given_up] == [poison]


def test_an_update_of_an_unknown_shape_hides_no_other(telegram):
    telegram.queue({"message": {"message_id": "odd"}})
    telegram.say("42", "后面这条要到")
    bodies: list[bytes] = []
    listen(telegram, lambda raw: bodies.append(raw.body), lambda: not telegram.updates)
    assert len(bodies) == 2
    assert "后面这条要到".encode() in bodies[1]


def test_a_webhook_left_over_is_removed_without_dropping_what_waits(telegram):
    telegram.say("42", "等着的")
    telegram.webhook = "https://old.example.cn/hook"
    bodies: list[bytes] = []
    listen(telegram, lambda raw: bodies.append(raw.body), lambda: not telegram.updates)
    assert len(bodies) == 1
    assert telegram.webhook == ""


class Crowded(TelegramStandIn):
    """Somebody else polls with the same token: whoever asks now is refused at once."""

    async def _getUpdates(self, fields: dict[str, Any]) -> Response:
        return _refusal(409, "Conflict: terminated by other getUpdates request")


def test_where_somebody_else_polls_nobody_is_asked_without_a_pause():
    """Two workers with one token would else put each other off as fast as Telegram answers."""
    with Crowded().serve() as telegram:
        listen(telegram, lambda raw: raw, lambda: False, seconds=1.5)
        assert 2 <= telegram.calls.count("getUpdates") <= 4


def test_whoever_polls_tells_telegram_no_address_and_is_not_kept_from_polling(telegram):
    telegram.say("42", "家里断粮两天了")
    telegram.refuse(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    run(telegram, lambda found: found.register(), "polling")
    assert telegram.calls == []
    assert telegram.webhook == ""


def test_listening_is_nothing_where_telegram_calls_us(telegram):
    asyncio.run(build(telegram.settings()).listen(lambda raw: raw))
    assert telegram.calls == []


# --- the cost of the import


@pytest.mark.thorough
def test_a_process_that_gets_no_update_does_not_pay_for_aiogram():
    code = (
        "import sys; import channels.telegram as t; from channels import ChannelSettings; "
        "t.channel(ChannelSettings('https://h', '1', {'TELEGRAM_TOKEN': '7:x', "
        "'TELEGRAM_SECRET': 'x'})); "
        "assert 'aiogram' not in sys.modules; t.warm(); assert 'aiogram' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


AT_ONCE = """
import asyncio
from channels import ChannelSettings
from channels.telegram import TelegramChannel
from models.messages import Raw

env = {"TELEGRAM_TOKEN": "70001:invented", "TELEGRAM_API_BASE": "http://127.0.0.1:9"}
found = TelegramChannel(ChannelSettings("https://h", "1", env))
message = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "断粮"}
raw = Raw("https://h/hook/telegram", __import__("json").dumps(
    {"update_id": 1, "message": message}).encode(), {})


async def main():
    warming = asyncio.create_task(asyncio.to_thread(found.warm))
    for pause in range(8):
        await asyncio.sleep(pause / 20)
        waiting, said = await asyncio.gather(found.pending(), asyncio.to_thread(found.parse, raw))
        assert waiting is None
        assert said[0].value == "断粮"
    await warming
    await found.close()


asyncio.run(main())
"""


@pytest.mark.thorough
def test_whoever_needs_aiogram_while_it_is_imported_waits_for_it():
    for _ in range(2):
        subprocess.run([sys.executable, "-c", AT_ONCE], check=True, timeout=60)
