"""A citizen's words become one request that somebody by name answers for."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from gateway.accounting import account
from gateway.delivery import Delivery
from gateway.progress import find
from gateway.recorded import Recorded, call_of
from gateway.state import State
from gateway.ticks import Ticks
from models.clocks import Clock as ClockRow
from models.events import Event
from models.journal import JournalEntry
from models.messages import Forged, Inbound, Unavailable, Undeliverable
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.vocabulary import ContactState, OutboxState, Status, TaskKind
from tests.conftest import Clock
from tests.fakes import RecordingChannel, call

HUNGRY = "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区"
DIBAO = "请问我家的低保批下来没有，已经交材料一个月了"


def take(state: State, raw, now: Clock):
    return state.intake.receive(state.channels["recording"], raw, now()).result(10)


def all_of(state: State, table):
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def count(state: State, table) -> int:
    with state.database.read() as session:
        return session.connection().execute(select(func.count()).select_from(table)).scalar()


def ticks_of(state: State, now: Clock) -> Ticks:
    return Ticks(
        state.database,
        state.mint,
        channels=state.channels,
        offices=state.offices,
        intake=state.intake,
        now=now,
    )


def test_a_call_for_food_becomes_an_urgent_request_with_a_holder_and_an_answer(state, now):
    outcome = take(state, call("1", HUNGRY), now)
    assert outcome.number.startswith("HY20260930-00001-")
    assert outcome.opened
    request = all_of(state, HelpRequest)[0]
    assert (request.level, request.track, request.service) == ("urgent", "urgent", "temp_emergency")
    assert request.lead_bureau == "civil_affairs"
    assert request.holder_unit == "township_w01", "the township acts first (RT-05)"
    assert request.holder_person
    assert request.first_responder.startswith("op")
    leads = [r for r in all_of(state, Referral) if r.role == "lead"]
    assert [lead.bureau for lead in leads] == ["civil_affairs"]
    clocks = {(c.name, c.case): c for c in all_of(state, ClockRow)}
    relief = clocks["CLK-RELIEF", ""]
    assert (relief.due_at - relief.started_at).total_seconds() == 24 * 3600
    assert relief.source
    assert {"CLK-FIRST-REPLY", "CLK-TRIAGE", "CLK-SIGN", "CLK-URGENT-CONTACT"} <= {
        n for n, _ in clocks
    }
    said = {row.phrase: row for row in all_of(state, Outgoing)}
    assert {"receipt", "receipt_code", "urgent_accepted", "staff_new_referral"} <= set(said)
    assert request.number in said["receipt"].text
    assert len(said["receipt"].text) <= 70
    kinds = [event.kind for event in all_of(state, Event)]
    assert kinds == ["received", "assessed", "dispatched", "promised"]


def test_a_working_day_clock_over_the_holiday_ends_to_the_minute(state, now):
    take(state, call("1", "小区楼道的灯坏了，晚上看不清路，请派人修一下"), now)
    clocks = {c.name: c for c in all_of(state, ClockRow)}
    contact = clocks["CLK-CONTACT"]
    assert contact.due_at.isoformat() == "2026-10-08T09:30:00+00:00"  # 17:30 in China
    assert not contact.provisional


def test_a_repeated_call_keeps_its_reference(state, now):
    first = take(state, call("1", HUNGRY), now)
    again = take(state, call("1", HUNGRY), now)
    assert again.duplicate
    assert (again.number, again.code) == (first.number, first.code)
    assert count(state, HelpRequest) == count(state, Contact) == count(state, JournalEntry) == 1


def test_the_same_call_delivered_by_many_at_once_is_one_request(state, now):
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(
            pool.map(
                lambda n: take(state, call(str(n % 4), HUNGRY, f"+861990000000{n % 4}"), now),
                range(64),
            )
        )
    assert len({outcome.number for outcome in outcomes}) == 4
    assert count(state, HelpRequest) == 4
    with state.database.read() as session:
        receipts = select(func.count()).where(col(Outgoing.phrase) == "receipt")
        assert session.connection().execute(receipts).scalar() == 4


def test_a_second_message_joins_the_open_request(state, now):
    first = take(state, call("1", DIBAO), now)
    now.forward(hours=1)
    second = take(state, call("2", "补充一下，我家是四口人"), now)
    assert second.number == first.number
    assert not second.opened
    assert count(state, HelpRequest) == 1
    assert count(state, Contact) == 2
    assert "attached" in {row.phrase for row in all_of(state, Outgoing)}


def test_two_messages_at_once_from_one_person_open_one_request(state, now):
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: take(state, call(str(n), f"{DIBAO}{n}"), now), range(8)))
    assert len({outcome.number for outcome in outcomes}) == 1
    assert sum(outcome.opened for outcome in outcomes) == 1


def test_danger_in_a_later_message_raises_the_request(state, now):
    take(state, call("1", DIBAO), now)
    now.forward(hours=2)
    raised = take(state, call("2", HUNGRY), now)
    assert raised.level == "urgent"
    request = all_of(state, HelpRequest)[0]
    assert (request.level, request.track) == ("urgent", "urgent")
    relief = [c for c in all_of(state, ClockRow) if c.name == "CLK-RELIEF" and not c.case]
    assert relief[0].started_at == now(), "urgent clocks start when the danger is known"
    assert "urgent_joined" in {row.phrase for row in all_of(state, Outgoing)}
    assert "level_raised" in {event.kind for event in all_of(state, Event)}


def test_a_later_harmless_message_never_lowers_the_request(state, now):
    take(state, call("1", HUNGRY), now)
    now.forward(hours=2)
    take(state, call("2", "谢谢你们"), now)
    assert all_of(state, HelpRequest)[0].level == "urgent"


def test_danger_split_over_two_messages_is_seen(state, now):
    begun = take(state, call("1", "您好，我家这三天一直没"), now)
    now.forward(seconds=20)
    outcome = take(state, call("2", "吃的了"), now)
    assert (begun.level, outcome.level) == ("standard", "urgent"), "neither half says it alone"


def test_life_danger_asks_a_person_to_confirm_the_hand_off(state, now):
    outcome = take(state, call("1", "我爸突然倒地叫不醒，嘴歪了"), now)
    assert outcome.level == "life_threat"
    task = all_of(state, Task)[0]
    assert (task.kind, task.urgent, task.number) == (TaskKind.CONFIRM_HANDOFF, True, outcome.number)
    assert "CLK-HANDOFF" in {c.name for c in all_of(state, ClockRow)}
    assert "handoff" in {row.phrase for row in all_of(state, Outgoing)}


def test_a_forged_call_writes_nothing(state, now):
    raw = call("1", HUNGRY)
    forged = type(raw)(raw.url, raw.body, {"authorization": "no"})
    with pytest.raises(Forged):
        take(state, forged, now)
    assert count(state, JournalEntry) == 0


def test_a_poison_call_is_kept_and_the_next_one_comes_through(state, now):
    held = take(state, call("1", "?", poison=True), now)
    assert held.held
    assert held.number == "HY20260930-00001-" + held.number[-1]
    entry = all_of(state, JournalEntry)[0]
    assert (entry.state, entry.number) == (ContactState.HOLDING_PEN, held.number)
    assert entry.error.startswith("RuntimeError at tests.fakes:"), "no word of the one who rang"
    assert all_of(state, Task)[0].kind == TaskKind.UNREADABLE
    assert take(state, call("2", HUNGRY), now).opened
    with state.database.read() as session:
        assert account(session).holds


def test_what_a_later_version_understands_leaves_the_pen_with_its_number(state, now):
    held = take(state, call("1", HUNGRY, poison=True), now)
    state.channels["recording"].parse = lambda raw: [Inbound("1", "+8619900001234", HUNGRY)]
    now.forward(minutes=2)
    asyncio.run(ticks_of(state, now).resume())
    request = all_of(state, HelpRequest)[0]
    assert request.number == held.number
    assert all_of(state, JournalEntry)[0].state == ContactState.HANDLED
    assert all_of(state, Task)[0].done_at is not None or request.level == "urgent"
    with state.database.read() as session:
        assert account(session).holds


def test_what_is_due_leaves_urgent_first_and_is_settled(state, now):
    take(state, call("1", DIBAO, "+8619900000001"), now)
    take(state, call("2", HUNGRY, "+8619900000002"), now)
    asyncio.run(ticks_of(state, now).deliver())
    channel = state.channels["recording"]
    order = [message.address for message in channel.sent]
    assert order.index("+8619900000002") < order.index("+8619900000001")
    rows = all_of(state, Outgoing)
    assert {row.state for row in rows} == {OutboxState.SENT}
    assert all(row.provider_id == f"sent-{row.id}" for row in rows)
    stopped = [c for c in all_of(state, ClockRow) if c.name == "CLK-FIRST-REPLY"]
    assert all(c.stopped_at for c in stopped)


def test_a_provider_that_is_away_is_asked_again_later_each_time(state, now):
    state.channels["recording"].fails = [Unavailable("away")] * 2
    take(state, call("1", "谢谢"), now)
    delivery = Delivery(state.database, state.mint, state.channels, state.offices.current)
    asyncio.run(delivery.round(now))
    waiting = [row for row in all_of(state, Outgoing) if row.state == OutboxState.READY]
    assert len(waiting) == 2
    assert all(row.next_at > now() for row in waiting)
    now.forward(minutes=5)
    asyncio.run(delivery.round(now))
    assert {row.state for row in all_of(state, Outgoing)} == {OutboxState.SENT}


def test_a_refused_message_becomes_a_task_for_a_person(state, now):
    state.channels["recording"].fails = [Undeliverable("no such number")]
    outcome = take(state, call("1", "谢谢"), now)
    asyncio.run(ticks_of(state, now).deliver())
    tasks = [task for task in all_of(state, Task) if task.kind == TaskKind.UNDELIVERED]
    assert [task.number for task in tasks] == [outcome.number]


def test_a_lease_that_ran_out_is_sent_again_with_the_same_reference(state, now):
    take(state, call("1", "谢谢"), now)
    delivery = Delivery(state.database, state.mint, state.channels, state.offices.current)
    claimed = delivery._claim(now(), 50)  # the process dies here
    assert not delivery._claim(now(), 50)
    now.forward(seconds=31)
    again = delivery._claim(now(), 50)
    assert [row.id for row, _ in again] == [row.id for row, _ in claimed]
    assert [row.attempts for row, _ in again] == [1] * len(claimed)


def test_reminders_fire_once_however_many_processes_tick(state, now):
    take(state, call("1", HUNGRY), now)
    now.forward(hours=25)
    tickers = [ticks_of(state, now) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda ticks: asyncio.run(ticks.sweep()), tickers))
    events = [event for event in all_of(state, Event) if event.kind == "breached"]
    relief = [event for event in events if '"CLK-RELIEF"' in event.detail]
    assert len(relief) == 1
    breached = [c for c in all_of(state, ClockRow) if c.name == "CLK-RELIEF" and not c.case]
    assert breached[0].breached_at == breached[0].due_at, "recorded at its own time, not ours"
    before = len(all_of(state, Event))
    asyncio.run(ticks_of(state, now).sweep())
    assert len(all_of(state, Event)) == before


def test_reminders_that_fell_due_while_we_were_down_come_as_one(state, now):
    take(state, call("1", HUNGRY), now)
    now.forward(days=2)
    asyncio.run(ticks_of(state, now).sweep())
    notices = [row for row in all_of(state, Outgoing) if row.phrase == "staff_digest"]
    readers = {row.staff for row in notices}
    assert 0 < len(notices) == len(readers)


def test_what_was_missed_while_down_comes_through_the_same_journal(state, now):
    channel = state.channels["recording"]
    channel.missing = [Inbound("9", "+8619900000009", HUNGRY, at=now())]
    asyncio.run(ticks_of(state, now).catch_up())
    asyncio.run(ticks_of(state, now).catch_up())
    assert count(state, HelpRequest) == 1
    assert take(state, call("9", HUNGRY, "+8619900000009"), now).duplicate


def test_an_open_request_always_has_a_holder_and_every_contact_a_place(state, now):
    for index in range(30):
        take(
            state,
            call(str(index), [HUNGRY, DIBAO, "?", ""][index % 4], f"+86199{index % 7:08d}"),
            now,
        )
        now.forward(minutes=7)
    requests = all_of(state, HelpRequest)
    assert all(r.holder_unit and r.holder_person for r in requests if Status(r.status).is_open)
    with state.database.read() as session:
        assert account(session).holds


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0断粮\0", "\ud800断粮", "🆘🆘", "\u202e断粮两天了", "断粮" * 2000, "a" * 100_000],
    ids=["empty", "blank", "nul", "lone surrogate", "emoji", "right-to-left", "long", "very long"],
)
def test_no_text_is_too_strange_to_be_kept(state, now, text):
    import dataclasses

    channel = RecordingChannel()
    channel.parse = lambda raw: [Inbound("1", "+8619900001234", text)]
    raw = dataclasses.replace(call("1", "x"))
    outcome = state.intake.receive(channel, raw, now()).result(10)
    assert outcome.number
    assert not outcome.held
    with state.database.read() as session:
        assert account(session).holds


def test_the_number_and_code_of_the_holding_pen_stay_good(state, now):
    held = take(state, call("1", HUNGRY, poison=True), now)
    state.channels["recording"].parse = lambda raw: [Inbound("1", "+8619900001234", HUNGRY)]
    now.forward(minutes=2)
    asyncio.run(ticks_of(state, now).resume())
    request = all_of(state, HelpRequest)[0]
    assert (request.number, request.code) == (held.number, held.code)


def test_a_held_number_leads_to_the_request_its_words_belong_to(state, now):
    first = take(state, call("1", HUNGRY), now)
    held = take(state, call("2", "?", poison=True), now)
    state.channels["recording"].parse = lambda raw: [Inbound("2", "+8619900001234", DIBAO)]
    now.forward(minutes=2)
    asyncio.run(ticks_of(state, now).resume())
    assert count(state, HelpRequest) == 1
    with state.database.read() as session:
        found = find(session.connection(), held.number, held.code)
        assert found["number"] == first.number
        assert (
            find(session.connection(), held.number, "000000" if held.code != "000000" else "1")
            is None
        )
        assert account(session).holds


def test_whoever_took_the_words_answers_from_the_first_word_on(state, now):
    record = Recorded(
        channel="phone", external_id="p1", sender="19900001234", text=HUNGRY, taken_by="op05"
    )
    state.intake.submit(call_of(record, b"{}", now())).result(10)
    assert all_of(state, HelpRequest)[0].first_responder == "op05"
