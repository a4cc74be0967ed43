"""Signing in with password and telephone: what opens the house, and what only half opens it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import col

from gateway import accounts, guessing, house, proving, recovering, second_factor, sessions
from gateway.access import Actor
from gateway.settings import BadSettings, Settings
from gateway.state import State
from models.access import SecondFactor, StaffSession
from models.events import Event
from models.places import Staff
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.conftest import process
from tests.gateway.people import PASSWORD, Caller, application, kept_password

FREE = guessing.measures()["second"].free
ADMIN = Actor("admin01", Role.ADMINISTRATOR, "hotline", "W")
SUPERVISOR = Actor("super01", Role.SUPERVISOR, "coordination_office", "W")


@pytest.fixture
def strict(settings: Settings, now: Watch) -> Iterator[State]:
    """A process in which everybody owes a second factor, as `serve` demands."""
    chosen = Settings(**{**settings.model_dump(), "second_factor": "everybody"})
    with process(chosen, now, {}) as wired:
        yield wired


@pytest.fixture
def app(strict: State) -> FastAPI:
    return application(strict)


def with_password(state: State, login: str) -> None:
    with acting(state.database, state.mint) as tx:
        accounts.set_password(tx, login, kept_password(), state.now())


def half(state: State, login: str) -> sessions.HalfWay:
    key = sessions.sign_in(state, login, PASSWORD, "10.1.1.1")
    found = sessions.half_way(state, key)
    assert found is not None
    return found


def telephone(state: State, login: str) -> pyotp.TOTP:
    """A telephone that has the seed of this account and has shown one code."""
    with_password(state, login)
    waiting = half(state, login)
    totp = pyotp.TOTP(proving.enrolment(state, waiting) or "")
    proving.second_step(state, waiting, totp.at(state.now()), "10.1.1.1", "")
    return totp


def code_of(page: str) -> str:
    """The token in the form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def kinds(state: State) -> list[str]:
    with state.database.read() as session:
        return list(session.scalars(select(col(Event.kind)).order_by(col(Event.seq))))


def test_a_password_alone_opens_nothing(strict: State, app: FastAPI) -> None:
    with_password(strict, "op01")
    caller = Caller(app)
    answer = caller.http.post("/sign-in", data={"login": "op01", "password": PASSWORD})
    assert answer.headers["location"].startswith("/second-factor")
    for path in ("/desk", "/inbox", "/account", "/audit"):
        assert caller.get(path).headers["location"].startswith("/sign-in")
    assert caller.get("/api/v1/me").status_code == 401


def test_the_first_sign_in_shows_the_picture_and_a_code_opens_a_new_session(
    strict: State, app: FastAPI
) -> None:
    with_password(strict, "op01")
    caller = Caller(app)
    caller.http.post("/sign-in", data={"login": "op01", "password": PASSWORD, "next": "/inbox"})
    cookie = caller.http.cookies[sessions.cookie_name(strict.settings)]
    page = caller.get("/second-factor").text
    seed = "".join(re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].split())  # type: ignore[index]
    picture = caller.get("/second-factor/picture.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in picture.content
    assert seed.encode() not in picture.content
    form = {"csrf": code_of(page), "code": pyotp.TOTP(seed).at(strict.now()), "next": "/desk"}
    answer = caller.http.post("/second-factor", data=form)
    assert answer.headers["location"] == "/desk"
    assert caller.http.cookies[sessions.cookie_name(strict.settings)] != cookie, "a new key"
    assert caller.get("/desk").status_code == 200
    stale = Caller(app)
    stale.http.cookies.set(sessions.cookie_name(strict.settings), cookie)
    assert stale.get("/second-factor").status_code == 303, "the half-way key is used up"


def test_a_seed_in_force_is_never_shown_again(strict: State) -> None:
    telephone(strict, "op01")
    assert proving.enrolment(strict, half(strict, "op01")) is None


def test_a_code_works_once_also_in_twelve_sign_ins_at_the_same_moment(strict: State) -> None:
    totp = telephone(strict, "op01")
    strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    code = totp.at(strict.now())
    with strict.database.write() as connection:
        sample = {"csrf": "c", "created_at": strict.now(), "seen_at": strict.now()}
        ends = strict.now() + sessions.HALF_WAY
        for at in range(12):
            row = {"hash": f"h{at}", "login": "op01", "expires_at": ends, "passed": False}
            connection.execute(StaffSession.__table__.insert(), {**sample, **row})  # type: ignore[attr-defined]

    def one(at: int) -> bool:
        with acting(strict.database, strict.mint) as tx:
            return second_factor.take(tx, strict.settings, "op01", code, strict.now())

    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(one, range(12)))
    assert taken.count(True) == 1
    with pytest.raises(Refusal, match="wrong_code"):
        proving.second_step(strict, half(strict, "op01"), code, "10.1.1.1", "")


