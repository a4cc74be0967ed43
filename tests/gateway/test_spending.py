"""A number that somebody typed is not yet a person: what we send it has caps, also when urgent."""

import asyncio
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson
import pytest
from sqlalchemy import select

from channels import Channel, ChannelSettings
from channels.web import WebChannel, form_token, new_nonce
from gateway.delivery import Delivery
from gateway.missed import call_of as call_of_missed
from gateway.recorded import Recorded, call_of
from gateway.state import State
from models.events import Event
from models.messages import Inbound, Outcome, Raw
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.vocabulary import OutboxState, TaskKind
from tests.conftest import Clock
from tests.fakes import RecordingChannel, call

SECRET = "test-secret-" * 4
HELP = "救命，屋里进水了，老人出不来"
ABROAD = "+37120000001"
TYPED = "+8613812340001"


class Sms(RecordingChannel):
    """Records what it is told to send, as the channel of text messages."""

    name: ClassVar[str] = "sms"


@pytest.fixture
def channels() -> dict[str, Channel]:
    form = WebChannel(ChannelSettings("https://hotline.example", "", {"SECRET_KEY": SECRET}))
    return {"web": form, "sms": Sms()}


@pytest.fixture
def delivery(state: State) -> Delivery:
    return Delivery(state.database, state.mint, state.channels, state.offices.current)


def typed(state: State, mark: str, phone: str, what: str = HELP) -> Outcome:
    """Somebody types a telephone number into the form."""
    fields = {
        "key": form_token(SECRET, new_nonce(state.now())),
        "what": f"{what} {mark}",
        "phone": phone,
    }
    raw = Raw(
        "https://hotline.example/hook/web",
        urlencode({**fields, "how_urgent": "danger"}).encode(),
        {"content-type": "application/x-www-form-urlencoded"},
    )
    return state.intake.receive(state.channels["web"], raw, state.now()).result(20)


def wrote(state: State, mark: str, phone: str) -> Outcome:
    """Somebody writes from their telephone."""
    return state.intake.receive(state.channels["sms"], call(mark, HELP, phone), state.now()).result(
        20
    )


def sent_to(state: State, delivery: Delivery, phone: str) -> int:
    """How many messages this number got after all that is due was sent."""
    asyncio.run(delivery.all_due(state.now))
    channel: Any = state.channels["sms"]
    return sum(message.address == phone for message in channel.sent)


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.connection().execute(select(*table.__table__.columns)))


def test_an_urgent_message_to_a_typed_number_abroad_is_not_sent_and_a_person_is_told(
    state: State, delivery: Delivery
) -> None:
    kept = typed(state, "a", ABROAD)
    assert kept.number
    assert len(rows(state, HelpRequest)) == 1, "the plea itself is kept"
    assert sent_to(state, delivery, ABROAD) == 0
    told = [one for one in rows(state, Task) if one.kind == TaskKind.UNDELIVERED]
    assert [(one.number, one.urgent) for one in told] == [(kept.number, True)]
    held = [one for one in rows(state, Outgoing) if one.state == OutboxState.SUPPRESSED]
    assert {one.address for one in held} == {ABROAD}


def test_who_writes_from_abroad_in_danger_is_answered(state: State, delivery: Delivery) -> None:
    wrote(state, "a", ABROAD)
    assert sent_to(state, delivery, ABROAD) > 0


def test_a_typed_number_from_which_somebody_then_writes_is_theirs(
    state: State, delivery: Delivery
) -> None:
    number = typed(state, "a", ABROAD).number
    assert sent_to(state, delivery, ABROAD) == 0
    assert wrote(state, "b", ABROAD).number == number
    assert sent_to(state, delivery, ABROAD) > 0


def test_a_typed_number_gets_urgent_messages_up_to_a_cap_of_its_own_and_the_desk_is_told_once(
    state: State, delivery: Delivery, now: Clock
) -> None:
    most: Any = state.offices.current().policy.values["sms_typed_urgent_per_number_per_day"].value
    for mark in range(most + 5):
        typed(state, str(mark), TYPED)
        now.forward(seconds=1)
    assert sent_to(state, delivery, TYPED) == most
    told = [one for one in rows(state, Task) if one.kind == TaskKind.UNDELIVERED]
    assert len(told) == 1, "one task a number a day"
    capped = [one for one in rows(state, Event) if one.kind == "message_capped"]
    held = {one.id: one for one in rows(state, Outgoing) if one.state == OutboxState.SUPPRESSED}
    assert len(capped) == len(held) - 1, "the first is the task's"
    for entry in capped:
        detail = orjson.loads(entry.detail)
        message = held[int(detail["outbox"])]
        assert (entry.request_id, entry.number) == (message.request_id, message.number)
        assert entry.number, "an entry of the request whose message it was"
        assert detail["why"] == message.error
    wrote(state, "theirs", TYPED)
    assert sent_to(state, delivery, TYPED) > most, "they wrote themselves"


def test_a_number_that_a_member_of_staff_took_down_is_no_strangers(
    state: State, delivery: Delivery
) -> None:
    record = Recorded(
        channel="phone",
        external_id="op01:one",
        sender=ABROAD,
        text=HELP,
        at=state.now(),
        taken_by="op01",
    )
    state.intake.submit(call_of(record, b"{}", state.now())).result(20)
    assert sent_to(state, delivery, ABROAD) > 0


def test_a_number_that_a_partner_system_gives_is_only_typed(
    state: State, delivery: Delivery
) -> None:
    record = Recorded(channel="phone", external_id="one", sender=ABROAD, text=HELP, at=state.now())
    state.intake.submit(call_of(record, b"{}", state.now(), provider_key="partner:one")).result(20)
    assert sent_to(state, delivery, ABROAD) == 0


def asked(state: State, mark: str, sender: str) -> Outcome:
    """Somebody asks what is not urgent."""
    raw = call(mark, "我想问低保怎么申请", sender)
    return state.intake.receive(state.channels["sms"], raw, state.now()).result(20)


def test_who_writes_by_whatsapp_from_a_number_of_the_country_is_answered_there(
    state: State, delivery: Delivery
) -> None:
    asked(state, "a", f"whatsapp:{TYPED}")
    assert sent_to(state, delivery, f"whatsapp:{TYPED}") > 0
    asked(state, "b", f"whatsapp:{ABROAD}")
    assert sent_to(state, delivery, f"whatsapp:{ABROAD}") == 0


def test_a_number_has_one_cap_whether_it_is_reached_by_sms_or_by_whatsapp(
    state: State, delivery: Delivery, now: Clock
) -> None:
    most: Any = state.offices.current().policy.values["sms_per_number_per_day"].value
    for at in range(most):
        asked(state, str(at), (TYPED, f"whatsapp:{TYPED}")[at % 2])
        now.forward(minutes=5)
    sent = sent_to(state, delivery, TYPED) + sent_to(state, delivery, f"whatsapp:{TYPED}")
    assert sent == most


def test_a_missed_whatsapp_message_is_of_whoever_wrote_there_before(
    state: State, now: Clock
) -> None:
    first = asked(state, "a", f"whatsapp:{TYPED}")
    now.forward(minutes=5)
    said = Inbound("b", f"whatsapp:{TYPED}", "孩子发烧，没水喝", at=now())
    missed = state.intake.submit(call_of_missed(state.channels["sms"], said, now())).result(20)
    assert (missed.number, missed.opened) == (first.number, False)
    (sender,) = {one.sender for one in rows(state, Contact)}
    assert sender == f"whatsapp:{TYPED}"
