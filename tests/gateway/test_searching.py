"""The search of the desk: what it finds, how far it looked, and that it says so."""

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import col

from gateway import registry, searching
from gateway.access import Actor
from gateway.state import State
from models.access import Look
from models.households import Belonging
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from tests.gateway.people import FOOD, JUMP, QUESTION, application, said, signed_in

CALLER = "+8613900004321"
DESK = Actor("op01", Role.OPERATOR, "hotline", None)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def three(state: State) -> dict[str, str]:
    """A mother without food in W01, somebody about to jump, a question about dibao."""
    return {
        "food": said(state, "f", FOOD).number or "",
        "jump": said(state, "j", JUMP, "+8613900000001").number or "",
        "question": said(state, "q", QUESTION, CALLER).number or "",
    }


def find(state: State, words: str, *, viewer: Actor = DESK, **how: object) -> searching.Found:
    with state.database.read() as reading:
        return searching.search(
            reading, viewer, state.offices.current(), words, now=state.now(), **how
        )


def numbers(found: searching.Found) -> set[str]:
    return {line.number for line in found.page.lines}


@pytest.mark.parametrize(
    ("words", "whose"),
    [
        ("断粮两天", {"food"}),
        ("断粮 临江", {"food"}),
        ("断粮 柳湾", set()),
        ("跳楼", {"jump"}),
        ("柳湾村", {"question"}),
        ("低保 材料", {"question"}),
        ("ＤＩＢＡＯ", set()),
        ("社区", {"food", "jump"}),
    ],
)
def test_words_of_what_was_said_places_and_matters_find_their_requests(
    state: State, three: dict[str, str], words: str, whose: set[str]
) -> None:
    found = find(state, words)
    assert numbers(found) == {three[one] for one in whose}
    assert (found.by, found.looked, found.on) == ("words", 3, None)


def test_the_name_somebody_gave_finds_the_request(state: State, three: dict[str, str]) -> None:
    with acting(state.database, state.mint) as tx:
        query = select(col(Contact.id)).join(
            HelpRequest, col(HelpRequest.id) == col(Contact.request_id)
        )
        one = tx.execute(query.where(col(HelpRequest.number) == three["jump"])).scalar()
        tx.execute(update(Contact).where(col(Contact.id) == one).values(name="阿依古丽·买买提"))
    assert numbers(find(state, "阿依古丽·买买提")) == {three["jump"]}
    assert numbers(find(state, "买买提")) == {three["jump"]}


def test_a_name_of_the_registry_finds_closed_requests_of_the_household_too(
    state: State, three: dict[str, str]
) -> None:
    with acting(state.database, state.mint) as tx:
        registry.enrol(
            tx, household_id="H1", head_name="苏木清", members=["苏小河"], phones=[],
            address="柳湾镇柳湾村一组", area=None, categories=[],
        )  # fmt: skip
        number = col(HelpRequest.number) == three["question"]
        request_id = tx.execute(select(col(HelpRequest.id)).where(number)).scalar()
        tx.add(
            Belonging, id=tx.mint(), request_id=request_id, household_id="H1", findings=[],
            state="confirmed", proposed_at=state.now(), proposed_by="op01",
        )  # fmt: skip
        tx.execute(update(HelpRequest).where(number).values(closed_at=state.now()))
    assert numbers(find(state, "苏小河")) == {three["question"]}
    assert numbers(find(state, "苏大河")) == set()


def test_who_may_not_read_the_words_does_not_find_by_them(
    state: State, three: dict[str, str]
) -> None:
    auditor = Actor("audit01", Role.AUDITOR, "hotline", None)
    assert numbers(find(state, "断粮两天", viewer=auditor)) == set()
    assert numbers(find(state, "临江社区", viewer=auditor)) == {three["food"]}, (
        "a place is no words"
    )


