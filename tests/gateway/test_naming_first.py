"""A field worker who texts of an earlier request begins with its number; what they may not see, and
what anybody else names, their words do not join."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import delivery
from gateway.offices import DIRECTORY
from gateway.state import State
from models.clocks import Clock as ClockRow
from models.outbox import Outgoing, Sent
from models.places import Staff
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Level
from tests.conftest import Clock
from tests.gateway.people import said
from tests.gateway.test_belonging import ROOF, WORKER, sent

PHONE, CITIZEN = "+8613900007777", "+8613811110001"
LATER = "老人已经搬到女儿家，家里断粮了，没有饭吃"
AREA = "W0101"


@pytest.fixture
def worker(state: State) -> str:
    """Their telephone, which the account names."""
    with acting(state.database, state.mint) as tx:
        one = update(Staff).where(col(Staff.login) == WORKER["sender"])
        tx.execute(one.values(phone="139 0000 7777"))
        tx.count(DIRECTORY)
    state.offices.refresh()
    return PHONE


def row(state: State, number: str | None) -> HelpRequest:
    with state.database.read() as session:
        return session.scalars(select(HelpRequest).filter_by(number=number)).one()


def rows(state: State, table: type, number: str | None) -> list:
    with state.database.read() as session:
        found = select(table).filter_by(request_id=row(state, number).id)
        return list(session.scalars(found.order_by(table.id)))


def reported(state: State) -> str:
    """What the worker reported from their account, as another person than their telephone."""
    outcome, _ = sent(state, ROOF, WORKER)
    return outcome.number or ""


@pytest.mark.parametrize(
    "written", ["{n} {t}", "{digits}，{t}", "编号{n}：{t}", "【{n}】{t}", "{n}{t}"]
)
def test_a_text_that_begins_with_the_number_is_part_of_that_request(
    state: State, now: Clock, worker: str, written: str
) -> None:
    number = reported(state)
    now.forward(hours=5)
    digits = "".join(filter(str.isdigit, number))
    text = written.format(n=number, digits=digits, t=LATER)
    outcome = said(state, "later", text, worker)
    assert (outcome.opened, outcome.number) == (False, number)
    assert row(state, number).level == Level.URGENT, "danger in it raises the request"
    contact = rows(state, Contact, number)[-1]
    assert (contact.text, contact.reporter) == (text, WORKER["sender"])
    assert not outcome.code, "what opens its page is the requester's"
    told = rows(state, Outgoing, number)[-1]
    assert told.address == worker or told.staff, "who wrote hears that it came"


def test_their_own_earlier_text_is_named_as_well(state: State, now: Clock, worker: str) -> None:
    first = said(state, "first", ROOF, worker).number
    said(state, "second", "张大爷家断电三天了，南门街道和平社区", worker)
    now.forward(hours=3)
    outcome = said(state, "third", f"{first} 房主今天在家", worker)
    assert (outcome.opened, outcome.number) == (False, first)


def test_what_they_may_not_see_their_words_do_not_join(
    state: State, now: Clock, worker: str
) -> None:
    foreign = said(state, "foreign", "我家的房子漏雨，滨河街道临江社区", CITIZEN).number
    outcome = said(state, "words", f"{foreign} {LATER}", worker)
    assert outcome.opened
    assert len(rows(state, Contact, foreign)) == 1


def test_a_misread_or_closed_number_loses_no_word(state: State, now: Clock, worker: str) -> None:
    number = reported(state)
    misread = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert said(state, "misread", f"{misread} {LATER}", worker).opened
    with acting(state.database, state.mint) as tx:
        closed = update(HelpRequest).where(col(HelpRequest.number) == number)
        tx.execute(closed.values(closed_at=now()))
    assert said(state, "closed", f"{number} {LATER}", worker).opened


def test_nobody_elses_text_joins_by_a_number_alone(state: State, now: Clock, worker: str) -> None:
    number = reported(state)
    assert said(state, "neighbour", f"{number} {LATER}", CITIZEN).opened


def test_the_code_of_a_form_is_not_told_to_the_worker_who_adds_to_it(
    state: State, now: Clock, worker: str
) -> None:
    """The form began in a browser; only its own telephone is told another code."""
    number = reported(state)
    with acting(state.database, state.mint) as tx:
        form = update(HelpRequest).where(col(HelpRequest.number) == number)
        tx.execute(form.values(channel="web"))
    before = row(state, number).code
    said(state, "later", f"{number} 房主今天在家", worker)
    assert row(state, number).code == before
    assert not any(before in one.text for one in rows(state, Outgoing, number))


def test_what_is_told_to_the_worker_is_no_first_reply_to_who_asked_for_help(
    state: State, now: Clock, worker: str
) -> None:
    """Nothing has reached her yet: the promise that she hears from us runs on."""
    theirs = said(state, "first", ROOF, CITIZEN).number
    with acting(state.database, state.mint) as tx:
        hers = update(HelpRequest).where(col(HelpRequest.number) == theirs)
        tx.execute(hers.values(holder_person=WORKER["sender"]))
    said(state, "later", f"{theirs} 房主今天在家", worker)
    receipt, told = rows(state, Outgoing, theirs)[0], rows(state, Outgoing, theirs)[-1]
    assert (receipt.address, told.address) == (CITIZEN, worker)
    runs = []
    for one in (told, receipt):
        with acting(state.database, state.mint) as tx:
            sent_now = Sent(one.id, "recording", now(), str(one.id), None)
            delivery._write_sent(tx, [(one, sent_now)])
        clocks = [c for c in rows(state, ClockRow, theirs) if c.name == "CLK-FIRST-REPLY"]
        runs.append([clock.stopped_at is None for clock in clocks])
    assert runs == [[True], [False]]


def test_a_workers_text_that_names_no_place_is_from_their_own_area(
    state: State, now: Clock, worker: str
) -> None:
    """As their report is: the township that acts first is found."""
    area = state.offices.current().directory.officer[str(WORKER["sender"])].area
    assert area
    outcome = said(state, "first", "李大爷家断粮了，没有饭吃", worker)
    assert row(state, outcome.number).area == area
    other = said(state, "citizen", "家里断粮了，没有饭吃", CITIZEN)
    assert row(state, other.number).area is None
