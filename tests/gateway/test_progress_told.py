"""What is told of a request's progress by telephone and in a chat is what its page tells."""

import json
import xml.etree.ElementTree as ET

import pytest
from sqlalchemy import delete
from sqlalchemy import update as change
from sqlmodel import col

from gateway import delivery, erasure
from models.clocks import Clock as ClockRow
from models.journal import JournalEntry
from models.outbox import Outgoing, Sent
from models.people import Address, Person
from models.requests import HelpRequest, due_of
from models.transaction import acting
from referral.directory import ZONE
from referral.wording import when
from tests.gateway.people import application, signed_in
from tests.gateway.world import HUNGRY, World, call_fields, update, world

ANSWER = "已送去米面油，临时救助三天内到账。"
AID = {"who": "本人", "outcome": "on_site", "by": "visit", "note": "送米面油"}
CALL = "CA" + "5" * 32


def asked(system: World) -> HelpRequest:
    system.sms(HUNGRY)
    (request,) = system.all(HelpRequest)
    return request


def spoken(at) -> str:
    local = at.astimezone(ZONE)
    return f"{local.month}月{local.day}日{local.hour}点{local.minute:02}分"


def rung(system: World, request: HelpRequest, sid: str = CALL, *, again: bool = False) -> str:
    """What somebody hears who keys number and code; with ``again`` for the last turn repeated."""
    digits = "".join(filter(str.isdigit, request.number))
    turns = [{"CallStatus": "ringing"}, {"Digits": "3"}, {"Digits": digits}]
    for at, fields in enumerate(turns):
        path = f"/hook/voice?turn={at}" if at else "/hook/voice"
        if not again:
            system.signed(path, call_fields(sid, **fields))
    told = system.signed("/hook/voice?turn=3", call_fields(sid, Digits=request.code))
    return "".join(say.text or "" for say in ET.fromstring(told.content).iter("Say"))


def chatted(system: World, request: HelpRequest, at: int = 1) -> str:
    system.telegram(update(at, f"进度 {request.number} {request.code}"))
    return [one for one in system.all(Outgoing) if one.phrase.startswith("chat.")][-1].text


def page(system: World, request: HelpRequest) -> str:
    shown = system.client.post(
        "/status", data={"number": request.number, "code": request.code}, follow_redirects=True
    )
    return shown.text


def contact_due(system: World):
    """By when somebody gets in touch: the first that was promised."""
    name = "CLK-URGENT-CONTACT"
    return min(one.due_at for one in system.all(ClockRow) if (one.name, one.case) == (name, ""))


def due(request: HelpRequest):
    return due_of(request.queue_key)


def answered(system: World, request: HelpRequest) -> None:
    """The township helps, the lead answers and reports the result."""
    app = application(system.state)
    town = signed_in(system.state, app, request.holder_person)
    for act, body in (("sign", {}), ("record_contact", AID)):
        assert town.act(request.number, act, **body).status_code == 200, act
    lead = signed_in(system.state, app, "civil_affairs.1")
    for act, body in (
        ("sign", {}),
        ("reply", {"text": ANSWER}),
        ("report_result", {"result": "已先行救助"}),
    ):
        assert lead.act(request.number, act, **body).status_code == 200, act


