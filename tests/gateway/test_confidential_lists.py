"""No list tells who somebody is or in which house, to whomever it is shown; of a confidential
request nothing else does to who may not know it."""

from typing import NamedTuple

import pytest
from sqlalchemy import event, select, update
from sqlmodel import col

from gateway import access, disasters, masking
from gateway.access import Actor
from models.likenesses import Link
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Level, Role
from tests.gateway.people import FOOD, application, said, signed_in
from tests.gateway.test_complained_about import id_of, linked

SECRET = "我叫王小明，母亲断粮两天了，在滨河街道临江社区"
NAME, STARRED = "王小明", "王**"
OFFICER = Actor("civil_affairs.1", Role.BUREAU_OFFICER, "civil_affairs", "W")
BUNDLE = 7002
MARK, LINE = ">保密</span>", "为诉求人保密：电话里、上门时"


class Said(NamedTuple):
    """What is read of a contact."""

    name: str | None
    assessment: dict


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


QUIET = (
    "我叫欧阳青石，我要申请临时救助，房子漏雨，我住在滨河街道临江社区紫藤巷77号，"
    "电话13812345678，别说是我说的"
)
HOUSE = ("青石", "紫藤巷", "77号", "13812345678")
READERS = ("civil_affairs.1", "civil_affairs.head", "township_w01.1")


def read_by(state, app, number, login):
    """Every page with a request that this person may open, by its path."""
    caller = signed_in(state, app, login)
    pages = [
        path.replace("{number}", number)
        for path in ("/inbox", "/inbox/{number}", "/api/v1/requests", "/api/v1/requests/{number}",
                     "/relief/new", "/households/HH00001")
    ]  # fmt: skip
    answers = {path: caller.get(path) for path in pages}
    return {path: one.text for path, one in answers.items() if one.status_code == 200}


@pytest.mark.parametrize("login", READERS)
def test_nobody_but_the_desk_reads_in_which_house_a_confidential_request_is(state, app, login):
    number = said(state, "quiet", QUIET).number
    linked(state, number)
    pages = read_by(state, app, number, login)
    assert f"/inbox/{number}" in pages
    for path, text in pages.items():
        assert [one for one in HOUSE if one in text] == [], path
    answer = signed_in(state, app, login).get(f"/api/v1/requests/{number}").json()
    assert "房子漏雨" in answer["said"][0]["text"]
    assert "临江社区" in answer["said"][0]["text"]
    assert (answer["place"], answer["said"][0]["place"]) == (None, None)
    assert {"place", "address"} & answer["said"][0]["facts"].keys() == set()
    desk = signed_in(state, app, "op01").get(f"/desk/{number}").text
    assert [one for one in HOUSE if one not in desk] == []


def test_a_confidential_request_does_not_stand_with_the_household_it_is_about(state, app):
    number = said(state, "quiet", QUIET).number
    linked(state, number)
    township = signed_in(state, app, "township_w01.1")
    assert number not in township.get("/households/HH00001").text
    assert number in signed_in(state, app, "op01").get("/households/HH00001").text
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=False))
    assert number in township.get("/households/HH00001").text


def test_who_has_a_confidential_request_that_is_urgent_reads_where_and_not_who(state, app):
    words = "楼上孩子天天被打，现在还在哭，在滨河街道临江社区紫藤巷77号，我叫欧阳青石，别问我是谁"
    number = said(state, "beaten", words).number
    with state.database.read() as session:
        request = session.scalars(select(HelpRequest)).one()
        assert request.confidential
        lead = request.lead_bureau
    shown = signed_in(state, app, f"{lead}.1").get(f"/inbox/{number}").text
    assert ("紫藤巷77号" in shown, "青石" in shown) == (True, False)
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(level=Level.STANDARD))
    shown = signed_in(state, app, f"{lead}.1").get(f"/inbox/{number}").text
    assert ("紫藤巷" in shown, "77号" in shown, "临江社区" in shown) == (False, False, True)


def test_a_complaint_keeps_the_words_that_say_what_it_is_about():
    mask = masking.Masking.of(
        [Said(None, {"facts": {"address": {"poi": "县民政局"}}})],
        access.Sight(words=True, person=False, place=False, gist=True),
    )
    assert mask.words("投诉县民政局，住3号楼") == "投诉县民政局，住*号楼"


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
    officer.get("/api/v1/requests")  # the looks of this hour are kept

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


ONLY_ASKED = "楼上孩子天天被打，现在还在哭，地址滨河街道临江社区"
PLACES = {
    "op01": ("/desk?tab=urgent", "/desk/{0}", "/desk/{0}/facts", "/desk/{0}/panel"),
    "civil_affairs.1": ("/inbox", "/inbox/{0}"),
}


def test_who_asks_later_not_to_be_named_is_marked_wherever_the_request_is_open(state, app):
    number = said(state, "first", ONLY_ASKED).number
    people = {login: signed_in(state, app, login) for login in PLACES}

    def marked(login):
        pages = {path: people[login].get(path.format(number)) for path in PLACES[login]}
        assert {answer.status_code for answer in pages.values()} == {200}, pages
        return [path for path, one in pages.items() if MARK in one.text or LINE in one.text]

    assert [marked(login) for login in PLACES] == [[], []]
    assert said(state, "later", "千万不要告诉他们是我打的电话").number == number
    for login, paths in PLACES.items():
        assert marked(login) == list(paths)
