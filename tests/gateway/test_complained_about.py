"""Whoever a request complains about reads no word of it and no number, wherever they look."""

import asyncio
import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import col

from gateway import access, inspection, timeline
from gateway.access import Actor
from gateway.live import News, Pulse
from gateway.state import State
from gateway.web.live import _existing
from models.access import Look
from models.bars import Bar
from models.households import Belonging
from models.likenesses import Likeness, Link
from models.relief import Relief
from models.requests import Contact, FormerNumber, HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from tests.conftest import Clock
from tests.gateway.operations import OPERATIONS
from tests.gateway.people import Caller, application, partner, said, signed_in
from tests.gateway.test_access import login_of
from tests.gateway.test_desk import push

HOME = "HH00001"
WORD = "青石榴"
CALLER = "+8613900004321"
SECRET = f"我母亲断粮两天了，{WORD}一粒米也没有发，在滨河街道临江社区"
OTHER = "我父亲断粮两天了，也在滨河街道临江社区"
FORMER, GRANT = "HY20260929-00077-1", "JZ20260930-00001-1"
LEAD = Actor("lead01", Role.DUTY_LEAD, "hotline", "W")
QUARTER = "?unit=civil_affairs&quarter=2026Q3"
BUNDLES = {"household": 7001, "event": 7002}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def id_of(state: State, number: str) -> int:
    with state.database.read() as session:
        query = select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        return int(session.connection().execute(query).scalar_one())


def linked(state: State, number: str, household: str = HOME) -> int:
    """The request belongs to a household, as a person has said."""
    request_id = id_of(state, number)
    with state.database.read() as session:
        query = select(col(Contact.id)).where(col(Contact.request_id) == request_id)
        contact_id = session.connection().execute(query).scalar_one()
    with acting(state.database, state.mint) as tx:
        tx.add(
            Belonging, id=state.mint(), request_id=request_id, contact_id=contact_id,
            household_id=household, state="confirmed", findings=[], proposed_at=state.now(),
            proposed_by="system",
        )  # fmt: skip
    return request_id


def barred(state: State, request_id: int, login: str) -> None:
    with acting(state.database, state.mint) as tx:
        tx.add(
            Bar, id=state.mint(), request_id=request_id, login=login, why="accused", by="lead01",
            at=state.now(),
        )  # fmt: skip


def arranged(state: State, login: str) -> tuple[str, str]:
    """A request about a household, bound by everything there is to another one that this person
    handles; its number and the other's."""
    secret = said(state, "secret", SECRET, CALLER).number or ""
    other = said(state, "other", OTHER, "+8613900004322").number or ""
    now, one, two = state.now(), linked(state, secret), linked(state, other)
    officer = state.offices.current().directory.officer[login]
    with acting(state.database, state.mint) as tx:
        tx.execute(
            update(HelpRequest).values(
                area="W0101", holder_unit=officer.unit, holder_person=login, summary=SECRET
            )
        )
        tx.execute(update(HelpRequest).where(col(HelpRequest.id) == two).values(summary=OTHER))
        tx.add(
            Likeness, id=state.mint(), request_id=two, other_id=one, relation="event", score=9.0,
            findings=[], state="proposed", proposed_at=now, proposed_by="system",
        )  # fmt: skip
        for request_id, relation in ((one, "household"), (two, "household"), (one, "event")):
            tx.add(
                Link, id=state.mint(), request_id=request_id, relation=relation,
                bundle=BUNDLES[relation], at=now, by="lead01",
            )  # fmt: skip
        tx.add(
            Relief, id=state.mint(), number=GRANT, kind="advance", state="delivered",
            request_id=one, household_id=HOME, recipient="贺芳", area="W0101", service="x",
            need="food", cause="x", words=WORD, form="goods", goods=f"米，{WORD}", fund="reserve",
            unit=officer.unit, judgements=[], proposed_at=now, proposed_by="op01", guards=[],
            delivered_at=now, notice="none", policy="x",
        )  # fmt: skip
        purposes = {one: WORD, two: "call_back"}
        told = {"request": {"id": two, "number": other}, "at": now, "by": "lead01"}
        tx.event("kept_apart", **told, other=secret, reason=WORD)
        tx.event("reopen_proposed", **told, new=secret)
        tx.event("relief_kin", **told, relief=GRANT, how="matched")
        tx.event("subject_told", at=now, by="lead01", requests=[secret, other])
        tx.event("audit_viewed", at=now, by="audit01.2", filter={"number": secret})
        tx.event("understood", at=now, journal="1", held_as=FORMER)
        tx.add(FormerNumber, number=FORMER, code="000000", request_id=one)
        for request_id in (one, two):
            access.look(
                tx, LEAD, act="see", now=now, request_id=request_id, purpose=purposes[request_id]
            )
    return secret, other


