"""By when somebody comes is promised once: who writes again hears that hour, and more when nobody
came."""

from models.clocks import Clock as ClockRow
from models.events import Event
from models.outbox import Outgoing
from models.requests import HelpRequest
from models.tasks import Task
from models.vocabulary import Level, TaskKind
from referral.wording import when
from tests.gateway.people import application, signed_in
from tests.gateway.world import World, world

HUNGRY = "家里断粮两天了，滨河街道临江社区"
LAMP = "我家门口的路灯坏了，滨河街道临江社区"
AGAIN = "说好一小时没有人联系我"


def last(system: World) -> Outgoing:
    return [message for message in system.all(Outgoing) if not message.staff][-1]


def due(system: World, name: str = "CLK-URGENT-CONTACT") -> str:
    (clock,) = [c for c in system.all(ClockRow) if (c.name, c.case) == (name, "")]
    return when(clock.due_at, "zh-CN")


def asked(system: World) -> list[Task]:
    return [task for task in system.all(Task) if task.kind == TaskKind.NOBODY_CAME]


def test_the_hour_that_was_promised_does_not_move_when_they_write_again(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        first = due(system)
        now.forward(minutes=50)
        system.sms("还没有人来，怎么办")
        assert last(system).phrase == "attached"
        assert first in last(system).text
        assert asked(system) == []


def test_when_the_hour_has_passed_the_head_of_shift_is_asked_and_no_new_hour_is_said(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        now.forward(minutes=90)
        system.sms(AGAIN)
        assert last(system).phrase == "attached_late"
        assert "值班长" in last(system).text
        assert "前" not in last(system).text
        head = system.state.offices.current().directory.head_of_shift(now()).officer.login
        (task,) = asked(system)
        assert task.urgent
        told = [m.staff for m in system.all(Outgoing) if m.phrase == "staff_nobody_came"]
        assert told == [head]
        assert [event for event in system.all(Event) if event.kind == "nobody_came"]
        now.forward(minutes=20)
        system.sms(AGAIN)
        assert len(asked(system)) == 1, "once while nobody has seen to it"


def test_speaking_with_them_ends_that_work_and_then_the_answer_is_what_is_promised(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        now.forward(minutes=90)
        system.sms(AGAIN)
        (request,) = system.all(HelpRequest)
        holder = signed_in(system.state, application(system.state), request.holder_person)
        done = holder.act(request.number, "record_contact", who="本人", outcome="reached")
        assert done.status_code == 200, done.text
        assert [task.done_by for task in asked(system)] == [request.holder_person]
        now.forward(minutes=10)
        system.sms("谢谢，我家在三楼")
        assert last(system).phrase == "attached_goes_on"
        assert asked(system)[-1].done_at is not None


def test_who_stopped_messages_is_not_rung_for_every_word_that_came(settings, now):
    with world(settings, now) as system:
        system.sms(LAMP)
        (request,) = system.all(HelpRequest)
        app = application(system.state)
        holder = signed_in(system.state, app, request.holder_person)
        holder.act(request.number, "record_contact", who="本人", outcome="reached")
        system.sms("退订")
        system.sms("是三号楼门口那一盏")
        (task,) = [one for one in system.all(Task) if one.kind == TaskKind.TELL_STOPPED]
        desk = signed_in(system.state, app, "lead01")
        done = desk.post(f"/api/v1/tasks/{task.id}/done", {"note": "已打电话告知"})
        assert done.status_code == 200, done.text
        system.sms("旁边那一盏也不亮")
        assert last(system).phrase == "attached_goes_on"
        asked_to = [one for one in system.all(Task) if one.kind == TaskKind.TELL_STOPPED]
        assert len(asked_to) == 1, "that words have come is said once"


def test_an_ordinary_request_keeps_its_day_too(settings, now):
    with world(settings, now) as system:
        system.sms(LAMP)
        first = due(system, "CLK-CONTACT")
        now.forward(hours=30)
        system.sms("路灯还是坏的")
        assert first in last(system).text
        now.forward(days=20)
        system.sms("路灯一直没有人来看")
        assert last(system).phrase == "attached_late"
        assert [task.urgent for task in asked(system)] == [False]


def test_danger_to_life_in_an_urgent_request_does_not_put_the_hour_off(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        first = due(system)
        now.forward(minutes=30)
        system.sms("我妈昏迷了叫不醒，快没气了")
        assert system.all(HelpRequest)[0].level == Level.LIFE_THREAT
        assert last(system).phrase == "urgent_joined"
        assert first in last(system).text


def test_danger_to_life_after_the_hour_is_promised_what_the_hand_off_keeps(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        now.forward(minutes=90)
        system.sms("我妈昏迷了叫不醒，快没气了")
        handoff = due(system, "CLK-HANDOFF")
        assert last(system).phrase == "urgent_joined"
        assert handoff in last(system).text
        assert [task.urgent for task in asked(system)] == [True]
