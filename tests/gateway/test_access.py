"""Who may do what and see whose data: every operation, every role, own and foreign."""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlmodel import col

from gateway import access, accounts, acts, guessing, recorded, sessions
from gateway.api import account, contacts, requests, tasks
from gateway.state import State
from gateway.web import desk, entrance, inbox
from models.access import Look, StaffSession
from models.notes import purposes
from models.places import Staff
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import Transaction, acting
from models.vocabulary import Role
from referral import lifecycle, transitions
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import (
    COMPLAINT,
    FOOD,
    PASSWORD,
    Caller,
    application,
    kept_password,
    partner,
    said,
    signed_in,
)

WAGES = "柳湾镇工地拖欠工资三个月了"
"""No matter of civil affairs, and not in W01: foreign to the people of these tests."""
PHONE = "13812345678"
FREE = guessing.measures()["sign_in"].free

STAFF: Mapping[Role, str] = {
    Role.OPERATOR: "op01",
    Role.DISPATCHER: "dispatch01",
    Role.DUTY_LEAD: "lead01",
    Role.SUPERVISOR: "super01",
    Role.BUREAU_OFFICER: "civil_affairs.1",
    Role.BUREAU_HEAD: "civil_affairs.head",
    Role.TOWNSHIP_OFFICER: "township_w01.1",
    Role.GRID_WORKER: "",
    Role.VILLAGE_CADRE: "village_w0101.1",
    Role.ADMINISTRATOR: "admin01",
    Role.AUDITOR: "audit01",
}

THIRD = "HY20260930-00003-4"
BODIES: Mapping[str, Mapping[str, Any]] = {
    # complete bodies whose words are missing: what may be done is refused for want of words
    "raise_urgency": {"level": "life_threat", "reason": ""},
    "lower_urgency": {"level": "none", "reason": ""},
    "correct_route": {"bureau": "housing", "reason": ""},
    "hand_off": {"line": "999"},
    "confirm_safe": {"seen_by": ""},
    "record_contact": {"who": "", "outcome": "no_answer"},
    "reply": {"text": ""},
    "submit_part": {"result": ""},
    "report_result": {"result": ""},
    "callback": {"outcome": "reached"},
    "link_household": {"household": "nowhere"},
    "refuse_household": {"household": "nowhere"},
    "unlink_household": {"household": "nowhere"},
    "name_unknown": {"sex": "M", "place": ""},
    "rehandle": {"reason": ""},
    "close": {"reason": ""},
    "offer_handover": {"to": "nobody"},
    "decline_handover": {"reason": ""},
    "request_return": {"rule": "", "right_unit": "health", "reason": ""},
    "uphold_return": {"reason": ""},
    "refuse_return": {"reason": ""},
    "reassign": {"lead": "health", "reason": ""},
    "urge": {"words": ""},
    "bring_in": {"bureau": "health", "reason": ""},
    "ask": {"missing": "place", "question": ""},
    "resume": {"reason": ""},
    "decline": {"what": "extension", "reason": ""},
    "refuse_aid": {"rule": "", "reasons": ""},
    "withdraw": {"note": ""},
    "reopen": {"reason": ""},
    "follow_up": {"outcome": "no_answer"},
    "set_need": {"need": "food", "need_state": "missing"},
    "grant_aid": {"what": "", "start": ""},
    "safety_check": {"outcome": "unknown"},
    "bar": {"reason": ""},
    "take_upward": {"reason": ""},
    "keep_confidential": {"reason": ""},
    "give_words": {"bureau": "", "reason": ""},
    "split_off": {"part": "", "level": "urgent"},
    "accept_correction": {"note": ""},
    "decline_correction": {"reason": ""},
    "reveal": {"purpose": "回电"},
    # a complaint is never joined to a request (I9)
    "merge": {"other": THIRD},
    "undo_merge": {"other": THIRD, "reason": ""},
    "keep_apart": {"other": THIRD},
    "link": {"others": THIRD, "relation": "event"},
    "unlink": {"relation": "household"},
}


