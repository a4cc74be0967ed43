"""A number from the holding pen opens what its own writer may read, and nothing of anybody else."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import entering, exchanged, progress
from gateway.state import State
from models.journal import JournalEntry
from models.messages import Outcome
from models.requests import Contact, FormerNumber
from models.transaction import acting
from models.vocabulary import ContactState, Role
from referral.casework import Actor
from tests import fakes
from tests.conftest import Clock
from tests.fakes import RecordingChannel, call
from tests.gateway.people import said
from tests.gateway.test_belonging import ROOF
from tests.gateway.test_joined_words import NEWER, OLDER, ONE, OTHER, merge
from tests.gateway.test_naming_first import reported, worker  # noqa: F401
from tests.gateway.test_unproven import PHONE, SECRET, browser, messages, opens, request, write

DESK = Actor("op01", Role.OPERATOR, "hotline")


@pytest.fixture
def channels():
    return {"recording": RecordingChannel(), **fakes.form_and_sms()}


def held(state: State, sender: str) -> Outcome:
    """What nobody could read; number and code of the pen."""
    raw = call(f"{state.mint()}", "", sender, poison=True)
    kept = state.intake.receive(state.channels["recording"], raw, state.now()).result(20)
    assert kept.held
    return kept


def held_then_read(state: State, words: str, sender: str) -> Outcome:
    """It is typed by a person of the desk."""
    kept = held(state, sender)
    with state.database.read() as session:
        entry = session.scalars(select(JournalEntry).filter_by(number=kept.number)).one()
    read = entering.Read(text=words, sender=sender)
    entering.finish_held(state, DESK, entry.id, read, now=state.now())
    return kept


def of_a_form(state: State, number: str) -> Outcome:
    """A form was kept in the pen and belongs to this request; its number and code."""
    kept = held(state, "+8613899990000")
    with acting(state.database, state.mint) as tx:
        form = col(JournalEntry.number) == kept.number
        handled = {"channel": "web", "state": ContactState.HANDLED}
        tx.execute(update(JournalEntry).where(form).values(**handled))
        entry = tx.execute(select(col(JournalEntry.id)).where(form)).scalar_one()
        leads_to, at = request(state, number).id, state.now()
        tx.add(FormerNumber, number=kept.number, code=kept.code, request_id=leads_to)
        tx.add(Contact, id=tx.mint(), journal_id=entry, request_id=leads_to, channel="web",
               external_id="of a form", sender="", text="", said_at=at, received_at=at)  # fmt: skip
    return kept


def told(state: State, kept: Outcome) -> str:
    """All that number and code open; "" where they open nothing."""
    with state.database.read() as session:
        reader, office = session.connection(), state.offices.current()
        found = progress.find(reader, kept.number or "", kept.code or "")
        if found is None:
            return ""
        led_to = progress.master_of(reader, found)["id"]
        return "\n".join(one.text for one in exchanged.of(reader, office, found, led_to))


def test_a_worker_whose_text_was_kept_in_the_pen_opens_nobodys_page_with_its_number(
    state: State,
    now: Clock,
    worker: str,  # noqa: F811
) -> None:
    number = reported(state)
    kept = held_then_read(state, f"{number} 房主今天在家", worker)
    with state.database.read() as session:
        found = progress.find(session.connection(), kept.number or "", kept.code or "")
    assert found is None, "what opens its page is the requester's"


def test_whose_request_was_joined_to_a_neighbours_opens_their_own_with_the_number_of_the_pen(
    state: State, now: Clock
) -> None:
    older = said(state, "older", OLDER, ONE).number
    now.forward(minutes=5)
    newer = said(state, "newer", NEWER, OTHER).number
    merge(state, now, newer or "", older or "")
    page = told(state, held_then_read(state, "还是我，李秋霞，今天雨更大了", OTHER))
    assert "雨更大了" in page
    assert OLDER not in page, "the neighbour's words"


def test_whoever_typed_the_number_opens_nothing_more_with_the_number_of_the_pen_either(
    state: State, now: Clock
) -> None:
    """Their form was joined to a neighbour's request when the telephone spoke: what the neighbour
    was given in the pen, and the telephone itself, opens as before."""
    neighbour = said(state, "older", ROOF, ONE).number or ""
    neighbours = held_then_read(state, "房子漏得更厉害了", ONE)
    now.forward(minutes=5)
    number, code = write(browser(state, "6.6.6.6"), "邻居家的房子漏雨，滨河街道临江社区")
    strangers = of_a_form(state, number)
    assert told(state, strangers)
    merge(state, now, number, neighbour)
    own = held_then_read(state, SECRET, PHONE)
    assert len(messages(state, "code_renewed")) == 1
    assert opens(browser(state, "6.6.6.7"), number, code) == ""
    assert told(state, strangers) == ""
    assert told(state, neighbours), "nobody told them another code"
    assert "桥头旅社" in told(state, own)