def test_who_holds_it_by_when_they_are_contacted_and_answered_is_told_on_every_way(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        shown, heard, read = page(system, request), rung(system, request), chatted(system, request)
        unit = system.state.offices.current().directory.unit[request.lead_bureau]
        for said in (shown, heard, read):
            assert unit.name_zh in said
            assert "联系您" in said
        contact, answer = contact_due(system), due(request)
        for said in (shown, read):
            assert when(contact, "zh-CN") in said
            assert when(answer, "zh-CN") in said
        assert f"{spoken(contact)}前，会有人联系您" in heard
        assert f"{spoken(answer)}前给您答复" in heard
        assert "正在分办" in heard, "nobody has confirmed it: the stage that the page tells"
        assert "正在核实" in read


def test_when_the_hour_has_passed_that_is_told_too(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        contact = contact_due(system)
        now.forward(hours=30)
        shown, heard, read = page(system, request), rung(system, request), chatted(system, request)
        for said in (shown, read):
            assert f"应在{when(contact, 'zh-CN')}前联系您，已过时间" in said
            assert "已超过承诺时间" in said
        assert f"应该在{spoken(contact)}前联系您，时间已经过了" in heard
        assert "已经超过承诺的时间" in heard


def test_the_answer_itself_is_told_and_no_hour_that_is_over(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        answered(system, request)
        shown, heard, read = page(system, request), rung(system, request), chatted(system, request)
        for said in (shown, heard, read):
            assert ANSWER in said
            assert "会有人联系您" not in said
        assert "已经办完" in heard


def test_an_answer_that_was_given_back_is_the_answer_no_more(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        answered(system, request)
        app = application(system.state)
        back = signed_in(system.state, app, "lead01").act(
            request.number, "rehandle", reason="说没有收到米，没有人来过"
        )
        assert back.status_code == 200, back.text
        (request,) = system.all(HelpRequest)
        assert ANSWER not in rung(system, request)
        assert ANSWER not in chatted(system, request)


def test_who_asked_in_english_is_told_in_english(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        with acting(system.state.database, system.state.mint) as tx:
            tx.execute(change(Person).values(language="en"))
        heard, read = rung(system, request), chatted(system, request)
        assert "Somebody will get in touch with you by" in heard
        assert "You will hear by" in heard
        assert f"Somebody gets in touch with you by {when(contact_due(system), 'en')}" in read


def test_who_left_no_number_is_told_to_ask_again_and_not_that_they_are_called(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        with acting(system.state.database, system.state.mint) as tx:
            tx.execute(delete(Address))
        heard, read = rung(system, request), chatted(system, request)
        for said in (page(system, request), heard, read):
            assert "会有人联系您" not in said
            assert "您没有留电话" in said


@pytest.mark.parametrize("way", [rung, chatted])
def test_a_wrong_code_is_told_nothing(settings, now, way):
    with world(settings, now) as system:
        request = asked(system)
        answered(system, request)
        (request,) = system.all(HelpRequest)
        request.code = "000000" if request.code != "000000" else "111111"
        said = way(system, request)
        assert ANSWER not in said
        assert "民政" not in said


def test_the_answer_stands_in_its_message_alone_and_a_repeat_is_told_it_too(settings, now):
    """A provider repeats what it did not hear: what the journal remembers of it is no answer."""
    with world(settings, now) as system:
        request = asked(system)
        answered(system, request)
        first = rung(system, request)
        kept = json.dumps([one.outcome for one in system.all(JournalEntry)], ensure_ascii=False)
        assert "call_status_answer" in kept
        assert ANSWER not in kept
        assert rung(system, request, again=True) == first


def test_what_was_told_in_a_chat_is_erased_with_the_request(settings, now):
    with world(settings, now) as system:
        request = asked(system)
        answered(system, request)
        assert ANSWER in chatted(system, request)
        first = rung(system, request)
        with acting(system.state.database, system.state.mint) as tx:
            erasure.of_requests(tx, [request.id], now())
        assert not [one for one in system.all(Outgoing) if ANSWER in one.text]
        again = rung(system, request, again=True)
        assert ANSWER in first
        assert ANSWER not in again


def test_a_refusal_is_told_in_full_where_the_text_message_had_to_be_short(settings, now):
    """In writing and with reasons (N12): its page shows what the SMS left out."""
    with world(settings, now) as system:
        request = asked(system)
        params = {
            "hotline": "12345", "number": request.number, "unit": "民政局",
            "reasons": "家庭收入超过标准" * 6, "rule": "本县办法第九条", "other": "慈善会",
        }  # fmt: skip
        office = system.state.offices.current()
        short = office.phrases.say("refused_in_writing", params, "sms", "zh-CN")
        with acting(system.state.database, system.state.mint) as tx:
            last = max(one.id for one in system.all(Outgoing) if not one.staff)
            values = {"phrase": "refused_in_writing", "text": short, "params": params}
            tx.execute(change(Outgoing).where(col(Outgoing.id) == last).values(**values))
        for said in (page(system, request), rung(system, request), chatted(system, request)):
            assert params["reasons"] in said
            assert "行政复议" in said


def test_whose_words_name_nobody_are_told_of_nobody(settings, now):
    """A member of staff is named where a message to them has named the same."""
    with world(settings, now) as system:
        request = asked(system)
        named = f"工号{request.first_responder}"
        assert named in page(system, request)
        assert f"首问负责人，{named}" in rung(system, request)
        with acting(system.state.database, system.state.mint) as tx:
            tx.execute(change(Outgoing).values(text="收到了"))
        assert named not in page(system, request)
        assert "首问负责人" not in rung(system, request, sid="CA" + "6" * 32)


def test_what_is_told_to_whoever_asks_is_no_receipt_for_who_wrote(settings, now):
    """Their receipt is still to come: the promise of a first reply is not kept by it."""
    with world(settings, now) as system:
        request = asked(system)
        chatted(system, request)
        settle = [
            (row, Sent(row.id, "telegram", now(), str(row.id), None))
            for row in system.all(Outgoing)
            if row.phrase.startswith("chat.")
        ]
        with acting(system.state.database, system.state.mint) as tx:
            delivery._write_sent(tx, settle)
        (first,) = [one for one in system.all(ClockRow) if one.name == "CLK-FIRST-REPLY"]
        assert first.stopped_at is None