FIRST = (Role.OPERATOR, Role.BUREAU_OFFICER, Role.TOWNSHIP_OFFICER, Role.AUDITOR)
"""A role of each kind. The others are met here at length, and quickly in the matrix of rights."""
ROLES = [pytest.param(r, marks=[] if r in FIRST else pytest.mark.thorough) for r in Role]


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def login_of(state: State, role: Role) -> str:
    if STAFF[role]:
        return STAFF[role]
    officers = state.offices.current().directory.officers
    return next(o.login for o in officers if o.role == role and (o.area or "").startswith("W0101"))


def reported(state: State, login: str, mark: str) -> str:
    body = (
        f'{{"channel":"grid_app","external_id":"{mark}","sender":"{login}","reporter":"{login}",'
        '"text":"独居老人断粮两天，瘫在床上"}'
    ).encode()
    call = recorded.call_of(recorded.read(body), body, state.now())
    return state.intake.submit(call).result(20).number or ""


def own_of(state: State, role: Role, food: str) -> str:
    if role in (Role.GRID_WORKER, Role.VILLAGE_CADRE):
        return reported(state, login_of(state, role), f"r-{role}")
    return food


def test_every_operation_is_named_in_the_table_of_rights() -> None:
    assert set(acts.ACTS) <= set(access.RIGHTS)
    assert all(access.RIGHTS[act] for act in access.RIGHTS)
    with pytest.raises(KeyError):
        access.allow(access.Actor("x", Role.OPERATOR, "hotline"), "an act nobody named")


def test_the_table_of_rights_agrees_with_the_life_cycle() -> None:
    same = {
        "confirm": "accept", "raise_urgency": "raise_urgency", "hand_off": "hand_off",
        "sign": "sign", "report_result": "report_result", "submit_part": "submit_part",
        "callback": "callback", "lower_urgency": "lower_urgency", "confirm_safe": "confirm_safe",
        "close": "close", "rehandle": "rehandle", "request_return": "request_return",
        "uphold_return": "uphold_return", "refuse_return": "refuse_return",
        "bring_in": "dispatch",
        "ask": "ask", "resume": "resume", "withdraw": "withdraw", "reopen": "reopen",
    }  # fmt: skip
    for act, row_act in same.items():
        rows = [row for row in (*transitions.REQUEST, *transitions.REFERRAL) if row.act == row_act]
        who = {role for row in rows for role in (*row.who, *row.second)}
        who -= {transitions.CITIZEN, transitions.SYSTEM}
        extra = access.RIGHTS[act] - {Role(role) for role in who}
        assert not extra or act == "confirm_safe", f"{act}: {extra} may not by the life cycle"
        missing = {Role(role) for role in who} - access.RIGHTS[act]
        assert missing <= {Role.DUTY_LEAD, Role.SUPERVISOR}, f"{act}: {missing}"
    assert lifecycle.REQUEST_ACTS


