"""A plea that holds a complaint too is helped at once, and whom it is about reads no word of it
(I9): they see where, what is needed and for whom; the desk keeps the words."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import col

from gateway import access, cases, offices, rounds, searching, staffing
from gateway.access import Actor
from gateway.ledger_audit import disagreements
from gateway.state import State
from models.discovery import DoorEntry
from models.events import Event
from models.likenesses import Link
from models.messages import Inbound
from models.places import UnitRow
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Refusal
from referral.directory import ZONE
from referral.office import Arrival, Office
from referral.opening import open_request
from referral.withholding import GIVEN, WITHHELD
from tests.conftest import Clock as Watch
from tests.gateway.people import application, signed_in
from tests.gateway.test_complained_about import linked
from tests.journeys.county import County

PLEA = "家里断粮两天了,孩子饿得直哭,住滨河街道临江社区"
AGAINST = "我要投诉县民政局,他们把青石榴扣着不给"
WORD = "青石榴"
BUREAU, OTHER = "civil_affairs.1", "+8613700000001"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def reads(county: County, login: str, number: str) -> bool:
    return access.sight(county.actor(login), county.request(number)._mapping).words


def sound(county: County) -> None:
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_whom_the_complaint_is_about_helps_and_reads_no_word_of_it(
    county: County, app: FastAPI
) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    assert county.request(number).track == "urgent"
    assert county.lead(number).bureau == "civil_affairs"
    caller = signed_in(county.state, app, BUREAU)
    paths = (f"/inbox/{number}", "/inbox", f"/api/v1/requests/{number}", "/api/v1/requests")
    pages = {path: caller.get(path).text for path in paths}
    for path, page in pages.items():
        assert number in page, path
        assert WORD not in page, path
        assert AGAINST[:5] not in page, path
        assert "断粮" in page, f"{path}: what is needed"
    assert "临江社区" in pages[paths[0]], "and where"
    assert "原话由热线保管" in pages[paths[0]]
    assert caller.act(number, "sign").status_code == 200, "and they go"
    assert county.lead(number).signed_by == BUREAU
    for path in paths:
        assert WORD not in caller.get(path).text, path
    assert WORD in signed_in(county.state, app, "op01").get(f"/desk/{number}").text


def test_who_is_not_accused_reads_the_words(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    assert reads(county, "township_w01.2", number)
    assert reads(county, "op01", number)
    plea = county.call("b", PLEA, OTHER)
    assert reads(county, BUREAU, plea)
    assert county.lead(number).bureau == county.lead(plea).bureau, "help is the same"
    assert county.held(number)[0] == county.held(plea)[0]


def test_of_a_person_the_whole_unit_reads_no_word(county: County) -> None:
    officer = county.state.offices.current().directory.officer[BUREAU]
    number = county.call("a", f"{PLEA}。我要投诉工作人员{officer.name},态度恶劣")
    assert county.request(number).track == "urgent"
    assert not reads(county, BUREAU, number)
    assert not reads(county, "civil_affairs.2", number)


def test_a_complaint_that_comes_after_takes_the_words_from_them(county: County, now: Watch) -> None:
    number = county.call("a", PLEA)
    assert reads(county, BUREAU, number)
    now.forward(minutes=10)
    later = f"又断电了,老人冻得发抖快不行了。{AGAINST}"
    assert county.call("b", later) == number
    assert not reads(county, BUREAU, number)


def test_words_that_are_joined_stay_withheld_together_and_apart(county: County) -> None:
    older = county.call("a", PLEA)
    newer = county.call("b", f"{PLEA}。{AGAINST}", OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    assert not reads(county, BUREAU, older)
    county.now.forward(minutes=5)
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    assert not reads(county, BUREAU, older)
    assert not reads(county, BUREAU, newer)
    sound(county)


TOWNSHIP = "township_w01.1"
EVENT = 7003


def known(county: County, number: str) -> str:
    """The request is about a household, in a disaster."""
    state = county.state
    linked(state, number)
    with acting(state.database, state.mint) as tx:
        tx.add(
            Link, id=state.mint(), request_id=county.request(number).id, relation="event",
            bundle=EVENT, at=state.now(), by="lead01",
        )  # fmt: skip
    return number


def everywhere(county: County, app: FastAPI, login: str, number: str) -> dict[str, str]:
    """All that shows somebody something of a request."""
    caller = signed_in(county.state, app, login)
    paths = (
        "/inbox", f"/inbox/{number}", "/api/v1/requests", f"/api/v1/requests/{number}",
        "/relief/new", "/households/HH00001", "/events", f"/events/{EVENT}", "/field", "/relief",
    )  # fmt: skip
    answers = {path: caller.get(path) for path in paths}
    answers["paper"] = caller.form(f"/paper/{number}", paper="transfer")
    return {path: one.text for path, one in answers.items() if one.status_code == 200}


def test_no_page_list_or_paper_shows_them_a_word_and_each_shows_what_is_needed(
    county: County, app: FastAPI
) -> None:
    number = known(county, county.call("a", f"{PLEA}。我要投诉街道办工作人员,他们把{WORD}扣着不给"))
    pages = everywhere(county, app, TOWNSHIP, number)
    assert set(pages) > {"/relief/new", "/households/HH00001", f"/events/{EVENT}", "paper"}
    assert [path for path, page in pages.items() if WORD in page or "投诉街道" in page] == []
    named = {path for path, page in pages.items() if number in page}
    assert named >= {"/relief/new", "/households/HH00001", f"/events/{EVENT}", "paper"}
    assert [path for path in named if "断粮" not in pages[path]] == []
    other = everywhere(county, app, BUREAU, number)
    assert WORD in other[f"/inbox/{number}"]


def test_what_was_written_at_a_door_are_its_words(county: County, app: FastAPI) -> None:
    wrong = f"他们把{WORD}扣着不给"
    number = known(county, county.call("a", f"{PLEA}。我要投诉街道办工作人员,{wrong}"))
    state = county.state
    with acting(state.database, state.mint) as tx:
        tx.add(
            DoorEntry, id=state.mint(), entry_key="grid_w0101.1:k", digest="k", based_on=0,
            version=1, household_id="HH00001", by="grid_w0101.1", at=state.now(),
            received_at=state.now(), outcome="needs_help", seen=True, said={"note": wrong},
            number=number,
        )  # fmt: skip
    pages = {
        login: signed_in(state, app, login).get("/households/HH00001").text
        for login in (TOWNSHIP, "op01")
    }
    assert WORD in pages["op01"]
    assert number in pages[TOWNSHIP]
    assert WORD not in pages[TOWNSHIP]


def test_a_confidential_plea_hides_from_them_who_it_is_as_from_others(
    county: County, app: FastAPI
) -> None:
    number = known(county, county.call("a", f"我叫欧阳墨竹,{PLEA}。{AGAINST},别说是我说的"))
    assert county.request(number).confidential
    for path, page in everywhere(county, app, BUREAU, number).items():
        assert [one for one in (WORD, "墨竹") if one in page] == [], path


def test_somebody_of_the_desk_whom_it_names_neither_reads_nor_finds_its_words(
    county: County, app: FastAPI
) -> None:
    name = county.state.offices.current().directory.officer["op01"].name
    number = county.call("a", f"{PLEA}。我要投诉工作人员{name},把{WORD}扣着不给")
    accused, other = (signed_in(county.state, app, login) for login in ("op01", "op02"))
    for path in ("/desk", f"/desk/{number}", f"/desk/{number}/facts", f"/desk/{number}/panel"):
        assert WORD not in accused.get(path).text, path
    assert WORD in other.get(f"/desk/{number}").text
    found = {login: finds(county, login, WORD) for login in ("op01", "op02")}
    assert found == {"op01": [], "op02": [number]}
    assert finds(county, "op01", "断粮") == [number]


def finds(county: County, login: str, said: str) -> list[str]:
    state, actor = county.state, county.actor(login)
    with state.database.read() as session:
        office = state.offices.current()
        found = searching.search(session, actor, office, said, now=county.now())
    return [line.number for line in found.page.lines]


PERHAPS = "{}把青石榴和我的救助款拿走了"


def perhaps(county: County) -> str:
    return PERHAPS.format(county.state.offices.current().directory.officer[BUREAU].name)


def test_of_words_that_perhaps_complain_in_what_is_urgent_they_read_none_either(
    county: County,
) -> None:
    number = county.call("a", f"{PLEA}。{perhaps(county)}")
    assert county.lead(number).bureau == "civil_affairs"
    assert not reads(county, BUREAU, number)
    assert reads(county, "township_w01.2", number)


class Asked(dict[str, Any]):
    """Values of the register that say how often one was asked for."""

    often = 0

    def __getitem__(self, key: str) -> Any:
        self.often += key == "wrongs_done"
        return super().__getitem__(key)


def test_whom_words_perhaps_accuse_is_looked_for_once_when_they_open_a_request(
    county: County,
) -> None:
    state = county.state
    office = state.offices.current()
    values = Asked(office.policy.values)
    counting = replace(office, policy=replace(office.policy, values=values))
    person = county.request(county.call("seed", PLEA)).person_id
    for level in ("urgent", "standard"):
        values.often = 0
        words = (
            f"{PLEA if level == 'urgent' else '我想申请低保,住滨河街道临江社区'}。{perhaps(county)}"
        )
        with acting(state.database, state.mint) as tx:
            request = open_request(tx, counting, arrival(office, words, person, county.now()))
            assert "perhaps:unit:civil_affairs" in request["withheld"]
        assert (request["level"], values.often) == (level, 1)


def arrival(office: Office, words: str, person: int, now: datetime) -> Arrival:
    """Words as they come in."""
    inbound = Inbound("", "", words)
    return Arrival(
        inbound=inbound, channel="sms", source="sms", now=now, said_at=now, journal_id=1,
        person_id=person, language="zh-CN", assessment=office.assess(words, "sms", inbound),
        reply=None, stopped=False,
    )  # fmt: skip


def test_nor_where_they_have_the_request_already(county: County, now: Watch) -> None:
    number = county.call("a", "我想申请低保,住在滨河街道临江社区")
    assert county.lead(number).bureau == "civil_affairs"
    assert reads(county, BUREAU, number)
    now.forward(minutes=10)
    assert county.call("b", perhaps(county)) == number
    assert not reads(county, BUREAU, number)


def test_nor_where_it_becomes_urgent_before_the_desk_has_looked(county: County, now: Watch) -> None:
    number = county.call("a", f"{perhaps(county)},住滨河街道临江社区")
    assert not county.sees(BUREAU, number)
    now.forward(minutes=10)
    assert county.call("b", PLEA) == number
    assert "civil_affairs" in county.orders(number), "help goes on"
    assert not reads(county, BUREAU, number)


def test_a_person_who_sends_it_to_them_gives_them_words_that_only_perhaps_complain(
    county: County,
) -> None:
    number = county.call("a", f"{perhaps(county)},住滨河街道临江社区")
    county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="不是投诉")
    assert reads(county, BUREAU, number)
    other = county.call("b", f"{PLEA}。{AGAINST}。{perhaps(county)}", OTHER)
    county.do("dispatch01", "correct_route", other, bureau="education", reason="先办上学")
    county.do("dispatch01", "correct_route", other, bureau="civil_affairs", reason="还是民政")
    assert not reads(county, BUREAU, other), "words that say they complain stay with the desk"


def test_a_person_gives_them_the_words_where_they_have_the_request_already(
    county: County,
) -> None:
    number = county.call("a", f"{PLEA}。{perhaps(county)}")
    lead = county.lead(number)
    with pytest.raises(Refusal, match="reason_missing"):
        county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason=" ")
    county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="不是投诉")
    assert reads(county, BUREAU, number)
    assert county.lead(number) == lead, "its order and its time stand"
    assert "words_given" in county.kinds(number)
    sound(county)


def test_words_that_say_they_complain_are_not_given_so(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    for act in ("correct_route", "bring_in"):
        with pytest.raises(Refusal, match=r"same_bureau|has_order"):
            county.do("dispatch01", act, number, bureau="civil_affairs", reason="看过")
    assert not reads(county, BUREAU, number)


def test_who_is_named_does_not_give_the_words_away(county: County) -> None:
    name = county.state.offices.current().directory.officer["dispatch01"].name
    number = county.call("a", f"{PLEA}。{name}骂我。{perhaps(county)}")
    assert not reads(county, "dispatch01", number)
    with pytest.raises(Refusal, match="same_bureau"):
        county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="不是投诉")
    assert not reads(county, BUREAU, number)
    county.do("lead01", "correct_route", number, bureau="civil_affairs", reason="不是投诉")
    assert reads(county, BUREAU, number)


def test_who_helps_is_given_the_words_with_its_part_or_after(county: County) -> None:
    named = f"{county.state.offices.current().directory.officer['education.1'].name}骂我"
    number = county.call("a", f"{PLEA}。{named}")
    assert not reads(county, "education.1", number)
    county.do("dispatch01", "bring_in", number, bureau="education", reason="孩子上学")
    assert reads(county, "education.1", number)
    other = county.call("b", PLEA, OTHER)
    county.do("dispatch01", "bring_in", other, bureau="education", reason="孩子上学")
    county.now.forward(minutes=5)
    assert county.call("c", named, OTHER) == other
    assert not reads(county, "education.1", other)
    county.do("dispatch01", "bring_in", other, bureau="education", reason="不是投诉")
    assert reads(county, "education.1", other)
    sound(county)


def test_what_is_split_off_is_withheld_as_the_whole(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    county.do("dispatch01", "split_off", number, part="孩子发烧", level="urgent")
    [part] = [row.number for row in county.every(HelpRequest) if row.number != number]
    assert not reads(county, BUREAU, part)
    assert reads(county, "township_w01.2", part)
    sound(county)


def test_a_complaint_that_joins_after_a_merge_does_not_keep_it_from_being_undone(
    county: County, now: Watch
) -> None:
    older = county.call("a", f"{PLEA}。我要投诉街道办工作人员")
    newer = county.call("b", f"{PLEA}。{AGAINST}", OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    now.forward(minutes=5)
    assert county.call("c", "我要投诉县医保局工作人员,态度恶劣。孩子快不行了") == older
    withheld = set(county.request(older).withheld)
    assert {"unit:civil_affairs", "unit:township_w01"} < withheld
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    assert set(county.request(older).withheld) == withheld
    assert not reads(county, BUREAU, newer)
    sound(county)


def test_who_leaves_the_unit_goes_on_reading_none_of_them(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    state, login = county.state, "civil_affairs.2"
    admin = Actor("admin01", Role.ADMINISTRATOR, "hotline")
    with acting(state.database, state.mint) as tx:
        place = {"role": "township_officer", "unit": "township_w01", "area": "W01"}
        left = staffing.transfer(tx, login, place, "轮岗", admin, county.now())
    with acting(state.database, state.mint) as tx:
        office = state.offices.refresh()
        staffing.hand_on(tx, office, login, left, admin, county.now())
    assert county.actor(login).unit == "township_w01"
    assert not reads(county, login, number)
    assert reads(county, "township_w01.2", number)


def test_who_goes_on_for_the_unit_reads_none_of_them(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    assert reads(county, "health.1", number)
    state = county.state
    yesterday = county.now().astimezone(ZONE).date() - timedelta(days=1)
    with acting(state.database, state.mint) as tx:
        gone = update(UnitRow).where(col(UnitRow.code) == "civil_affairs")
        tx.execute(gone.values(valid_until=yesterday, successor="health"))
        offices.changed(tx)
    rounds.run(state.database, state.mint, state.offices, county.now())
    assert county.lead(number).bureau == "health"
    assert not reads(county, "health.1", number)


def entries(county: County, login: str, number: str) -> list[str]:
    """The kinds of entries about withheld words that somebody is shown with the request."""
    state = county.state
    with state.database.read() as session:
        office = state.offices.current()
        case, _ = cases.case(session, county.actor(login), office, number, now=county.now())
    return [one.kind for one in case.history if one.kind in (WITHHELD, GIVEN)]


def whom(county: County, number: str) -> list[dict[str, Any]]:
    return [json.loads(one.detail) for one in county.rows(Event, number) if one.kind == WITHHELD]


def test_the_ledger_says_from_whom_words_are_withheld_and_not_to_those(county: County) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    assert [one["units"] for one in whom(county, number)] == [["civil_affairs"]]
    assert entries(county, "op01", number) == [WITHHELD]
    assert entries(county, BUREAU, number) == []
    assert entries(county, "township_w01.2", number) == [], "it is the desk's"
    sound(county)


def test_so_it_does_of_a_later_word_once_and_of_what_is_joined(county: County, now: Watch) -> None:
    number = county.call("a", PLEA)
    assert whom(county, number) == []
    for mark in ("b", "c"):
        now.forward(minutes=10)
        assert county.call(mark, f"又断电了,老人冻得发抖快不行了。{AGAINST}") == number
    assert [one["units"] for one in whom(county, number)] == [["civil_affairs"]]
    other = county.call("d", f"{PLEA}。我要投诉街道办工作人员", OTHER)
    county.do("lead01", "merge", other, other=number, reason="同一户")
    assert [one["units"] for one in whom(county, number)][1:] == [["township_w01"]]
    sound(county)


def test_of_the_desk_whom_it_names_sees_no_such_entry(county: County, app: FastAPI) -> None:
    name = county.state.offices.current().directory.officer["op01"].name
    number = county.call("a", f"{PLEA}。我要投诉工作人员{name},把{WORD}扣着不给")
    assert [one["logins"] for one in whom(county, number)] == [["op01"]]
    assert entries(county, "op01", number) == []
    assert entries(county, "op02", number) == [WITHHELD]
    shown = signed_in(county.state, app, "audit01").get(f"/audit?number={number}")
    assert shown.status_code == 200


def test_the_words_are_given_without_an_order_to_the_township_that_acts_first(
    county: County,
) -> None:
    number = county.call("a", f"{PLEA}。街道办的人骂我")
    assert county.held(number)[0] == "township_w01"
    assert not reads(county, TOWNSHIP, number)
    orders = county.orders(number)
    county.do("dispatch01", "give_words", number, bureau="township_w01", reason="不是投诉")
    assert reads(county, TOWNSHIP, number)
    assert county.orders(number) == orders
    assert entries(county, TOWNSHIP, number) == [], "nor afterwards"
    assert entries(county, "op01", number) == [WITHHELD, GIVEN]
    sound(county)


def test_who_is_given_the_words_does_not_give_them_to_another_whom_they_perhaps_accuse(
    county: County,
) -> None:
    """The person who read them has said of the one alone that they are no complaint."""
    number = county.call("a", f"{PLEA}。街道办的人骂我。{perhaps(county)}")
    assert not reads(county, TOWNSHIP, number)
    county.do("dispatch01", "give_words", number, bureau="civil_affairs", reason="不是投诉民政")
    assert reads(county, BUREAU, number)
    assert not reads(county, TOWNSHIP, number)
    county.do("dispatch01", "give_words", number, bureau="township_w01", reason="也不是投诉街道")
    assert reads(county, TOWNSHIP, number)
    assert county.request(number).withheld is None, "nobody is left"
    sound(county)


def test_the_words_are_given_where_the_kind_of_help_was_chosen(county: County) -> None:
    number = county.call("a", f"{perhaps(county)},住滨河街道临江社区")
    county.do("dispatch01", "correct_route", number, service="dibao", reason="问低保")
    assert county.lead(number).bureau == "civil_affairs"
    assert not reads(county, BUREAU, number), "choosing the kind of help says nothing of the words"
    with pytest.raises(Refusal, match="no_words_to_give"):
        county.do("dispatch01", "give_words", number, bureau="education", reason="不是投诉")
    county.do("dispatch01", "give_words", number, bureau="civil_affairs", reason="不是投诉")
    assert reads(county, BUREAU, number)
    with pytest.raises(Refusal, match="no_words_to_give"):
        county.do("dispatch01", "give_words", number, bureau="civil_affairs", reason="再看")


def test_words_that_say_they_complain_are_not_given_and_nobody_named_gives_any(
    county: County, app: FastAPI
) -> None:
    number = county.call("a", f"{PLEA}。{AGAINST}")
    with pytest.raises(Refusal, match="no_words_to_give"):
        county.do("dispatch01", "give_words", number, bureau="civil_affairs", reason="看过")
    name = county.state.offices.current().directory.officer["dispatch01"].name
    other = county.call("b", f"{PLEA}。{name}骂我。{perhaps(county)}", OTHER)
    with pytest.raises(Refusal, match="no_words_to_give"):
        county.do("dispatch01", "give_words", other, bureau="civil_affairs", reason="不是投诉")
    assert not reads(county, BUREAU, other)
    for login, offered in (("dispatch01", False), ("lead01", True)):
        page = signed_in(county.state, app, login).get(f"/desk/{other}").text
        assert ("/give_words" in page) is offered, login


@pytest.mark.parametrize("act", ["give_words", "correct_route"])
def test_the_words_are_given_to_whom_they_were_said_to_be_no_complaint_about_and_to_nobody_else(
    county: County, act: str
) -> None:
    other = f"{county.state.offices.current().directory.officer['education.1'].name}骂我"
    number = county.call("a", f"{PLEA}。{perhaps(county)}。{other}")
    assert "perhaps:unit:education" in county.request(number).withheld
    county.do("dispatch01", act, number, bureau="civil_affairs", reason="不是投诉民政")
    assert reads(county, BUREAU, number)
    assert not reads(county, "education.1", number)
    assert not reads(county, "education.2", number)
    county.do("dispatch01", "bring_in", number, bureau="education", reason="也不是投诉教育")
    assert reads(county, "education.1", number)
    assert county.request(number).withheld is None, "nobody is left"
    sound(county)


def test_that_words_were_given_meanwhile_is_no_news_to_whom_they_name(
    county: County, app: FastAPI
) -> None:
    number = county.call("a", f"{PLEA}。{perhaps(county)}")
    theirs, desk = signed_in(county.state, app, BUREAU), signed_in(county.state, app, "op01")
    seen = {
        caller: re.findall(r'name="seen" value="(\d+)"', caller.get(page).text)[0]
        for caller, page in ((theirs, f"/inbox/{number}"), (desk, f"/desk/{number}"))
    }
    county.do("dispatch01", "give_words", number, bureau="civil_affairs", reason="不是投诉")
    late = desk.form(f"/desk/{number}/reply", text="已经派人去了，请放心", seen=seen[desk])
    assert late.status_code == 409, "the desk is shown it"
    signed = theirs.form(f"/inbox/{number}/sign", seen=seen[theirs])
    assert signed.status_code == 303, signed.text


def test_nor_is_an_entry_that_names_a_request_which_complains_about_them(
    county: County, app: FastAPI
) -> None:
    number = county.call("a", PLEA)
    theirs = signed_in(county.state, app, BUREAU)
    [seen, *_] = re.findall(r'name="seen" value="(\d+)"', theirs.get(f"/inbox/{number}").text)
    complaint = county.call("b", f"{AGAINST},住滨河街道临江社区", OTHER)
    assert not county.sees(BUREAU, complaint)
    county.do("lead01", "keep_apart", number, other=complaint, reason="是两回事")
    assert complaint not in theirs.get(f"/inbox/{number}").text
    assert theirs.form(f"/inbox/{number}/sign", seen=seen).status_code == 303


def offered(county: County, app: FastAPI, number: str) -> list[str]:
    """To whom the page offers to give the words."""
    page = signed_in(county.state, app, "lead01").get(f"/desk/{number}").text
    form = re.search(r'action="/desk/[^"]+/give_words".*?</form>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]+)"', form.group()) if form else []


def test_it_is_offered_for_those_at_work_whom_the_words_name_and_for_nobody_else(
    county: County, app: FastAPI
) -> None:
    number = county.call("a", f"{PLEA},房子塌了一角。街道办的人骂我。{perhaps(county)}")
    assert "emergency_management" in county.orders(number)
    assert offered(county, app, number) == ["township_w01", "civil_affairs"]
    county.do("lead01", "give_words", number, bureau="township_w01", reason="不是投诉街道")
    assert offered(county, app, number) == ["civil_affairs"]
    other = county.call("b", f"{perhaps(county)},住滨河街道临江社区", OTHER)
    assert county.request(other).withheld
    assert offered(county, app, other) == [], "nobody whom they name works on it"


@pytest.mark.parametrize("act", ["correct_route", "bring_in"])
def test_who_is_named_gives_no_words_with_an_order_either(county: County, act: str) -> None:
    directory = county.state.offices.current().directory
    named = (
        f"{directory.officer['dispatch01'].name}骂我。{directory.officer['education.1'].name}骂我"
    )
    number = county.call("a", f"{PLEA}。{named}")
    assert "education" not in county.orders(number)
    county.do("dispatch01", act, number, bureau="education", reason="孩子上学")
    assert "education" in county.orders(number), "help goes on"
    assert not reads(county, "education.1", number)
    county.do("lead01", "give_words", number, bureau="education", reason="不是投诉")
    assert reads(county, "education.1", number)
