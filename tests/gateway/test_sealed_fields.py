"""A stolen database tells nobody's name, number, address or words, and the work goes on."""

import asyncio
import base64
import json
import urllib.parse

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from channels.console import Channel
from gateway import recorded, rekeying
from gateway.accounting import account
from gateway.ledger_audit import walk
from gateway.lookups import status_of
from gateway.state import open_database, wire
from gateway.ticks import Ticks
from models import dialogues, dumping
from models.events import Event
from models.keyring import FieldKey, NoKey
from models.likenesses import RepeatKey
from models.people import Address
from models.requests import Contact, HelpRequest
from models.sealing import Broken
from models.transaction import acting
from models.vocabulary import Form
from tests.conftest import process
from tests.fakes import RecordingChannel, call
from tests.gateway.people import application, partner

FIELD_KEY, NEXT_KEY = "3e" * 32, "4f" * 32
SENDER = "+8619911223344"
CANARIES = (
    "19911223344", "19955667788", "司徒青柠", "110101194910010018", "翠屏里九栋五单元",
    "米缸见底三天", "糖尿病并发症", "四只橘猫",
)  # fmt: skip
TEXT = (
    "我叫司徒青柠，身份证110101194910010018，电话19955667788，住柳湾镇翠屏里九栋五单元，"
    "米缸见底三天了没饭吃，还有糖尿病并发症，家里四只橘猫"
)
ANOTHER = "司徒青柠家又断粮了，电话19955667788，就在翠屏里九栋五单元"


@pytest.fixture(params=["aes-256-gcm", "sm4-gcm"])
def sealing_settings(settings, request):
    """The settings of a hotline that seals its fields, on either database."""
    return settings.model_copy(
        update={
            "field_key": FIELD_KEY,
            "field_encryption": "on",
            "field_cipher": request.param,
        }
    )


@pytest.fixture
def sealed(sealing_settings, now):
    """A process that seals."""
    with process(sealing_settings, now, {"recording": RecordingChannel()}) as state:
        yield state


def ticks_of(state) -> Ticks:
    return Ticks(
        state.database, state.mint, channels=state.channels, offices=state.offices,
        intake=state.intake, now=state.now,
    )  # fmt: skip


def live(state) -> str:
    """A journey: words by two ways, a repeat, a call nobody can read, deliveries; its number."""
    channel = state.channels["recording"]
    first = state.intake.receive(channel, call("s1", TEXT, SENDER), state.now()).result(20)
    record = {
        "channel": "phone", "external_id": "p1", "sender": "19955667788", "text": ANOTHER,
        "name": "司徒青柠", "place": "翠屏里九栋五单元",
    }  # fmt: skip
    body = json.dumps(record, ensure_ascii=False).encode()
    state.intake.submit(recorded.call_of(recorded.read(body), body, state.now())).result(20)
    poison = call("s2", TEXT, SENDER, poison=True)
    assert state.intake.receive(channel, poison, state.now()).result(20).held
    ticks = ticks_of(state)
    asyncio.run(ticks.compare())
    asyncio.run(ticks.deliver())
    assert any("司徒" in m.text or m.address == SENDER for m in channel.sent)
    return first.number


def stored(state) -> bytes:
    """Everything as it stands in the tables."""
    with dumping.one_moment(state.database) as connection:
        return b"".join(dumping.dump(connection, dumping.snapshot(connection)))


def encodings(word: str):
    plain = word.encode()
    yield plain
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield word.encode("gb18030")
    yield urllib.parse.quote(word).encode()
    yield json.dumps(word)[1:-1].encode()
    yield plain.hex().encode()
    for shift in range(3):
        inside = base64.b64encode(b"\0" * shift + plain)
        yield inside[4 if shift else 0 : -4]


def found_in(stolen: bytes) -> list[str]:
    lower = stolen.lower()
    return [
        word
        for word in CANARIES
        if any(one in stolen or one.lower() in lower for one in encodings(word) if len(one) > 5)
    ]


def test_a_dumped_database_tells_nothing_of_anybody(sealed):
    live(sealed)
    assert found_in(stored(sealed)) == []


def test_the_scan_would_see_what_lies_open(settings, now):
    state = wire(
        settings.model_copy(update={"field_encryption": "off"}), kind="test", now=now,
        channels={"recording": RecordingChannel()},
    )  # fmt: skip
    live(state)
    assert set(found_in(stored(state))) == set(CANARIES)
    state.close()