def test_nobody_reads_or_changes_anything_without_signing_in(state: State, app: FastAPI) -> None:
    stranger = Caller(app)
    routes = [
        (route, prefix)
        for router, prefix in (
            (requests.router, "/api/v1"),
            (tasks.router, "/api/v1"),
            (contacts.router, "/api/v1"),
            (account.router, "/api/v1"),
            (desk.router, ""),
            (inbox.router, ""),
            (entrance.router, ""),
        )
        for route in router.routes
    ]
    seen = 0
    for route, prefix in routes:
        path = prefix + re.sub(r"\{\w+\}", "1", route.path)
        if path.startswith("/sign-in"):
            continue
        for method in route.methods:
            answer = stranger.http.request(method, path, json={} if prefix else None)
            wanted = (401,) if prefix else (303,)
            assert answer.status_code in wanted, (method, path, answer.status_code)
            seen += 1
    assert seen > 35


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_its_right_says_and_only_on_its_own(
    state: State, app: FastAPI, role: Role
) -> None:
    food = said(state, "food", FOOD).number or ""
    foreign = said(state, "wages", WAGES, "+8613900009999").number or ""
    assert said(state, "complaint", COMPLAINT, "+8613900008888").number == THIRD
    own = own_of(state, role, food)
    caller = signed_in(state, app, login_of(state, role))
    everywhere = role in access.JURISDICTION
    for act in (*acts.ACTS, "reveal"):
        body = BODIES.get(act, {})
        missing = caller.act("HY20200101-00001-1", act, **body)
        other = caller.act(foreign, act, **body)
        mine = caller.act(own, act, **body)
        if role not in access.RIGHTS[act]:
            assert [a.status_code for a in (missing, other, mine)] == [403] * 3, act
            assert missing.json() == other.json() == mine.json(), act
            continue
        assert missing.status_code == 404, (act, missing.text)
        if not everywhere:
            assert (other.status_code, other.json()) == (404, missing.json()), act
        assert mine.status_code not in (401, 404, 500), (act, mine.text)
        assert mine.json().get("key") not in ("refusal.role", "refusal.not_found"), act
    seen = caller.get(f"/api/v1/requests/{own}")
    assert seen.status_code == 200
    for number in (foreign, "HY20200101-00001-1"):
        answer = caller.get(f"/api/v1/requests/{number}")
        assert answer.status_code == (200 if everywhere and number == foreign else 404)
    listed = {line["number"] for line in caller.get("/api/v1/requests").json()["requests"]}
    assert own in listed
    assert (foreign in listed) == everywhere


@pytest.mark.parametrize("role", ROLES)
def test_no_list_shows_a_number_or_name_and_roles_without_need_see_no_words(
    state: State, app: FastAPI, role: Role
) -> None:
    words = f"我叫欧阳青石，{FOOD}紫藤巷77号"
    own = own_of(state, role, said(state, "food", words).number or "")
    caller = signed_in(state, app, login_of(state, role))
    listed = caller.get("/api/v1/requests").text
    assert own in listed
    for text in (listed, caller.get("/desk").text, caller.get("/inbox").text):
        assert [one for one in (PHONE, "欧阳青石", "77号") if one in text] == []
    pages = [caller.get(path) for path in ("/desk", "/inbox", f"/desk/{own}", f"/inbox/{own}")]
    for page in pages:
        assert f"+86{PHONE}" not in page.text
    whole = caller.get(f"/api/v1/requests/{own}").text
    if role in (Role.ADMINISTRATOR, Role.AUDITOR):
        for text in (listed, whole, *(page.text for page in pages)):
            assert PHONE not in text
            assert "断粮" not in re.sub(r'"detail":\{[^}]*\}', "", text)
        assert caller.act(own, "reveal", purpose="想看看").status_code == 403
    else:
        assert "断粮" in whole


def test_a_complaint_never_comes_before_township_or_village(state: State, app: FastAPI) -> None:
    number = said(state, "complaint", COMPLAINT, "+8613600003333").number or ""
    assert signed_in(state, app, "op01").get(f"/api/v1/requests/{number}").status_code == 200
    for login in ("township_w01.1", "village_w0101.1"):
        caller = signed_in(state, app, login)
        assert caller.get(f"/api/v1/requests/{number}").status_code == 404
        assert number not in caller.get("/api/v1/requests").text
        assert number not in caller.get("/inbox").text


def test_of_a_confidential_request_only_the_desk_knows_who_called(
    state: State, app: FastAPI
) -> None:
    operator = signed_in(state, app, "op01")
    entered = operator.post(
        "/api/v1/enter",
        {
            "text": "楼上孩子天天被打，现在还在哭，在滨河街道临江社区",
            "sender": PHONE,
            "confidential": True,
            "key": "k1",
        },
    )
    number = entered.json()["number"]
    lead = operator.get(f"/api/v1/requests/{number}").json()["lead_bureau"]
    bureau = signed_in(state, app, f"{lead}.1")
    assert bureau.get(f"/api/v1/requests/{number}").status_code == 200
    assert bureau.act(number, "reveal", purpose="回电").json()["key"] == "refusal.confidential"
    shown = operator.act(number, "reveal", purpose="回电核实地址").json()
    assert {"kind": "tel", "value": f"+86{PHONE}"} in shown["addresses"]


