"""Whatever comes in over HTTP: a clear answer, nothing half written, no message lost to a 5xx."""

import json
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, event, text

from gateway import accounts
from gateway.accounting import account
from models.db import Database
from models.journal import JournalEntry
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ContactState, TaskKind
from tests.conftest import KEY
from tests.gateway.world import (
    CITIZEN,
    FORM,
    HUNGRY,
    World,
    call_fields,
    sms_fields,
    update,
    world,
)

MIB = 1_048_576


@pytest.fixture
def system(settings, now):
    with world(settings, now) as found:
        yield found


def one_sentence(answer) -> bool:
    said = answer.text.strip()
    return 0 < len(said) < 200 and "\n" not in said and "Traceback" not in said


def message(**fields):
    return {"external_id": "1", "sender": "A-17", "text": HUNGRY, **fields}


# Who is not heard.


def forged_sms(system: World):
    fields = sms_fields(HUNGRY)
    headers = system.signature("/hook/sms", {**fields, "Body": "别的话"})
    return system.client.post("/hook/sms", data=fields, headers=headers)


def forged_receipt(system: World):
    fields = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}
    return system.client.post("/hook/sms/status?key=1", data=fields)


def forged_call(system: World):
    fields = call_fields(Digits="1")
    headers = {**system.signature("/hook/voice", fields), "x-twilio-signature": "A" * 27 + "="}
    return system.client.post("/hook/voice?turn=1", data=fields, headers=headers)


def forged_update(system: World):
    headers = {"x-telegram-bot-api-secret-token": "somebody-else"}
    return system.client.post("/hook/telegram", json=update(1, HUNGRY), headers=headers)


def forged_form(system: World):
    return system.client.post("/hook/web", data={"what": HUNGRY, "key": "nonce.signature"})


def forged_message(system: World):
    headers = {"authorization": "Bearer somebody-else"}
    return system.client.post("/hook/console", json=message(), headers=headers)


@pytest.mark.parametrize(
    "forge",
    [forged_sms, forged_receipt, forged_call, forged_update, forged_form, forged_message],
    ids=lambda forge: forge.__name__.removeprefix("forged_"),
)
def test_a_forged_call_is_refused_and_writes_nothing(system, forge):
    before = system.counts()
    answer = forge(system)
    assert answer.status_code == 403
    assert one_sentence(answer)
    assert system.counts() == before


def test_a_signature_for_another_address_is_refused(system):
    fields = sms_fields(HUNGRY)
    headers = system.signature("/hook/voice", fields)
    headers |= {"host": "hotline.example", "x-forwarded-prefix": "/hook/voice"}
    assert system.client.post("/hook/sms", data=fields, headers=headers).status_code == 403


def test_nobody_from_outside_is_the_simulator(settings, now):
    with world(settings, now, CONSOLE_TOKEN="") as system:
        for value in ("1", "true"):
            headers = {"x-huiyin-local": value, "X-Huiyin-LOCAL": value}
            answer = system.client.post("/hook/console", json=message(), headers=headers)
            assert answer.status_code == 403
        assert system.counts()["JournalEntry"] == 0


@pytest.mark.parametrize(
    ("cut", "status"),
    [
        ({"FromCity": "FromCountryCN", "FromCountry": None}, 200),
        ({"NumMedia": "0NumSegments1", "NumSegments": None}, 200),
        ({"Body": HUNGRY + "From" + CITIZEN, "From": None}, 403),
        ({"ApiVersion": "2010-04-01Body" + HUNGRY, "Body": None}, 403),
    ],
    ids=["fields joined", "counts joined", "body swallows sender", "version swallows body"],
)
def test_a_signed_body_cut_anew_makes_no_second_record(system, cut, status):
    fields = sms_fields(HUNGRY)
    assert system.signed("/hook/sms", fields).status_code == 200
    before = system.counts()
    anew = {name: value for name, value in (fields | cut).items() if value is not None}
    answer = system.client.post(
        "/hook/sms", data=anew, headers=system.signature("/hook/sms", fields)
    )
    assert answer.status_code == status
    assert system.counts() == before


