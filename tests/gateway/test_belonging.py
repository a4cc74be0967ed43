"""Words are read with those before them where they may join their request, and nowhere else: who
reports one family after another says nothing of the second with the words of the first."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import recorded
from gateway.intake import Call
from gateway.offices import DIRECTORY
from gateway.state import State
from models.messages import Inbound, Outcome
from models.places import Staff
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Level
from tests.conftest import Clock
from tests.fakes import call
from tests.gateway.people import said
from tests.gateway.test_joined_words import merge

DANGER = "张大爷说活着没意思，要跳楼，南门街道和平社区"
ROOF = "李家的房子漏雨，想问问危房改造怎么申请，滨河街道临江社区"
BEGINNING, END = "他喝了一瓶农", "药"
"""Danger only in one piece."""
WORKER = {"channel": "grid_app", "sender": "grid_w010101", "reporter": "grid_w010101"}
OFFICE = {"channel": "transfer_in", "sender": "12345-city", "reporter": None}
ONE, OTHER = "+8613811110001", "+8613822220002"


def call_of(state: State, text: str, who: dict[str, str | None], about: str | None = None) -> Call:
    one = Inbound(
        f"{state.mint()}", f"{who['sender']}", text, reporter=who["reporter"], about=about
    )
    body = recorded.of(one, f"{who['channel']}")
    return recorded.call_of(recorded.read(body), body, state.now())


def sent(
    state: State, text: str, who: dict[str, str | None], about: str | None = None
) -> tuple[Outcome, HelpRequest]:
    """What came of these words, and how their request stands now."""
    outcome = state.intake.submit(call_of(state, text, who, about)).result(20)
    return outcome, request(state, outcome.number)


def request(state: State, number: str | None) -> HelpRequest:
    with state.database.read() as session:
        return session.scalars(select(HelpRequest).filter_by(number=number)).one()


def in_one_batch(state: State, calls: list[Call]) -> list[Outcome]:
    state.intake._judge(calls)
    with acting(state.database, state.mint) as tx:
        return state.intake._work(tx, calls)


@pytest.mark.parametrize("who", [WORKER, OFFICE], ids=["worker", "office"])
@pytest.mark.parametrize("batch", [True, False], ids=["one_batch", "one_after_the_other"])
def test_the_second_need_of_who_reports_for_many_is_judged_by_its_own_words(
    state: State, now: Clock, who: dict[str, str | None], batch: bool
) -> None:
    if batch:
        calls = [call_of(state, words, who) for words in (DANGER, ROOF)]
        first, second = (request(state, one.number) for one in in_one_batch(state, calls))
    else:
        _, first = sent(state, DANGER, who)
        now.forward(seconds=3)
        _, second = sent(state, ROOF, who)
    assert (first.level, second.level) == ("life_threat", "standard")
    assert first.area != second.area
    assert "跳楼" not in second.summary


@pytest.mark.parametrize("batch", [True, False], ids=["one_batch", "one_after_the_other"])
def test_the_parts_of_what_one_person_writes_are_read_as_one(
    state: State, now: Clock, batch: bool
) -> None:
    phone = {"channel": "phone", "sender": ONE, "reporter": None}
    if batch:
        calls = [call_of(state, words, phone) for words in (BEGINNING, END)]
        found = request(state, in_one_batch(state, calls)[1].number)
    else:
        sent(state, BEGINNING, phone)
        now.forward(minutes=1)
        _, found = sent(state, END, phone)
    assert found.level == "life_threat"


def test_what_a_worker_adds_to_a_report_is_read_with_that_report_and_with_no_other(
    state: State, now: Clock
) -> None:
    first, _ = sent(state, BEGINNING, WORKER)
    now.forward(seconds=3)
    added, found = sent(state, END, WORKER, about=first.number)
    assert (added.opened, found.number, found.level) == (False, first.number, "life_threat")
    now.forward(minutes=10)
    sent(state, BEGINNING, WORKER)
    roof, _ = sent(state, ROOF, WORKER)
    sent(state, BEGINNING, WORKER)
    _, found = sent(state, END, WORKER, about=roof.number)
    assert (found.number, found.level) == (roof.number, "standard")


def test_who_rings_goes_on_with_nothing_that_somebody_reported_from_their_telephone(
    state: State, now: Clock
) -> None:
    sent(state, BEGINNING, {"channel": "phone", "sender": ONE, "reporter": "grid_w010101"})
    now.forward(seconds=3)
    assert said(state, "own", END, ONE).level == "standard"


def test_the_words_of_a_neighbour_whose_request_was_joined_to_mine_do_not_begin_mine(
    state: State, now: Clock
) -> None:
    mine = said(state, "mine", ROOF, ONE).number
    theirs = said(state, "theirs", "李家的房子漏雨，滨河街道临江社区", OTHER).number
    now.forward(hours=1)
    assert mine
    assert theirs
    merge(state, now, theirs, mine)
    assert said(state, "neighbour", BEGINNING, OTHER).number == theirs
    now.forward(seconds=3)
    said(state, "again", END, ONE)
    assert request(state, mine).level == "standard"


@pytest.mark.parametrize("batch", [True, False], ids=["one_batch", "one_after_the_other"])
def test_who_reports_for_many_by_text_message_begins_a_request_for_each(
    state: State, now: Clock, batch: bool
) -> None:
    """A grid worker texts from their own telephone, which the account names, for one family after
    another; nobody's words join another family's."""
    with acting(state.database, state.mint) as tx:
        worker = update(Staff).where(col(Staff.login) == WORKER["sender"])
        tx.execute(worker.values(phone="139 0000 7777"))
        tx.count(DIRECTORY)
    state.offices.refresh()
    said_of = enumerate((DANGER, ROOF, BEGINNING))
    texts = [call(f"w{n}", words, "+8613900007777") for n, words in said_of]
    channel = state.channels["recording"]
    if batch:
        calls = [state.intake.read(channel, text, now()) for text in texts]
        numbers = [one.number for one in in_one_batch(state, calls)]
    else:
        numbers = [state.intake.receive(channel, text, now()).result(20).number for text in texts]
    assert len(set(numbers)) == 3
    first, second, _ = (request(state, number) for number in numbers)
    assert (first.level, second.level) == (Level.LIFE_THREAT, Level.STANDARD)
    said(state, "own", DANGER, ONE)
    one = said(state, "more", "我家的房子漏雨", ONE)
    assert not one.opened, "whoever speaks for themselves goes on with their own"
