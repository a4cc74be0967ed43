"""A voice or a picture without words: a person listens or looks soon, and the sender knows it."""

import asyncio
from datetime import timedelta

from models.clocks import Clock as ClockRow
from models.outbox import Outgoing
from models.requests import HelpRequest
from models.tasks import Task
from models.vocabulary import Level, TaskKind, Track
from tests.gateway.people import application, signed_in
from tests.gateway.world import HUNGRY, World, update, world

VOICE = {"file_id": "v", "file_unique_id": "v", "duration": 30}
PHOTO = {"file_id": "p", "file_unique_id": "p", "width": 90, "height": 90}
LAMP = "我家门口的路灯坏了，滨河街道临江社区"
UNDERSTOOD = "我们的理解：您发来的语音或图片，由人来听、来看"


def listening(system: World) -> list[Task]:
    return [task for task in system.all(Task) if task.kind == TaskKind.LISTEN]


def clocks(system: World) -> list[ClockRow]:
    return [clock for clock in system.all(ClockRow) if clock.name == "CLK-LISTEN"]


def told(system: World) -> list[Outgoing]:
    return [message for message in system.all(Outgoing) if not message.staff]


def test_a_voice_that_opens_a_request_is_listened_to_within_ten_minutes_and_is_no_alarm(
    settings, now
):
    with world(settings, now) as system:
        system.telegram(update(1, voice=VOICE))
        (request,) = system.all(HelpRequest)
        assert (request.level, request.track) == (Level.PRIORITY, Track.STANDARD)
        (task,), (clock,) = listening(system), clocks(system)
        assert task.due_at == clock.due_at == now() + timedelta(minutes=10)
        assert not task.urgent
        assert not clock.urgent
        said = "\n".join(message.text for message in told(system))
        assert UNDERSTOOD in said
        assert "政策咨询" not in said
        assert "由人来听、来看：工作人员会在" in said
        assert {message.phrase for message in told(system)} == {"receipt", "unheard"}


def test_a_recording_by_multimedia_message_is_listened_to_too(settings, now):
    with world(settings, now) as system:
        media = {"MediaUrl0": "https://api.twilio.com/a", "MediaContentType0": "audio/amr"}
        system.sms("", NumMedia="1", **media)
        (request,) = system.all(HelpRequest)
        assert request.level == Level.PRIORITY
        assert len(listening(system)) == 1
        assert "unheard" in {message.phrase for message in told(system)}


def test_a_voice_that_joins_raises_the_request_and_is_listened_to(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, LAMP))
        assert system.all(HelpRequest)[0].level == Level.STANDARD
        now.forward(minutes=5)
        system.telegram(update(2, voice=VOICE))
        (request,) = system.all(HelpRequest)
        assert (request.level, request.track) == (Level.PRIORITY, Track.STANDARD)
        (task,) = listening(system)
        assert task.due_at == now() + timedelta(minutes=10)
        assert told(system)[-1].phrase == "unheard"
        assert f"{task.due_at.astimezone(now().tzinfo):%M}前听、看" in told(system)[-1].text


def test_a_voice_in_an_urgent_request_is_listened_to_and_lowers_nothing(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, HUNGRY))
        now.forward(minutes=5)
        system.telegram(update(2, voice=VOICE))
        (request,) = system.all(HelpRequest)
        assert (request.level, request.track) == (Level.URGENT, Track.URGENT)
        assert [task.urgent for task in listening(system)] == [True]


def test_several_pictures_are_one_piece_of_work_and_their_time_does_not_move(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, photo=[PHOTO]))
        (first,) = clocks(system)
        now.forward(minutes=4)
        system.telegram(update(2, photo=[PHOTO]))
        assert [clock.due_at for clock in clocks(system)] == [first.due_at]
        assert len(listening(system)) == 1
        same = [message.text for message in told(system) if message.phrase == "unheard"]
        assert len(same) == 2
        assert len(set(same)) == 1, "the same hour is said again"


def test_a_picture_with_words_needs_nobody_to_find_out(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, photo=[PHOTO], caption=LAMP))
        assert system.all(HelpRequest)[0].level == Level.STANDARD
        assert listening(system) == clocks(system) == []


def test_what_was_heard_ends_the_work_and_its_clock_and_before_nothing_is_closed(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, voice=VOICE))
        (request,), (task,) = system.all(HelpRequest), listening(system)
        head = signed_in(system.state, application(system.state), "lead01")
        contact = head.act(request.number, "record_contact", who="本人", outcome="reached")
        assert contact.status_code == 200, contact.text
        closing = head.act(request.number, "close", reason="false_report", note="打错了")
        assert closing.status_code == 409
        assert "没有人听" in closing.text
        done = head.post(f"/api/v1/tasks/{task.id}/done", {"note": "他说家里断粮"})
        assert done.status_code == 200, done.text
        assert [clock.stopped_at for clock in clocks(system)] == [now()]


def test_a_voice_nobody_hears_in_time_reaches_the_head_of_shift(settings, now):
    with world(settings, now) as system:
        system.telegram(update(1, voice=VOICE))
        now.forward(minutes=11)
        asyncio.run(system.ticks().sweep())
        head = system.state.offices.current().directory.head_of_shift(now()).officer.login
        late = [m for m in system.all(Outgoing) if m.staff and m.phrase == "staff_breach"]
        assert head in [message.staff for message in late]