def paths(secret: str, other: str) -> list[str]:
    """Every page and answer that may be asked for, about the one and about the other."""
    parts = {
        "household_id": HOME, "unit": "civil_affairs", "bundle": BUNDLES["event"], "name": "plan",
        "token": "x", "kind": "units", "batch_id": 1, "wish_id": 1, "entry_id": 1, "key": "k",
    }  # fmt: skip
    found = {
        name[4:].format(**parts, number=number) + (QUARTER * ("reports/quarter" in name))
        for name, op in OPERATIONS.items()
        if name.startswith("GET /") and op.who == "staff" and op.thing != "stream"
        for number in (secret, other)
    }
    beside = [f"{at}/{other}?beside={secret}" for at in ("/desk", "/api/v1/requests")]
    homes = [f"/households?household={HOME}", f"/relief?household={HOME}"]
    return [*sorted(found), f"/desk?q={secret}", *beside, *homes]


@pytest.mark.parametrize("role", list(Role))
def test_the_accused_finds_neither_word_nor_number_on_any_page(
    state: State, app: FastAPI, role: Role
) -> None:
    login = login_of(state, role)
    secret, other = arranged(state, login)
    push(partner(state, app, "pbx", "calls:write"), "newCall")
    caller = signed_in(state, app, login)
    if role in access.RIGHTS["see_household"]:
        assert WORD in caller.get(f"/households/{HOME}").text, "there is something to find"

    if role in access.RIGHTS["see_audit"]:
        page = caller.get("/audit").text
        assert [mark for mark in (WORD, secret, FORMER, GRANT) if mark not in page] == []

    barred(state, id_of(state, secret), login)
    found = []
    for path in paths(secret, other):
        answer = caller.get(path)
        said_back = path.partition("?")[2]  # what was asked for may stand in its field again
        marks = [mark for mark in (WORD, secret, FORMER, GRANT) if mark not in said_back]
        if answer.status_code == 200 and any(mark in answer.text for mark in marks):
            found.append(path)
    for asked in (secret, CALLER[3:], WORD, "贺芳"):
        answer = caller.search("/desk", q=asked)
        marks = [mark for mark in (WORD, secret, FORMER, GRANT) if mark != asked]
        if answer.status_code == 200 and any(mark in answer.text for mark in marks):
            found.append(asked)
    assert found == []


def ordered(state: State, app: FastAPI) -> tuple[str, str]:
    """Two requests of which civil affairs has the order; the first is about to be complained of."""
    secret = said(state, "secret", SECRET, CALLER).number or ""
    other = said(state, "other", OTHER, "+8613900004322").number or ""
    desk = signed_in(state, app, "dispatch01")
    for number in (secret, other):
        assert desk.act(number, "confirm").status_code in (200, 409)
    return secret, other


def quarters(caller: Caller) -> list[str]:
    """A unit's quarter on its page, on paper and as JSON."""
    paths = (f"/reports/quarter{QUARTER}", f"/reports/quarter{QUARTER}&print=1")
    found = [caller.get(path) for path in (*paths, f"/api/v1/reports/quarter{QUARTER}")]
    assert [one.status_code for one in found] == [200, 200, 200]
    return [one.text for one in found]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("login", ["civil_affairs.1", "civil_affairs.head", "super01", "audit01"])