# What cannot be read.


@pytest.mark.parametrize(
    "body",
    [b"", b"what=1", b"{", b"[]", b'"text"', b"\xff\xfe\x00", b"[" * 100_000, b'{"update_id":'],
    ids=["empty", "a form", "open", "list", "text", "bytes", "deep", "cut off"],
)
@pytest.mark.parametrize("channel", ["console", "telegram"])
def test_a_body_of_another_kind_is_a_400_in_one_sentence(system, channel, body):
    before = system.counts()
    answer = getattr(system, channel)(body)
    assert answer.status_code == 400
    assert one_sentence(answer)
    assert system.counts() == before


@pytest.mark.parametrize("channel", ["sms", "voice", "web"])
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"&" * 10_000, b"a=1&" * 5_000])
def test_a_body_that_is_no_signed_form_is_refused(system, channel, body):
    before = system.counts()
    answer = system.client.post(f"/hook/{channel}", content=body, headers={"content-type": FORM})
    assert answer.status_code in (400, 403)
    assert one_sentence(answer)
    assert system.counts() == before


def pieces(size: int):
    for _ in range(size // 65_536):
        yield b"x" * 65_536


@pytest.mark.parametrize("channel", ["sms", "voice", "telegram", "web", "console"])
def test_five_mebibytes_are_too_large(system, channel):
    answer = system.client.post(f"/hook/{channel}", content=b"x" * 5 * MIB)
    assert answer.status_code == 413
    assert one_sentence(answer)
    assert str(MIB) in answer.text


def test_a_body_whose_length_is_not_announced_is_measured(system):
    answer = system.client.post("/hook/console", content=pieces(5 * MIB))
    assert answer.status_code == 413
    just = json.dumps(message(text="粮" * 300_000), ensure_ascii=False).encode()
    assert len(just) < MIB
    assert system.console(just).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_hook_is_posted_to(system, method):
    assert system.client.request(method, "/hook/sms").status_code == 405


@pytest.mark.parametrize("name", ["pigeon", "_twilio", "__init__", "%00", "sms.py", "SMS"])
def test_an_unknown_channel_is_a_404(system, name):
    assert system.client.post(f"/hook/{name}", content=b"x").status_code == 404


def test_a_channel_that_is_switched_off_is_a_404(settings, now):
    with world(settings, now, channels="web,console") as system:
        answer = system.sms(HUNGRY)
        assert answer.status_code == 404
        assert one_sentence(answer)
        assert system.counts()["JournalEntry"] == 0


# What is strange, and kept.

STRANGE = {
    "nul": "断粮\0两天",
    "emoji": "🆘👵🏽👨‍👩‍👧",
    "right to left": "\u202e断粮两天了\u2066\u200f",
    "controls": "\x01\x1b[2J断粮\x7f\u0085",
    "empty": "",
    "blank": " \u3000\n",
    "rare": "𠮷野家断粮𪚥",
    "marks": "a" + "\u0301" * 500,
    "html": "<script>alert(1)</script>'; DROP TABLE request; --{{7*7}}{0.__class__}%s",
}


@pytest.mark.parametrize("words", STRANGE.values(), ids=STRANGE)
def test_a_strange_text_message_becomes_a_request(system, words):
    assert system.sms(words).status_code == 200
    (contact,) = system.all(Contact)
    assert contact.text == words.replace("\0", "")
    assert len(system.all(HelpRequest)) == 1


@pytest.mark.parametrize("words", [*STRANGE.values(), "\ud800断粮\udfff"], ids=[*STRANGE, "halves"])
def test_strange_words_in_json_become_a_request(system, words):
    answer = system.console(message(text=words, sender=f"A{words[:9]}", place=words, name=words))
    assert answer.status_code == 200
    assert answer.json()["number"]
    assert not answer.json()["held"]
    assert len(system.all(HelpRequest)) == 1
    with system.state.database.read() as session:
        assert account(session).holds


@pytest.mark.parametrize(
    "body",
    [
        b'{"external_id": NaN, "sender": "a", "text": "b"}',
        b'{"external_id": "1", "sender": 1e999, "text": "b"}',
        b'{"external_id": "1", "sender": "a", "text": -Infinity}',
        b'{"external_id": "1", "sender": "a", "text": ' + b"9" * 5_000 + b"}",
        '{"external_id": "1"}'.encode("utf-16"),
    ],
    ids=["nan", "1e999", "infinity", "digits", "utf-16"],
)
def test_numbers_no_json_has_are_a_400(system, body):
    answer = system.console(body)
    assert answer.status_code == 400
    assert one_sentence(answer)


def test_json_in_utf_16_is_understood(system):
    assert system.console(json.dumps(message()).encode("utf-16")).status_code == 200
    assert system.all(Contact)[0].text == HUNGRY


@pytest.mark.parametrize(
    "value", [b"NaN", b"1e999", b"-1e999", b'"x"', b"null", b"1e308", b"9" * 400]
)
def test_a_point_that_is_none_does_not_cost_the_words(system, value):
    body = json.dumps(update(1, HUNGRY, location={"latitude": "?", "longitude": 120}))
    answer = system.telegram(body.encode().replace(b'"?"', value))
    assert answer.status_code == 200
    with system.state.database.read() as session:
        assert account(session).holds
    contacts = system.all(Contact)
    assert [contact.text for contact in contacts] == [HUNGRY]
    assert contacts[0].state == ContactState.HANDLED


@pytest.mark.parametrize(
    "kind",
    [
        {"chat_boost": {"chat": {}}},
        {"some_day_new": {"x": [1]}},
        {"message_reaction": {"new_reaction": []}},
        {"poll": {}},
        {},
    ],
    ids=lambda kind: next(iter(kind), "nothing"),
)
def test_an_unknown_kind_of_update_is_kept_and_says_nothing(system, kind):
    assert system.telegram({"update_id": 5, **kind}).status_code == 200
    (entry,) = system.all(JournalEntry)
    assert entry.state in (ContactState.HANDLED, ContactState.HOLDING_PEN)
    assert system.all(Contact) == []
    assert system.telegram(update(6, HUNGRY)).status_code == 200
    assert len(system.all(HelpRequest)) == 1


def test_a_poison_update_is_answered_and_kept_and_the_next_one_comes_through(system):
    poison = {"update_id": 5, "message": {"message_id": "?", "date": "?", "text": HUNGRY}}
    assert system.telegram(poison).status_code == 200, "a 5xx would hold back all later messages"
    (entry,) = system.all(JournalEntry)
    assert entry.state == ContactState.HOLDING_PEN
    assert json.loads(bytes(entry.body)) == poison
    (task,) = system.all(Task)
    assert (task.kind, task.urgent, task.number) == (TaskKind.UNREADABLE, True, entry.number)
    assert system.telegram(poison).status_code == 200
    assert len(system.all(JournalEntry)) == 1, "Telegram repeats; it stays one"
    assert system.telegram(update(6, HUNGRY)).status_code == 200
    (request,) = system.all(HelpRequest)
    assert request.level == "urgent"
    with system.state.database.read() as session:
        found = account(session)
    assert found.holds
    assert found.by_place == {"holding pen": 1, "open": 1}


# When the database is away.


@contextmanager
def impatient(engine: Engine):
    """New connections wait a moment for the file, not the five seconds of a real process."""

    def hurry(connection, _record) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    event.listen(engine, "connect", hurry)
    engine.dispose()
    yield
    event.remove(engine, "connect", hurry)
    engine.dispose()


@contextmanager
def away(system: World):
    """Somebody else holds the file; PostgreSQL refuses us."""
    database = system.state.database
    if database.is_sqlite:
        other = Database(system.settings.database_url, key=KEY)
        # Past the writers' queue: another program has the file itself.
        with (
            impatient(database.engine),
            other.engine.connect().execution_options(huiyin_write=True) as connection,
        ):
            connection.begin()
            yield
        other.close()
        return
    name = database.url.database
    admin = create_engine(database.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        )
        yield
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()


def test_a_busy_database_asks_the_provider_to_come_again(system):
    fields = sms_fields(HUNGRY)
    with away(system):
        refused = system.signed("/hook/sms", fields)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert one_sentence(refused)
        assert system.client.get("/healthz").status_code == 200
    assert system.counts()["JournalEntry"] == 0, "nothing is half accepted"
    assert system.signed("/hook/sms", fields).status_code == 200
    assert len(system.all(HelpRequest)) == 1


def test_a_database_that_is_away_is_not_ready(system):
    assert system.client.get("/readyz").status_code == 200
    with away(system):
        assert system.client.get("/readyz").status_code == 503
    assert system.client.get("/readyz").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the lock is our own
@pytest.mark.thorough
def test_a_process_that_is_shut_out_by_its_neighbour_says_busy(system):
    held, release = threading.Event(), threading.Event()

    def neighbour() -> None:
        with system.state.database.write():
            held.set()
            release.wait(30)

    thread = threading.Thread(target=neighbour)
    thread.start()
    held.wait(10)
    try:
        assert system.sms(HUNGRY).status_code == 503
    finally:
        release.set()
        thread.join()
    assert system.sms(HUNGRY).status_code == 200


# Partner systems.


@pytest.fixture
def partner(system):
    with acting(system.state.database, system.state.mint) as tx:
        token = accounts.add_token(tx, "county-oa", "contacts:write", system.now())

    def post(body, key: str = "k1"):
        headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
        headers["content-type"] = "application/json"
        return system.client.post("/api/v1/contacts", content=body, headers=headers)

    return post


CONTACT = {"channel": "transfer_in", "external_id": "1", "sender": "county-oa", "text": HUNGRY}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(CONTACT).encode("utf-16"),
        json.dumps({**CONTACT, "latitude": "?"}).encode().replace(b'"?"', b"NaN"),
        json.dumps({**CONTACT, "latitude": "?"}).encode().replace(b'"?"', b"1e999"),
        json.dumps({**CONTACT, "text": "?"}).encode().replace(b'"?"', b"9" * 5_000),
        json.dumps({**CONTACT, "text": "?"}).encode().replace(b'"?"', b'"\\ud800"'),
        json.dumps({**CONTACT, "extern_id": "2"}).encode(),
        json.dumps({**CONTACT, "at": "2026-11-22T08:00:00"}).encode(),
        json.dumps({**CONTACT, "external_id": "x" * 5_000}).encode(),
    ],
    ids=[
        "empty",
        "open",
        "list",
        "null",
        "bytes",
        "deep",
        "utf-16",
        "nan",
        "1e999",
        "digits",
        "half",
        "misspelt",
        "no zone",
        "long",
    ],
)
def test_what_a_partner_sends_amiss_is_refused_and_costs_no_later_contact(system, partner, body):
    before = system.counts()
    answer = partner(body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]
    assert "Traceback" not in answer.text
    assert system.counts() == before
    assert partner(json.dumps(CONTACT), "k2").status_code == 201
    assert len(system.all(HelpRequest)) == 1


@pytest.mark.parametrize("words", STRANGE.values(), ids=STRANGE)
def test_strange_words_of_a_partner_become_a_request(system, partner, words):
    answer = partner(json.dumps({**CONTACT, "text": words, "place": words, "name": words}))
    assert answer.status_code == 201
    assert len(system.all(HelpRequest)) == 1


def test_a_partner_may_not_send_five_mebibytes(system, partner):
    assert partner(b"x" * 5 * MIB).status_code == 413
    assert partner(pieces(5 * MIB)).status_code == 413
    assert system.counts()["JournalEntry"] == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_busy_database_asks_a_partner_to_come_again(system, partner):
    with away(system):
        refused = partner(json.dumps(CONTACT))
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
    assert partner(json.dumps(CONTACT)).status_code == 201
