"""A one-time link is made by one administrator only for an account that nobody has ever opened."""

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from gateway import accounts, recovering, sessions, staffing
from gateway.access import Actor
from models.access import StaffSession
from models.places import Staff
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Refusal
from tests.gateway.people import Caller, application, kept_password, signed_in

ADMIN = Actor("admin01", Role.ADMINISTRATOR, "hotline", "W")


@pytest.fixture
def app(state):
    return application(state)


@pytest.fixture
def new(state):
    """An account without a password, into which nobody has ever been let."""
    with acting(state.database, state.mint) as tx:
        accounts.add_staff(
            tx, login="new01", name="文一", role=Role.OPERATOR, unit="hotline", area=None,
            now=state.now(),
        )  # fmt: skip
    return "new01"


def refused(state, login):
    with acting(state.database, state.mint) as tx, pytest.raises(Refusal) as found:
        staffing.link(tx, login, ADMIN, state.now())
    return found.value.status, found.value.key


ASK = (409, "refusal.ask_recovery")


def test_a_new_account_gets_its_link_again_when_the_first_was_lost(state, new):
    for _ in range(2):
        with acting(state.database, state.mint) as tx:
            token = staffing.link(tx, new, ADMIN, state.now())
    assert sessions.use_link(state, token, "nine quiet lanterns 88")


@pytest.mark.parametrize("passed", [True, False])
def test_an_account_of_the_single_sign_on_has_no_password_and_yet_an_owner(state, new, passed):
    with acting(state.database, state.mint) as tx:
        sessions.open_session(tx, new, state.now(), passed=passed)
    assert refused(state, new) == ASK
    if passed:
        with acting(state.database, state.mint) as tx:
            tx.execute(delete(StaffSession).where(col(StaffSession.login) == new))
        assert refused(state, new) == ASK, "also when it is signed out"


def test_who_asked_for_a_recovery_does_not_take_over_the_link_of_the_owner(state, app):
    admin, second = (signed_in(state, app, login) for login in ("admin01", "super01"))
    signed_in(state, app, "lead01")
    admin.form("/admin/users/recovery", login="lead01", reason="手机丢了")
    with state.database.read() as session:
        [waits] = recovering.waiting(session.connection(), state.now())
    agreed = second.form(f"/account/recoveries/{waits.id}", agree="yes").text
    token = agreed.partition("/sign-in/")[2].split("<")[0].split('"')[0]
    assert admin.form("/admin/users/link", login="lead01").status_code == 409
    assert Caller(app).get(f"/sign-in/{token}").status_code == 200, "the owner's link still works"
    page = admin.get("/admin/users/one?login=lead01").text
    assert "/admin/users/link" not in page
    assert "/admin/users/recovery" in page


def test_a_recovery_under_way_or_agreed_to_keeps_a_new_account_from_a_link_of_one(state, new):
    now = state.now()
    with acting(state.database, state.mint) as tx:
        asked = recovering.ask(tx, new, "链接没收到", by="admin01", now=now)
    assert refused(state, new) == ASK
    with acting(state.database, state.mint) as tx:
        second = Actor("super01", Role.SUPERVISOR, "hotline", "W")
        assert recovering.decide(tx, asked, second, agree=True, now=now)
    assert refused(state, new) == ASK


def test_what_the_console_let_in_alone_is_not_taken_over_either(state, new):
    with state.database.write() as connection:
        connection.execute(update(Staff).values(password=None))
    with acting(state.database, state.mint) as tx:
        recovering.alone(tx, new, "没有第二个人", now=state.now())
    assert refused(state, new) == ASK
    with state.database.read() as session:
        assert recovering.waiting(session.connection(), state.now()) == []


def test_who_has_a_password_is_recovered_by_two(state, new):
    with acting(state.database, state.mint) as tx:
        accounts.set_password(tx, new, kept_password(), state.now())
    assert refused(state, new) == ASK
