"""Photographs of a unit and of a requester on the pages of a request; where a paper is printed."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select
from sqlmodel import col

from gateway import attachments, erasure, expiry
from gateway.state import State
from models.attachments import Attachment
from models.requests import Contact
from models.transaction import acting
from tests.gateway.people import QUESTION, Caller, application, said, signed_in
from tests.journeys.county import County

OFFICER = "civil_affairs.1"
SPOKEN = {"who": "本人", "outcome": "reached", "by": "phone"}


def photo(shade: int = 90) -> bytes:
    written = BytesIO()
    Image.new("RGB", (640, 480), (shade, 40, 40)).save(written, "JPEG")
    return written.getvalue()


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def county(state: State, now) -> County:
    return County(state, now)


@pytest.fixture
def signed(county: County) -> str:
    number = said(county.state, "evidence", QUESTION).number or ""
    county.do("dispatch01", "confirm", number)
    county.do(OFFICER, "sign", number)
    return number


def send(caller: Caller, number: str, act: str, files: list[bytes], **fields: str):
    csrf = caller.http.headers["x-csrf-token"]
    return caller.http.post(
        f"/inbox/{number}/{act}",
        data={"csrf": csrf, **fields},
        files=[("photo", (f"{nth}.jpg", one, "image/jpeg")) for nth, one in enumerate(files)],
    )


def pictures(page: str) -> list[str]:
    return re.findall(r'<img class="sent"[^>]* src="(/attachments/[^"]+)"', page)


def test_a_photo_of_a_contact_record_is_seen_by_the_unit_and_the_desk(state, app, signed):
    officer, desk = signed_in(state, app, OFFICER), signed_in(state, app, "op01")
    answer = send(officer, signed, "record_contact", [photo()], **SPOKEN)
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"/inbox/{signed}?done=record_contact",
    )  # fmt: skip
    for caller, page in ((officer, f"/inbox/{signed}"), (desk, f"/desk/{signed}")):
        shown = caller.get(page).text
        assert len(pictures(shown)) == 1
        assert "承办单位补充的照片" in shown
        seen = caller.get(pictures(shown)[0])
        assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert signed_in(state, app, "education.1").get(pictures(shown)[0]).status_code == 404


def test_the_act_is_done_when_a_photo_cannot_be_kept_and_the_page_says_which(state, app, signed):
    officer = signed_in(state, app, OFFICER)
    answer = send(officer, signed, "record_contact", [b"<svg/>", photo()], **SPOKEN)
    assert answer.status_code == 303
    page = officer.get(answer.headers["location"]).text
    assert "内容已经保存，但有照片没有收下" in page
    assert "不是能看的照片" in page
    assert len(pictures(page)) == 1


def test_more_than_four_photos_are_cut_and_the_page_says_so(state, app, signed):
    officer = signed_in(state, app, OFFICER)
    many = [photo(shade) for shade in range(10, 70, 10)]
    page = officer.get(
        send(officer, signed, "record_contact", many, **SPOKEN).headers["location"]
    ).text
    assert "只收了前 4 张" in page
    assert len(pictures(page)) == 4


def test_a_refused_act_keeps_no_photo_and_asks_for_it_again(state, app, signed):
    officer = signed_in(state, app, OFFICER)
    answer = send(officer, signed, "feedback", [photo()], found="短", result="短", basis="短")
    assert answer.status_code == 422
    assert "要重新选一次" in answer.text
    assert not pictures(answer.text)
    assert "短</textarea>" in answer.text, "what was typed is still there"
    with state.database.read() as session:
        assert session.connection().execute(select(col(Attachment.id))).first() is None


def test_a_photo_sent_twice_is_kept_once_and_stands_in_the_history(state, app, signed):
    officer = signed_in(state, app, OFFICER)
    for _ in range(2):
        send(officer, signed, "record_contact", [photo()], **SPOKEN)
    page = officer.get(f"/inbox/{signed}").text
    assert len(pictures(page)) == 1
    assert page.count("<b>补充照片</b>") == 1


def test_a_strangers_form_with_a_photo_changes_nothing(state, app, signed):
    stranger = signed_in(state, app, "education.1")
    assert send(stranger, signed, "record_contact", [photo()], **SPOKEN).status_code == 404
    officer = signed_in(state, app, OFFICER)
    refused = officer.http.post(
        f"/inbox/{signed}/record_contact",
        data={"csrf": "wrong", **SPOKEN},
        files=[("photo", ("1.jpg", photo(), "image/jpeg"))],
    )
    assert refused.status_code == 403
    assert not pictures(officer.get(f"/inbox/{signed}").text)


@pytest.fixture
def with_photo(state: State, signed: str) -> str:
    with acting(state.database, state.mint) as tx:
        one = tx.execute(select(col(Contact.channel), col(Contact.external_id))).first()
        about = attachments.about_contact(one.channel, one.external_id)
        kept = attachments.picture(photo(200))
        attachments.keep(tx, kept, about="contact", about_key=about, by=None, now=state.now())
    return signed


def test_what_a_requester_sent_is_seen_at_the_desk_as_at_the_unit(state, app, with_photo):
    for login, page in ((OFFICER, "inbox"), ("op01", "desk")):
        shown = signed_in(state, app, login).get(f"/{page}/{with_photo}").text
        assert len(pictures(shown)) == 1, page
    panel = signed_in(state, app, "op01").get(f"/desk/{with_photo}/panel").text
    assert len(pictures(panel)) == 1


def test_erasing_a_request_erases_its_photos(state, app, with_photo):
    officer = signed_in(state, app, OFFICER)
    send(officer, with_photo, "record_contact", [photo()], **SPOKEN)
    assert len(pictures(officer.get(f"/inbox/{with_photo}").text)) == 2
    with acting(state.database, state.mint) as tx:
        ids = list(tx.execute(select(col(Contact.request_id))).scalars())
        erasure.of_requests(tx, ids, state.now())
    with state.database.read() as session:
        assert session.connection().execute(select(col(Attachment.id))).first() is None


def test_what_is_swept_because_no_words_came_with_it_is_never_a_photo_of_an_act(state, app, signed):
    officer = signed_in(state, app, OFFICER)
    send(officer, signed, "record_contact", [photo()], **SPOKEN)
    with acting(state.database, state.mint) as tx:
        later = state.now() + timedelta(days=2)
        assert not expiry.loose_files(tx, later - timedelta(days=1), later)
    assert len(pictures(officer.get(f"/inbox/{signed}").text)) == 1


def test_the_desk_prints_a_paper_by_button_and_key(state, app, signed):
    desk = signed_in(state, app, "op01")
    page = desk.get(f"/desk/{signed}").text
    assert re.search(r'<details id="act-print" data-key="p">', page)
    assert f'action="/paper/{signed}"' in page
    printed = desk.form(f"/paper/{signed}", paper="transfer")
    assert printed.status_code == 200
    assert f'href="/desk/{signed}"' in printed.text, "back to where it was printed"


@pytest.mark.parametrize(
    ("login", "begins"),
    [("grid_w010101", "/field"), ("op01", "/desk"), (OFFICER, "/inbox")],
)
def test_each_role_begins_its_day_where_its_work_is(state, app, login, begins):
    caller = signed_in(state, app, login)
    assert caller.get("/sign-in").headers["location"] == begins
    assert (
        caller.get("/paper/HY20261122-00431-8")
        .headers["location"]
        .startswith("/inbox/" if begins == "/field" else f"{begins}/")
    )
