"""Of a confidential request no list names the people to who may not know who they are."""

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from gateway import disasters
from gateway.access import Actor
from models.likenesses import Link
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from tests.gateway.people import application, said, signed_in
from tests.gateway.test_complained_about import id_of

SECRET = "我叫王小明，母亲断粮两天了，在滨河街道临江社区"
NAME, STARRED = "王小明", "王**"
OFFICER = Actor("civil_affairs.1", Role.BUREAU_OFFICER, "civil_affairs", "W")
BUNDLE = 7002


@pytest.fixture
def app(state):
    return application(state)


@pytest.fixture
def number(state, app):
    """A confidential request of which civil affairs has the order, its summary and place with a
    name in them."""
    number = said(state, "secret", SECRET).number
    signed_in(state, app, "dispatch01").act(number, "confirm")
    with acting(state.database, state.mint) as tx:
        tx.execute(
            update(HelpRequest)
            .where(col(HelpRequest.number) == number)
            .values(confidential=True, summary=f"{NAME}的母亲断粮", place=f"{NAME}家")
        )
        tx.add(
            Link, id=state.mint(), request_id=id_of(state, number), relation="event",
            bundle=BUNDLE, at=state.now(), by="lead01",
        )  # fmt: skip
    return number


def test_an_inbox_and_the_list_of_requests_star_the_names(state, app, number):
    officer = signed_in(state, app, "civil_affairs.1")
    page = officer.get("/inbox").text
    assert (number in page, NAME in page, STARRED in page) == (True, False, True)
    [line] = officer.get("/api/v1/requests").json()["requests"]
    assert line["text"] == SECRET.replace(NAME, STARRED)
    assert line["summary"] == f"{STARRED}的母亲断粮"


def test_the_desk_reads_the_words_and_so_does_who_may_know(state, app, number):
    [line] = signed_in(state, app, "op01").get("/api/v1/requests").json()["requests"]
    assert line["text"] == SECRET
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=False))
    [line] = signed_in(state, app, "civil_affairs.1").get("/api/v1/requests").json()["requests"]
    assert line["text"] == SECRET


def test_the_requests_that_a_form_of_aid_offers_star_the_names(state, app, number):
    page = signed_in(state, app, "civil_affairs.1").get("/relief/new").text
    assert (f'value="{number}"' in page, NAME in page, STARRED in page) == (True, False, True)
    page = signed_in(state, app, "op01").get("/relief/new").text
    assert NAME in page


def test_the_households_of_a_disaster_star_the_names(state, number):
    office = state.offices.current()

    def read(actor):
        with state.database.read() as session:
            [one] = disasters.households(session, actor, office, BUNDLE, now=state.now())
        return one.summary, one.place

    assert read(OFFICER) == (f"{STARRED}的母亲断粮", f"{STARRED}家")
    assert read(Actor("op01", Role.OPERATOR, "hotline", "W")) == (f"{NAME}的母亲断粮", f"{NAME}家")


def test_a_list_asks_for_the_names_once_and_only_where_something_is_confidential(
    state, app, number
):
    other = said(state, "other", "我父亲断粮两天了，在滨河街道临江社区", "+8613900004322").number
    signed_in(state, app, "dispatch01").act(other, "confirm")
    officer = signed_in(state, app, "civil_affairs.1")

    def asked(confidential):
        with state.database.write() as connection:
            connection.execute(update(HelpRequest).values(confidential=confidential))
        heard = []

        def hear(_connection, _cursor, statement, *_):
            heard.append(statement)

        event.listen(state.database.engine, "before_cursor_execute", hear)
        try:
            assert officer.get("/api/v1/requests").status_code == 200
        finally:
            event.remove(state.database.engine, "before_cursor_execute", hear)
        return sum("contact.assessment" in one for one in heard), len(heard)

    (none, few), (once, more) = asked(False), asked(True)
    assert (none, once) == (0, 1)
    assert more == few + 1