def test_the_file_itself_tells_nothing_even_without_its_own_encryption(sealed, tmp_path):
    if not sealed.database.is_sqlite:
        pytest.skip("a file is SQLite's")
    live(sealed)
    with sealed.database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.execute(f"ATTACH DATABASE '{tmp_path / 'plain.db'}' AS plain KEY ''")
        driver.execute("SELECT sqlcipher_export('plain')")
        driver.execute("DETACH DATABASE plain")
    stolen = (tmp_path / "plain.db").read_bytes()
    assert stolen.startswith(b"SQLite format 3")
    assert b"received" in stolen, "it is readable"
    assert found_in(stolen) == []


def test_the_work_goes_on_as_if_nothing_were_sealed(sealed):
    number = live(sealed)
    again = sealed.intake.receive(
        sealed.channels["recording"], call("s3", "还是没吃的", SENDER), sealed.now()
    ).result(20)
    assert (again.number, again.opened) == (number, False), "found again by the blind index"
    with sealed.database.read() as session:
        contact = session.scalars(select(Contact).where(col(Contact.external_id) == "s1")).one()
        assert (contact.text, contact.sender) == (TEXT, SENDER)
        request = session.scalars(
            select(HelpRequest).where(col(HelpRequest.number) == number)
        ).one()
        assert account(session).missing == []
        assert walk(session).fault == ""
        assert session.scalars(select(RepeatKey).where(col(RepeatKey.hash) != 0)).first()
    with acting(sealed.database, sealed.mint) as tx:
        office = sealed.offices.current()
        asked = {"form": Form.FULL, "now": sealed.now()}
        wrong = "000000" if request.code != "000000" else "1"
        assert status_of(tx, office, number, request.code, **asked).known["found"] == "1"
        assert status_of(tx, office, number, wrong, **asked).known == {"found": ""}
    assert list(rekeying.faults(sealed.database)) == []


def settle(state, now) -> None:
    """Seal also what the county had before anything was sealed."""
    done = rekeying.rotate(state.database, state.mint, "aes-256-gcm", now)
    assert (done.key, done.resumed, done.retired) == (1, True, [])


