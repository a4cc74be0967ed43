"""Random acts by random people at random times: the invariants of domain note 3b.2 always hold.

A few hundred steps in the ordinary suite; HUIYIN_TEST_STEPS asks for more, HUIYIN_TEST_SEED for
another beginning.
"""

import asyncio
import os
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from random import Random
from typing import Any, Literal, get_args, get_origin

import orjson
import pytest
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlmodel import col

from gateway import offices, possible, rounds
from gateway.acts import ACTS, perform
from gateway.clock_audit import audit
from gateway.state import State, wire
from models.bars import Bar
from models.clocks import Clock
from models.events import GENESIS, Event, first_broken
from models.places import UnitRow
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Level, ReferralStatus, Role, Status, Track
from referral.casework import GONE, Actor, Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, said
from tests.journeys.county import County

STEPS = int(os.environ.get("HUIYIN_TEST_STEPS", "150"))
SEED = int(os.environ.get("HUIYIN_TEST_SEED", "20261125"))
HANDLING = ("CLK-HANDLE", "CLK-RELIEF", "CLK-TEMP-AID", "CLK-DIBAO", "CLK-TEKUN")
CALM = "小区路灯坏了，请派人来修"
WORDS = (FOOD, QUESTION, JUMP, COMPLAINT, CALM, CALM, CALM, "我想问一下公交怎么坐")
RARE = ("raise_urgency", "hand_off", "correct_route", "confirm_safe", "withdraw", "lower_urgency")
"""Acts that lead away from the ordinary road: offered always, done seldom."""
PEOPLE = (
    "op01", "op04", "dispatch01", "dispatch02", "lead01", "lead02", "super01", "super01",
    "civil_affairs.1", "civil_affairs.2", "health.1", "housing.1", "medical_insurance.1",
    "education.1", "township_w01.1", "township_w03.1", "village_w0101.1", "admin01",
)  # fmt: skip
MOVES_DUE = {
    "extended", "went_on", "rehandled", "level_raised", "level_lowered", "route_corrected",
    "arbitrated", "reopened", "confirmed",
}  # fmt: skip
"""The acts that may move a due time, each by a named person with a reason or by a pause."""
REPLIES = {"replied", "refused", "called_back", "contacted", "withdrawn", "safe_confirmed"}


