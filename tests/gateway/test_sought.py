"""What somebody looks for stands in no address, and who looked for it finds its page again."""

import re
from datetime import timedelta
from urllib.parse import quote, quote_plus

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway import drafts, searching
from gateway.state import State
from models.access import Look
from models.desk import Draft
from tests.conftest import Clock
from tests.gateway.people import FOOD, application, said, signed_in

PHONE = "13900004321"
SEARCHES = (
    ("op01", "/desk", "/desk", {"q": PHONE, "tab": "urgent"}),
    ("op01", "/desk", "/desk", {"q": "社区 贺芳", "tab": ""}),
    ("admin01", "/admin/users/search", "/admin/users", {"q": "买买提", "role": "operator"}),
    ("super01", "/households", "/households", {"name": "贺芳", "phone": PHONE}),
    ("township_w01.1", "/relief/new", "/relief/new", {"name": "贺芳", "phone": PHONE}),
)
HINTS = ("tab", "role", "unit")
"""What may stand in an address: it names nobody."""


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def written(words: str) -> set[str]:
    """The words as an address may hold them."""
    return {words, quote(words), quote_plus(words)}


@pytest.mark.parametrize(("login", "posted", "page", "fields"), SEARCHES)
def test_no_word_of_a_search_stands_in_an_address(
    state: State, app: FastAPI, login: str, posted: str, page: str, fields: dict[str, str]
) -> None:
    caller = signed_in(state, app, login)
    words = {name: value for name, value in fields.items() if name not in HINTS}
    answer = caller.form(posted, **fields)
    there = answer.headers["location"]
    assert (answer.status_code, there.partition("?")[0]) == (303, page)
    shown = caller.get(there).text
    addresses = re.findall(r'(?:href|action|data-url|hx-get)="([^"]*)"', shown)
    for name, value in words.items():
        assert re.search(rf'name="{name}" [^>]*value="{value}"', shown), "it stands in its field"
        assert [one for one in (there, *addresses) if any(w in one for w in written(value))] == []
    assert re.search(rf'<form method="post" action="{posted}"[^>]*class="[^"]*"', shown)
    assert caller.http.post(posted, data=fields).status_code == 403, "no token"


@pytest.mark.parametrize(("login", "_posted", "page", "fields"), SEARCHES)
def test_words_that_stand_in_an_address_are_not_looked_for(
    state: State, app: FastAPI, login: str, _posted: str, page: str, fields: dict[str, str]
) -> None:
    caller = signed_in(state, app, login)
    answer = caller.get(page, params=fields)
    if answer.status_code == 303:
        answer = caller.get(answer.headers["location"])
    words = [value for name, value in fields.items() if name not in HINTS]
    assert answer.status_code == 200
    assert [one for one in words if any(w in answer.text for w in written(one))] == []
    with state.database.read() as session:
        assert [one.act for one in session.scalars(select(Look))] == []


def test_only_the_number_of_a_request_may_stand_in_an_address(state: State, app: FastAPI) -> None:
    number = said(state, "a", FOOD).number or ""
    digits = number[2:].replace("-", "")
    caller = signed_in(state, app, "op01")

    def stands(typed: str) -> bool:
        there = caller.form("/desk", q=typed).headers["location"]
        assert ("q=" in there) != ("search=" in there)
        return "q=" in there

    assert [stands(one) for one in (number, digits, number[2:].replace("-", " "))] == [True] * 3
    others = ("8613900004321", "0086 139 0000 4321", f"贺芳 {digits}", "2026 13900004321")
    assert [stands(one) for one in others] == [False] * 4


def test_the_same_search_is_found_on_the_next_page_in_the_other_language_and_by_the_live_rows(
    state: State, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {
        said(state, f"m{nth}", "请问低保要带哪些材料", f"+861390000{nth:04}").number
        for nth in range(3)
    }
    monkeypatch.setattr(searching.views, "PAGE", 2)
    caller = signed_in(state, app, "op01")
    there = caller.form("/desk", q="哪些材料", tab="under_way").headers["location"]
    page = caller.get(there).text
    first = re.findall(r'id="row-(\S+?)"', page)
    rows = re.search(r'data-url="([^"]+)"', page)
    switch = re.search(r'href="([^"]+)" lang="en"', page)
    more = re.search(r'class="pager"><a [^>]*href="([^"]+)"', page)
    assert rows is not None
    assert switch is not None
    assert more is not None
    for address in (rows[1], switch[1]):
        again = caller.get(address.replace("&amp;", "&"))
        assert (again.status_code, re.findall(r'id="row-(\S+?)"', again.text)) == (200, first)
    assert 'lang="en"' in caller.get(switch[1].replace("&amp;", "&")).text[:200]
    rest = caller.get(more[1].replace("&amp;", "&"))
    one = re.findall(r'id="row-(\S+?)"', rest.text) or [rest.headers["location"].split("/")[-1]]
    assert {*first, *one} == known


def test_accounts_are_paged_with_what_is_looked_for(
    state: State, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.staffing.PAGE", 2)
    admin = signed_in(state, app, "admin01")
    first = admin.search("/admin/users/search", q="op0", role="operator").text
    more = re.search(r'class="pager"><a [^>]*href="([^"]+)"', first)
    assert more is not None
    second = admin.get(more[1].replace("&amp;", "&")).text
    logins = [re.findall(r"users/one\?login=(\w+)", text) for text in (first, second)]
    assert logins == [["op01", "op02"], ["op03", "op04"]]
    assert 'name="q" value="op0"' in second


def test_a_mark_is_its_owners_alone_and_leads_nowhere_after_half_a_day(
    state: State, app: FastAPI, now: Clock
) -> None:
    caller = signed_in(state, app, "op01")
    there = caller.form("/desk", q="社区").headers["location"]
    assert 'value="社区"' in caller.get(there).text
    assert 'value="社区"' not in signed_in(state, app, "op02").get(there).text
    now.forward(hours=12, minutes=1)
    stale = signed_in(state, app, "op01").get(there)
    assert (stale.status_code, 'value="社区"' in stale.text) == (200, False)
    with state.database.read() as session:
        assert len(session.scalars(select(Draft)).all()) == 1
    drafts.purge_old(state.database, state.mint, now() + timedelta(minutes=1))
    with state.database.read() as session:
        assert session.scalars(select(Draft)).all() == []


def test_of_many_searches_only_the_last_are_kept(state: State, app: FastAPI, now: Clock) -> None:
    caller = signed_in(state, app, "op01")
    for nth in range(drafts.MOST_SEARCHES + 3):
        caller.form("/desk", q=f"社区 {nth}")
        now.forward(seconds=1)
    with state.database.read() as session:
        kept = session.scalars(select(Draft).where(col(Draft.place) == drafts.SEARCH)).all()
    assert len(kept) == drafts.MOST_SEARCHES
    assert not any('"社区 0"' in one.fields for one in kept)
