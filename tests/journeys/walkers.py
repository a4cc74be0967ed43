"""Workers in the field at their doors, for the journeys of looking for people."""

import secrets
from typing import Any

from sqlalchemy import select

from gateway import field, outreach
from gateway.field import Kept
from models.discovery import Disagreement, DoorEntry, Visit, Warned
from models.households import Household
from referral import homes
from tests.journeys.county import County


class Walkers(County):
    """The county with its rounds."""

    def reach_out(self) -> None:
        """What time asks for by now in looking for people."""
        office = self.state.offices.current()
        outreach.run(self.state.database, self.state.mint, office, self.now())

    def report(self, login: str, photos: tuple[bytes, ...] = (), **fields: str) -> Kept:
        """A report from the ground."""
        given = {"kind": "report", "key": secrets.token_hex(8), **fields}
        return field.take(self.state, self.actor(login), given, photos, now=self.now())

    def door(self, login: str, one: Any, outcome: str, what: str = "visit", **fields: str) -> Kept:
        """What somebody found at a door, knowing it as in ``one``."""
        given = {
            "kind": what,
            "of": str(one.id),
            "based_on": str(one.version),
            "outcome": outcome,
            "key": secrets.token_hex(8),
            **fields,
        }
        return field.take(self.state, self.actor(login), given, (), now=self.now())

    def visits(self, login: str = "") -> list[Any]:
        return [row for row in self.every(Visit) if not login or row.holder == login]

    def visit(self, visit_id: int) -> Any:
        return next(row for row in self.every(Visit) if row.id == visit_id)

    def entries(self, visit_id: int) -> list[Any]:
        return [row for row in self.every(DoorEntry) if row.visit_id == visit_id]

    def homes(self) -> dict[str, homes.Home]:
        """Every household of the register."""
        ids = [row.id for row in self.every(Household)]
        with self.state.database.read() as session:
            return homes.of(session.connection(), ids, self.now().date())

    def warnings(self) -> list[Any]:
        return self.every(Warned)

    def differences(self) -> list[Any]:
        with self.state.database.read() as session:
            return list(session.connection().execute(select(*Disagreement.__table__.columns)))