def test_looking_is_remembered_with_its_purpose(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, "op01")
    caller.get(f"/desk/{number}")
    assert caller.act(number, "reveal", purpose=" ").status_code == 422
    assert caller.act(number, "reveal", purpose="回电问门牌号").status_code == 200
    with state.database.read() as session:
        looks = session.connection().execute(
            select(col(Look.login), col(Look.act), col(Look.purpose)).order_by(col(Look.id))
        )
        who = [tuple(row) for row in looks]
        assert [row[:2] for row in who] == [("op01", "see"), ("op01", "reveal")]
        said_why = purposes(session.connection(), [row[2] for row in who])
        assert said_why == ["", "回电问门牌号"]


def test_a_transfer_counts_at_once_for_open_sessions(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, "civil_affairs.1")
    assert caller.get(f"/api/v1/requests/{number}").status_code == 200
    with state.database.write() as connection:
        connection.execute(
            update(Staff).where(col(Staff.login) == "civil_affairs.1").values(unit="housing")
        )
    assert caller.get(f"/api/v1/requests/{number}").status_code == 404


def test_an_order_that_went_elsewhere_is_seen_no_more(state: State, app: FastAPI) -> None:
    number = said(state, "question", "请问低保要带哪些材料，我住柳湾镇柳湾村").number or ""
    old = signed_in(state, app, "civil_affairs.1")
    assert old.get(f"/api/v1/requests/{number}").status_code == 200
    lead = signed_in(state, app, "lead01")
    moved = lead.act(number, "correct_route", bureau="housing", reason="问的是公租房")
    assert moved.status_code == 200
    assert old.get(f"/api/v1/requests/{number}").status_code == 404
    assert signed_in(state, app, "housing.1").get(f"/api/v1/requests/{number}").status_code == 200


@pytest.mark.parametrize("login", ["education.1", "township_w02.1"])
def test_who_holds_a_request_sees_it_though_no_order_is_theirs_and_it_is_not_of_their_area(
    state: State, app: FastAPI, login: str
) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, login)
    assert caller.get(f"/api/v1/requests/{number}").status_code == 404
    unit = state.offices.current().directory.officer[login].unit
    with state.database.write() as connection:
        held = update(HelpRequest).where(col(HelpRequest.number) == number)
        connection.execute(held.values(holder_unit=unit, holder_person=login))
        orders = select(col(Referral.bureau)).where(col(Referral.bureau) == unit)
        assert connection.execute(orders).first() is None
    assert caller.get(f"/api/v1/requests/{number}").status_code == 200
    listed = caller.get("/api/v1/requests").json()["requests"]
    assert [line["number"] for line in listed] == [number]


def test_a_partner_sees_only_what_it_sent_in(state: State, app: FastAPI) -> None:
    food = said(state, "food", FOOD).number or ""
    mine = partner(state, app, "hospital", "contacts:write requests:read")
    record = {"channel": "transfer_in", "external_id": "9", "sender": "人民医院", "text": FOOD}
    number = mine.post("/api/v1/contacts", record, headers={"idempotency-key": "9"}).json()[
        "number"
    ]
    assert mine.get(f"/api/v1/requests/{food}").status_code == 404
    whole = mine.get(f"/api/v1/requests/{number}")
    assert whole.status_code == 200
    assert "断粮" not in re.sub(r'"detail":\{[^}]*\}', "", whole.text)
    assert [line["number"] for line in mine.get("/api/v1/requests").json()["requests"]] == [number]
    other = partner(state, app, "hospital2", "requests:read")
    assert other.get(f"/api/v1/requests/{number}").status_code == 404
    assert mine.act(number, "confirm").status_code == 403


