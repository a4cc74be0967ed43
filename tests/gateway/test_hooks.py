"""The way in for providers: their own address, our own answer, and nothing in between."""

import concurrent.futures

import pytest

from gateway.accounting import account
from models.journal import JournalEntry
from models.requests import Contact, HelpRequest
from tests.gateway.world import HUNGRY, World, sms_fields, update, world


@pytest.fixture
def system(settings, now):
    with world(settings, now) as found:
        yield found


def test_a_message_is_kept_as_it_came_under_our_public_address(system):
    fields = sms_fields(HUNGRY)
    headers = system.signature("/hook/sms?from=county", fields)
    headers |= {"host": "evil.example", "x-forwarded-host": "evil.example", "cookie": "a=b"}
    answer = system.client.post("/hook/sms?from=county", data=fields, headers=headers)
    assert answer.status_code == 200
    (entry,) = system.all(JournalEntry)
    assert entry.url == "https://hotline.example/hook/sms?from=county"
    assert (entry.query, entry.part) == ("from=county", "")
    assert bytes(entry.body) == answer.request.content
    assert set(entry.headers) <= {"content-type", "user-agent", "i-twilio-idempotency-token"}
    assert entry.received_at == system.now()


def test_a_repeat_gets_the_answer_of_the_first_time(system):
    body = {"external_id": "1", "sender": "A-17", "text": HUNGRY}
    first, again = system.console(body), system.console(body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["number"].startswith("HY20260930-00001-")
    assert again.json() == {**first.json(), "duplicate": True}
    assert len(system.all(JournalEntry)) == len(system.all(HelpRequest)) == 1


def test_the_same_webhook_delivered_by_many_at_once_is_one_request(system):
    fields = [sms_fields(HUNGRY, sender=f"+861990000000{number}") for number in range(4)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        posted = pool.map(
            lambda n: system.signed("/hook/sms", fields[n % 4]).status_code, range(32)
        )
        assert set(posted) == {200}
    assert len(system.all(HelpRequest)) == len(system.all(Contact)) == 4
    with system.state.database.read() as session:
        assert account(session).holds


def test_providers_get_the_answer_they_understand_and_no_page(system):
    sms = system.sms(HUNGRY)
    assert sms.headers["content-type"].startswith("text/xml")
    assert b"<Message" not in sms.content, "the receipt goes out through the outbox"
    assert system.telegram(update(1, HUNGRY)).content == b""
    call = system.voice(CallStatus="ringing")
    assert call.headers["content-type"].startswith("text/xml")
    for answer in (sms, call):
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_refusal_to_a_machine_is_no_page_even_if_it_asks_for_one(system):
    headers = {"accept": "text/html", "x-twilio-signature": "no"}
    answer = system.client.post("/hook/sms", data=sms_fields(HUNGRY), headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_part_of_a_channel_is_handed_on_and_a_deeper_one_is_not_there(system):
    fields = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": "+8619900001234"}
    assert system.signed("/hook/sms/status?key=1", fields).status_code == 200
    assert system.all(JournalEntry)[0].part == "status"
    assert system.client.post("/hook/sms/status/more").status_code == 404


def measured(system: World) -> dict[str, float]:
    lines = system.client.get("/metrics").text.splitlines()
    counted = (line.rpartition(" ") for line in lines if line.startswith("huiyin_calls_total"))
    return {name.removeprefix("huiyin_calls_total"): float(value) for name, _, value in counted}


def test_answered_calls_are_counted_without_a_word_about_anybody(system):
    body = {"external_id": "1", "sender": "13900001111", "text": HUNGRY}
    for _ in range(2):
        system.console(body)
    system.telegram({"update_id": 5, "message": {"message_id": "?", "text": HUNGRY}})
    system.client.post("/hook/console", json=body)  # forged: not answered, not counted
    assert measured(system) == {
        '{channel="console",result="kept"}': 1,
        '{channel="console",result="duplicate"}': 1,
        '{channel="telegram",result="held"}': 1,
    }
    told = system.client.get("/metrics").text
    assert "13900001111" not in told
    assert "断粮" not in told
