"""Telephone calls from the first ring to the recording that comes when they are over."""

import asyncio
import xml.etree.ElementTree as ET

import pytest
from sqlalchemy import update

from gateway.missed import call_of
from models import dialogues
from models.clocks import Clock
from models.dialogues import Conversation
from models.journal import JournalEntry
from models.messages import Inbound
from models.outbox import Outgoing
from models.people import Address, Person
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ContactState, TaskKind
from referral.directory import ZONE
from tests.gateway.people import application, signed_in
from tests.gateway.world import CITIZEN, HUNGRY, World, call_fields, world

SID, LEG = "CA" + "9" * 32, "CA" + "8" * 32
TAPE = "RE" + "9" * 32
WITHHELD = "+266696687"
DIBAO = "请问我家的低保批下来没有，已经交材料一个月了"
NO_PAPERS = "现在不需要任何材料"


def turn(system: World, number: int = 0, *, sid: str = SID, **fields: str) -> None:
    at = f"/hook/voice?turn={number}" if number else "/hook/voice"
    assert system.signed(at, call_fields(sid, **fields)).status_code == 200


def heard(system: World, number: int, **fields: str) -> str:
    """What the caller hears in answer to a turn."""
    answer = system.signed(f"/hook/voice?turn={number}", call_fields(SID, **fields))
    return "".join(say.text or "" for say in ET.fromstring(answer.content).iter("Say"))


def status(system: World, **fields: str) -> None:
    assert system.signed("/hook/voice/status", fields).status_code == 200


def recorded(system: World, sid: str = SID) -> None:
    """The recording, as Twilio tells of it: without the number that rang."""
    address = f"https://api.twilio.com/x/{TAPE}"
    fields = {"RecordingSid": TAPE, "RecordingUrl": address, "RecordingStatus": "completed"}
    status(system, CallSid=sid, **fields)


def hung_up(system: World, sid: str = SID) -> None:
    status(system, **call_fields(sid, CallStatus="completed"))


def picked_up(system: World, sid: str = SID, sender: str = CITIZEN) -> None:
    """The leg to the operator is answered."""
    leg = {"ParentCallSid": sid, "Direction": "outbound-dial", "CallStatus": "in-progress"}
    status(system, CallSid=LEG, From=sender, To="+865721234599", **leg)


def waiting(system: World) -> list[str]:
    """What is in the holding pen."""
    entries = system.all(JournalEntry)
    return [e.provider_key for e in entries if e.state == ContactState.HOLDING_PEN]


def test_the_recording_of_a_known_number_joins_the_request_of_its_call(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="0")
        turn(system, 2, DialCallStatus="busy")
        hung_up(system)
        recorded(system)
        assert waiting(system) == []
        (request,) = system.all(HelpRequest)
        said = system.all(Contact)
        assert {contact.request_id for contact in said} == {request.id}
        assert [bool(contact.media) for contact in said] == [False, True]
        assert {contact.sender for contact in said} == {CITIZEN}


def test_an_answered_call_of_somebody_known_joins_their_open_request(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="0")
        picked_up(system)
        assert waiting(system) == []
        (request,) = system.all(HelpRequest)
        assert {contact.request_id for contact in system.all(Contact)} == {request.id}


