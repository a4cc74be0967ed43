"""Words of a citizen that were written while the database was away are kept and registered once."""

import asyncio
import re
from datetime import timedelta

import pytest

from channels import ChannelSettings
from channels.web import channel as web_channel
from gateway.app import create_app
from gateway.spool import Spool, drain
from models.db import Busy
from models.journal import JournalEntry
from models.messages import Raw
from models.requests import Contact, HelpRequest
from tests.client import TestClient
from tests.gateway.test_households import rows

WORDS = "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区"
PHONE = "13812345678"


@pytest.fixture
def channels(settings):
    given = ChannelSettings(settings.public_url, "", {"SECRET_KEY": settings.secret_key}, str)
    return {"web": web_channel(given)}


class Away:
    """The database of a process, which can be away for writers."""

    def __init__(self, database) -> None:
        self.away = False
        self._write = database.write
        database.write = self.write

    def write(self):
        if self.away:
            raise Busy("away")
        return self._write()


@pytest.fixture
def away(state):
    return Away(state.database)


@pytest.fixture
def browser(state):
    return TestClient(create_app(state), state.settings.public_url, follow_redirects=False)


def pressed(browser, **more):
    key = re.search(r'name="key" value="([^"]+)"', browser.get("/help").text)[1]
    return browser.post("/help", data={"key": key, "what": WORDS, "phone": PHONE, **more}), key


def drained(state) -> int:
    return asyncio.run(drain(state, Spool.of(state.settings)))


def test_while_the_database_is_away_the_words_are_kept_and_the_page_says_so(state, browser, away):
    away.away = True
    answer, _ = pressed(browser)
    assert answer.status_code == 202
    assert 'role="alert"' in answer.text
    assert WORDS in answer.text, "every word is still there"
    assert all(f'href="tel:{line}"' in answer.text for line in ("110", "119", "120"))
    assert "12345" in answer.text
    (file,) = Spool.of(state.settings).waiting()
    assert file.stat().st_mode & 0o077 == 0
    assert WORDS.encode() not in file.read_bytes()
    assert PHONE.encode() not in file.read_bytes()
    assert rows(state, Contact) == []


def test_when_it_is_back_they_are_registered_once_at_the_time_they_were_written(
    state, browser, away, now
):
    away.away, written = True, now()
    _, key = pressed(browser)
    pressed_again = browser.post("/help", data={"key": key, "what": WORDS, "phone": PHONE})
    assert pressed_again.status_code == 202
    with pytest.raises(Busy):
        drained(state)
    assert len(Spool.of(state.settings).waiting()) == 1, "nothing is thrown away meanwhile"
    now.forward(minutes=9)
    away.away = False
    assert drained(state) == 1
    assert Spool.of(state.settings).waiting() == []
    (contact,), (request,) = rows(state, Contact), rows(state, HelpRequest)
    assert (contact.text, contact.sender) == (WORDS, f"+86{PHONE}")
    assert (contact.received_at, request.received_at) == (written, written)
    after = browser.post("/help", data={"key": key, "what": WORDS, "phone": PHONE})
    assert after.status_code == 303
    assert request.number in browser.get("/received").text, "pressed again it brings the number"
    assert len(rows(state, HelpRequest)) == 1


def test_a_crash_between_registering_and_forgetting_makes_no_second_request(state, browser, away):
    away.away = True
    pressed(browser)
    (file,) = Spool.of(state.settings).waiting()
    content = file.read_bytes()
    away.away = False
    assert drained(state) == 1
    file.write_bytes(content)
    assert drained(state) == 1
    assert len(rows(state, Contact)) == len(rows(state, JournalEntry)) == 1


def test_what_cannot_be_put_on_the_disk_is_not_said_to_be_kept(state, browser, away):
    state.settings.data_dir.joinpath("spool").write_text("in the way")
    away.away = True
    answer, _ = pressed(browser)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert WORDS in answer.text


def test_what_cannot_be_opened_is_set_aside_and_holds_nothing_up(state, browser, away, now):
    away.away = True
    pressed(browser)
    (file,) = Spool.of(state.settings).waiting()
    now.forward(seconds=1)
    pressed(browser, what="请派人修一下路灯，晚上看不清路")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    away.away = False
    assert drained(state) == 1
    assert [one.text for one in rows(state, Contact)] == ["请派人修一下路灯，晚上看不清路"]
    assert [one.suffix for one in file.parent.iterdir()] == [".unreadable"]


def test_the_figures_say_how_long_words_have_waited(state, browser, away, now):
    assert "huiyin_spool_oldest_seconds 0\n" in browser.get("/metrics").text
    away.away = True
    pressed(browser)
    now.forward(minutes=3)
    assert "huiyin_spool_oldest_seconds 180\n" in browser.get("/metrics").text


def test_a_flood_fills_no_disk(tmp_path, now):
    spool = Spool(tmp_path / "spool", "s" * 40)
    raw = Raw("u", b"", {})
    for number in range(3):
        assert spool.keep("web", str(number), raw, now() + timedelta(seconds=number))
    assert len(spool.waiting()) == 3
    full = Spool(tmp_path / "spool", "s" * 40, most=3)
    assert not full.keep("web", "one more", raw, now())
    assert full.keep("web", "2", raw, now()), "what is kept already stays kept"