class Life:
    """One county with a handful of requests, and what must be true of them."""

    def __init__(self, state: State, now: Watch, seed: int) -> None:
        self.state, self.now, self.random = state, now, Random(seed)
        self.county = County(state, now)
        self.done = self.refused = self.said = 0
        self.keys: set[str] = set()
        self.made: list[State] = []
        self.due: dict[int, datetime] = {}
        self.received: dict[str, datetime] = {}
        self.first: dict[str, str] = {}
        self.seq, self.hash = 0, GENESIS

    def step(self) -> None:
        choice = self.random.random()
        if choice < 0.03 or not self.numbers():
            self.said += 1
            sender = f"+86138123{self.random.randrange(8):05d}"
            said(self.state, f"m{self.said}", self.random.choice(WORDS), sender)
        elif choice < 0.12:
            self.now.forward(minutes=self.random.choice((1, 5, 20, 90, 600)))
        elif choice < 0.16:
            asyncio.run(self.county.ticks().sweep())
        elif choice < 0.17:
            self.retire_or_return()
        elif choice < 0.172:
            self.restart()
        elif choice < 0.174:
            self.now.forward(days=self.random.choice((2, 8)))
        else:
            self.act()

    def numbers(self) -> list[str]:
        with self.state.database.read() as session:
            newest = select(HelpRequest.number).order_by(col(HelpRequest.id).desc()).limit(4)
            return list(session.scalars(newest))

    def retire_or_return(self) -> None:
        """A bureau is dissolved into another from yesterday on, or exists again."""
        code, heir = self.random.choice((("education", "housing"), ("health", "civil_affairs")))
        yesterday = self.now().date() - timedelta(days=2)
        with acting(self.state.database, self.state.mint) as tx:
            gone = self.random.random() < 0.5
            values = {"valid_until": yesterday, "successor": heir}
            back = {"valid_until": None, "successor": None}
            tx.execute(
                update(UnitRow).where(col(UnitRow.code) == code).values((gone and values) or back)
            )
            offices.changed(tx)
        rounds.run(self.state.database, self.state.mint, self.state.offices, self.now())

    def restart(self) -> None:
        """The process ends and another one begins: nothing may live in memory alone."""
        made = wire(self.state.settings, kind="test", now=self.now, channels=self.state.channels)
        self.made.append(made)
        self.state = self.county.state = made

    def close(self) -> None:
        for made in self.made:
            made.close()

    def act(self) -> None:
        number = self.random.choice(self.numbers())
        officer = self.state.offices.current().directory.officer[self.fitting(number)]
        actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area)
        name = self.random.choice(self.offered(actor, number) or sorted(ACTS))
        act = ACTS[name]
        try:
            body = act.body.model_validate(self.body(name))
        except ValidationError:  # what the page's own check would have refused
            self.refused += 1
            return
        try:
            perform(self.state, actor, number, act, body, now=self.now())
            self.done += 1
        except (Refusal, Impossible) as error:
            self.refused += 1
            self.keys.add(error.key)

    def offered(self, actor: Actor, number: str) -> list[str]:
        """Mostly what the page offers, else anything."""
        if self.random.random() < 0.15:
            return []
        office = self.state.offices.current()
        with self.state.database.read() as session:
            reader = session.connection()
            columns = HelpRequest.__table__.columns
            row = reader.execute(select(*columns).where(col(HelpRequest.number) == number)).one()
            orders = reader.execute(
                select(*Referral.__table__.columns).where(col(Referral.request_id) == row.id)
            ).all()
        found = possible.acts(actor, office, dict(row._mapping), orders, self.now())
        return [act for act in found if act not in RARE or self.random.random() < 0.2]

    def fitting(self, number: str) -> str:
        """Half of the time somebody who has to do with it."""
        with self.state.database.read() as session:
            query = select(HelpRequest).where(col(HelpRequest.number) == number)
            row = session.scalars(query).one()
        near = [row.holder_person, f"{row.lead_bureau}.1", row.first_responder, "lead01", "super01"]
        known = self.state.offices.current().directory.officer
        chosen = self.random.choice(near if self.random.random() < 0.8 else PEOPLE)
        return chosen if chosen in known else "lead01"

    def body(self, name: str) -> dict[str, Any]:
        pick, unit = self.random.choice, self.random.choice(("health", "housing", "civil_affairs"))
        reason = {"reason": "随机的理由"}
        other = pick(self.numbers())
        outcome = pick(("reached", "on_site", "no_answer", "no_answer"))
        bodies: dict[str, dict[str, Any]] = {
            "raise_urgency": {"level": pick(list(Level)), **reason},
            "lower_urgency": {"level": pick(list(Level)), **reason},
            "correct_route": {"bureau": unit, **reason},
            "hand_off": {"line": pick(("110", "120")), "receipt": pick(("", "回执1"))},
            "confirm_safe": {"seen_by": "民警", "close": pick((True, False))},
            "record_contact": {"who": "本人", "outcome": outcome, "by": pick(("phone", "sms"))},
            "reply": {"text": f"已经在办{self.done}"},
            "submit_part": {"result": "本单位部分已办"},
            "report_result": {"result": "已办结", "absent": "协办单位未反馈"},
            "callback": {
                "outcome": outcome, "by": pick(("phone", "sms")), "resolved": pick((True, False)),
                "view": pick(("satisfied", "dissatisfied")),
            },
            "close": {
                "reason": pick(("resolved", "answered", "unreachable", "explained_not_eligible")),
                "note": "已核实",
            },
            "request_return": {
                "rule": "三定方案第二条", "right_unit": unit, "first_aid": pick((True, False)),
                "overlap": pick((True, False, False)), **reason,
            },
            "reassign": {"lead": unit, "cooperating": pick(("", "education")), **reason},
            "bring_in": {"bureau": unit, **reason},
            "ask": {"missing": pick(("place", "subject")), "question": "请问您在哪里？"},
            "extend": {"workdays": pick((1, 5, 10, 10, 30)), **reason},
            "suspend": {"ground": pick(("requester_document", "court_result", "busy")), **reason},
            "decline": {"what": pick(("extension", "suspension")), **reason},
            "merge": {"other": other, **reason},
            "undo_merge": {"other": other, **reason},
            "keep_apart": {"other": other, **reason},
            "link": {"others": other, "relation": pick(("household", "event"))},
            "unlink": {"relation": pick(("household", "event"))},
            "link_household": {"household": pick(("HH00001", "HH00002"))},
            "refuse_household": {"household": pick(("HH00001", "HH00002"))},
            "unlink_household": {"household": pick(("HH00001", "HH00002"))},
            "name_unknown": {"sex": pick("MFU"), "place": "汽车站候车亭"},
            "offer_handover": {"to": pick(("op01", "op02", "lead01"))},
            "refuse_aid": {"rule": "办法第七条", "reasons": "收入超过标准"},
            "withdraw": {"note": "本人说不用了"},
            "follow_up": {"outcome": outcome},
            "give_notice": {"by": pick(("message", "read_out")), "repeated": True},
            "grant_aid": {"what": "每月620元", "start": "下个月"},
            "safety_check": {"outcome": pick(("unknown", "unknown", "in_danger"))},
            "bar": {"unit": pick(("health", "civil_affairs", "housing")), **reason},
            "split_off": {"part": "老人断粮两天了", "level": pick(("urgent", "standard"))},
        }  # fmt: skip
        return bodies.get(name) or self.anything(ACTS[name].body)

    def anything(self, model: Any) -> dict[str, Any]:
        """Some value of the right kind for every field that must be given."""
        return {
            name: self.some(field.annotation)
            for name, field in model.model_fields.items()
            if field.is_required() or self.random.random() < 0.3
        }

    def some(self, kind: Any) -> Any:
        kinds = [one for one in get_args(kind) if one is not type(None)]
        if get_origin(kind) is Literal:
            return self.random.choice(kinds)
        if kinds:
            return self.some(kinds[0])
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self.random.choice(list(kind))
        plain = {bool: True, int: 1, float: 1.0, datetime: self.now(), date: self.now().date()}
        return plain.get(kind, "随机的理由")

    def check(self) -> None:
        """I1, I2, I6, I7, I8 and I12 on everything there is."""
        directory = self.state.offices.current().directory
        events = self.new_events()
        touched = {event.request_id for event in events if event.request_id}
        orders = self.rows(Referral, Referral.request_id, touched)
        clocks = self.rows(Clock, Clock.request_id, touched)
        for row in self.rows(HelpRequest, HelpRequest.id, touched):
            mine = [order for order in orders if order.request_id == row.id]
            running = [c for c in clocks if c.request_id == row.id and c.stopped_at is None]
            new = [event for event in events if event.request_id == row.id]
            if Status(row.status).is_open:
                self.check_lead(row, mine)
            paused = [clock for clock in running if clock.paused_at is not None]
            if paused:
                assert row.status in (Status.SUSPENDED, Status.NEEDS_CLARIFICATION), "I7"
            if row.status == Status.SUSPENDED:
                assert "CLK-SUSPEND" in {clock.name for clock in running}, "I7: never for ever"
                urgent = Level(row.level).is_urgent
                assert not (urgent and any(c.name == "CLK-RELIEF" for c in running)), "I7"
            self.check_dues(row, mine, running, new)
            self.check_ends(row, new)
            assert self.first.setdefault(row.number, row.first_responder) == row.first_responder
            assert self.received.setdefault(row.number, row.received_at) == row.received_at

            if row.track == Track.GRIEVANCE:
                self.check_bars(row, mine)
        self.check_holders(directory)

    def check_bars(self, row: Any, orders: list[Any]) -> None:
        """I9: who is complained about has no order and does not hold it."""
        barred = {bar.unit for bar in self.rows(Bar, Bar.request_id, {row.id}) if bar.unit}
        live = {o.bureau for o in orders if o.status not in (*GONE, ReferralStatus.COMPLETED)}
        assert not barred & live, f"{row.number}: {barred & live} complained about and acting"
        if Status(row.status).is_open:
            assert row.holder_unit not in barred, f"{row.number} is held by the accused"

    def check_record(self) -> None:
        """What is on record agrees with what stands: every step once, every holder known."""
        asyncio.run(self.county.ticks().sweep())
        office = self.state.offices.current()
        with self.state.database.read() as session:
            found = audit(session, office, self.now(), timedelta(minutes=5))
        assert found.faults == []

    def rows(self, table: Any, key: Any, ids: set[int]) -> list[Any]:
        with self.state.database.read() as session:
            query = select(*table.__table__.columns).where(col(key).in_(ids))
            return list(session.connection().execute(query))

    def check_holders(self, directory: Any) -> None:
        """I1 for every open request, touched or not."""
        with self.state.database.read() as session:
            held = session.connection().execute(
                select(
                    col(HelpRequest.number),
                    col(HelpRequest.holder_unit),
                    col(HelpRequest.holder_person),
                ).where(col(HelpRequest.closed_at).is_(None))
            )
            for row in held:
                self.check_holder(directory, row)

    def check_holder(self, directory: Any, row: Any) -> None:
        officer = directory.officer.get(row.holder_person)
        assert officer is not None, f"I1: nobody holds {row.number}"
        assert officer.unit == row.holder_unit, f"I1: {row.number} is held by a stranger"
        assert directory.unit[row.holder_unit].serves_on(self.now().date()), "I1: a unit that is"

    def check_lead(self, row: Any, orders: list[Any]) -> None:
        live = [
            order for order in orders
            if order.role == "lead"
            and order.status not in (*GONE, ReferralStatus.COMPLETED)
        ]  # fmt: skip
        assert len(live) == 1, f"{row.number}: one lead, not {[o.bureau for o in live]}"

    def check_dues(self, row: Any, orders: list[Any], running: list[Any], new: list[Any]) -> None:
        """I2 and I6: no due time moves but by an act that may move it."""
        may_move = any(event.kind in MOVES_DUE for event in new)
        for clock in running:
            if clock.name not in HANDLING:
                continue
            before = self.due.setdefault(clock.id, clock.due_at)
            if clock.due_at != before:
                assert may_move, f"{clock.name} of {row.number} moved by {[e.kind for e in new]}"
                self.due[clock.id] = clock.due_at
        for order in orders:
            before = self.due.setdefault(order.id, order.due_at)
            if order.due_at != before:
                assert may_move, f"an order of {row.number} moved by {[e.kind for e in new]}"
                self.due[order.id] = order.due_at
        for event in new:
            if event.kind == "return_upheld":
                detail = orjson.loads(event.detail)
                lead = [order for order in orders if order.bureau == detail["went_to"]]
                assert detail["due"] in {order.due_at.isoformat() for order in lead}, "I6"

    def check_ends(self, row: Any, new: list[Any]) -> None:
        """I8: no end without a reply or attempts; I12: who, when, from, to."""
        moves = [event for event in new if '"was":' in event.detail and '"now":' in event.detail]
        for event in moves:
            assert event.by, "I12: somebody did it"
        if any(orjson.loads(event.detail).get("now") == Status.CLOSED for event in moves):
            every = {e.kind for e in self.rows(Event, Event.request_id, {row.id})}
            assert every & REPLIES, f"I8: {row.number} was closed without a word"

    def new_events(self) -> list[Any]:
        with self.state.database.read() as session:
            found = list(
                session.scalars(select(Event).where(col(Event.seq) > self.seq).order_by(Event.seq))
            )
        assert first_broken(found, self.hash) is None, "I12: the chain holds"
        if found:
            self.seq, self.hash = found[-1].seq, found[-1].hash
        return found


