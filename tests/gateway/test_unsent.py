"""A sign-in that ran out while somebody typed: nothing of it is lost, and nothing of it is kept
before the person is known."""

import re
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from gateway import calls
from gateway.web.rendering import HERE
from gateway.web.unsent import SECRET, Unsent
from models.desk import Draft, PhoneCall
from models.transaction import acting
from tests.gateway.people import FOOD, PASSWORD, application, said, signed_in

WORDS = "请带户口本到镇里办理"


@pytest.fixture
def app(state):
    return application(state)


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in found}


def drafts(state):
    with state.database.read() as session:
        return session.execute(select(Draft.login, Draft.place, Draft.act)).all()


def sign_in(caller, **fields):
    return caller.http.post("/sign-in", data={"login": "op01", **fields})


def test_what_was_typed_comes_back_as_a_draft_after_signing_in_again(state, app, now):
    number = said(state, "left", FOOD).number
    desk = signed_in(state, app, "op01")
    now.forward(minutes=20)
    page = desk.form(f"/desk/{number}/reply", text=WORDS, tab="triage")
    assert page.status_code == 401
    assert WORDS in page.text
    assert drafts(state) == [], "nobody is signed in yet"
    carried = hidden(page.text)
    wrong = sign_in(desk, password="not this one", **carried)
    assert WORDS in wrong.text, "a wrong password costs no word"
    let_in = sign_in(desk, password=PASSWORD, **hidden(wrong.text))
    assert unquote(let_in.headers["location"]).endswith(f"/desk/{number}")
    assert drafts(state) == [("op01", number, "reply")]
    again = signed_in(state, app, "op01").get(f"/desk/{number}").text
    assert WORDS in again


def test_the_words_of_a_call_come_back_to_the_form_of_that_call(state, app, now):
    with acting(state.database, state.mint) as tx:
        calls.rang(tx, "pbx", "call-1", caller="+8613900001234", called="12345", now=state.now())
    with state.database.read() as session:
        call = str(session.scalars(select(PhoneCall.id)).one())
    desk = signed_in(state, app, "op01")
    desk.form("/drafts", place="enter", act="enter", text="前一件")
    now.forward(minutes=20)
    page = desk.form("/desk/enter", text=WORDS, sender="13900001234", call=call)
    assert page.status_code == 401
    let_in = sign_in(desk, password=PASSWORD, **hidden(page.text))
    there = unquote(let_in.headers["location"])
    assert there.endswith(f"/desk/enter?call={call}")
    assert sorted(one.act for one in drafts(state)) == ["enter", f"enter:{call}"]
    assert WORDS in signed_in(state, app, "op01").get(f"/desk/enter?call={call}").text


def test_a_form_without_drafts_shows_its_words_to_be_copied_and_no_secret(state, app, now):
    boss = signed_in(state, app, "admin01")
    now.forward(minutes=20)
    page = boss.form("/admin/units", name_zh="望河县某局", reason="新设", password="geheim-1")
    assert page.status_code == 401
    assert "望河县某局" in page.text
    assert "请先复制" in page.text
    assert "geheim-1" not in page.text


def test_the_words_of_a_form_with_files_come_along_too(state, app, now):
    number = said(state, "left", FOOD).number
    desk = signed_in(state, app, "civil_affairs.1")
    now.forward(minutes=20)
    page = desk.http.post(
        f"/inbox/{number}/feedback",
        data={"csrf": "over", "found": WORDS},
        files={"photo": ("a.png", b"a picture", "image/png")},
    )
    assert page.status_code == 401
    assert WORDS in page.text
    assert "a picture" not in page.text
    assert hidden(page.text)["left_act"] == "feedback"


def test_a_form_of_another_site_brings_no_words_along(state, app, now):
    number = said(state, "left", FOOD).number
    desk = signed_in(state, app, "op01")
    now.forward(minutes=20)
    foreign = desk.http.post(
        f"/desk/{number}/reply", data={"text": WORDS}, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 303
    assert WORDS not in foreign.text


def test_a_page_of_a_session_that_is_gone_shows_what_was_typed_on_it(state, app):
    number = said(state, "left", FOOD).number
    desk = signed_in(state, app, "op01")
    old = {"csrf": "of a session before", "text": WORDS}
    answer = desk.http.post(f"/desk/{number}/reply", data=old)
    assert answer.status_code == 403
    assert WORDS in answer.text
    foreign = desk.http.post(
        f"/desk/{number}/reply", data=old, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert WORDS not in foreign.text


@pytest.mark.parametrize("left", ["[]", "no json", '{"a": 1}', '{"text": "' + "长" * 40_000 + '"}'])
def test_what_came_along_broken_or_far_too_long_costs_nobody_the_sign_in(state, app, now, left):
    number = said(state, "left", FOOD).number
    desk = signed_in(state, app, "op01")
    now.forward(minutes=20)
    let_in = sign_in(
        desk, password=PASSWORD, left=left, left_place=number, left_act="reply",
        next=f"/desk/{number}",
    )  # fmt: skip
    assert let_in.status_code == 303
    assert drafts(state) == []


def test_one_reads_what_one_typed_and_no_code_of_a_choice() -> None:
    left = Unsent("/desk/enter", fields={"text": "老人没饭吃", "channel": "web_form", "no": "12"})
    assert left.words == ["老人没饭吃", "12"]


def test_no_form_with_a_password_shows_it_again(state, app):
    """Neither to sign in again nor on a page whose session is over, on which somebody else may
    have signed in meanwhile."""
    typed = re.compile(r'<input type="password"[^>]*? name="([^"]+)"')
    templates = (HERE / "templates").rglob("*.html")
    names = {name for file in templates for name in typed.findall(file.read_text("utf-8"))}
    assert names >= {"password", "new", "again"}
    assert names <= {*SECRET}
    staff, secrets = signed_in(state, app, "op01"), {name: f"geheim {name}" for name in names}
    stale = staff.http.post("/account/password", data={"csrf": "x", **secrets})
    staff.http.cookies.clear()
    out = staff.http.post("/account/password", data={"csrf": "x", **secrets})
    assert (stale.status_code, out.status_code) == (403, 303), "nothing is left to be shown"
    for page in (stale.text, out.text):
        assert "geheim" not in page
