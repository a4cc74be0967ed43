"""A message that one route does not take goes by the next; what is unsure is asked before it is
sent again; all attempts bear one key; and what nobody takes is a person's telephone task."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from channels import ChannelSettings, load
from gateway.delivery import Delivery
from gateway.routes import Routes, order
from gateway.settings import BadSettings
from models import outbox, receipts
from models.messages import Unavailable, Undeliverable, Unsure
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import OutboxState, TaskKind
from tests.fakes import RecordingChannel
from tests.gateway.people import FOOD, QUESTION, said
from tests.gateway.world import free_port  # noqa: F401
from tests.standins.twilio import TwilioStandIn


class Way(RecordingChannel):
    """A route; ``taken`` is what it took without our hearing of it, ``mute`` cannot be asked."""

    def __init__(self, name, fails=()):
        super().__init__(fails)
        self.name = name
        self.taken: dict[str, str] = {}
        self.mute = False
        self.asked = 0

    async def find(self, message, since):
        self.asked += 1
        if self.mute:
            raise Unavailable("away")
        return self.taken.get(message.key)


@pytest.fixture
def channels():
    return {name: Way(name) for name in ("recording", "second", "call")}


@pytest.fixture
def delivery(state):
    routes = Routes(("recording", "second", "call"))
    return Delivery(state.database, state.mint, state.channels, state.offices.current, routes)


def receipt(state, text: str, **changes) -> None:
    """One message waits, that of a citizen who wrote."""
    said(state, "a", text)
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Outgoing).where(col(Outgoing.phrase) != "receipt").values(next_at=None))
        if changes:
            tx.execute(update(Outgoing).values(**changes))


def row(state) -> Outgoing:
    with state.database.read() as session:
        return session.scalars(select(Outgoing).where(col(Outgoing.phrase) == "receipt")).one()


def rounds(delivery, now, count=1, seconds=0.0) -> None:
    for _ in range(count):
        asyncio.run(delivery.round(now))
        now.forward(seconds=seconds)


def test_a_route_that_refuses_gives_way_to_the_next_under_the_same_key(
    state, delivery, channels, now
):
    receipt(state, QUESTION)
    channels["recording"].fails = [Undeliverable("21610")]
    rounds(delivery, now, 2)
    sent = row(state)
    assert (sent.state, sent.channel, sent.tried) == (OutboxState.SENT, "second", ["recording"])
    assert [m.key for m in channels["second"].sent] == [str(sent.id)]
    assert f"/hook/second/status?key={sent.id}" in channels["second"].sent[0].callback_url


def test_what_no_route_takes_is_one_task_that_names_a_person(state, delivery, channels, now):
    receipt(state, FOOD)
    for way in channels.values():
        way.fails = [Undeliverable("no")]
    rounds(delivery, now, 4)
    assert (row(state).state, row(state).tried) == (OutboxState.FAILED, ["recording", "second"])
    with state.database.read() as session:
        tasks = session.scalars(select(Task).where(col(Task.kind) == TaskKind.UNDELIVERED)).all()
    assert len(tasks) == 1
    assert tasks[0].urgent
    assert tasks[0].note.partition(":")[0] in state.offices.current().directory.officer


def test_an_urgent_message_does_not_wait_for_a_route_that_is_away(state, delivery, channels, now):
    receipt(state, FOOD)
    channels["recording"].fails = [Unavailable("503")]
    rounds(delivery, now, 2)
    assert (row(state).state, row(state).channel) == (OutboxState.SENT, "second")


def test_another_message_tries_the_same_route_three_times(state, delivery, channels, now):
    receipt(state, QUESTION)
    channels["recording"].fails = [Unavailable("503")] * 9
    for attempt in range(1, 3):
        rounds(delivery, now)
        assert (row(state).attempts, row(state).channel) == (attempt, "recording")
        now.forward(minutes=5)
    rounds(delivery, now, 2)
    assert (row(state).state, row(state).channel) == (OutboxState.SENT, "second")


def test_a_message_that_was_taken_after_all_is_not_sent_again(state, delivery, channels, now):
    receipt(state, FOOD)
    way = channels["recording"]
    way.fails = [Unsure("reset")]
    way.taken = {str(row(state).id): "SM1"}
    rounds(delivery, now, 2, seconds=6)
    assert (row(state).state, row(state).provider_id) == (OutboxState.SENT, "SM1")
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0]


def test_an_urgent_message_is_sent_again_when_the_provider_cannot_say_within_20_seconds(
    state, delivery, channels, now
):
    receipt(state, FOOD)
    channels["recording"].fails = [Unsure("reset")]
    channels["recording"].mute = True
    begun = now()
    while row(state).state != OutboxState.SENT:
        rounds(delivery, now, seconds=1)
        assert now() - begun < timedelta(seconds=40)
    assert channels["recording"].asked >= 1
    assert sum(len(one.sent) for one in channels.values()) == 1


def test_another_message_is_not_sent_again_while_the_provider_cannot_say(
    state, delivery, channels, now
):
    receipt(state, QUESTION)
    channels["recording"].fails = [Unsure("reset")]
    channels["recording"].mute = True
    rounds(delivery, now, 4, seconds=600)
    assert (row(state).state, channels["recording"].sent) == (OutboxState.READY, [])
    channels["recording"].mute = False
    now.forward(hours=1)
    rounds(delivery, now)
    assert (row(state).state, len(channels["recording"].sent)) == (OutboxState.SENT, 1)


def resting(state, channels, now, name="recording", minutes=600) -> Delivery:
    """The delivery of a process in which this route rests."""
    routes = Routes(("recording", "second", "call"))
    routes.failed(name, now(), most=1, rest=timedelta(minutes=minutes))
    return Delivery(state.database, state.mint, channels, state.offices.current, routes)


def test_what_is_unsure_is_asked_about_where_it_was_sent_although_that_route_rests(
    state, delivery, channels, now
):
    receipt(state, QUESTION)
    way = channels["recording"]
    way.fails, way.mute = [Unsure("reset")], True
    rounds(delivery, now, seconds=600)
    rests = resting(state, channels, now)
    rounds(rests, now, 3, seconds=600)
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0], "it may have been taken"
    assert (row(state).channel, row(state).unsure_at is None) == ("recording", False)
    assert channels["second"].asked == 0
    way.mute, way.taken = False, {str(row(state).id): "SM1"}
    now.forward(hours=1)
    rounds(rests, now)
    sent = row(state)
    assert (sent.state, sent.provider_id, sent.channel) == (OutboxState.SENT, "SM1", "recording")
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0]


@pytest.mark.parametrize("text", [QUESTION, FOOD])
def test_what_was_not_taken_goes_by_another_route_while_its_own_rests(
    state, delivery, channels, now, text
):
    receipt(state, text)
    channels["recording"].fails = [Unsure("reset")]
    rounds(delivery, now, seconds=30)
    rounds(resting(state, channels, now), now, 2)
    sent = row(state)
    assert (sent.state, sent.channel, sent.unsure_at) == (OutboxState.SENT, "second", None)
    assert [len(one.sent) for one in channels.values()] == [0, 1, 0]
    assert channels["recording"].asked == 1


def test_a_process_that_died_before_it_could_settle_asks_where_it_sent_although_that_rests(
    state, channels, now
):
    receipt(state, QUESTION)
    with acting(state.database, state.mint) as tx:
        ((leased, _),) = outbox.claim(tx, now())
    now.forward(seconds=31)
    channels["recording"].mute = True
    rests = resting(state, channels, now)
    rounds(rests, now, 2, seconds=600)
    channels["recording"].mute = False
    channels["recording"].taken = {str(leased.id): "SM2"}
    now.forward(hours=1)
    rounds(rests, now)
    assert (row(state).provider_id, row(state).channel) == ("SM2", "recording")
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0]


def test_a_process_that_died_before_it_could_settle_asks_first(state, delivery, channels, now):
    receipt(state, QUESTION)
    with acting(state.database, state.mint) as tx:
        [(leased, _)] = outbox.claim(tx, now())
    now.forward(seconds=31)
    channels["recording"].taken = {str(leased.id): "SM2"}
    rounds(delivery, now)
    assert (row(state).provider_id, channels["recording"].sent) == ("SM2", [])


def mute_and_resting(delivery, now, way) -> None:
    """It may have taken the message, cannot be asked for a while, and has begun to rest."""
    way.fails, way.mute = [Unsure("reset")], True
    rounds(delivery, now)
    delivery._routes.failed(way.name, now(), most=1, rest=timedelta(minutes=10))


def test_a_route_that_may_have_a_message_and_rests_is_asked_before_another_one_sends_it(
    state, delivery, channels, now
):
    receipt(state, QUESTION)
    way = channels["recording"]
    way.taken = {str(row(state).id): "SM1"}
    mute_and_resting(delivery, now, way)
    now.forward(minutes=1)
    rounds(delivery, now)
    assert (row(state).channel, row(state).tried) == ("recording", None)
    way.mute = False
    now.forward(minutes=3)
    rounds(delivery, now)
    assert (row(state).state, row(state).provider_id) == (OutboxState.SENT, "SM1")
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0]


def test_a_route_that_has_not_taken_a_message_and_rests_gives_way(state, delivery, channels, now):
    receipt(state, QUESTION)
    mute_and_resting(delivery, now, channels["recording"])
    channels["recording"].mute = False
    now.forward(minutes=1)
    rounds(delivery, now, 2)
    sent = row(state)
    assert (sent.state, sent.channel, sent.tried) == (OutboxState.SENT, "second", ["recording"])
    assert channels["recording"].sent == []


def test_what_a_resting_route_had_taken_arrives_while_another_one_is_about_to_send_it(
    state, delivery, channels, now
):
    receipt(state, FOOD)
    mute_and_resting(delivery, now, channels["recording"])
    now.forward(seconds=6)
    rounds(delivery, now)
    assert (row(state).channel, row(state).tried) == ("second", ["recording"])
    with acting(state.database, state.mint) as tx:
        receipts.report(
            tx, "recording", "SM1", reference=str(row(state).id), state=OutboxState.DELIVERED,
            at=now(), error=None, patience=timedelta(minutes=5),
        )  # fmt: skip
    rounds(delivery, now)
    assert row(state).state == OutboxState.DELIVERED
    assert [len(one.sent) for one in channels.values()] == [0, 0, 0]


def test_a_late_receipt_of_a_route_that_was_left_says_that_it_arrived(
    state, delivery, channels, now
):
    receipt(state, FOOD)
    channels["recording"].fails = [Unavailable("503")]
    rounds(delivery, now, 2)
    number = str(row(state).id)
    for state_said, wanted in ((OutboxState.FAILED, "sent"), (OutboxState.DELIVERED, "delivered")):
        with acting(state.database, state.mint) as tx:
            receipts.report(
                tx,
                "recording",
                "SM9",
                reference=number,
                state=state_said,
                at=now(),
                error=None,
                patience=timedelta(minutes=3),
            )
        assert row(state).state == wanted


def overtaking(state, now, way) -> None:
    """The way's provider tells of the arrival before it answers."""
    take = way.send

    async def send(message):
        taken = f"{way.name}-{await take(message)}"
        with acting(state.database, state.mint) as tx:
            receipts.report(
                tx, way.name, taken, reference=message.key, state=OutboxState.DELIVERED,
                at=now(), error=None, patience=timedelta(minutes=3),
            )  # fmt: skip
        return taken

    way.send = send