@pytest.fixture
def many(state: State, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(searching, "TOGETHER", 2)
    return [
        said(state, f"m{nth}", QUESTION, f"+86139000010{nth:02d}").number or "" for nth in range(5)
    ]


def slow(seconds: float) -> Callable[[], float]:
    """A clock that goes on by so much at each look."""
    passed = iter(range(1000))
    return lambda: next(passed) * seconds


def test_when_the_time_is_over_the_search_says_how_far_it_came_and_goes_on_from_there(
    state: State, many: list[str]
) -> None:
    seen: set[str] = set()
    after, rounds = None, 0
    while True:
        found = find(state, "哪些材料", after=after, clock=slow(1.0))
        assert found.looked <= 2, "one handful is always looked through, and no more"
        seen |= numbers(found)
        rounds += 1
        if found.on is None:
            break
        assert after is None or found.on > after, "it goes forward"
        after = found.on
    assert seen == set(many)
    assert rounds == 3


def test_a_full_page_goes_on_where_it_stopped_and_shows_nothing_twice(
    state: State, many: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching.views, "PAGE", 3)
    first = find(state, "哪些材料")
    assert len(first.page.lines) == 3
    assert first.on is not None
    second = find(state, "哪些材料", after=first.on)
    assert second.on is None
    assert numbers(first) | numbers(second) == set(many)
    assert not numbers(first) & numbers(second)


def test_the_page_says_what_was_looked_through(
    state: State, app: FastAPI, three: dict[str, str]
) -> None:
    caller = signed_in(state, app, "op01")
    assert caller.search("/desk", q="断粮").headers["location"] == f"/desk/{three['food']}"
    page = caller.search("/desk", q="社区").text
    assert "3 件未办结工单都看过" in page
    assert 'data-still="1"' in page, "what was found does not move by itself"
    nothing = caller.search("/desk", q="没有人说过").text
    assert "没有找到“没有人说过”" in nothing
    assert "3 件未办结工单都看过" in nothing
    assert re.search(r'name="q" value="社区"', page)


@pytest.mark.parametrize("words", ["%", "_", "'", "HY", "\\", "·", "🙂", "a" * 200, " 　 "])
def test_odd_words_are_only_words(
    state: State, app: FastAPI, three: dict[str, str], words: str
) -> None:
    answer = signed_in(state, app, "op01").search("/desk", q=words)
    assert answer.status_code in (200, 303)


@pytest.mark.parametrize("login", ["admin01", "audit01"])
def test_who_works_without_personal_data_finds_nobody_by_telephone_or_name(
    state: State, app: FastAPI, three: dict[str, str], login: str
) -> None:
    registered(state, three["food"])
    caller = signed_in(state, app, login)
    for known, unknown in (("13900004321", "13900004320"), ("贺芳", "贺芬")):
        hit, miss = (caller.search("/desk", q=said_of) for said_of in (known, unknown))
        assert (hit.status_code, miss.status_code) == (200, 200), known
        assert not any(number in hit.text for number in three.values()), known
    assert caller.search("/desk", q=three["food"]).status_code == 303, "a number names nobody"


def test_a_search_for_a_person_is_kept_once_and_names_nobody(
    state: State, app: FastAPI, three: dict[str, str]
) -> None:
    caller = signed_in(state, app, "op01")
    for asked in ("13900004321", "贺芳", three["food"]):
        there = caller.form("/desk", q=asked).headers["location"]
        for path in (there, there.replace("/desk?", "/desk/rows?")):
            assert caller.get(path).status_code in (200, 303)
    with state.database.read() as session:
        looks = session.scalars(select(Look).where(col(Look.act) == "search_person"))
        assert sorted(one.purpose for one in looks) == ["139****4321", "贺*"]


def registered(state: State, number: str) -> None:
    """A person has said that the request is of the household of 贺芳."""
    with acting(state.database, state.mint) as tx:
        request = tx.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        ).scalar_one()
        contact = tx.execute(
            select(col(Contact.id)).where(col(Contact.request_id) == request)
        ).scalar_one()
        tx.add(
            Belonging, id=state.mint(), request_id=request, contact_id=contact,
            household_id="HH00001", state="confirmed", findings=[], proposed_at=state.now(),
            proposed_by="system",
        )  # fmt: skip
