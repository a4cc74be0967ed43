"""Photographs and recordings of citizens: the words are kept first, whatever the files are."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from channels import Channel
from gateway.attachments import LARGEST_BYTES
from gateway.state import State
from gateway.web import kept_first
from models.attachments import Attachment
from models.requests import Contact
from tests.client import TestClient
from tests.fakes import form_and_sms
from tests.gateway.people import application, signed_in
from tests.gateway.test_citizen import told

ROAD = "村口的路被水冲断了，车进不来"
OGG = b"OggS" + bytes(200)


@pytest.fixture
def channels() -> dict[str, Channel]:
    return form_and_sms()


@pytest.fixture
def citizen(state: State) -> TestClient:
    """Somebody with a browser."""
    return TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
    )


def photo(size: tuple[int, int] = (640, 480), kind: str = "JPEG") -> bytes:
    """A picture with a mark of the camera in it."""
    written = BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Camera-of-mine"
    Image.new("RGB", size, "teal").save(written, kind, exif=exif)
    return written.getvalue()


def send(citizen: TestClient, files: list[tuple[str, Any]], **fields: str) -> Any:
    """The form with files; the page that follows."""
    key = re.search(r'name="key" value="([^"]+)"', citizen.get("/help").text)
    assert key
    sent = citizen.post("/help", data={"key": key[1], **fields}, files=files)
    assert (sent.status_code, sent.headers.get("location")) == (303, "/received")
    return citizen.get("/received").text


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.connection().execute(select(*table.__table__.columns)))


def test_a_photograph_is_kept_beside_the_words_without_the_marks_of_the_camera(
    citizen: TestClient, state: State
) -> None:
    page = send(citizen, [("photo", ("a.jpg", photo(), "image/jpeg"))], what=ROAD)
    assert "收下 1 个" in page
    [kept], [said] = rows(state, Attachment), rows(state, Contact)
    assert said.text == ROAD
    assert kept.about_key == f"web:{said.external_id}"
    assert (kept.content_type, b"Camera-of-mine" in bytes(kept.body)) == ("image/jpeg", False)


def test_what_is_sent_twice_is_one_contact_with_one_file(citizen: TestClient, state: State) -> None:
    key = re.search(r'name="key" value="([^"]+)"', citizen.get("/help").text)
    assert key
    for _ in range(2):
        citizen.post(
            "/help", data={"key": key[1], "what": ROAD}, files=[("photo", ("a.jpg", photo()))]
        )
    assert (len(rows(state, Contact)), len(rows(state, Attachment))) == (1, 1)


@pytest.mark.parametrize(
    ("field", "name", "content", "said"),
    [
        ("photo", "a.jpg", b"%PDF-1.7 no picture at all", "不是能看的照片"),
        ("photo", "a.png", b"\x89PNG\r\n\x1a\n" + bytes(30), "不是能看的照片"),
        ("photo", "a.svg", b"<svg onload='alert(1)'/>", "不是能看的照片"),
        ("voice", "a.mp3", b"MZ\x90\x00 a program", "不是录音"),
        ("photo", "big.jpg", lambda: photo() + bytes(LARGEST_BYTES), "超过 12 MB"),
    ],
)
def test_a_file_that_is_refused_costs_no_word(
    citizen: TestClient,
    state: State,
    field: str,
    name: str,
    content: bytes | Callable[[], bytes],
    said: str,
) -> None:
    given = content if isinstance(content, bytes) else content()
    page = send(citizen, [(field, (name, given)), ("photo", ("b.jpg", photo()))], what=ROAD)
    assert said in page
    assert "您写的已经收下" in page
    assert "收下 1 个" in page, "the good one is kept"
    assert [row.text for row in rows(state, Contact)] == [ROAD]
    number, code = told(page)
    assert number
    assert code


def test_a_form_far_beyond_every_limit_still_keeps_the_words(
    citizen: TestClient, state: State
) -> None:
    huge = bytes(kept_first.READ_AT_MOST + 1_000_000)
    page = send(citizen, [("photo", ("huge.jpg", huge))], what=ROAD)
    assert "超过 12 MB" in page
    assert [row.text for row in rows(state, Contact)] == [ROAD]


def test_of_too_many_files_the_first_are_kept_and_it_is_said(
    citizen: TestClient, state: State
) -> None:
    files = [("photo", (f"{i}.jpg", photo((100 + i, 80)))) for i in range(7)]
    page = send(citizen, files, what=ROAD)
    assert "文件太多" in page
    assert len(rows(state, Attachment)) == kept_first.MOST_FILES


def test_a_photograph_alone_asks_for_help_too(citizen: TestClient, state: State) -> None:
    send(citizen, [("photo", ("a.jpg", photo()))])
    assert [row.text for row in rows(state, Contact)] == ["（没有写字，只有照片或录音）"]


def test_files_have_to_be_chosen_again_when_the_form_comes_back(citizen: TestClient) -> None:
    key = re.search(r'name="key" value="([^"]+)"', citizen.get("/help").text)
    assert key
    back = citizen.post(
        "/help",
        data={"key": key[1], "what": ROAD, "phone": "12"},
        files=[("photo", ("a", photo()))],
    )
    assert back.status_code == 422
    assert "要重新选一次" in back.text
    assert ROAD in back.text


def test_the_requester_sees_again_what_they_sent_and_nobody_else_does(
    citizen: TestClient, state: State
) -> None:
    send(citizen, [("photo", ("a.jpg", photo()))], what=ROAD)
    nonce = re.search(r'name="nonce" value="([^"]+)"', citizen.get("/status/case").text)
    assert nonce
    more = {"nonce": nonce[1], "what": "水还在涨"}
    added = citizen.post(
        "/status/case", data=more, files=[("voice", ("v.ogg", OGG)), ("photo", ("x", b"no"))]
    )
    assert added.headers["location"].startswith("/status/case?done=added&unkept=")
    page = citizen.get(added.headers["location"]).text
    assert "不是能看的照片" in page
    links = re.findall(r'href="(/status/case/file/[^"]+)"', page)
    assert len(links) == 2
    kinds = {citizen.get(link).headers["content-type"] for link in links}
    assert kinds == {"image/jpeg", "audio/ogg"}
    stranger = TestClient(application(state), base_url="https://hotline.example")
    send(stranger_form(stranger), [], what="另一件事，路灯坏了")
    assert {stranger.get(link).status_code for link in links} == {404}


def stranger_form(stranger: TestClient) -> TestClient:
    """A second browser, which does not follow on its own account."""
    stranger.follow_redirects = False
    return stranger


def test_the_bureau_sees_the_photograph_beside_the_words(citizen: TestClient, state: State) -> None:
    page = send(citizen, [("photo", ("a.jpg", photo()))], what="想申请低保，住柳湾镇柳湾村")
    number, _ = told(page)
    officer = signed_in(state, application(state), "civil_affairs.1")
    order = officer.get(f"/inbox/{number}").text
    address = re.search(r'src="(/attachments/[^"]+)"', order)
    assert address
    assert officer.get(address[1]).headers["content-type"] == "image/jpeg"
    assert "1 件，见系统" in order
