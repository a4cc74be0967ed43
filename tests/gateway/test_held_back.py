"""A dangerous act that comes more than five minutes after the last proof of who is at the keyboard:
the proof costs nothing of what was typed, and it alone does nothing."""

import html
import re

import pytest

from gateway.web import held_back
from tests.gateway.people import PASSWORD, application, signed_in

REASON = "借调到督办组，<本人书面同意>"
MOVE = {"login": "op07", "role": "supervisor", "unit": "hotline", "area": "W", "reason": REASON}


@pytest.fixture
def app(state):
    return application(state)


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that goes there."""
    form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.DOTALL)
    assert form, page
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in found}


def role(state, login):
    state.offices.refresh()
    return state.offices.current().directory.officer[login].role


def test_a_transfer_that_was_held_back_is_done_with_one_press_after_the_proof(state, app, now):
    boss = signed_in(state, app, "admin01")
    now.forward(minutes=6)
    asked = boss.form("/admin/users/transfer", **MOVE, password="geheim-1")
    assert asked.status_code == 401
    assert html.escape(REASON) in asked.text
    assert "geheim-1" not in asked.text
    carried = fields(asked.text, "/account/confirm")
    wrong = boss.http.post("/account/confirm", data={**carried, "password": "not this one"})
    assert wrong.status_code == 401
    again = fields(wrong.text, "/account/confirm")
    assert again == carried, "a wrong password costs no word"
    proved = boss.http.post("/account/confirm", data={**again, "password": PASSWORD})
    assert proved.status_code == 200
    assert html.escape(REASON) in proved.text
    assert role(state, "op07") != "supervisor", "the proof alone does nothing"
    held = fields(proved.text, "/admin/users/transfer")
    assert {name: held[name] for name in MOVE} == MOVE
    assert held["csrf"] != carried["csrf"], "the token of the new session"
    done = boss.http.post("/admin/users/transfer", data=held)
    assert done.headers["location"] == "/admin/users/one?login=op07"
    assert role(state, "op07") == "supervisor"


@pytest.mark.parametrize("out", [True, False])
def test_what_is_carried_along_is_shown_as_it_was_typed_where_the_proof_comes_too_late(
    state, app, now, out
):
    """The sign-in ran out on the page of the proof, or that page is sent a second time."""
    boss = signed_in(state, app, "admin01")
    now.forward(minutes=6)
    carried = fields(boss.form("/admin/users/transfer", **MOVE).text, "/account/confirm")
    if out:
        boss.http.cookies.clear()
    else:
        boss.http.post("/account/confirm", data={**carried, "password": PASSWORD})
    page = boss.http.post("/account/confirm", data={**carried, "password": PASSWORD})
    assert page.status_code == (401 if out else 403)
    assert html.escape(REASON) in page.text
    shown = re.sub(r'value="[^"]*"', "", page.text)
    assert "&#34;" not in shown, "no field of ours"
    if out:
        assert fields(page.text, "/sign-in")["next"] == "/admin/users"


@pytest.mark.parametrize("held", ["", "no json", "[]", '{"a": 1}'])
def test_what_came_along_broken_costs_nobody_the_proof(state, app, now, held):
    boss = signed_in(state, app, "admin01")
    proved = boss.form(
        "/account/confirm", password=PASSWORD, next="/audit", held=held, held_to="/audit/export"
    )
    assert (proved.status_code, proved.headers["location"]) == (303, "/audit")


def test_no_address_elsewhere_is_sent_to_after_the_proof():
    assert held_back.come_back({"held": "{}"}, "") is None


def test_from_the_proof_of_an_import_one_comes_back_to_its_preview(state, app, now):
    boss = signed_in(state, app, "admin01")
    now.forward(minutes=6)
    table = "登录名*,姓名*,角色*,单位代码*\nnew01,新人,operator,hotline\n".encode("utf-8-sig")
    csrf = boss.http.headers["x-csrf-token"]
    there = boss.http.post(
        "/imports", data={"kind": "staff", "csrf": csrf}, files={"file": ("t.csv", table)}
    ).headers["location"]
    asked = boss.form(f"{there}/confirm", which="good")
    carried = fields(asked.text, "/account/confirm")
    assert carried["next"] == there
    proved = boss.http.post("/account/confirm", data={**carried, "password": PASSWORD}).text
    assert f'<a href="{there}">' in proved
    assert fields(proved, f"{there}/confirm")["which"] == "good"
