"""Who was given a number in the holding pen can ask for it, in a chat and by telephone."""

import pytest

from gateway import intake
from gateway.lookups import status_of
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Form
from referral.wording import when
from tests.gateway.world import HUNGRY, World, call_fields, update, world


def in_the_pen(system: World, monkeypatch: pytest.MonkeyPatch) -> JournalEntry:
    """A message that could not be understood."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("not understood")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "open_request", broken)
        system.sms(HUNGRY)
    (entry,) = system.all(JournalEntry)
    assert entry.number
    assert entry.code
    return entry


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def test_in_a_chat_its_number_and_code_say_that_it_is_received_and_by_when_it_is_read(
    settings, now, monkeypatch
):
    with world(settings, now) as system:
        entry = in_the_pen(system, monkeypatch)
        (task,) = system.all(Task)
        assert entry.code in system.all(Outgoing)[-1].text, "they were given both"
        system.telegram(update(1, f"进度 {entry.number} {entry.code}"))
        said = system.all(Outgoing)[-1].text
        assert "已收到，正等工作人员查看" in said
        assert when(task.due_at, "zh-CN") in said
        system.telegram(update(2, f"进度 {entry.number} {wrong(entry.code)}"))
        assert "已收到" not in system.all(Outgoing)[-1].text


def test_by_telephone_they_are_told_too(settings, now, monkeypatch):
    with world(settings, now) as system:
        entry = in_the_pen(system, monkeypatch)
        digits = "".join(one for one in entry.number if one.isdigit())
        sid = "CA" + "2" * 32
        system.signed("/hook/voice", call_fields(sid, CallStatus="ringing"))
        system.signed("/hook/voice?turn=1", call_fields(sid, Digits="3"))
        system.signed("/hook/voice?turn=2", call_fields(sid, Digits=digits))
        told = system.signed("/hook/voice?turn=3", call_fields(sid, Digits=entry.code)).text
        assert "没有查到" not in told
        assert "已经收到" in told


def test_once_it_is_understood_the_request_itself_answers(settings, now):
    with world(settings, now) as system:
        system.sms(HUNGRY)
        (entry,) = system.all(JournalEntry)
        with acting(system.state.database, system.state.mint) as tx:
            office = system.state.offices.current()
            found = status_of(tx, office, entry.number, entry.code, form=Form.FULL, now=now())
        assert found.known["status"] == "in_triage", "nobody has confirmed it: as the page says"
        assert found.known["unit"]