@pytest.mark.parametrize(
    ("seconds", "opens"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_a_code_holds_from_one_step_before_to_one_after(
    strict: State, seconds: int, opens: bool
) -> None:
    totp = telephone(strict, "op01")
    now = strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    code = totp.at(int(now.timestamp()) + seconds)
    with acting(strict.database, strict.mint) as tx:
        assert second_factor.take(tx, strict.settings, "op01", code, now) is opens


def test_no_code_of_an_earlier_step_is_taken_after_a_later_one(strict: State) -> None:
    totp = telephone(strict, "op01")
    now = strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    later, earlier = totp.at(now), totp.at(int(now.timestamp()) - 30)
    with acting(strict.database, strict.mint) as tx:
        assert second_factor.take(tx, strict.settings, "op01", later, now)
        assert not second_factor.take(tx, strict.settings, "op01", earlier, now)


@pytest.mark.thorough
def test_guessing_codes_waits_and_disturbs_nobody_else(strict: State) -> None:
    totp, other = telephone(strict, "op01"), telephone(strict, "op02")
    strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    waiting, colleague = half(strict, "op01"), half(strict, "op02")
    wrong = f"{(int(totp.at(strict.now())) + 1) % 1_000_000:06d}"
    for _ in range(FREE):
        with pytest.raises(Refusal, match="wrong_code"):
            proving.second_step(strict, waiting, wrong, "10.2.2.2", "")
    with pytest.raises(Refusal, match="wait"):
        proving.second_step(strict, waiting, totp.at(strict.now()), "10.2.2.3", "")
    assert proving.second_step(strict, colleague, other.at(strict.now()), "10.2.2.3", "")
    assert kinds(strict).count("second_factor_refused") == FREE


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６７", "abcdef", "\ud800", "0" * 400])
def test_a_code_that_is_none_is_refused_and_breaks_nothing(strict: State, code: str) -> None:
    telephone(strict, "op01")
    strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    with pytest.raises(Refusal, match="wrong_code"):
        proving.second_step(strict, half(strict, "op01"), code, "10.1.1.1", "")


def test_half_way_ends_after_ten_minutes(strict: State) -> None:
    with_password(strict, "op01")
    key = sessions.sign_in(strict, "op01", PASSWORD, "10.1.1.1")
    strict.now.forward(minutes=11)  # type: ignore[attr-defined]
    assert sessions.half_way(strict, key) is None


def test_the_table_gives_no_seed_and_a_row_moved_to_another_account_none_either(
    strict: State,
) -> None:
    totp = telephone(strict, "op01")
    with strict.database.read() as session:
        sealed = session.scalars(select(SecondFactor)).one().sealed
    assert totp.secret.encode() not in bytes(sealed)
    with strict.database.write() as connection:
        connection.execute(update(SecondFactor).values(login="op02"))
    with pytest.raises(BadSettings, match="op02"), acting(strict.database, strict.mint) as tx:
        second_factor.take(tx, strict.settings, "op02", totp.at(strict.now()), strict.now())


def test_only_the_accounts_of_the_demonstration_are_spared_and_only_by_the_setting(
    settings: Settings,
) -> None:
    strict = Settings(**{**settings.model_dump(), "second_factor": "everybody"})
    assert Settings().second_factor == "everybody"
    assert second_factor.is_required(strict, demo=True)
    assert second_factor.is_required(settings, demo=False)
    assert not second_factor.is_required(settings, demo=True)


def test_a_dangerous_act_asks_again_who_is_at_the_keyboard(strict: State, app: FastAPI) -> None:
    totp = telephone(strict, "audit01")
    strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    now = strict.now()
    key = proving.second_step(strict, half(strict, "audit01"), totp.at(now), "10.1.1.1", "x")
    caller = Caller(app)
    caller.http.cookies.set(sessions.cookie_name(strict.settings), key)
    caller.http.headers["x-csrf-token"] = sessions.signed_in(strict, key).csrf
    assert caller.form("/audit/export").status_code == 200, "who has just signed in is known"
    strict.now.forward(minutes=6)  # type: ignore[attr-defined]
    asked = caller.form("/audit/export")
    assert asked.status_code == 401
    assert 'action="/account/confirm"' in asked.text
    assert 'name="next" value="/audit"' in asked.text
    used = caller.form("/account/confirm", code=totp.at(now), next="/audit")
    assert used.status_code == 401
    assert caller.form("/account/confirm", password=PASSWORD).status_code == 401
    right = caller.form("/account/confirm", code=totp.at(strict.now()), next="/audit")
    assert (right.status_code, right.headers["location"]) == (303, "/audit")
    name = sessions.cookie_name(strict.settings)
    fresh = [one.value for one in caller.http.cookies.jar if one.name == name][-1] or ""
    assert fresh != key, "a new key"
    caller.http.headers["x-csrf-token"] = sessions.signed_in(strict, fresh).csrf
    assert caller.form("/audit/export").status_code == 200


def test_a_new_telephone_ends_every_session_and_the_next_sign_in_sets_it(
    strict: State, app: FastAPI
) -> None:
    totp = telephone(strict, "op01")
    strict.now.forward(minutes=5)  # type: ignore[attr-defined]
    waiting = half(strict, "op01")
    key = proving.second_step(strict, waiting, totp.at(strict.now()), "10.1.1.1", "x")
    proving.change_telephone(strict, sessions.signed_in(strict, key))
    with pytest.raises(sessions.NotSignedIn):
        sessions.signed_in(strict, key)
    fresh = proving.enrolment(strict, half(strict, "op01"))
    assert fresh not in (None, totp.secret)


def test_recovery_needs_two_people_and_gives_a_link_not_a_password(strict: State) -> None:
    totp = telephone(strict, "op01")
    waiting = half(strict, "op01")
    with acting(strict.database, strict.mint) as tx:
        found = recovering.ask(tx, "op01", "手机丢了", by="admin01", now=strict.now())
    for actor in (ADMIN, Actor("op01", Role.SUPERVISOR, "hotline", "W")):
        with acting(strict.database, strict.mint) as tx, pytest.raises(Refusal, match="own"):
            recovering.decide(tx, found, actor, agree=True, now=strict.now())
    operator = Actor("op02", Role.OPERATOR, "hotline", "W")
    with acting(strict.database, strict.mint) as tx, pytest.raises(Refusal, match="role"):
        recovering.decide(tx, found, operator, agree=True, now=strict.now())
    with acting(strict.database, strict.mint) as tx:
        login, token = recovering.decide(tx, found, SUPERVISOR, agree=True, now=strict.now()) or (
            "",
            "",
        )
    assert login == "op01"
    with pytest.raises(Refusal, match="wrong_password"):
        sessions.sign_in(strict, "op01", PASSWORD, "10.1.1.1")
    with pytest.raises(Refusal):
        proving.second_step(strict, waiting, totp.at(strict.now()), "10.1.1.1", "")
    key = sessions.use_link(strict, token, "nine quiet lanterns 88")
    half_way = sessions.half_way(strict, key)
    assert half_way is not None, "the link does not spare the second factor"
    assert proving.enrolment(strict, half_way) != totp.secret
    with acting(strict.database, strict.mint) as tx, pytest.raises(Refusal, match="not_found"):
        recovering.decide(tx, found, SUPERVISOR, agree=True, now=strict.now())


def test_a_recovery_nobody_agrees_to_ends_after_a_day(strict: State) -> None:
    with acting(strict.database, strict.mint) as tx:
        found = recovering.ask(tx, "op01", "手机丢了", by="admin01", now=strict.now())
    strict.now.forward(hours=25)  # type: ignore[attr-defined]
    with acting(strict.database, strict.mint) as tx, pytest.raises(Refusal, match="not_found"):
        recovering.decide(tx, found, SUPERVISOR, agree=True, now=strict.now())


def test_the_console_alone_lets_in_only_where_nobody_else_could_agree(strict: State) -> None:
    with_password(strict, "super01")
    with acting(strict.database, strict.mint) as tx, pytest.raises(Refusal, match="second_person"):
        recovering.alone(tx, "admin01", "唯一的管理员丢了手机", now=strict.now())
    with strict.database.write() as connection:
        connection.execute(update(Staff).where(col(Staff.login) == "super01").values(password=None))
    with acting(strict.database, strict.mint) as tx:
        assert recovering.alone(tx, "admin01", "唯一的管理员丢了手机", now=strict.now())
    assert "recovered" in kinds(strict)


def test_the_page_of_a_recovery_goes_the_same_way(strict: State, app: FastAPI) -> None:
    people = {}
    for login in ("admin01", "super01"):
        telephone(strict, login)
        with acting(strict.database, strict.mint) as tx:
            key = sessions.open_session(tx, login, strict.now(), passed=True)
        caller = people[login] = Caller(app)
        caller.http.cookies.set(sessions.cookie_name(strict.settings), key)
        caller.http.headers["x-csrf-token"] = sessions.signed_in(strict, key).csrf
    asked = people["admin01"].form("/account/recoveries", login="op01", reason="忘了密码")
    assert asked.status_code == 303
    with strict.database.read() as session:
        [waits] = recovering.waiting(session.connection(), strict.now())
    path = f"/account/recoveries/{waits.id}"
    assert people["admin01"].form(path, agree="yes").status_code == 409
    agreed = people["super01"].form(path, agree="yes")
    assert agreed.status_code == 200
    assert house.link_of(strict.settings, "") in agreed.text
    assert people["super01"].form(path, agree="yes").status_code == 404


def test_one_sees_and_ends_ones_own_sessions_only(strict: State, app: FastAPI) -> None:
    keys = []
    for login, device in (("op01", "Firefox"), ("op01", "\u202eevil"), ("op02", "Chrome")):
        with acting(strict.database, strict.mint) as tx:
            made = sessions.open_session(
                tx, login, strict.now(), passed=True, address="10.9.8.7", device=device
            )
        keys.append(made)
    caller = Caller(app)
    caller.http.cookies.set(sessions.cookie_name(strict.settings), keys[0])
    caller.http.headers["x-csrf-token"] = sessions.signed_in(strict, keys[0]).csrf
    page = caller.get("/account").text
    assert "10.9.8.7" in page
    assert "\u202e" not in page
    assert "Chrome" not in page
    assert not any(key in page for key in keys)
    [mark] = set(re.findall(r"/account/sessions/([0-9a-f]{16})/end", page))
    assert caller.form(f"/account/sessions/{mark}/end").status_code == 303
    with pytest.raises(sessions.NotSignedIn):
        sessions.signed_in(strict, keys[1])
    assert caller.form(f"/account/sessions/{'0' * 16}/end").status_code == 404
    assert caller.form("/account/sessions/others/end").status_code == 303
    assert sessions.signed_in(strict, keys[0]).actor.login == "op01"
    assert sessions.signed_in(strict, keys[2]).actor.login == "op02"


@pytest.mark.thorough
def test_ones_own_new_password_needs_the_old_one_and_ends_the_other_sessions(
    strict: State, app: FastAPI
) -> None:
    with_password(strict, "op01")
    keys = []
    for _ in range(2):
        with acting(strict.database, strict.mint) as tx:
            keys.append(sessions.open_session(tx, "op01", strict.now(), passed=True))
    caller = Caller(app)
    caller.http.cookies.set(sessions.cookie_name(strict.settings), keys[0])
    caller.http.headers["x-csrf-token"] = sessions.signed_in(strict, keys[0]).csrf
    new = "eleven green boats 31"
    wrong = caller.form("/account/password", password="not it at all", new=new, again=new)
    assert wrong.status_code == 401
    weak = caller.form("/account/password", password=PASSWORD, new="12345", again="12345")
    assert weak.status_code == 422
    assert (
        caller.form("/account/password", password=PASSWORD, new=new, again=new).status_code == 303
    )
    for key in keys:
        with pytest.raises(sessions.NotSignedIn):
            sessions.signed_in(strict, key)
    assert caller.get("/account").status_code == 200
    assert sessions.sign_in(strict, "op01", new, "10.1.1.1")


def test_no_header_of_a_proxy_says_who_somebody_is(app: FastAPI) -> None:
    for name in ("x-forwarded-user", "remote-user", "x-remote-user", "x-auth-request-user"):
        answer = Caller(app).http.get("/desk", headers={name: "admin01"})
        assert answer.headers["location"].startswith("/sign-in")
