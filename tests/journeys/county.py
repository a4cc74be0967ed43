"""The people of the invented county at work, for the journeys: acts as the pages do them."""

import asyncio
from typing import Any

from sqlalchemy import select

from gateway import access
from gateway.acts import ACTS, perform
from gateway.state import State
from gateway.ticks import Ticks
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import HelpRequest
from models.vocabulary import Role
from referral.casework import GONE, Actor, Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import said

LIVE = ("dispatched", "signed", "in_progress", "return_requested", "result_submitted")


class County:
    """Who does what to a request, and what stands afterwards."""

    def __init__(self, state: State, now: Watch) -> None:
        self.state = state
        self.now = now

    def actor(self, login: str) -> Actor:
        officer = self.state.offices.current().directory.officer[login]
        return Actor(officer.login, Role(officer.role), officer.unit, officer.area)

    def call(self, mark: str, text: str, sender: str = "+8613812345678") -> str:
        return said(self.state, mark, text, sender).number or ""

    def led_by_housing(self, mark: str, text: str, *sender: str) -> str:
        """A request that the desk has confirmed and housing leads."""
        number = self.call(mark, text, *sender)
        self.do("dispatch01", "confirm", number)
        if self.request(number).lead_bureau != "housing":
            self.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
        return number

    def do(self, login: str, act: str, number: str, /, **body: Any) -> Any:
        chosen = ACTS[act]
        given = chosen.body.model_validate(body)
        return perform(self.state, self.actor(login), number, chosen, given, now=self.now())

    def tick(self) -> None:
        """What time asks for by now."""
        asyncio.run(self.ticks().sweep())

    def deliver(self) -> None:
        asyncio.run(self.ticks().deliver())

    def ticks(self) -> Ticks:
        state = self.state
        return Ticks(
            state.database,
            state.mint,
            channels=state.channels,
            offices=state.offices,
            intake=state.intake,
            now=self.now,
        )

    def request(self, number: str) -> Any:
        return next(row for row in self.every(HelpRequest) if row.number == number)

    def every(self, table: Any) -> list[Any]:
        with self.state.database.read() as session:
            query = select(*table.__table__.columns).order_by(*table.__table__.primary_key)
            return list(session.connection().execute(query))

    def rows(self, table: Any, number: str) -> list[Any]:
        request_id = self.request(number).id
        return [row for row in self.every(table) if row.request_id == request_id]

    def orders(self, number: str) -> dict[str, Any]:
        """The orders that stand, by bureau."""
        return {row.bureau: row for row in self.rows(Referral, number) if row.status not in GONE}

    def lead(self, number: str) -> Any:
        live = [r for r in self.rows(Referral, number) if r.role == "lead" and r.status in LIVE]
        assert len(live) == 1, "exactly one lead"
        return live[0]

    def running(self, number: str) -> dict[str, Any]:
        return {row.name: row for row in self.rows(Clock, number) if row.stopped_at is None}

    def said_to_citizen(self, number: str) -> list[str]:
        return [row.phrase for row in self.rows(Outgoing, number) if row.staff is None]

    def kinds(self, number: str) -> list[str]:
        return [row.kind for row in self.rows(Event, number)]

    def sees(self, login: str, number: str) -> bool:
        """Whether the request exists for this person: foreign and missing answer alike."""
        office, actor, now = self.state.offices.current(), self.actor(login), self.now()
        with self.state.database.read() as session:
            try:
                access.admit(session.connection(), actor, office, number, act="see", now=now)
            except Refusal as refusal:
                if refusal.status != 404:
                    raise
                return False
        return True

    def held(self, number: str) -> tuple[str, str]:
        """Unit and person who hold it: real ones at every instant (I1)."""
        row = self.request(number)
        officer = self.state.offices.current().directory.officer[row.holder_person]
        assert officer.unit == row.holder_unit
        return row.holder_unit, row.holder_person