def test_a_receipt_of_the_next_route_counts_before_the_sending_is_settled(
    state, delivery, channels, now
):
    receipt(state, FOOD)
    for way in channels.values():
        way.receipts = True
    overtaking(state, now, channels["second"])
    rounds(delivery, now)
    assert row(state).provider_id == f"sent-{row(state).id}"
    now.forward(minutes=4)
    rounds(delivery, now)
    assert (row(state).channel, row(state).provider_id) == ("second", None)
    rounds(delivery, now)
    assert row(state).state == OutboxState.DELIVERED
    assert [len(one.sent) for one in channels.values()] == [1, 1, 0]


def test_a_receipt_of_a_route_that_stands_in_for_one_that_rests_counts_before_it_is_settled(
    state, channels, now
):
    receipt(state, FOOD)
    routes = Routes(("recording", "second"))
    routes.failed("recording", now(), most=1, rest=timedelta(minutes=10))
    overtaking(state, now, channels["second"])
    delivery = Delivery(state.database, state.mint, channels, state.offices.current, routes)
    rounds(delivery, now)
    assert (row(state).state, row(state).channel) == (OutboxState.DELIVERED, "second")
    assert channels["recording"].sent == []


def test_a_route_that_fails_often_rests_while_another_does_not(now):
    routes = Routes(("a", "b"))
    rest = timedelta(minutes=10)
    for _ in range(4):
        routes.failed("a", now(), most=5, rest=rest)
    assert routes.first("a", (), now()) == "a"
    routes.failed("a", now(), most=5, rest=rest)
    assert routes.first("a", (), now()) == "b"
    for _ in range(5):
        routes.failed("b", now(), most=5, rest=rest)
    assert routes.first("a", (), now()) == "a", "when all fail, none rests"
    routes.worked("b")
    assert routes.first("a", (), now()) == "b"
    now.forward(minutes=11)
    assert routes.first("a", (), now()) == "a", "it tends back"
    for _ in range(9):
        routes.failed("a", now.forward(seconds=30), most=5, rest=rest)
    assert routes.first("a", (), now()) == "a", "failures far apart are none of the route's"


