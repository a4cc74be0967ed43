"""Files that come with a report: looked into, written anew, shown to whom the matter is shown."""

import random
import warnings
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from gateway import attachments, recorded
from models.attachments import Attachment
from models.requests import Contact, HelpRequest
from models.transaction import acting
from referral.casework import Refusal
from tests.gateway.people import application, signed_in


def photo(width: int = 3000, height: int = 2000, form: str = "JPEG", **more: object) -> bytes:
    """A picture with something in it, as a telephone makes them."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    written = BytesIO()
    image.save(written, form, **more)
    return written.getvalue()


def test_a_picture_is_written_anew_no_longer_than_it_need_be():
    found = attachments.picture(photo())
    with Image.open(BytesIO(found.body)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (1280, 853))
    assert (found.width, found.height) == (1280, 853)


def test_where_a_picture_was_taken_is_not_kept_with_it():
    place = Image.Exif()
    place[0x010E] = "taken at home"
    place[0x0112] = 6  # lying on its side
    found = attachments.picture(photo(800, 600, exif=place))
    with Image.open(BytesIO(found.body)) as seen:
        assert dict(seen.getexif()) == {}
        assert seen.size == (600, 800), "it stands upright without its mark"
    assert b"taken at home" not in found.body


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP"])
def test_other_pictures_become_jpeg(form):
    assert attachments.picture(photo(200, 100, form)).content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param(b"", 422, id="nothing"),
        pytest.param(b"<svg onload='alert(1)'/>", 422, id="a drawing with script"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 400, 422, id="only begins like one"),
        pytest.param(photo()[:2000], 422, id="half of one"),
        pytest.param(b"\0" * (attachments.LARGEST_BYTES + 1), 413, id="too large"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(given, status):
    with pytest.raises(Refusal) as refused:
        attachments.picture(given)
    assert refused.value.status == status


def damaged(whole: bytes, seed: int) -> bytes:
    """A file with bytes changed, lost and put in, mostly near its head."""
    chance, found = random.Random(seed), bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(min(len(found), 400))
        how = chance.random()
        if how < 0.6:
            found[at] = chance.choice((0, 255, 1, 127, 128, chance.randrange(256)))
        elif how < 0.7:
            del found[at : at + chance.randrange(1, 9)]
        elif how < 0.8:
            found[at:at] = chance.randbytes(chance.randrange(1, 6))
        else:
            found[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1"))
    return bytes(found)


def noted() -> Image.Exif:
    """What a camera notes: it lies on its side, a place, a day."""
    notes = Image.Exif()
    notes[0x0112] = 6
    notes[0x010E] = "taken at home"
    notes[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    notes[0x8769] = {0x9003: "2026:01:01 00:00:00"}
    return notes


def test_whatever_a_damaged_picture_makes_the_decoder_say_only_the_picture_is_refused():
    whole = [photo(64, 48, form, exif=noted()) for form in ("JPEG", "PNG", "WEBP")]
    ended = {"kept": 0, "refused": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(900):
            try:
                attachments.picture(damaged(whole[seed % 3], seed))
                ended["kept"] += 1
            except Refusal:
                ended["refused"] += 1
    assert min(ended.values()) > 100, ended


@pytest.mark.thorough
def test_a_small_file_that_would_unfold_to_a_wall_is_refused():
    written = BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    with pytest.raises(Refusal) as refused:
        attachments.picture(written.getvalue())
    assert refused.value.key == "refusal.picture_pixels"


def test_a_recording_is_told_by_how_it_begins():
    assert attachments.recording(b"OggS" + b"\0" * 40).content_type == "audio/ogg"
    assert attachments.recording(b"\xff\xfb\x90\x64" + b"\0" * 40).content_type == "audio/mpeg"
    assert attachments.recording(b"\0\0\0\x18ftypM4A " + b"\0" * 40).content_type == "audio/mp4"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"\0\0\0\x18ftypheic" + b"\0" * 40, id="a picture in the same container"),
        pytest.param(b"\0\0\0\x18ftypavif" + b"\0" * 40, id="another one"),
        pytest.param(b"\xff\xfb<html>", id="two bytes of one"),
        pytest.param(b"abcd0000WAVEabcd", id="a word in the middle"),
    ],
)
def test_what_only_looks_like_a_recording_is_refused(given):
    with pytest.raises(Refusal):
        attachments.recording(given)


def with_picture(state, login="grid_w010101"):
    """A report from the ground and a picture kept with it."""
    now = state.now()
    record = recorded.Recorded(
        channel="grid_app",
        external_id=f"{login}:one",
        sender=login,
        text="滨河街道临江社区有一位老人屋里没生火，两天没有吃饭",
        at=now,
        reporter=login,
    )
    body = record.model_dump_json(exclude_defaults=True).encode()
    state.intake.submit(recorded.call_of(record, body, now)).result(20)
    about = attachments.about_contact("grid_app", f"{login}:one")
    with acting(state.database, state.mint) as tx:
        row = attachments.keep(
            tx,
            attachments.picture(photo(400, 300)),
            about="contact",
            about_key=about,
            by=login,
            now=now,
        )
    return attachments.address(row)


def test_the_same_picture_of_the_same_report_is_kept_once(state):
    assert with_picture(state) == with_picture(state)
    with state.database.read() as session:
        kept = session.connection().execute(select(func.count()).select_from(Attachment))
        assert kept.scalar_one() == 1


def test_a_picture_is_shown_to_who_may_read_the_words_and_to_nobody_else(state):
    where, app = with_picture(state), application(state)
    shown = signed_in(state, app, "op01").get(where)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert signed_in(state, app, "grid_w010101").get(where).status_code == 200
    for stranger in ("grid_w020101", "education.1", "audit01"):
        if stranger in state.offices.current().directory.officer:
            assert signed_in(state, app, stranger).get(where).status_code == 404, stranger
    assert signed_in(state, app, "op01").get(where + "x").status_code == 404


def test_a_confidential_voice_and_face_reach_nobody_who_may_not_know_who_it_is(state):
    where, app = with_picture(state), application(state)
    number = request_of(state).number
    bureau = signed_in(state, app, f"{request_of(state).lead_bureau}.1")
    assert bureau.get(where).status_code == 200
    assert where in bureau.get(f"/inbox/{number}").text
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=True))
        connection.execute(update(Contact).values(media=[["https://calls.example/1", "audio/ogg"]]))
    assert bureau.get(where).status_code == 404
    for path in (f"/inbox/{number}", f"/api/v1/requests/{number}"):
        answer = bureau.get(path)
        assert answer.status_code == 200
        assert (where in answer.text, "calls.example" in answer.text) == (False, False), path
    (contact,) = bureau.get(f"/api/v1/requests/{number}").json()["said"]
    assert (contact["reporter"], contact["external_id"]) == (None, "")
    assert signed_in(state, app, "op01").get(where).status_code == 200
    assert signed_in(state, app, "grid_w010101").get(where).status_code == 200, "who sent it"


def test_what_was_added_to_an_act_on_a_confidential_request_is_for_the_desk_and_who_added_it(state):
    with_picture(state)
    app, request = application(state), request_of(state)
    added, other = f"{request.lead_bureau}.1", f"{request.lead_bureau}.head"
    with acting(state.database, state.mint) as tx:
        row = attachments.keep(
            tx,
            attachments.picture(photo(301, 201)),
            about="act",
            about_key=attachments.about_act(request.id, "record_contact"),
            by=added,
            now=state.now(),
        )
    where = attachments.address(row)

    def reached(login, base):
        caller = signed_in(state, app, login)
        page = caller.get(f"{base}/{request.number}")
        assert page.status_code == 200
        return caller.get(where).status_code, where in page.text

    everybody = ((added, "/inbox"), (other, "/inbox"), ("op01", "/desk"))
    assert [reached(*one) for one in everybody] == [(200, True)] * 3
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=True))
    assert [reached(*one) for one in everybody] == [(200, True), (404, False), (200, True)]
    withheld = [f"unit:{request.lead_bureau}"]
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=False, withheld=withheld))
    assert [reached(*one) for one in everybody] == [(200, True), (404, False), (200, True)]


def request_of(state):
    with state.database.read() as session:
        return session.scalars(select(HelpRequest)).one()