def test_an_unknown_name_and_a_wrong_password_answer_alike(state: State, app: FastAPI) -> None:
    signed_in(state, app, "op01")
    answers = [
        Caller(app).http.post("/sign-in", data={"login": login, "password": "not this one"})
        for login in ("op01", "nobody-here", "op02")
    ]
    assert {answer.status_code for answer in answers} == {401}
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(texts) == 1


def test_who_is_unknown_is_checked_with_the_work_of_a_new_password() -> None:
    """Or the time would tell an unknown name from a wrong password."""
    new = accounts.hash_password("some words of a person")
    assert accounts._NOBODY.rsplit("$", 2)[0] == new.rsplit("$", 2)[0]
    assert len(accounts._NOBODY) == len(new)


@pytest.mark.thorough
def test_guessing_waits_and_disturbs_nobody_else(state: State, app: FastAPI, now: Watch) -> None:
    signed_in(state, app, "op01")
    signed_in(state, app, "op02")
    for _ in range(FREE):
        with pytest.raises(Refusal, match="wrong_password"):
            sessions.sign_in(state, "op01", "wrong", "10.1.1.1")
    with pytest.raises(Refusal, match="wait"):
        sessions.sign_in(state, "op01", PASSWORD, "10.1.1.2")
    assert sessions.sign_in(state, "op02", PASSWORD, "10.1.1.2")
    now.forward(minutes=2)
    assert sessions.sign_in(state, "op01", PASSWORD, "10.1.1.2")


@pytest.mark.thorough
def test_a_stranger_who_goes_on_guessing_does_not_keep_the_owner_out_of_their_browser(
    state: State, app: FastAPI, now: Watch
) -> None:
    signed_in(state, app, "op01")
    owner = Caller(app)
    right = {"login": "op01", "password": PASSWORD}
    assert owner.http.post("/sign-in", data=right).status_code == 303
    name = next(one for one in owner.http.cookies if "known-" in one)
    for minute in range(20):
        now.forward(minutes=1)
        with contextlib.suppress(Refusal):
            sessions.sign_in(state, "op01", "wrong", f"10.1.1.{minute}")
        assert owner.http.post("/sign-in", data=right).status_code == 303
    new = Caller(app)
    assert new.http.post("/sign-in", data=right).status_code == 429, "a stranger waits"
    forged = Caller(app)
    forged.http.cookies.set(name, "op01")
    assert forged.http.post("/sign-in", data=right).status_code == 429
    wrong = {"login": "op01", "password": "wrong"}
    for _ in range(FREE):
        assert owner.http.post("/sign-in", data=wrong).status_code == 401
    assert owner.http.post("/sign-in", data=wrong).status_code == 429, "it guesses no more freely"


@pytest.mark.thorough
def test_twelve_guesses_at_once_are_twelve(state: State, app: FastAPI) -> None:
    signed_in(state, app, "op01")

    def guess(_: int) -> str:
        try:
            sessions.sign_in(state, "op01", "wrong", "10.1.1.1")
        except Refusal as refusal:
            return refusal.key
        return "in"

    with ThreadPoolExecutor(12) as pool:
        keys = list(pool.map(guess, range(12)))
    assert keys.count("refusal.wrong_password") <= FREE
    assert keys.count("refusal.wait") == 12 - keys.count("refusal.wrong_password")


def test_a_page_that_asks_by_itself_does_not_keep_a_session_open_and_a_hand_does(
    state: State, app: FastAPI, now: Watch
) -> None:
    number = said(state, "a", FOOD).number
    caller = signed_in(state, app, "op01")
    itself = {sessions.BY_ITSELF: "1", "hx-request": "true"}
    csrf = caller.http.headers["x-csrf-token"]
    key = caller.http.cookies.get(sessions.cookie_name(state.settings))
    for _ in range(2):
        now.forward(minutes=7)
        assert caller.get("/desk/rows", headers=itself).status_code == 200
        assert caller.get("/desk/calls", headers=itself).status_code == 200
        alive = caller.http.post(f"/here/{number}", data={"csrf": csrf}, headers=itself)
        assert alive.status_code == 200
        assert sessions.signed_in(state, key, touch=False), "the stream looks after itself"
    caller.get("/desk")  # a hand
    now.forward(minutes=14)
    assert caller.get("/desk/rows", headers=itself).status_code == 200
    now.forward(minutes=2)
    assert caller.get("/desk/rows", headers=itself).status_code == 401
    assert caller.get("/desk").headers["location"] == "/sign-in?next=/desk"


