"""A notice is said in the form of the way by which it goes: what was meant for an SMS and goes by a
telephone call is the spoken notice, and is kept as it was said."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway.delivery import Delivery
from gateway.routes import Routes
from models.messages import Undeliverable, Unsure
from models.outbox import Outgoing
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Form, OutboxState
from tests.fakes import RecordingChannel
from tests.gateway.people import FOOD
from tests.gateway.test_other_routes import Way, receipt, rounds, row

FIGURES = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"]


@pytest.fixture
def channels():
    ways = {name: Way(name) for name in ("recording", "call", "second")}
    ways["call"].form = Form.SPOKEN
    return ways


@pytest.fixture
def delivery(state):
    routes = Routes(("recording", "call", "second"))
    return Delivery(state.database, state.mint, state.channels, state.offices.current, routes)


def of(state, phrase: str) -> Outgoing:
    with state.database.read() as session:
        return session.scalars(select(Outgoing).where(col(Outgoing.phrase) == phrase)).one()


def only(state, phrase: str) -> None:
    """Of all that is said for an urgent call for help only this waits."""
    receipt(state, FOOD)
    with acting(state.database, state.mint) as tx:
        wanted = col(Outgoing.phrase) == phrase
        tx.execute(update(Outgoing).values(next_at=None))
        tx.execute(update(Outgoing).where(wanted).values(next_at=col(Outgoing.posted_at)))


def aloud(figures: str) -> str:
    return " ".join(FIGURES[int(figure)] for figure in figures)


def test_what_an_sms_could_not_bring_is_telephoned_as_the_spoken_notice(
    state, delivery, channels, now
):
    only(state, "urgent_accepted")
    channels["recording"].fails = [Undeliverable("30006")]
    rounds(delivery, now, 2)
    (said,) = channels["call"].sent
    kept = of(state, "urgent_accepted")
    assert (kept.state, kept.text) == (OutboxState.SENT, said.text), "as it was said"
    for part in ("现在不需要任何材料", kept.params["unit"], kept.params["due"], "到时没有人来"):
        assert part in said.text
    assert "【" not in said.text
    assert f"请再打望河 {aloud('12345')}。" in said.text


def test_number_and_code_are_said_figure_by_figure(state, delivery, channels, now):
    only(state, "receipt")
    channels["recording"].fails = [Undeliverable("30006")]
    rounds(delivery, now, 2)
    (said,) = channels["call"].sent
    with state.database.read() as session:
        request = session.scalars(select(HelpRequest)).one()
    day, count, check = request.number.removeprefix("HY").split("-")
    assert f"编号是{aloud(day)}，{aloud(count)}，{aloud(check)}，" in said.text
    assert f"查询码是{aloud(request.code)}。" in said.text


def test_what_a_call_did_not_bring_is_written_as_an_sms_again(state, delivery, channels, now):
    only(state, "receipt")
    written = row(state).text
    channels["recording"].fails = [Undeliverable("30006")]
    channels["call"].fails = [Undeliverable("busy")]
    rounds(delivery, now, 3)
    (said,) = channels["second"].sent
    assert said.text == row(state).text == written


def test_another_way_that_says_it_alike_says_the_same_words(state, delivery, channels, now):
    channels["call"].form = RecordingChannel.form
    only(state, "receipt")
    written = row(state).text
    channels["recording"].fails = [Undeliverable("30006")]
    rounds(delivery, now, 2)
    assert channels["call"].sent[0].text == written


def test_a_message_that_may_have_been_taken_is_asked_for_by_its_own_words(
    state, delivery, channels, now
):
    only(state, "receipt")
    channels["recording"].fails = [Undeliverable("30006")]
    channels["call"].fails = [Unsure("reset")]
    rounds(delivery, now, 2)
    asked = []

    async def find(message, since):
        asked.append(message.text)
        return "CA1"

    channels["call"].find = find
    rounds(delivery, now, seconds=21)
    rounds(delivery, now)
    assert asked == [row(state).text]
    assert row(state).provider_id == "CA1"


def test_words_that_stand_in_no_phrase_stay_as_they_are(state, delivery, channels, now):
    only(state, "receipt")
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Outgoing).values(text="请看门口的纸条。"))
    channels["recording"].fails = [Undeliverable("30006")]
    rounds(delivery, now, 2)
    assert channels["call"].sent[0].text == "请看门口的纸条。"


def test_a_code_that_was_changed_since_is_not_told_by_an_older_message(
    state, delivery, channels, now
):
    only(state, "receipt")
    with state.database.read() as session:
        before = session.scalars(select(HelpRequest)).one().code
    with acting(state.database, state.mint) as tx:
        tx.execute(update(HelpRequest).values(code="111111"))
    channels["recording"].fails = [Undeliverable("30006")]
    rounds(delivery, now, 2)
    assert aloud("111111") not in channels["call"].sent[0].text
    assert aloud(before) in channels["call"].sent[0].text