def test_the_accused_finds_no_number_behind_the_figures_of_a_quarter_open_or_closed(
    state: State, app: FastAPI, now: Clock, login: str, closed: bool
) -> None:
    secret, other = ordered(state, app)
    now.forward(days=3)
    body = {"unit": "civil_affairs", "quarter": "2026Q3"}
    if closed:
        assert signed_in(state, app, "super02").post("/api/v1/reports/quarter", body).is_success
    assert all(secret in text for text in quarters(signed_in(state, app, login)))
    barred(state, id_of(state, secret), login)
    now.forward(days=20)  # clocks have run out since: there are differences to be named
    caller = signed_in(state, app, login)
    for text in quarters(caller):
        assert (secret in text, other in text) == (False, True)
    figures = caller.get(f"/api/v1/reports/quarter{QUARTER}").json()
    for told in (figures, *([figures["closed"]["figures"]] if closed else [])):
        assert (told["orders"], told["requests"]) == (1, 1), "nor by what is missing from a sum"
        for rate in told["rates"]:
            assert rate["counted"] == len(rate["numbers"])
            assert rate["met"] == rate["counted"] - len(rate["missed"])
    assert all(secret in text for text in quarters(signed_in(state, app, "lead01")))


def test_a_unit_complained_about_after_its_quarter_was_closed_is_not_told_what_fell_out(
    state: State, app: FastAPI, now: Clock
) -> None:
    secret, other = ordered(state, app)
    now.forward(days=3)
    body = {"unit": "civil_affairs", "quarter": "2026Q3"}
    assert signed_in(state, app, "super02").post("/api/v1/reports/quarter", body).is_success
    with acting(state.database, state.mint) as tx:
        tx.add(
            Bar, id=state.mint(), request_id=id_of(state, secret), unit="civil_affairs",
            why="accused", by="lead01", at=state.now(),
        )  # fmt: skip
    for text in quarters(signed_in(state, app, "civil_affairs.1")):
        assert (secret in text, other in text) == (False, True)
    told = signed_in(state, app, "civil_affairs.1").get(f"/api/v1/reports/quarter{QUARTER}").json()
    assert told["closed"]["differences"] == []
    fell = signed_in(state, app, "lead01").get(f"/api/v1/reports/quarter{QUARTER}").json()
    assert any(secret in one["fewer"] for one in fell["closed"]["differences"])


def test_who_closes_a_quarter_is_not_answered_with_a_number_that_is_not_said_to_them(
    state: State, app: FastAPI, now: Clock
) -> None:
    secret, other = ordered(state, app)
    barred(state, id_of(state, secret), "super01")
    now.forward(days=3)
    body = {"unit": "civil_affairs", "quarter": "2026Q3"}
    answer = signed_in(state, app, "super01").post("/api/v1/reports/quarter", body)
    assert answer.status_code == 201
    assert (secret in answer.text, other in answer.text) == (False, True)


def test_a_barred_officer_reads_no_word_of_it_on_the_household_page(
    state: State, app: FastAPI
) -> None:
    secret, other = arranged(state, "grid_w010101")
    barred(state, id_of(state, secret), "grid_w010101")
    page = signed_in(state, app, "grid_w010101").get(f"/households/{HOME}")
    assert page.status_code == 200
    assert (WORD in page.text, secret in page.text) == (False, False)
    assert other in page.text, "what does not complain about them stays"
    assert WORD in signed_in(state, app, "op01").get(f"/households/{HOME}").text


def test_of_a_confidential_request_a_household_page_names_nobody_to_who_may_not_know(
    state: State, app: FastAPI
) -> None:
    number = said(state, "secret", "我叫欧阳小芳，母亲断粮两天了，在滨河街道临江社区").number or ""
    request_id = linked(state, number)
    with acting(state.database, state.mint) as tx:
        tx.execute(update(HelpRequest).values(confidential=True, area="W0101"))
        tx.execute(update(Contact).values(name="欧阳小芳", reporter="village_w0101"))
    township = state.offices.current().directory.officer[login_of(state, Role.TOWNSHIP_OFFICER)]
    viewer = Actor(township.login, township.role, township.unit, township.area)
    desk = Actor("op01", Role.OPERATOR, "hotline", "W")

    def read(actor: Actor) -> str:
        with state.database.read() as session:
            office = state.offices.current()
            found = timeline.timeline(session.connection(), actor, office, HOME, state.now())
        assert {one.request_id for one in found} == {request_id}
        return str([(one.words, one.by) for one in found])

    assert ("小芳" in read(viewer), "village_w0101" in read(viewer)) == (False, False)
    assert ("断粮" in read(viewer), "小芳" in read(desk)) == (True, True)


