"""No list tells who somebody is or in which house, to whomever it is shown; of a confidential
request nothing else does to who may not know it."""

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from gateway import disasters
from gateway.access import Actor
from models.likenesses import Link
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from tests.gateway.people import FOOD, application, said, signed_in
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


def test_a_list_names_nobody_to_who_may_know_either_and_the_page_does(state, app, number):
    desk = signed_in(state, app, "op01")
    [line] = desk.get("/api/v1/requests").json()["requests"]
    assert line["text"] == SECRET.replace(NAME, STARRED)
    assert SECRET in desk.get(f"/api/v1/requests/{number}").text
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=False))
    officer = signed_in(state, app, "civil_affairs.1")
    [line] = officer.get("/api/v1/requests").json()["requests"]
    assert line["text"] == SECRET.replace(NAME, STARRED)
    assert SECRET in officer.get(f"/api/v1/requests/{number}").text


LISTS = (
    ("op01", "/desk?tab=under_way", "/desk/{}"),
    ("op01", "/api/v1/requests", "/api/v1/requests/{}"),
    ("civil_affairs.1", "/inbox", "/inbox/{}"),
    ("civil_affairs.1", "/api/v1/requests", "/api/v1/requests/{}"),
)


@pytest.mark.parametrize(("login", "listed", "page"), LISTS)
def test_a_list_says_what_happened_and_neither_who_nor_in_which_house(
    state, app, login, listed, page
):
    number = said(
        state, "open",
        "我叫欧阳青石，我母亲断粮两天了，她一个人在滨河街道临江社区紫藤巷77号2栋301室，"
        "电话13912340000，身份证330501199001011234",
    ).number  # fmt: skip
    signed_in(state, app, "dispatch01").act(number, "confirm")
    caller, known = (
        signed_in(state, app, login),
        ("欧阳青石", "77号2栋301室", "13912340000", "199001"),
    )
    shown = caller.get(listed).text
    assert [one for one in known if one in shown] == []
    assert [one for one in (number, "母亲断粮两天", "紫藤巷**号") if one not in shown] == []
    shown = caller.get(page.format(number)).text
    assert [one for one in known if one not in shown] == []


def test_a_name_given_beside_the_words_is_starred_in_them(state, app):
    number = said(state, "beside", "青石家断粮两天了，在滨河街道临江社区").number
    with state.database.write() as connection:
        connection.execute(update(Contact).values(name="青石"))
    for path in ("/desk", "/api/v1/requests"):
        shown = signed_in(state, app, "op01").get(path).text
        assert (number in shown, "青石家" in shown, "青*家断粮" in shown) == (True, False, True)


def test_what_is_handed_over_at_the_change_of_shift_tells_nobody_either(state, app):
    number = said(state, "shift", FOOD).number
    with state.database.write() as connection:
        connection.execute(
            update(HelpRequest)
            .where(col(HelpRequest.number) == number)
            .values(summary="我叫王小明，住临江社区5号", first_responder="op01")
        )
    shown = signed_in(state, app, "op01").get("/desk?handover=1").text
    assert shown.count("我叫王**，住临江社区*号") > 1
    assert NAME not in shown


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


def test_a_list_asks_for_the_names_once_and_for_those_in_the_words_only_where_they_are_secret(
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
        names = [one for one in heard if "contact.name" in one]
        return len(names), sum("contact.assessment" in one for one in names), len(heard)

    (given, none, few), (all_of_them, once, more) = asked(False), asked(True)
    assert (given, none) == (1, 0)
    assert (all_of_them, once) == (1, 1)
    assert more == few