def test_a_call_that_catching_up_brought_in_first_is_not_kept_twice(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        channel = system.state.channels["voice"]
        said = Inbound(f"{SID}:missed", CITIZEN, "", at=now(), missed=True)
        brought = system.state.intake.submit(call_of(channel, said, now())).result(20)
        hung_up(system)
        assert waiting(system) == []
        (contact,) = system.all(Contact)
        assert contact.external_id == said.external_id
        (request,) = system.all(HelpRequest)
        assert request.number == brought.number


def talk(system: World, minutes: int) -> None:
    """The operator is asked for, picks up, and they talk, while the process ticks on."""
    turn(system, CallStatus="ringing")
    turn(system, 1, Digits="0")
    picked_up(system)
    ticks = system.ticks()
    for _ in range(minutes // 20):
        system.now.forward(minutes=20)
        asyncio.run(ticks.tidy())


def test_whoever_was_served_for_an_hour_is_not_missed_and_the_recording_is_theirs(settings, now):
    with world(settings, now) as system:
        talk(system, 60)
        turn(system, 2, DialCallStatus="completed")
        hung_up(system)
        now.forward(minutes=40)
        asyncio.run(system.ticks().tidy())
        recorded(system)
        (request,) = system.all(HelpRequest)
        ids = [contact.external_id for contact in system.all(Contact)]
        assert ids == [f"{SID}:answered", f"{SID}:recording:{TAPE}"]
        assert {contact.request_id for contact in system.all(Contact)} == {request.id}
        assert TaskKind.CALL_BACK not in {task.kind for task in system.all(Task)}
        assert "call_back_promised" not in {row.phrase for row in system.all(Outgoing)}
        assert system.all(Conversation) == []


def test_a_call_of_which_no_end_is_told_is_forgotten_after_hours(settings, now):
    with world(settings, now) as system:
        talk(system, 60)
        assert len(system.all(Conversation)) == 1
        now.forward(hours=6)
        asyncio.run(system.ticks().tidy())
        assert system.all(Conversation) == []
        assert len(system.all(Contact)) == 1


def test_a_call_in_which_nothing_was_said_is_missed_after_half_an_hour_and_only_once(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="0")
        now.forward(minutes=31)
        for _ in range(2):
            asyncio.run(system.ticks().tidy())
        hung_up(system)
        assert [contact.external_id for contact in system.all(Contact)] == [f"{SID}:missed"]
        assert [task.kind for task in system.all(Task)] == [TaskKind.CALL_BACK]
        assert waiting(system) == []


def test_calls_that_go_on_hide_none_that_was_given_up(settings, now):
    with world(settings, now) as system, acting(system.state.database, system.state.mint) as tx:
        for at in range(60):
            state = {"at": "talking", "call": f"CA{at}", "told": "1"}
            dialogues.remember(tx, "voice", f"CA{at}", state=state, now=now())
    now.forward(minutes=1)
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        now.forward(minutes=31)
        asyncio.run(system.ticks().tidy())
        assert [contact.external_id for contact in system.all(Contact)] == [f"{SID}:missed"]
        assert len(system.all(Conversation)) == 60


def nameless(system: World, sid: str) -> None:
    """A call from a withheld number: danger, nobody answers, words twice, the recording."""
    turn(system, sid=sid, From="anonymous", CallStatus="ringing")
    turn(system, 1, sid=sid, From="anonymous", Digits="1")
    turn(system, 2, sid=sid, From="anonymous", DialCallStatus="no-answer")
    for at, words in enumerate(("河口村三组房子塌了，压着人", "我爱人腿断了，快来"), 3):
        turn(system, at, sid=sid, From="anonymous", SpeechResult=words)
    status(system, **call_fields(sid, From="anonymous", CallStatus="completed"))
    recorded(system, sid)


def test_one_call_from_a_withheld_number_is_one_request_and_two_calls_are_two(settings, now):
    with world(settings, now) as system:
        nameless(system, SID)
        (request,) = system.all(HelpRequest)
        assert request.level == "life_threat"
        said = system.all(Contact)
        assert len(said) == 5
        assert {contact.sender for contact in said} == {""}
        assert {contact.request_id for contact in said} == {request.id}
        assert len(system.all(Person)) == 1
        assert {row.address for row in system.all(Outgoing) if row.staff is None} <= {""}
        caller = signed_in(system.state, application(system.state), request.first_responder)
        shown = caller.act(request.number, "reveal", ground="call_back").json()
        assert shown["addresses"] == [], "the call's own name is no telephone number"
        turn(system, sid=LEG, From="anonymous", CallStatus="ringing")
        turn(system, 1, sid=LEG, From="anonymous", Digits="1")
        assert len(system.all(HelpRequest)) == 2


def call_backs(system: World) -> list[Task]:
    return [one for one in system.all(Task) if one.kind == TaskKind.CALL_BACK and not one.done_at]


def test_danger_said_aloud_and_hung_up_while_it_rings_is_called_back(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        answer = system.signed(
            "/hook/voice?turn=1", call_fields(SID, SpeechResult="救命啊我要跳楼了")
        )
        assert "<Dial" in answer.text
        now.forward(seconds=10)
        hung_up(system)
        (task,) = call_backs(system)
        assert task.urgent
        clocks = [one for one in system.all(Clock) if one.name == "CLK-MISSED-CALL"]
        assert [one.stopped_at for one in clocks] == [None]


def test_danger_said_aloud_and_taken_by_a_person_is_not_called_back(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, SpeechResult="救命啊我要跳楼了")
        picked_up(system)
        hung_up(system)
        assert call_backs(system) == []


def test_several_missed_calls_of_one_person_are_one_call_back_which_a_talk_ends(settings, now):
    with world(settings, now) as system:
        for ring in range(3):
            sid = f"CA{ring}" + "7" * 31
            turn(system, sid=sid, CallStatus="ringing")
            hung_up(system, sid)
            now.forward(minutes=1)
        (task,) = call_backs(system)
        clocks = [one for one in system.all(Clock) if one.name == "CLK-MISSED-CALL"]
        assert [one.due_at for one in clocks] == [task.due_at], "the time that was promised first"
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="0")
        said = len(system.all(Outgoing))
        picked_up(system)
        assert call_backs(system) == []
        assert all(one.stopped_at for one in system.all(Clock) if one.name == "CLK-MISSED-CALL")
        assert len(system.all(Outgoing)) == said, "nothing is sent after the talk"


def test_the_recording_of_a_talk_or_of_words_that_were_understood_is_no_work(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="0")
        picked_up(system)
        hung_up(system)
        recorded(system)
        assert [one.kind for one in system.all(Task) if one.kind == TaskKind.LISTEN] == []
        assert [one.level for one in system.all(HelpRequest)] != ["priority"]


def test_a_recording_of_which_nobody_heard_a_word_is_listened_to(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, Digits="2")
        hung_up(system)
        recorded(system)
        (task,) = (one for one in system.all(Task) if one.kind == TaskKind.LISTEN)
        assert not task.done_at


def test_danger_said_aloud_where_no_operator_can_be_rung_is_called_back(settings, now):
    alone = settings.model_copy(update={"operator_number": ""})
    with world(alone, now) as system:
        turn(system, CallStatus="ringing")
        turn(system, 1, SpeechResult="救命啊我要跳楼了")
        hung_up(system)
        (task,) = call_backs(system)
        assert task.urgent


@pytest.mark.parametrize("sender", [WITHHELD, CITIZEN])
def test_who_calls_for_help_hears_who_comes_by_when_and_what_if_nobody_does(settings, now, sender):
    """N3 by voice: a caller without a number hears it nowhere else."""
    with world(settings, now) as system:
        turn(system, From=sender, CallStatus="ringing")
        words = heard(system, 1, From=sender, SpeechResult=HUNGRY)
        (request,) = system.all(HelpRequest)
        unit = system.state.offices.current().directory.unit[request.holder_unit].name_zh
        (clock,) = [c for c in system.all(Clock) if (c.name, c.case) == ("CLK-URGENT-CONTACT", "")]
        due = clock.due_at.astimezone(ZONE)
        at = f"{due.month}月{due.day}日{due.hour}点{due:%M}分"
        assert words.index("查询码") < words.index(NO_PAPERS) < words.index("请按1")
        for part in (f"{unit}会在{at}前联系您或者上门", request.first_responder, "到时没有人来"):
            assert part in words
        assert heard(system, 1, From=sender, SpeechResult=HUNGRY) == words, "a repeat hears it too"


def test_danger_to_life_is_promised_too_where_nobody_can_be_put_through(settings, now):
    with world(settings, now) as system:
        system.state.channels["voice"].dialogue._operator = False
        turn(system, From=WITHHELD, CallStatus="ringing")
        words = heard(system, 1, From=WITHHELD, SpeechResult="我妈昏迷了叫不醒，快没气了")
        assert system.all(HelpRequest)[0].level == "life_threat"
        assert NO_PAPERS in words


def test_who_is_put_through_in_danger_hears_no_more_before_it_rings(settings, now):
    with world(settings, now) as system:
        turn(system, From=WITHHELD, CallStatus="ringing")
        words = heard(system, 1, From=WITHHELD, SpeechResult="我妈昏迷了叫不醒，快没气了")
        assert NO_PAPERS not in words


def test_nothing_urgent_is_promised_to_who_asks_or_reports_for_another(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        assert NO_PAPERS not in heard(system, 1, SpeechResult=DIBAO)
        with acting(system.state.database, system.state.mint) as tx:
            tx.execute(update(Address).values(staff="township_w01.1"))
        assert NO_PAPERS not in heard(system, 2, SpeechResult=HUNGRY)
        urgent = [one for one in system.all(HelpRequest) if one.level == "urgent"]
        assert len(urgent) == 1


def test_words_that_make_it_urgent_are_promised_help_in_the_same_call(settings, now):
    with world(settings, now) as system:
        turn(system, From=WITHHELD, CallStatus="ringing")
        assert NO_PAPERS not in heard(system, 1, From=WITHHELD, SpeechResult=DIBAO)
        assert NO_PAPERS in heard(system, 2, From=WITHHELD, SpeechResult=HUNGRY)
        assert len(system.all(HelpRequest)) == 1


NOT_RUNG_BACK = "我们没办法给您回电话"


def test_who_cannot_be_rung_back_hears_what_comes_by_when_and_how_to_ask(settings, now):
    with world(settings, now) as system:
        turn(system, From=WITHHELD, CallStatus="ringing")
        words = heard(system, 1, From=WITHHELD, SpeechResult=DIBAO)
        (request,) = system.all(HelpRequest)
        unit = system.state.offices.current().directory.unit[request.holder_unit]
        (contact,) = [one for one in system.all(Clock) if one.name == "CLK-CONTACT"]
        local = contact.due_at.astimezone(ZONE)
        by = f"{local.month}月{local.day}日{local.hour}点{local.minute:02}分"
        for part in (unit.name_zh, request.first_responder, f"{by}前会有人处理", "再打", "按3"):
            assert part in words
        assert "和您联系" not in words
        assert "会有人联系" not in words
        (kept,) = [one for one in system.all(Outgoing) if not one.staff]
        assert kept.text in words, "kept as it was said"
        assert (kept.request_id, kept.address, kept.state) == (request.id, "", "suppressed")
        assert kept.next_at is None
        assert NOT_RUNG_BACK in kept.text
        again = heard(system, 1, From=WITHHELD, SpeechResult=DIBAO)
        assert again == words, "a repeat hears it too"
        more = heard(system, 2, From=WITHHELD, SpeechResult="我住柳湾镇柳湾村")
        assert NOT_RUNG_BACK not in more, "said once"
        shown = system.client.post(
            "/status", data={"number": request.number, "code": request.code}, follow_redirects=True
        ).text
        assert NOT_RUNG_BACK in shown
        assert "会有人联系您" not in shown, "nobody can"
        assert not [one for one in system.all(Task) if one.kind == TaskKind.TELL_STOPPED]


def test_who_shows_a_number_is_told_by_message_and_not_again_aloud(settings, now):
    with world(settings, now) as system:
        turn(system, CallStatus="ringing")
        assert NOT_RUNG_BACK not in heard(system, 1, SpeechResult=DIBAO)


def test_it_is_said_in_the_language_of_the_call(settings, now):
    with world(settings, now) as system:
        turn(system, From=WITHHELD, CallStatus="ringing")
        asked = "I applied for the minimum living allowance last month and heard nothing"
        words = heard(system, 1, From=WITHHELD, SpeechResult=asked)
        (kept,) = [one for one in system.all(Outgoing) if not one.staff]
        assert "we cannot call you back" in kept.text
        assert kept.text in words


def test_a_promised_hour_that_has_passed_is_not_promised_again(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        now.forward(hours=2)
        turn(system, CallStatus="ringing")
        assert NO_PAPERS not in heard(system, 1, SpeechResult="孩子还在哭，家里还是没有吃的")
