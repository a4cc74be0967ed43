"""Single sign-on against a provider on loopback: who it lets in, and what it refuses."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlmodel import col

from gateway import sessions, single_sign_on
from gateway.settings import Settings
from gateway.state import State
from models.desk import Draft
from models.events import Event
from models.places import Staff
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.conftest import process
from tests.gateway.people import Caller, application
from tests.standins.identity import CLIENT, SECRET, IdentityStandIn


@pytest.fixture
def identity(now: Watch) -> Iterator[IdentityStandIn]:
    with IdentityStandIn().serve() as provider:
        provider.now = now().timestamp()
        yield provider


@pytest.fixture
def house(settings: Settings, now: Watch, identity: IdentityStandIn) -> Iterator[State]:
    """A process with single sign-on whose provider asks for a second factor as ``mfa``."""
    more = {
        "second_factor": "everybody",
        "oidc_issuer": identity.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_acr": "mfa",
    }
    with process(Settings(**{**settings.model_dump(), **more}), now, {}) as wired:
        yield wired


@pytest.fixture
def app(house: State) -> FastAPI:
    return application(house)


def come_back(caller: Caller, given: Mapping[str, str]) -> tuple[int, str]:
    answer = caller.get(f"/sso/callback?{urlencode(given)}")
    return answer.status_code, answer.headers.get("location", "")


def out(caller: Caller) -> str:
    answer = caller.get("/sso")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_a_known_account_comes_in_and_owes_the_second_factor(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    caller = Caller(app)
    came = come_back(caller, identity.sign_in(out(caller), "op01"))
    assert came == (303, "/second-factor?next=")
    assert caller.get("/desk").status_code == 303


def test_what_the_provider_has_proved_is_not_asked_again(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa"}
    assert come_back(caller, identity.sign_in(out(caller), "op01")) == (303, "/desk")
    assert caller.get("/desk").status_code == 200
    cookie = caller.http.cookies[sessions.cookie_name(house.settings)]
    assert sessions.signed_in(house, cookie).actor.login == "op01"


def test_an_unknown_or_closed_account_is_let_in_nowhere_and_none_is_made(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    with house.database.read() as session:
        before = set(session.scalars(select(col(Staff.login))))
    for login in ("stranger", "op01 ", "OP01", ""):
        caller = Caller(app)
        assert come_back(caller, identity.sign_in(out(caller), login))[0] == 403, login
        assert caller.get("/desk").status_code == 303
    with house.database.read() as session:
        assert set(session.scalars(select(col(Staff.login)))) == before
        kinds = list(session.scalars(select(col(Event.kind))))
    assert kinds.count("single_sign_on_unknown") == 4


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"exp": None},
        {"azp": "somebody-else"},
        {"preferred_username": ["op01"]},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    house: State, app: FastAPI, identity: IdentityStandIn, claims: Mapping[str, object]
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa", **claims}
    assert come_back(caller, identity.sign_in(out(caller), "op01"))[0] in (401, 403)
    assert caller.get("/desk").status_code == 303


def test_a_token_signed_by_another_key_is_refused(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    identity.signing = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    caller = Caller(app)
    assert come_back(caller, identity.sign_in(out(caller), "op01"))[0] == 401


def test_state_verifier_and_cookie_must_be_those_of_this_browser(
    house: State, app: FastAPI, identity: IdentityStandIn, now: Watch
) -> None:
    caller, thief = Caller(app), Caller(app)
    given = identity.sign_in(out(caller), "op01")
    assert come_back(thief, given)[0] == 401, "no cookie"
    out(thief)
    assert come_back(thief, given)[0] == 401, "another state"
    theirs = dict(parse_qsl(urlsplit(out(thief)).query))["state"]
    assert come_back(thief, {**given, "state": theirs})[0] == 401, "another verifier"
    assert identity.refused == ["verifier"]
    fresh = identity.sign_in(out(caller), "op01")
    assert come_back(caller, {**fresh, "iss": "https://evil.example"})[0] == 401
    now.forward(minutes=11)
    assert come_back(caller, fresh)[0] == 401, "too late"


def test_a_code_lets_in_once(house: State, app: FastAPI, identity: IdentityStandIn) -> None:
    caller = Caller(app)
    given = identity.sign_in(out(caller), "op01")
    assert come_back(caller, given)[0] == 303
    assert come_back(caller, given)[0] == 401, "the pass is used up"


def test_a_provider_that_names_unsafe_or_foreign_addresses_is_not_followed(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    for about in (
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"issuer": "https://evil.example"},
    ):
        identity.about = about
        assert Caller(app).get("/sso").status_code == 502


def test_without_a_provider_there_is_no_single_sign_on(settings: Settings) -> None:
    with pytest.raises(Refusal, match="not_found"):
        single_sign_on.begin(settings)


def test_a_provider_that_is_away_is_said_so(settings: Settings) -> None:
    away = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "a", "oidc_client_secret": "b"}
    with pytest.raises(Refusal, match="sso_away"):
        single_sign_on.begin(Settings(**{**settings.model_dump(), **away}))


def test_the_page_that_was_wanted_is_opened_after_single_sign_on(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa"}
    page = caller.get("/sign-in?next=/desk/calls").text
    assert 'href="/sso?next=/desk/calls"' in page
    address = str(caller.get("/sso?next=/desk/calls").headers["location"])
    assert come_back(caller, identity.sign_in(address, "op01")) == (303, "/desk/calls")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_single_sign_on_leads_to_no_other_site(
    house: State, app: FastAPI, identity: IdentityStandIn, elsewhere: str
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa"}
    address = str(caller.get(f"/sso?{urlencode({'next': elsewhere})}").headers["location"])
    assert come_back(caller, identity.sign_in(address, "op01")) == (303, "/desk")


def _run_out(caller: Caller, text: str) -> str:
    """The answer to a form whose sign-in is over."""
    answer = caller.http.post("/desk/enter", data={"csrf": "over", "text": text})
    assert answer.status_code == 401
    return str(answer.text)


def _drafts(house: State) -> list[tuple[str, str]]:
    with house.database.read() as session:
        rows = session.connection().execute(select(col(Draft.login), col(Draft.fields)))
        return [(row.login, row.fields) for row in rows]


def test_what_was_typed_comes_along_through_single_sign_on_and_goes_to_one_person_only(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa"}
    _run_out(caller, "老人在家摔倒了，" * 60)
    assert _drafts(house) == [], "nobody is signed in yet"
    came = come_back(caller, identity.sign_in(out(caller), "op01"))
    assert came == (303, "/desk/enter")
    ((login, fields),) = _drafts(house)
    assert login == "op01"
    assert "老人在家摔倒了" in fields
    caller.http.cookies.delete(sessions.cookie_name(house.settings))
    come_back(caller, identity.sign_in(out(caller), "op02"))
    assert [one for one, _ in _drafts(house)] == ["op01"], "the cookie was given up"


def test_who_opens_the_sign_in_anew_takes_nothing_of_another_along(
    house: State, app: FastAPI, identity: IdentityStandIn
) -> None:
    caller = Caller(app)
    identity.claims = {"acr": "mfa"}
    _run_out(caller, "老人在家摔倒了")
    caller.get("/sign-in")
    come_back(caller, identity.sign_in(out(caller), "op02"))
    assert _drafts(house) == []


def test_what_no_cookie_holds_is_said_before_one_leaves(house: State, app: FastAPI) -> None:
    caller = Caller(app)
    long = "".join(chr(0x4E00 + at * 7 % 20_000) for at in range(3_000))
    page = _run_out(caller, long)
    assert "内容太长" in page
    assert long in page
    assert "内容太长" not in _run_out(caller, "老人在家摔倒了")