def test_the_live_stream_is_no_hand() -> None:
    assert not sessions.is_by_hand({"accept": "text/event-stream"})
    assert not sessions.is_by_hand({sessions.BY_ITSELF: "1"})
    assert sessions.is_by_hand({"accept": "text/html", "hx-request": "true"})


def test_a_session_ends_by_idling_by_age_by_signing_out_and_by_a_new_password(
    state: State, app: FastAPI, now: Watch
) -> None:
    caller = signed_in(state, app, "op01")
    now.forward(minutes=14)
    assert caller.get("/api/v1/me").status_code == 200
    now.forward(minutes=14)
    assert caller.get("/api/v1/me").status_code == 200
    now.forward(minutes=16)
    assert caller.get("/api/v1/me").status_code == 401

    caller = signed_in(state, app, "op01")
    for _ in range(73):
        now.forward(minutes=10)
        last = caller.get("/api/v1/me").status_code
    assert last == 401, "twelve hours are the longest"

    caller = signed_in(state, app, "op01")
    assert caller.form("/sign-out").status_code == 303
    assert caller.get("/api/v1/me").status_code == 401

    caller = signed_in(state, app, "op01")
    with acting(state.database, state.mint) as tx:
        accounts.set_password(tx, "op01", kept_password(), state.now())
    assert caller.get("/api/v1/me").status_code == 401

    caller = signed_in(state, app, "op01")
    with acting(state.database, state.mint) as tx:
        accounts.disable(tx, "op01", state.now(), by="admin01")
    assert caller.get("/api/v1/me").status_code == 401
    with pytest.raises(Refusal, match="wrong_password"):
        sessions.sign_in(state, "op01", PASSWORD, "10.1.1.1")


class Slow:
    """A database of which the second look takes so long that somebody else acts meanwhile."""

    def __init__(self, state: State, act: Callable[[Transaction], None]) -> None:
        self._state, self._act, self._looks = state, act, 0

    @contextlib.contextmanager
    def read(self) -> Iterator[Any]:
        with self._state.database.read() as session:
            yield session
        self._looks += 1
        if self._looks == 2:
            with acting(self._state.database, self._state.mint) as tx:
                self._act(tx)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state.database, name)


@pytest.mark.parametrize("meanwhile", ["changed", "disabled"])
def test_a_password_that_goes_while_it_is_checked_opens_nothing(
    state: State, app: FastAPI, meanwhile: str
) -> None:
    signed_in(state, app, "op01")

    def act(tx: Transaction) -> None:
        if meanwhile == "disabled":
            accounts.disable(tx, "op01", state.now(), by="admin01")
        else:
            accounts.set_password(tx, "op01", accounts.hash_password("another"), state.now())

    slow: Any = Slow(state, act)
    with pytest.raises(Refusal, match="wrong_password"):
        sessions.sign_in(dataclasses.replace(state, database=slow), "op01", PASSWORD, "10.1.1.1")
    assert slow._looks == 2
    with state.database.read() as session:
        query = select(func.count()).where(col(StaffSession.login) == "op01")
        assert session.connection().execute(query).scalar() == 0


@pytest.mark.thorough
def test_at_most_three_sessions_and_the_longest_unused_ends(state: State, app: FastAPI) -> None:
    signed_in(state, app, "op01")
    keys = []
    for _ in range(4):
        keys.append(sessions.sign_in(state, "op01", PASSWORD, "10.1.1.1"))
        state.now.forward(seconds=1)  # type: ignore[attr-defined]
    alive = 0
    for key in keys:
        try:
            sessions.signed_in(state, key)
            alive += 1
        except sessions.NotSignedIn:
            continue
    assert alive == sessions.SESSIONS_AT_ONCE
    with pytest.raises(sessions.NotSignedIn):
        sessions.signed_in(state, keys[0])


