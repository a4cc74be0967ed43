"""Photographs and recordings that came while the database was away are kept beside their words."""

import asyncio
import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from gateway import attachments
from gateway.attachments import Content
from gateway.spool import Spool, drain
from models.attachments import Attachment
from models.requests import Contact
from tests.gateway.test_households import rows
from tests.gateway.test_spool import (  # noqa: F401  fixtures
    PHONE,
    WORDS,
    away,
    browser,
    channels,
)

SOUND = b"OggS" + b"\1" * 400


def photo(shade: str = "red") -> bytes:
    written = BytesIO()
    Image.new("RGB", (40, 30), shade).save(written, "PNG")
    return written.getvalue()


def sent(browser, *files, key="", **more):  # noqa: F811
    key = key or re.search(r'name="key" value="([^"]+)"', browser.get("/help").text)[1]
    fields = {"key": key, "what": WORDS, "phone": PHONE, **more}
    return browser.post("/help", data=fields, files=list(files)), key


def picture(content: bytes, name: str = "a.png"):
    return ("photo", (name, content, "image/png"))


def recording(content: bytes):
    return ("voice", ("a.ogg", content, "audio/ogg"))


def drained(state) -> int:
    return asyncio.run(drain(state, Spool.of(state.settings)))


def kept(state) -> list[str]:
    with state.database.read() as session:
        found = session.execute(select(Attachment.content_type, Attachment.about_key)).all()
    return sorted(f"{kind} {key.partition(':')[0]}" for kind, key in found)


def test_a_photograph_and_a_voice_outlive_a_database_that_is_away(state, browser, away, now):  # noqa: F811
    away.away, written = True, now()
    answer, key = sent(browser, picture(photo()), recording(SOUND))
    assert answer.status_code == 202
    assert "2 个照片或者录音也存好了" in answer.text
    assert "要重新选一次" not in answer.text
    spool = Spool.of(state.settings)
    assert len(spool.files()) == 2
    for file in spool.files():
        assert file.stat().st_mode & 0o077 == 0
        assert SOUND not in file.read_bytes()
    now.forward(minutes=20)
    away.away = False
    assert drained(state) == 1
    assert (spool.waiting(), spool.files()) == ([], [])
    assert kept(state) == ["audio/ogg web", "image/jpeg web"]
    (contact,) = rows(state, Contact)
    with state.database.read() as session:
        of_it = attachments.of_contacts(session.connection(), contact.request_id)
    (files,) = of_it.values()
    assert [file["kept_at"] for file in files] == [written, written]
    after, _ = sent(browser, picture(photo()), key=key)
    assert after.status_code == 303
    assert len(kept(state)) == 2, "chosen and sent once more it is the same picture"


def test_pressed_twice_or_crashed_in_between_each_file_is_kept_once(state, browser, away):  # noqa: F811
    away.away = True
    _, key = sent(browser, picture(photo()))
    sent(browser, picture(photo()), picture(photo("blue")), key=key)
    spool = Spool.of(state.settings)
    assert (len(spool.waiting()), len(spool.files())) == (1, 2)
    before = {path: path.read_bytes() for path in (*spool.waiting(), *spool.files())}
    away.away = False
    drained(state)
    for path, content in before.items():  # as if the power had failed before they were removed
        path.write_bytes(content)
    drained(state)
    assert kept(state) == ["image/jpeg web"] * 2
    assert len(rows(state, Contact)) == 1


def test_what_is_no_picture_is_named_and_costs_neither_words_nor_the_others(state, browser, away):  # noqa: F811
    away.away = True
    answer, _ = sent(browser, picture(b"<svg onload=x>"), picture(photo()))
    assert answer.status_code == 202
    assert "1 个照片或者录音也存好了" in answer.text
    assert 'role="status"' in answer.text
    assert len(Spool.of(state.settings).files()) == 1


def test_a_file_that_cannot_be_opened_is_set_aside_and_holds_nothing_up(state, browser, away):  # noqa: F811
    away.away = True
    sent(browser, picture(photo()), picture(photo("blue")))
    spool = Spool.of(state.settings)
    first, _ = spool.files()
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    away.away = False
    assert drained(state) == 1
    assert len(kept(state)) == 1
    assert spool.files() == []
    assert [path.suffix for path in first.parent.iterdir()] == [".unreadable"]


def test_a_full_spool_refuses_pictures_before_words(state, tmp_path, now):
    spool = Spool(tmp_path / "spool", "s" * 40, most_bytes=1000)
    small, large = Content("image/jpeg", b"x" * 600), Content("image/jpeg", b"y" * 600)
    assert spool.keep_files("web:1", [small, large], now()) == 1
    assert spool.keep_files("web:1", [small], now()) == 1, "it is there already"


def test_a_picture_waits_in_the_figures_too(state, browser, away, now):  # noqa: F811
    spool = Spool.of(state.settings)
    spool.keep_files("web:1", [Content("image/jpeg", b"x")], now())
    now.forward(minutes=3)
    assert "huiyin_spool_oldest_seconds 180\n" in browser.get("/metrics").text


@pytest.mark.parametrize("other", ["an" * 20, "s" * 41])
def test_nobody_without_the_key_reads_a_spooled_file(tmp_path, now, other):
    Spool(tmp_path, "s" * 40).keep_files("web:1", [Content("audio/ogg", SOUND)], now())
    assert list(Spool(tmp_path, other).read_files()) == []