def test_why_a_route_fails_is_said_in_the_log_once_a_minute(now, caplog):
    routes, rest = Routes(("a", "b")), timedelta(minutes=10)
    for _ in range(7):
        routes.failed("a", now.forward(seconds=10), most=5, rest=rest, why="refused with 401")
    said = [(one.getMessage(), vars(one)["channel"]) for one in caplog.records]
    assert said == [("a way out fails: refused with 401", "a")] * 2


def test_the_routes_are_text_messages_then_calls_unless_they_are_named():
    with TwilioStandIn().serve() as twilio:
        env = {
            **twilio.settings(), "TWILIO_SECOND_FROM": "+8657100009999",
            "OPERATOR_NUMBER": "+8657112345",
        }  # fmt: skip
        settings = ChannelSettings(
            "https://hotline.example", "+8657112345", env, say=lambda *_a, **_k: ""
        )
        ways = load(["voice", "sms_second", "web", "sms"], settings)
        assert order("", ways) == ("sms", "sms_second", "voice")
        assert order("sms_second, voice", ways) == ("sms_second", "voice")
        with pytest.raises(BadSettings, match="HUIYIN_ROUTES"):
            order("pigeon", ways)
        from models.messages import Outbound

        message = Outbound("77", "+8613800001111", "您的诉求已收到", "HY20261122-00431-8")

        async def talk():
            first = await ways["sms_second"].send(message)
            assert twilio.messages[-1]["row"]["from"] == "+8657100009999"
            since = twilio.messages[-1]["at"] - timedelta(minutes=1)
            assert await ways["sms_second"].find(message, since) == first
            other = Outbound("78", message.address, "另一条")
            assert await ways["sms_second"].find(other, since) is None
            twilio.hang(3.0)
            with pytest.raises(Unsure):
                await load(["sms"], ChannelSettings(
                    settings.public_url, "", {**env, "TWILIO_TIMEOUT": "0.5"}, say=settings.say
                ))["sms"].send(message)  # fmt: skip

        asyncio.run(talk())
