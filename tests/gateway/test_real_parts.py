"""The real SDKs of Twilio and Telegram, against stand-ins on loopback, through the whole path."""

import asyncio
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import guessing, tasks
from gateway.accounting import account
from models.access import OneTimeKey, hashed
from models.clocks import Clock as ClockRow
from models.dialogues import Conversation
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.people import Address
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ContactState, OutboxState, Role, TaskKind
from referral import handing_off
from referral.answering import tell
from referral.casework import Actor
from tests.conftest import Clock
from tests.gateway.people import application, signed_in
from tests.gateway.world import (
    CITIZEN,
    HUNGRY,
    World,
    call_fields,
    free_port,
    served,
    sms_fields,
    world,
)
from tests.gateway.world import update as said
from tests.standins.telegram import TelegramStandIn
from tests.standins.twilio import TwilioStandIn

DIBAO = "请问我家的低保批下来没有，已经交材料一个月了"


@pytest.fixture(scope="module")
def twilio_server():
    with TwilioStandIn().serve() as standing:
        yield standing


@pytest.fixture
def twilio(twilio_server):
    twilio_server.reset()
    return twilio_server


@pytest.fixture
def bot():
    with TelegramStandIn().serve() as standing:
        yield standing


@contextmanager
def on_the_net(settings, now, **env):
    """The process on a real port, so that providers can call it back."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with world(settings, now, PUBLIC_URL=address, **env) as system, served(system.state, port):
        yield system


async def deliver(system: World) -> None:
    ticks = system.ticks()
    try:
        await ticks.deliver()
    finally:
        for channel in system.state.channels.values():
            await channel.close()


def holds(system: World) -> bool:
    with system.state.database.read() as session:
        return account(session).holds


# Text messages by the real SDK.


@pytest.mark.parametrize(
    "reports",
    [
        ("sent", "delivered"),
        ("delivered", "sent"),
        ("delivered", "delivered", "queued"),
        ("sent", "sent", "delivered", "sent", "delivered"),
    ],
    ids=" ".join,
)
def test_a_text_message_is_answered_and_its_receipt_settled_in_any_order(
    settings, now, twilio, reports
):
    with on_the_net(settings, now, **twilio.settings()) as system:
        address = f"{system.settings.public_url}/hook/sms"
        assert twilio.post(address, sms_fields(HUNGRY)) == 200
        (request,) = system.all(HelpRequest)
        asyncio.run(deliver(system))
        told = [m for m in twilio.messages if m["fields"]["To"] == CITIZEN]
        assert any(request.number in message["fields"]["Body"] for message in told)
        rows = {row.provider_id: row for row in system.all(Outgoing) if row.address == CITIZEN}
        assert {row.state for row in rows.values()} == {OutboxState.SENT}
        for message in told:
            row = rows[message["row"]["sid"]]
            assert message["headers"]["i-twilio-idempotency-token"] == str(row.id)
            for status in reports:
                assert twilio.report(message["row"]["sid"], status) == 200
        rows = [row for row in system.all(Outgoing) if row.address == CITIZEN]
        assert {row.state for row in rows} == {OutboxState.DELIVERED}
        assert all(row.delivered_at == now() for row in rows)
        assert holds(system)


def test_a_receipt_may_overtake_the_answer_that_names_the_message(settings, now, twilio):
    with on_the_net(settings, now, **twilio.settings()) as system:
        assert system.sms(DIBAO).status_code == 200
        row = next(row for row in system.all(Outgoing) if row.phrase == "receipt")
        sid = "SM" + "e" * 32
        fields = {"MessageSid": sid, "MessageStatus": "delivered", "To": CITIZEN}
        path = f"/hook/sms/status?key={row.id}"
        assert system.signed(path, fields).status_code == 200
        settled = next(one for one in system.all(Outgoing) if one.id == row.id)
        assert (settled.state, settled.provider_id) == (OutboxState.DELIVERED, sid)
        asyncio.run(deliver(system))
        receipts = [m for m in twilio.messages if row.text == m["fields"]["Body"]]
        assert receipts == [], "what has arrived is not said again"


def test_a_message_that_cannot_be_delivered_waits_for_a_person(settings, now, twilio):
    with on_the_net(settings, now, **twilio.settings()) as system:
        system.sms(HUNGRY)
        asyncio.run(deliver(system))
        message = next(m for m in twilio.messages if m["fields"]["To"] == CITIZEN)
        for _ in range(2):
            assert twilio.report(message["row"]["sid"], "undelivered", "30005") == 200
        asyncio.run(deliver(system))  # the next route, of which there is none here
        tasks = [t for t in system.all(Task) if t.kind == TaskKind.UNDELIVERED]
        (request,) = system.all(HelpRequest)
        assert [(task.number, task.urgent) for task in tasks] == [(request.number, True)]


def test_a_number_that_twilio_refuses_for_good_is_not_tried_again(settings, now, twilio):
    with on_the_net(settings, now, **twilio.settings()) as system:
        system.sms("谢谢")
        twilio.refuse(400, 21614)
        asyncio.run(deliver(system))
        failed = [row for row in system.all(Outgoing) if row.state == OutboxState.FAILED]
        assert len(failed) == 1
        assert [t.outbox_id for t in system.all(Task) if t.kind == TaskKind.UNDELIVERED] == [
            failed[0].id
        ]


def test_what_was_sent_while_we_were_down_is_fetched_once(settings, now, twilio):
    missed = twilio.take_in(CITIZEN, HUNGRY, at=now() - timedelta(minutes=20))
    with on_the_net(settings, now, **twilio.settings()) as system:
        ticks = system.ticks()
        for _ in range(2):
            asyncio.run(ticks.catch_up())
            now.forward(minutes=4)
        (contact,) = system.all(Contact)
        assert (contact.external_id, contact.sender, contact.text) == (missed, CITIZEN, HUNGRY)
        assert contact.said_at == now() - timedelta(minutes=28)
        (request,) = system.all(HelpRequest)
        assert (request.level, request.channel) == ("urgent", "sms")
        said_to = {row.address for row in system.all(Outgoing) if row.phrase == "receipt"}
        assert said_to == {CITIZEN}
        # Twilio's repeat of the webhook, long after: still the same message.
        late = system.sms(HUNGRY, MessageSid=missed, SmsSid=missed)
        assert late.status_code == 200
        assert len(system.all(Contact)) == len(system.all(HelpRequest)) == 1
        assert [t for t in system.all(Task) if t.kind == TaskKind.CHANNEL_SILENT] == []
        assert holds(system)


def test_a_provider_that_cannot_be_asked_is_a_visible_task(settings, now, twilio):
    with on_the_net(settings, now, **twilio.settings()) as system:
        ticks = system.ticks()
        for _ in range(2):
            twilio.refuse(503)
            twilio.refuse(503)
            asyncio.run(ticks.catch_up())
        silent = [task.note for task in system.all(Task) if task.kind == TaskKind.CHANNEL_SILENT]
        assert sorted(silent) == sorted(set(silent))
        assert "sms" in silent


# Stop-words.


def test_who_asked_us_to_stop_hears_nothing_more(settings, now, twilio):
    with world(settings, now, **twilio.settings()) as system:
        system.sms(DIBAO)
        asyncio.run(deliver(system))
        before = [m for m in twilio.messages if m["fields"]["To"] == CITIZEN]
        system.sms("退订")
        now.forward(minutes=10)
        system.sms("补充一下，我家是四口人")
        asyncio.run(deliver(system))
        assert [m for m in twilio.messages if m["fields"]["To"] == CITIZEN] == before
        later = [row for row in system.all(Outgoing) if row.posted_at == now()]
        assert {row.state for row in later if row.address == CITIZEN} == {OutboxState.SUPPRESSED}
        assert len(system.all(Contact)) == 2, "their words are heard all the same"
        system.sms("恢复")
        now.forward(minutes=10)
        system.sms("还有一件事，证明已经交了")
        asyncio.run(deliver(system))
        assert len([m for m in twilio.messages if m["fields"]["To"] == CITIZEN]) > len(before)


def test_what_is_not_sent_to_who_asked_us_to_stop_waits_for_a_person_once_a_request(
    settings, now, twilio
):
    with world(settings, now, **twilio.settings()) as system:
        system.sms("退订")
        now.forward(minutes=1)
        system.sms(DIBAO)
        now.forward(minutes=10)
        system.sms("补充一下，我家是四口人")
        asyncio.run(deliver(system))
        (request,) = system.all(HelpRequest)
        (task,) = [t for t in system.all(Task) if t.kind == TaskKind.TELL_STOPPED]
        assert (task.number, task.unit, task.done_at) == (request.number, "hotline", None)
        message = next(row for row in system.all(Outgoing) if row.id == task.outbox_id)
        assert (message.phrase, message.state) == ("receipt", OutboxState.SUPPRESSED)
        assert task.due_at > now()
        boss = Actor("dutylead01", Role.DUTY_LEAD, "hotline")
        office = system.state.offices.current()
        with acting(system.state.database, system.state.mint) as tx:
            row = tasks.admit(tx, office, boss, task.id, now=now())
            handing_off.done(tx, office, boss, row, note="已打电话告知编号和下一步", now=now())
        running = [c.name for c in system.all(ClockRow) if c.stopped_at is None]
        assert "CLK-FIRST-REPLY" not in running, "they have been told"
        system.sms("还有一件事，证明已经交了")
        kinds = [t.kind for t in system.all(Task)]
        assert kinds.count(TaskKind.TELL_STOPPED) == 1, "once a request"
        with acting(system.state.database, system.state.mint) as tx:
            tell(tx, office, request.model_dump(), "completed", due=now(), now=now())
        kinds = [t.kind for t in system.all(Task) if t.done_at is None]
        assert kinds.count(TaskKind.TELL_STOPPED) == 1, "the result is said another way too"


def test_who_asked_us_to_stop_is_told_by_a_person_what_became_of_an_older_request(
    settings, now, twilio
):
    with world(settings, now, **twilio.settings()) as system:
        system.sms(DIBAO)
        asyncio.run(deliver(system))
        system.sms("退订")
        assert TaskKind.TELL_STOPPED not in {t.kind for t in system.all(Task)}
        office = system.state.offices.current()
        with acting(system.state.database, system.state.mint) as tx:
            (request,) = system.all(HelpRequest)
            tell(tx, office, request.model_dump(), "completed", due=now(), now=now())
        (task,) = [t for t in system.all(Task) if t.kind == TaskKind.TELL_STOPPED]
        assert task.number == request.number


def test_safety_messages_of_an_open_urgent_case_still_go_out(settings, now, twilio):
    with world(settings, now, **twilio.settings()) as system:
        system.sms("退订")
        now.forward(minutes=1)
        system.sms(HUNGRY)
        asyncio.run(deliver(system))
        rows = [row for row in system.all(Outgoing) if row.address == CITIZEN]
        assert rows
        assert {(row.state, row.safety, row.urgent) for row in rows} == {
            (OutboxState.SENT, True, True)
        }
        assert any(m["fields"]["To"] == CITIZEN for m in twilio.messages)


# The telephone.


def heard(answer) -> tuple[str, list[str]]:
    root = ET.fromstring(answer.content)
    return "".join(say.text or "" for say in root.iter("Say")), [e.tag for e in root]


def test_key_one_is_a_request_before_the_first_ring(settings, now):
    with world(settings, now) as system:
        _, verbs = heard(system.voice(CallStatus="ringing"))
        assert verbs == ["Gather"]
        answer = system.voice("/hook/voice?turn=1", Digits="1")
        _, verbs = heard(answer)
        assert verbs[-1] == "Dial"
        (request,) = system.all(HelpRequest)
        assert (request.level, request.channel) == ("life_threat", "voice")
        assert request.holder_person
        assert TaskKind.CONFIRM_HANDOFF in {task.kind for task in system.all(Task)}
        again = system.voice("/hook/voice?turn=1", Digits="1")
        assert again.content == answer.content, "a repeat is connected as well"
        assert len(system.all(HelpRequest)) == 1


def test_key_two_takes_the_words_and_tells_the_number(settings, now):
    with world(settings, now) as system:
        system.voice(CallStatus="ringing")
        system.voice("/hook/voice?turn=1", Digits="2")
        words, _ = heard(system.voice("/hook/voice?turn=2", SpeechResult=DIBAO, Confidence="0.5"))
        (request,) = system.all(HelpRequest)
        assert (
            " ".join(request.code.translate(str.maketrans("0123456789", "零一二三四五六七八九")))
            in words
        )
        assert system.all(Contact)[0].text == DIBAO


def test_key_three_tells_how_a_request_stands(settings, now):
    with world(settings, now) as system:
        system.sms(DIBAO)
        (request,) = system.all(HelpRequest)
        system.voice(CallStatus="ringing")
        system.voice("/hook/voice?turn=1", Digits="3")
        digits = "".join(c for c in request.number if c.isdecimal())
        system.voice("/hook/voice?turn=2", Digits=digits)
        words, _ = heard(system.voice("/hook/voice?turn=3", Digits=request.code))
        unit = system.state.offices.current().directory.unit[request.lead_bureau].name_zh
        assert unit in words
        assert len(system.all(HelpRequest)) == 1
        system.voice("/hook/voice/status", CallStatus="completed")
        assert len(system.all(Contact)) == 1, "who was told has not missed us"


def test_the_page_and_the_telephone_share_the_tries_at_one_number(settings, now):
    with world(settings, now) as system:
        system.sms(DIBAO)
        (request,) = system.all(HelpRequest)
        wrong = "000000" if request.code != "000000" else "000001"
        typed = {"number": request.number, "code": wrong}
        for _ in range(guessing.measures()["status_number"].free):
            assert system.client.post("/status", data=typed).status_code == 422
        system.voice(CallStatus="ringing")
        system.voice("/hook/voice?turn=1", Digits="3")
        digits = "".join(c for c in request.number if c.isdecimal())
        system.voice("/hook/voice?turn=2", Digits=digits)
        words, _ = heard(system.voice("/hook/voice?turn=3", Digits=request.code))
        unit = system.state.offices.current().directory.unit[request.lead_bureau].name_zh
        assert unit not in words


def test_a_hang_up_is_a_call_back_with_a_clock(settings, now):
    with world(settings, now) as system:
        system.voice(CallStatus="ringing")
        for _ in range(2):
            system.voice("/hook/voice/status", CallStatus="completed")
        (request,) = system.all(HelpRequest)
        tasks = [task for task in system.all(Task) if task.kind == TaskKind.CALL_BACK]
        (clock,) = [c for c in system.all(ClockRow) if c.name == "CLK-MISSED-CALL"]
        assert [(task.number, task.due_at) for task in tasks] == [(request.number, clock.due_at)]
        assert clock.due_at > now()
        assert clock.source
        assert system.all(Conversation) == []
        assert holds(system)


def test_a_call_goes_on_in_another_process(settings, now):
    with world(settings, now) as system:
        system.voice(CallStatus="ringing")
        system.voice("/hook/voice?turn=1", Digits="2")
    with world(settings, now) as system:
        _, verbs = heard(system.voice("/hook/voice?turn=2", SpeechResult=HUNGRY))
        assert "Gather" in verbs
        (contact,) = system.all(Contact)
        assert contact.external_id == f"{call_fields()['CallSid']}:speech"


# Telegram by the real bot.


def test_the_webhook_and_polling_lead_into_the_same_intake(settings, now, bot):
    with on_the_net(settings, now, **bot.settings()) as system:
        channel = system.state.channels["telegram"]

        async def registered() -> None:
            await channel.register()
            await channel.close()

        asyncio.run(registered())
        assert bot.webhook == f"{system.settings.public_url}/hook/telegram"
        first = bot.say("4242", HUNGRY)
        assert bot.push() == [200]
        (request,) = system.all(HelpRequest)
        asyncio.run(deliver(system))
        assert {message["chat_id"] for message in bot.sent} == {"4242"}
        assert any(request.number in message["text"] for message in bot.sent)
    with on_the_net(settings, now, **bot.settings("polling")) as system:
        bot.webhook = ""
        same = {**said(1, HUNGRY, chat=4242), "update_id": first}
        bot.updates.append(same)  # Telegram was not told in time that we have it
        bot.say("4242", "补充一下，我家是四口人")
        asyncio.run(listen(system, now, until=lambda: len(system.all(Contact)) >= 2))
        entries = [e for e in system.all(JournalEntry) if e.channel == "telegram"]
        assert len(entries) == 2, "the repeat was not kept a second time"
        assert {contact.request_id for contact in system.all(Contact)} == {request.id}
        assert holds(system)


async def listen(system: World, now: Clock, *, until) -> None:
    channel = system.state.channels["telegram"]

    async def taken(raw) -> None:
        await asyncio.wrap_future(system.state.intake.receive(channel, raw, now()))

    polling = asyncio.create_task(channel.listen(taken))
    for _ in range(400):
        if until():
            break
        await asyncio.sleep(0.05)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await channel.close()
    assert until()


def grid_worker(system: World):
    office = system.state.offices.current()
    return next(o for o in office.directory.officers if o.role == "grid_worker")


def one_time_code(system: World, login: str, code: str, now: Clock) -> None:
    with acting(system.state.database, system.state.mint) as tx:
        expires = now() + timedelta(minutes=10)
        tx.add(OneTimeKey, hash=hashed(code), purpose="bind", login=login, expires_at=expires)


def pressed(number: int, value: str, *, chat: int = 4242) -> dict:
    update_ = said(number, "?", chat=chat)
    message = update_["message"] | {"from": {"id": 1, "is_bot": True, "first_name": "bot"}}
    person = {"id": chat, "is_bot": False, "first_name": "A"}
    query = {"id": f"q{number}", "from": person, "chat_instance": "1", "data": value}
    return {"update_id": update_["update_id"], "callback_query": {**query, "message": message}}


def test_a_grid_worker_reports_and_answers_first_even_over_a_restart(settings, now, bot):
    env = bot.settings()
    with world(settings, now, **env) as system:
        worker = grid_worker(system)
        system.telegram(said(1, "/bind 123456"))
        assert [a.staff for a in system.all(Address)] in ([], [None]), "no code was made"
        signing = signed_in(system.state, application(system.state), worker.login)
        code = signing.post("/api/v1/bind").json()["code"]
        assert system.telegram(said(2, code)).status_code == 200
        assert [a.staff for a in system.all(Address)] == [worker.login]
        assert system.all(Contact) == [], "a code is no call for help"
        system.telegram(said(3, f"绑定 {code}", chat=6666))
        bound = {a.value: a.staff for a in system.all(Address)}
        assert bound.get("6666") is None, "a code works once"
        system.telegram(pressed(4, "report"))
        system.telegram(said(5, "张大爷"))
        assert len(system.all(Conversation)) == 1
    with world(settings, now, **env) as system:  # the process was started again in between
        system.telegram(said(6, "滨河街道临江社区3组"))
        system.telegram(said(7, "老人独居，断粮两天，起不来床"))
        answer = system.telegram(pressed(8, "r:photo:skip"))
        assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": "q8"}
        assert system.all(HelpRequest) == [], "what is not confirmed waits"
        system.telegram(pressed(9, "r:urgent:urgent"))
        system.telegram(pressed(10, "r:confirm:send"))
        (request,) = system.all(HelpRequest)
        assert request.first_responder == worker.login
        assert request.level in ("urgent", "life_threat")
        (contact,) = system.all(Contact)
        assert contact.reporter == worker.login
        assert "断粮两天" in contact.text
        assert "CLK-DISCOVERY-FEEDBACK" in {c.name for c in system.all(ClockRow)}
        (talk,) = system.all(Conversation)
        assert set(talk.state) == {"last", "ids", "at"}, "no question is open"
        assert talk.state["last"] == request.number, "what is added now goes there"
        asyncio.run(deliver(system))
        asked = [m for m in bot.sent if m["chat_id"] == "4242"]
        assert any(request.number in message["text"] for message in asked)
        buttons = [m["reply_markup"] for m in asked if m["reply_markup"]]
        assert buttons
        assert holds(system)


def test_eight_digits_of_a_citizen_are_kept_as_their_words(settings, now, bot):
    with world(settings, now, **bot.settings()) as system:
        system.telegram(said(1, "20260930"))
        (contact,) = system.all(Contact)
        assert (contact.text, contact.state) == ("20260930", ContactState.HANDLED)
        assert [a.staff for a in system.all(Address)] == [None]


def test_a_report_that_is_broken_off_is_handed_in(settings, now, bot):
    with world(settings, now, **bot.settings()) as system:
        worker = grid_worker(system)
        one_time_code(system, worker.login, "123456", now)
        system.telegram(said(1, "/bind 123456"))
        system.telegram(pressed(2, "report"))
        system.telegram(said(3, "张大爷"))
        now.forward(minutes=31)
        for _ in range(2):
            asyncio.run(system.ticks().tidy())
        (contact,) = system.all(Contact)
        assert "张大爷" in contact.text
        assert (contact.reporter, contact.state) == (worker.login, ContactState.HANDLED)
        assert system.all(Conversation) == []
        assert holds(system)


def test_a_code_that_ran_out_binds_nobody(settings, now):
    with world(settings, now) as system:
        worker = grid_worker(system)
        one_time_code(system, worker.login, "123456", now)
        with acting(system.state.database, system.state.mint) as tx:
            tx.later(update(OneTimeKey).values(expires_at=now()))
        now.forward(seconds=1)
        system.telegram(said(1, "/bind 123456"))
        with system.state.database.read() as session:
            bound = select(Address).where(col(Address.staff).is_not(None))
            assert session.scalars(bound).all() == []


def test_a_blocked_bot_is_a_task_for_a_person(settings, now, bot):
    with world(settings, now, **bot.settings()) as system:
        system.telegram(said(1, DIBAO))
        bot.refuse(403, "Forbidden: bot was blocked by the user")
        asyncio.run(deliver(system))
        failed = [row for row in system.all(Outgoing) if row.state == OutboxState.FAILED]
        assert len(failed) == 1
        assert "blocked" in failed[0].error
        assert TaskKind.UNDELIVERED in {task.kind for task in system.all(Task)}