def test_the_cookie_is_kept_from_scripts_and_other_sites(state: State, app: FastAPI) -> None:
    signed_in(state, app, "op01")
    answer = Caller(app).http.post("/sign-in", data={"login": "op01", "password": PASSWORD})
    cookies = answer.headers.get_list("set-cookie")
    names = {one.partition("=")[0].partition("known")[0] for one in cookies}
    assert names == {"__Host-huiyin", "__Host-"}, "the session, and that this browser is known"
    for cookie in cookies:
        for mark in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert mark in cookie
        assert "Domain" not in cookie


def test_a_change_needs_the_token_of_the_session_and_comes_from_this_site(
    state: State, app: FastAPI
) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, "op01")
    token = caller.http.headers.pop("x-csrf-token")
    assert caller.act(number, "confirm").json()["key"] == "refusal.csrf"
    path = f"/desk/{number}/confirm"
    assert caller.http.post(path, data={"csrf": "x" * 32}).status_code == 403
    assert caller.http.post(path).status_code == 403
    evil = {"origin": "https://evil.example"}
    assert caller.http.post(path, data={"csrf": token}, headers=evil).status_code == 403
    site = {"sec-fetch-site": "cross-site"}
    assert caller.http.post(path, data={"csrf": token}, headers=site).status_code == 403
    other = signed_in(state, app, "op02")
    stolen = {"csrf": other.http.headers["x-csrf-token"]}
    assert caller.http.post(path, data=stolen).status_code == 403
    assert caller.get(f"/api/v1/requests/{number}").json()["confirmed_at"] is None
    assert caller.http.post(path, data={"csrf": token}).status_code == 303


def test_a_sign_in_link_works_once_and_looking_does_not_use_it_up(
    state: State, app: FastAPI, now: Watch
) -> None:
    with acting(state.database, state.mint) as tx:
        token = accounts.one_time_link(tx, "op03", state.now())
    caller = Caller(app)
    for _ in range(2):
        assert caller.get(f"/sign-in/{token}").status_code == 200
    weak = {"password": "123456123456", "again": "123456123456"}
    assert caller.http.post(f"/sign-in/{token}", data=weak).status_code == 422
    differ = {"password": PASSWORD, "again": PASSWORD + "x"}
    assert caller.http.post(f"/sign-in/{token}", data=differ).status_code == 422
    good = {"password": PASSWORD, "again": PASSWORD}
    answer = caller.http.post(f"/sign-in/{token}", data=good)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert caller.get("/desk").status_code == 200
    assert Caller(app).http.post(f"/sign-in/{token}", data=good).status_code == 410
    with acting(state.database, state.mint) as tx:
        late = accounts.one_time_link(tx, "op04", state.now())
    now.forward(hours=25)
    assert Caller(app).get(f"/sign-in/{late}").status_code == 410


@pytest.mark.parametrize(
    "password",
    ["short", "huiyin123456", "1234567890aa1"[:12] * 1, "aaaaaaaaaaaaaa", "op01op01op01op"],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(Refusal, match="password"):
        accounts.require_good("op01", password)


def test_after_signing_in_nobody_is_sent_to_another_site(state: State, app: FastAPI) -> None:
    signed_in(state, app, "op01")
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "evil"):
        form = {"login": "op01", "password": PASSWORD, "next": wanted}
        answer = Caller(app).http.post("/sign-in", data=form)
        assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize(
    "path", ["/desk/", "/DESK", "//desk", "/desk/../desk", "/%64esk", "/desk.json"]
)
def test_tricks_with_the_path_open_nothing(app: FastAPI, path: str) -> None:
    answer = Caller(app).http.get(path, headers={"x-forwarded-user": "op01"})
    assert answer.status_code in (303, 307, 404)
    assert "HY2" not in answer.text