def test_the_stream_of_a_barred_officer_does_not_say_the_number(state: State) -> None:
    secret = said(state, "secret", SECRET).number or ""
    other = said(state, "other", OTHER, "+8613900004322").number or ""
    barred(state, id_of(state, secret), "op01")

    async def missed() -> News:
        pulse = Pulse(state.database)
        async for news in pulse.follow(0):
            pulse.close()
            return news
        raise AssertionError

    news = asyncio.run(missed())
    assert set(news.numbers) == {secret, other}
    assert news.barred == (secret,)
    for login, numbers in (("op01", (other,)), ("op02", news.numbers)):
        actor = Actor(login, Role.OPERATOR, "hotline", "W")
        assert _existing(state, actor, news).numbers == numbers


def test_who_opens_a_household_is_kept_for_each_of_its_requests(state: State, app: FastAPI) -> None:
    number = said(state, "secret", SECRET).number or ""
    request_id = linked(state, number)
    signed_in(state, app, "op01").get(f"/households/{HOME}")
    with state.database.read() as session:
        looks: list[Any] = list(session.scalars(select(Look).order_by(col(Look.id))))
    assert [(one.act, one.request_id, one.purpose) for one in looks] == [
        ("see_household", None, HOME),
        ("see_household", request_id, HOME),
    ]


@pytest.mark.parametrize("wanted", ["number", "former", "person", "actor", "act"])
def test_who_audits_and_is_complained_about_finds_it_by_no_search_and_in_no_export(
    state: State, app: FastAPI, wanted: str
) -> None:
    secret, _ = arranged(state, "audit01")
    barred(state, id_of(state, secret), "audit01")
    fields = {
        "number": {"number": secret}, "former": {"number": FORMER}, "person": {"person": CALLER},
        "actor": {"actor": "lead01"}, "act": {"act": "see"},
    }[wanted]  # fmt: skip
    caller = signed_in(state, app, "audit01")
    for path in ("/audit", "/audit/export"):
        answer = caller.form(path, **fields)
        assert answer.status_code == 200
        rows = re.sub(r"<form.*?</form>", "", answer.text, flags=re.DOTALL)
        told = [line for line in re.split(r"</tr>|\r\n", rows) if "audit01" not in line]
        marks = (WORD, secret, FORMER, GRANT)
        assert [line for line in told if any(mark in line for mark in marks)] == []


def test_what_an_accused_auditor_typed_is_shown_to_them_whether_there_is_such_a_request_or_not(
    state: State, app: FastAPI
) -> None:
    """Or the entry that is missing would say so."""
    secret, _ = arranged(state, "audit01")
    barred(state, id_of(state, secret), "audit01")
    caller = signed_in(state, app, "audit01")
    nothing = "HY20260930-00099-2"
    for number in (secret, nothing):
        caller.form("/audit", number=number)
    page = caller.form("/audit", actor="audit01").text
    assert (secret in page, nothing in page) == (True, True)


def test_entries_that_are_not_shown_make_no_page_short(state: State, app: FastAPI) -> None:
    secret, other = arranged(state, "super01")
    barred(state, id_of(state, secret), "super01")
    with acting(state.database, state.mint) as tx:
        for numbers in ([other], [secret, other]):
            for _ in range(3 * inspection.PAGE):
                tx.event("subject_told", at=state.now(), by="lead01", requests=numbers)
    page = signed_in(state, app, "super01").get("/audit").text
    assert page.count("</tr>") == inspection.PAGE + 1
    assert secret not in page


def test_an_entry_that_is_not_shown_does_not_make_a_page_stale_for_ever(
    state: State, app: FastAPI
) -> None:
    secret, other = arranged(state, "op01")
    barred(state, id_of(state, secret), "op01")
    caller = signed_in(state, app, "op01")
    seen = caller.get(f"/api/v1/requests/{other}").json()["seen"]
    answer = caller.form(f"/desk/{other}/confirm", seen=str(seen))
    assert "refusal.stale" not in answer.text
    assert answer.status_code == 303


def test_what_is_left_out_for_the_accused_stands_in_the_history_for_others(
    state: State, app: FastAPI
) -> None:
    secret, other = arranged(state, "op01")
    barred(state, id_of(state, secret), "op01")
    kinds = {}
    for login in ("op01", "op02"):
        told = signed_in(state, app, login).get(f"/api/v1/requests/{other}").json()["events"]
        kinds[login] = {one["kind"] for one in told}
    assert kinds["op02"] - kinds["op01"] == {"kept_apart", "relief_kin", "reopen_proposed"}
