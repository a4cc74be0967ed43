"""A random life: acts by random people at random times, and what must be true after each of them.

What an act touched is checked after the act, everything there is every ``EVERYTHING`` acts and
after whatever touches all of it (a unit is dissolved, days pass, the process begins anew). Run by
``test_random_life.py`` in small and by ``tests.benchmarks.random_lives`` at length.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from random import Random
from typing import Any, Literal, get_args, get_origin

import orjson
from pydantic import ValidationError
from sqlalchemy import bindparam, select, update
from sqlmodel import col

from gateway import offices, possible, rounds
from gateway.acts import ACTS, perform
from gateway.clock_audit import audit
from gateway.state import State, wire
from models.bars import Bar
from models.clocks import Clock
from models.events import GENESIS, Event, seal
from models.places import UnitRow
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Level, ReferralStatus, Role, Status, Track
from referral.casework import GONE, Actor, Refusal
from referral.directory import ZONE
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.fakes import call
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION
from tests.journeys.county import County

EVERYTHING = 100
PATIENCE_SECONDS = 600  # a long run is the machine's last concern
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
MAY_PROMISE_ANEW = {*MOVES_DUE, "taken_upward"}
"""The acts after which whoever leads may have another date than who led before."""
REPLIES = {"replied", "refused", "called_back", "contacted", "withdrawn", "safe_confirmed"}


def _of(table: Any, key: Any) -> Any:
    ids = bindparam("ids", expanding=True)
    return (
        select(*table.__table__.columns).where(key.in_(ids)).order_by(*table.__table__.primary_key)
    )


_ROWS = {
    Referral: _of(Referral, col(Referral.request_id)),
    Clock: _of(Clock, col(Clock.request_id)),
    Bar: _of(Bar, col(Bar.request_id)),
    Event: _of(Event, col(Event.request_id)),
    HelpRequest: _of(HelpRequest, col(HelpRequest.id)),
}
_NEW = (
    select(*Event.__table__.columns)  # type: ignore[attr-defined]
    .where(col(Event.seq) > bindparam("after"))
    .order_by(col(Event.seq))
)
_NEWEST = (
    select(col(HelpRequest.id), col(HelpRequest.number))
    .order_by(col(HelpRequest.id).desc())
    .limit(4)
)
_ALL = select(col(HelpRequest.id))


class Life:
    """One county with a handful of requests, and what must be true of them."""

    def __init__(self, state: State, now: Watch, seed: int) -> None:
        self.state, self.now, self.seed, self.random = state, now, seed, Random(seed)
        self.county = County(state, now)
        self.done = self.refused = self.said = self.steps = self.restarts = self.retired = 0
        self.newest: dict[str, int] = {}
        self.shaken = False
        self.keys: set[str] = set()
        self.made: list[State] = []
        self.due: dict[int, datetime] = {}
        self.received: dict[str, datetime] = {}
        self.first: dict[str, str] = {}
        self.seq, self.hash = 0, GENESIS

    def step(self) -> None:
        self.steps += 1
        choice = self.random.random()
        if choice < 0.03 or not self.newest:
            self.said += 1
            sender = f"+86138123{self.random.randrange(8):05d}"
            self.say(self.random.choice(WORDS), sender)
        elif choice < 0.12:
            self.now.forward(minutes=self.random.choice((1, 5, 20, 90, 600)))
        elif choice < 0.16:
            asyncio.run(self.county.ticks().sweep())
        elif choice < 0.17:
            self.retire_or_return()
        elif choice < 0.172:
            self.restart()
        elif choice < 0.174:
            self.shaken = True
            self.now.forward(days=self.random.choice((2, 8)))
        else:
            self.act()

    def say(self, words: str, sender: str) -> None:
        channel = self.state.channels["recording"]
        received = self.state.intake.receive(
            channel, call(f"m{self.said}", words, sender), self.now()
        )
        received.result(PATIENCE_SECONDS)

    def retire_or_return(self) -> None:
        """A bureau is dissolved into another from yesterday on, or exists again."""
        code, heir = self.random.choice((("education", "housing"), ("health", "civil_affairs")))
        self.shaken, self.retired = True, self.retired + 1
        yesterday = self.now().astimezone(ZONE).date() - timedelta(days=1)
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
        self.shaken, self.restarts = True, self.restarts + 1
        made = wire(self.state.settings, kind="test", now=self.now, channels=self.state.channels)
        self.made.append(made)
        self.state = self.county.state = made

    def close(self) -> None:
        for made in self.made:
            made.close()

    def act(self) -> None:
        number = self.random.choice(list(self.newest))
        with self.state.database.read() as session:
            reader = session.connection()
            ids = {"ids": [self.newest[number]]}
            row = reader.execute(_ROWS[HelpRequest], ids).one()
            orders = reader.execute(_ROWS[Referral], ids).all()
        officer = self.state.offices.current().directory.officer[self.fitting(row)]
        actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area)
        name = self.random.choice(self.offered(actor, row, orders) or sorted(ACTS))
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

    def offered(self, actor: Actor, row: Any, orders: Sequence[Any]) -> list[str]:
        """Mostly what the page offers, else anything."""
        if self.random.random() < 0.15:
            return []
        office = self.state.offices.current()
        found = possible.acts(actor, office, dict(row._mapping), orders, self.now())
        return [act for act in found if act not in RARE or self.random.random() < 0.2]

    def fitting(self, row: Any) -> str:
        """Mostly somebody who has to do with it."""
        near = [row.holder_person, f"{row.lead_bureau}.1", row.first_responder, "lead01", "super01"]
        known = self.state.offices.current().directory.officer
        chosen = self.random.choice(near if self.random.random() < 0.8 else PEOPLE)
        return chosen if chosen in known else "lead01"

    def body(self, name: str) -> dict[str, Any]:
        pick, unit = self.random.choice, self.random.choice(("health", "housing", "civil_affairs"))
        reason = {"reason": "随机的理由"}
        other = pick(list(self.newest))
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
            "safety_check": {
                "outcome": pick(("unknown", "in_danger", "person_deceased", "false_report")),
                "note": "民警告知",
            },
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
        """I1, I2, I6, I7, I8, I9 and I12 on what was touched, now and then on everything."""
        with self.state.database.read() as session:
            reader = session.connection()
            events = self.new_events(reader)
            if self.shaken or self.steps % EVERYTHING == 0:
                touched = set(reader.scalars(_ALL))
                self.shaken = False
            else:
                touched = {event.request_id for event in events if event.request_id}
            if not touched:
                return
            rows = {table: self.rows(reader, table, touched) for table in (Referral, Clock)}
            for row in reader.execute(_ROWS[HelpRequest], {"ids": sorted(touched)}):
                mine = [order for order in rows[Referral] if order.request_id == row.id]
                clocks = [clock for clock in rows[Clock] if clock.request_id == row.id]
                new = [event for event in events if event.request_id == row.id]
                self.check_request(reader, row, mine, clocks, new)
            if any(event.kind == "received" for event in events):
                self.newest = {row.number: row.id for row in reader.execute(_NEWEST)}

    def check_request(
        self, reader: Any, row: Any, mine: list[Any], clocks: list[Any], new: list[Any]
    ) -> None:
        running = [clock for clock in clocks if clock.stopped_at is None]
        if Status(row.status).is_open:
            self.check_holder(row)
            lead = self.check_lead(row, mine)
            before = self.due.setdefault(row.id, lead.due_at)
            if lead.due_at != before:
                kinds = {event.kind for event in new}
                assert kinds & MAY_PROMISE_ANEW, f"I6: {row.number} is due anew by {kinds}"
                self.due[row.id] = lead.due_at
        if any(clock.paused_at is not None for clock in running):
            assert row.status in (Status.SUSPENDED, Status.NEEDS_CLARIFICATION), "I7"
        if row.status == Status.SUSPENDED:
            assert "CLK-SUSPEND" in {clock.name for clock in running}, "I7: never for ever"
            urgent = Level(row.level).is_urgent
            assert not (urgent and any(c.name == "CLK-RELIEF" for c in running)), "I7"
        self.check_dues(row, mine, running, new)
        self.check_ends(reader, row, new)
        assert self.first.setdefault(row.number, row.first_responder) == row.first_responder
        assert self.received.setdefault(row.number, row.received_at) == row.received_at
        if row.track == Track.GRIEVANCE:
            self.check_bars(reader, row, mine)

    def check_bars(self, reader: Any, row: Any, orders: list[Any]) -> None:
        """I9: who is complained about has no order and does not hold it."""
        barred = {bar.unit for bar in self.rows(reader, Bar, {row.id}) if bar.unit}
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

    def rows(self, reader: Any, table: Any, ids: set[int]) -> list[Any]:
        return list(reader.execute(_ROWS[table], {"ids": sorted(ids)}))

    def check_holder(self, row: Any) -> None:
        """I1: a person of a unit that exists."""
        directory = self.state.offices.current().directory
        officer, unit = directory.officer.get(row.holder_person), directory.unit[row.holder_unit]
        assert officer is not None, f"I1: nobody holds {row.number}"
        assert officer.unit == row.holder_unit, f"I1: {row.number} is held by a stranger"
        today = self.now().astimezone(ZONE).date()
        assert unit.serves_on(today), f"I1: {row.number} lies with a unit that is gone"

    def check_lead(self, row: Any, orders: list[Any]) -> Any:
        live = [
            order for order in orders
            if order.role == "lead"
            and order.status not in (*GONE, ReferralStatus.COMPLETED)
        ]  # fmt: skip
        assert len(live) == 1, f"{row.number}: one lead, not {[o.bureau for o in live]}"
        return live[0]

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
                self.check_upheld(orders, orjson.loads(event.detail))

    def check_upheld(self, orders: list[Any], detail: Any) -> None:
        """R5: the unit that was named has the order with its due time, unless it had its own."""
        returned = {o.id for o in orders if o.bureau == detail["bureau"]}
        theirs = [o for o in orders if o.bureau == detail["went_to"] and o.status not in GONE]
        passed_on = {f"dispute:{order}" for order in returned}
        new = [order for order in theirs if order.decided_by in passed_on]
        assert theirs, f"I6: {detail['went_to']} has nothing"
        assert all(order.due_at.isoformat() == detail["due"] for order in new[-1:]), "I6"

    def check_ends(self, reader: Any, row: Any, new: list[Any]) -> None:
        """I8: no end without a reply or attempts; I12: who, when, from, to."""
        moves = [event for event in new if '"was":' in event.detail and '"now":' in event.detail]
        for event in moves:
            assert event.by, "I12: somebody did it"
        if any(orjson.loads(event.detail).get("now") == Status.CLOSED for event in moves):
            every = {e.kind for e in self.rows(reader, Event, {row.id})}
            assert every & REPLIES, f"I8: {row.number} was closed without a word"

    def new_events(self, reader: Any) -> list[Any]:
        """What was written since the last check; the chain holds (I12)."""
        found = reader.execute(_NEW, {"after": self.seq}).all()
        for event in found:
            assert event.previous == self.hash, f"I12: entry {event.seq} hangs on nothing"
            assert seal(self.hash, event._mapping) == event.hash, f"I12: entry {event.seq}"
            self.seq, self.hash = event.seq, event.hash
        return list(found)


class Unwanted(Life):
    """Orders that nobody wants: returned, disputed, reassigned, left lying, their bureaus gone."""

    ACTS = (
        "sign", "request_return", "uphold_return", "refuse_return", "reassign", "correct_route",
        "bring_in", "submit_part", "take_upward", "bar", "rehandle", "report_result",
    )  # fmt: skip
    WORDS = (FOOD, QUESTION, COMPLAINT, CALM)

    def step(self) -> None:
        self.steps += 1
        choice = self.random.random()
        if choice < 0.15 or not self.newest:
            self.said += 1
            self.say(self.random.choice(self.WORDS), f"+8613{self.said:09d}")
        elif choice < 0.22:  # silence
            self.now.forward(minutes=self.random.choice((5, 40, 600, 1500)))
        elif choice < 0.25:
            asyncio.run(self.county.ticks().sweep())
        elif choice < 0.27:
            self.retire_or_return()
        else:
            self.act()

    def offered(self, actor: Actor, row: Any, orders: Sequence[Any]) -> list[str]:
        found = possible.acts(
            actor, self.state.offices.current(), dict(row._mapping), orders, self.now()
        )
        return [act for act in found if act in self.ACTS] or list(self.ACTS)


def live(life: Life, steps: int) -> None:
    """So many steps, each checked; at the end the whole record. Raises AssertionError with the
    step and the seed."""
    for index in range(steps):
        try:
            life.step()
            life.check()
        except Exception as error:
            raise AssertionError(f"step {index} of seed {life.seed}: {error!r}") from error
    try:
        life.check_record()
    except Exception as error:
        raise AssertionError(f"the record of seed {life.seed}: {error!r}") from error
    finally:
        life.close()