def live(state: State, now: Watch, steps: int, seed: int) -> Life:
    life = Life(state, now, seed)
    for index in range(steps):
        try:
            life.step()
            life.check()
        except Exception as error:
            raise AssertionError(f"step {index} of seed {seed}: {error!r}") from error
    life.check_record()
    life.close()
    return life


def test_random_acts_break_no_invariant(state: State, now: Watch) -> None:
    now.at = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    life = live(state, now, STEPS, SEED)
    assert life.done > STEPS * 0.05, "enough was done to mean something"
    assert life.refused > STEPS * 0.1
    known = state.offices.current().phrases
    assert life.keys <= known.keys(), "every refusal has its sentence"
    print(f"{STEPS} steps of seed {SEED}: {life.done} acts done, {life.refused} refused")


@pytest.mark.skipif(STEPS < 5000, reason="a life of 5,000 steps and more: HUIYIN_TEST_STEPS")
def test_every_act_is_done_at_least_once_in_a_long_life(state: State, now: Watch) -> None:
    now.at = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    life = live(state, now, STEPS, SEED + 1)
    kinds = {event.kind for event in life.county.every(Event)}
    wanted = {
        "confirmed", "signed", "return_requested", "return_upheld", "return_refused", "arbitrated",
        "extended", "suspended", "went_on", "asked", "withdrawn", "welfare_check", "reopened",
        "refused", "rehandled", "closed", "succeeded", "brought_in", "part_submitted",
    }  # fmt: skip
    assert wanted <= kinds, f"never done: {sorted(wanted - kinds)}"