def swap(state, table: str, column: str) -> None:
    """Exchange a value of two rows behind our back."""
    with state.database.write() as connection:
        rows = connection.execute(
            text(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY id LIMIT 2")
        ).all()
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        sql = f"UPDATE {table} SET {column} = {mark} WHERE id = {mark}"
        connection.exec_driver_sql(sql, (rows[0][1], rows[1][0]))
        connection.exec_driver_sql(sql, (rows[1][1], rows[0][0]))


def test_values_that_change_places_or_change_at_all_are_named(sealed):
    live(sealed)
    swap(sealed, "contact", "text")
    found = list(rekeying.faults(sealed.database))
    assert len(found) == 2
    assert all("contact.text of record" in one for one in found)
    with sealed.database.write() as connection:
        connection.execute(text("UPDATE contact SET text = name WHERE name IS NOT NULL"))
    with pytest.raises(Broken), sealed.database.read() as session:
        session.scalars(select(Contact)).all()


@pytest.mark.thorough
def test_a_new_key_seals_everything_and_the_old_one_is_gone(sealed, sealing_settings, now):
    number = live(sealed)
    settle(sealed, now)
    other = open_database(sealing_settings)  # another process, which knows the first key only
    with other.read() as session:
        assert session.scalars(select(Contact)).first().text
    done = rekeying.rotate(sealed.database, sealed.mint, sealing_settings.field_cipher, now)
    assert done.retired == [1]
    assert done.records > 10
    assert b"v1|1|" not in stored(sealed)
    assert b"v1|2|" in stored(sealed)
    with other.read() as session:
        assert {row.text for row in session.scalars(select(Contact))} >= {TEXT}
        assert all(bytes(key.wrapped) == b"" for key in session.scalars(select(FieldKey))
                   if key.retired_at)  # fmt: skip
        assert walk(session).fault == ""
    other.close()
    assert list(rekeying.faults(sealed.database)) == []
    again = sealed.intake.receive(
        sealed.channels["recording"], call("s9", "还是没吃的", SENDER), now()
    ).result(20)
    assert again.number == number


@pytest.mark.thorough
def test_a_rotation_that_was_stopped_goes_on_with_the_same_key(sealed, sealing_settings, now):
    live(sealed)
    settle(sealed, now)
    left = [3]

    class Stopped(Exception):
        pass

    def mint() -> int:
        return sealed.mint()

    original = sealed.database

    class Interrupted:
        """The database, until the power fails in the third transaction."""

        def __getattr__(self, name):
            return getattr(original, name)

        def write(self):
            left[0] -= 1
            if left[0] < 0:
                raise Stopped
            return original.write()

    with pytest.raises(Stopped):
        rekeying.rotate(Interrupted(), mint, sealing_settings.field_cipher, now)
    assert {b"v1|1|", b"v1|2|"} <= {m for m in (b"v1|1|", b"v1|2|") if m in stored(sealed)}
    with original.read() as session:
        assert {row.text for row in session.scalars(select(Contact))} >= {TEXT}, "mixed is readable"
    done = rekeying.rotate(original, mint, sealing_settings.field_cipher, now)
    assert (done.key, done.resumed, done.retired) == (2, True, [1])
    assert b"v1|1|" not in stored(sealed)


def test_a_page_that_began_before_a_rotation_ended_still_opens_what_it_sees(
    sealed, sealing_settings, now
):
    live(sealed)
    settle(sealed, now)
    with sealed.database.read() as session:
        session.connection().execute(text("SELECT count(*) FROM contact")).scalar()
        rekeying.rotate(sealed.database, sealed.mint, sealing_settings.field_cipher, now)
        words = {row.text for row in session.scalars(select(Contact))}
    assert TEXT in words, "its moment is from before, and so are the values in it"


def test_the_outside_key_is_replaced_and_the_old_one_no_longer_needed(
    sealed, sealing_settings, now
):
    live(sealed)
    both = sealing_settings.model_copy(
        update={"field_key": NEXT_KEY, "field_key_previous": FIELD_KEY}
    )
    state = wire(both, kind="test", now=now, channels={})
    rekeying.rotate(state.database, state.mint, both.field_cipher, now)
    state.close()
    alone = open_database(both.model_copy(update={"field_key_previous": ""}))
    with alone.read() as session:
        assert {row.text for row in session.scalars(select(Contact))} >= {TEXT}
    alone.close()
    with pytest.raises(NoKey):
        wire(sealing_settings, kind="test", now=now, channels={})
    bare = sealing_settings.model_copy(update={"field_key": "", "field_encryption": "off"})
    with pytest.raises((NoKey, Broken)):
        wire(bare, kind="test", now=now, channels={"recording": RecordingChannel()})


@pytest.mark.thorough
def test_what_was_open_is_sealed_by_the_first_rotation_and_found_meanwhile(settings, now):
    off = settings.model_copy(update={"field_encryption": "off", "field_key": FIELD_KEY})
    channel: Channel = RecordingChannel()
    state = wire(off, kind="test", now=now, channels={"recording": channel})
    number = live(state)
    odd = state.intake.receive(channel, call("odd", "v1|1|7|AAAA", "+8619900000009"), now())
    assert odd.result(20).number
    state.close()
    on = off.model_copy(update={"field_encryption": "on"})
    state = wire(on, kind="test", now=now, channels={"recording": channel})
    again = state.intake.receive(channel, call("s7", "还是没吃的", SENDER), now()).result(20)
    assert again.number == number, "an address that lies open is found by its old name"
    assert set(found_in(stored(state))) == set(CANARIES)
    done = rekeying.rotate(state.database, state.mint, on.field_cipher, now)
    assert done.resumed, "the key that sealing began with is the one"
    assert found_in(stored(state)) == []
    with state.database.read() as session:
        words = {row.text for row in session.scalars(select(Contact))}
        assert {TEXT, "v1|1|7|AAAA"} <= words, "also words that look like a sealed value"
        assert all(len(row.lookup or "") == 32 for row in session.scalars(select(Address)))
        assert session.scalars(select(Event)).first().detail.startswith("{")
    again = state.intake.receive(channel, call("s8", "还是没吃的", SENDER), now()).result(20)
    assert again.number == number
    state.close()


@pytest.mark.thorough
def test_a_rotation_forgets_no_list_and_no_talk(sealed, sealing_settings, now):
    power = partner(sealed, application(sealed), "power", "warnings:write")
    row = {"kind": "utility_arrears", "source": "供电公司", "name": "甲某", "phone": "19955667788",
           "value": 3, "period": "2026-08"}  # fmt: skip

    def sent_again() -> tuple[int, int]:
        answer = power.post("/api/v1/warnings", {"rows": [row]}).json()
        return answer["noted"] + answer["new"], answer["repeated"]

    assert sent_again() == (1, 0)
    with acting(sealed.database, sealed.mint) as tx:
        dialogues.remember(tx, "telegram", "chat-7", state={"step": "where"}, now=now())
    rekeying.rotate(sealed.database, sealed.mint, sealing_settings.field_cipher, now)
    assert sent_again() == (0, 1), "the same fact is one warning"
    with acting(sealed.database, sealed.mint) as tx:
        assert dialogues.states(tx, ["chat-7"]) == {("telegram", "chat-7"): {"step": "where"}}
