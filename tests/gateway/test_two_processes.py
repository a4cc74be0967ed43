"""What came later is told by its time: ids of two processes say nothing of that."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import overlay, proposals
from gateway.access import Actor
from gateway.proposals import Wanted
from gateway.state import State
from gateway.ticks import Ticks
from models import dialogues
from models.handovers import Handover, desk_person
from models.messages import Inbound
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import ReferralRole, Role
from referral import casework, own_data
from tests.conftest import Clock, process
from tests.fakes import RecordingChannel
from tests.gateway.people import QUESTION, said
from tests.gateway.test_households import rows


@pytest.fixture
def younger(state: State, now: Clock) -> Iterator[State]:
    """A process that began after the other one: its ids are higher, whenever they were made."""
    with process(state.settings, now, {"recording": RecordingChannel()}) as wired:
        assert wired.mint() > state.mint()
        yield wired


def request_of(state: State, number: str | None) -> dict[str, Any]:
    with state.database.read() as session:
        columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
        query = select(*columns).where(col(HelpRequest.number) == number)
        return dict(session.connection().execute(query).one()._mapping)


def test_the_last_taker_of_a_handover_answers_for_the_request(
    state: State, younger: State, now: Clock
) -> None:
    number = said(state, "a", QUESTION).number
    request = request_of(state, number)
    for mint, taker in ((younger.mint, "op02"), (state.mint, "op03")):
        with acting(state.database, mint) as tx:
            tx.add(
                Handover, id=mint(), request_id=request["id"], offered_by="op01",
                offered_to=taker, offered_at=now(), due_at=now(), settled_at=now.forward(hours=1),
                outcome="accepted", taken_by=taker,
            )  # fmt: skip
    with state.database.read() as session:
        person = select(desk_person()).where(col(HelpRequest.id) == request["id"])
        assert session.connection().execute(person).scalar() == "op03"


def test_words_join_the_oldest_open_request_whichever_process_opened_it(
    state: State, younger: State, now: Clock
) -> None:
    first = said(younger, "a", QUESTION)
    now.forward(hours=1)
    second = said(state, "b", "楼道的灯坏了，请派人修一下", "+8613800000002")
    person = request_of(state, first.number)["person_id"]
    with acting(state.database, state.mint) as tx:
        own = col(HelpRequest.number) == second.number
        tx.execute(update(HelpRequest).where(own).values(person_id=person))
    now.forward(hours=1)
    assert said(state, "c", "补充一下，我家是四口人").number == first.number


def test_the_name_that_was_said_last_is_the_one_we_go_by(
    state: State, younger: State, now: Clock
) -> None:
    for place, mark, name in ((younger, "a", "王小明"), (state, "b", "王晓明")):
        channel: Any = place.channels["recording"]
        words = Inbound(mark, "+8613812345678", QUESTION, name=name)
        channel.parse = lambda _raw, words=words: [words]
        said(place, mark, QUESTION)
        now.forward(hours=1)
    assert [row.name for row in rows(state, Contact)] == ["王晓明", "王小明"], "by their ids"
    request = rows(state, HelpRequest)[0].model_dump()
    with state.database.read() as session:
        assert own_data.standing(session.connection(), request)["name"] == "王晓明"


def test_of_two_orders_the_later_one_is_the_lead(state: State, younger: State, now: Clock) -> None:
    number = said(state, "a", QUESTION).number
    request, unit = request_of(state, number), "civil_affairs"
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Referral).values(role=ReferralRole.LEAD, bureau=unit))
        first = casework.lead_of(tx, request["id"])
    changes = {"id": state.mint(), "dispatched_at": now.forward(hours=1)}
    with acting(state.database, state.mint) as tx:
        tx.add(Referral, **{**first, **changes, "id": younger.mint()})
        tx.add(Referral, **{**first, **changes, "dispatched_at": now.forward(hours=1)})
    with acting(state.database, state.mint) as tx:
        assert casework.lead_of(tx, request["id"])["id"] == changes["id"]
        assert casework.own_referral(tx, request["id"], [unit])["id"] == changes["id"]


def test_of_two_changes_of_a_rule_for_one_day_the_one_accepted_later_is_in_force(
    state: State, younger: State, now: Clock
) -> None:
    subject = "CLK-MISSED-CALL"
    admin = Actor("admin1", Role.ADMINISTRATOR, "")
    supervisor = Actor("super01", Role.SUPERVISOR, "")

    def rule() -> dict[str, Any]:
        state.offices.forget()
        row = overlay.row_of(state.offices.current().policy, overlay.CLOCK, subject)
        assert row is not None
        return overlay.fields_of(overlay.CLOCK, row)

    for place, amount in ((younger, 30.0), (state, 10.0)):
        wanted = Wanted(
            overlay.CLOCK, subject, {**rule(), "amount": amount}, "通知", "S", now().date(), "试行"
        )
        directory = place.offices.current().directory
        with acting(place.database, place.mint) as tx:
            rules = place.offices.overlay
            made = proposals.propose(tx, rules, directory, wanted, admin, now())
        now.forward(minutes=5)
        with acting(place.database, place.mint) as tx:
            proposals.decide(tx, rules, made, supervisor, agree=True, answer="同意", now=now())
        assert rule()["amount"] == amount


class GoingOn:
    """A dialogue with which somebody goes on, by another process, while it is being tidied."""

    def __init__(self, other: State, now: Clock) -> None:
        self._other, self._now = other, now

    def lasts(self, _state: Any) -> bool:
        return False

    def unfinished(self, _state: Any) -> None:
        remembered(self._other, {"step": "where", "text": "三楼有老人"}, self._now)


def remembered(state: State, said: dict[str, str], now: Clock) -> None:
    with acting(state.database, state.mint) as tx:
        dialogues.remember(tx, "recording", "chat-8", state=said, now=now())


def test_a_conversation_that_goes_on_meanwhile_is_not_forgotten(
    state: State, younger: State, now: Clock
) -> None:
    channel: Any = state.channels["recording"]
    channel.dialogue = GoingOn(younger, now)
    remembered(state, {"step": "what"}, now)
    now.forward(minutes=31)
    asyncio.run(Ticks.of(state).tidy())
    assert [row.state["step"] for row in rows(state, dialogues.Conversation)] == ["where"]
    channel.dialogue = None
    now.forward(minutes=31)
    asyncio.run(Ticks.of(state).tidy())
    assert rows(state, dialogues.Conversation) == []
