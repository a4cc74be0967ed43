"""The persons whom a unit names: its liaison officer, who hands in the quarter in writing, and the
one who answers for its data. One person for each, named with a reason, kept after they change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import access
from gateway.access import Actor
from gateway.quarter import Quarter
from models.households import Household
from models.posts import UnitPost
from models.transaction import Transaction
from referral import clocks
from referral.casework import Refusal, need
from referral.directory import ZONE, Officer
from referral.office import Office

LIAISON, DATA = "liaison", "data"
POSTS = (LIAISON, DATA)
Holders = Mapping[tuple[str, str], str]
"""Unit and post -> login."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The written report of a unit that is not in: by whom it is owed (None: nobody is named),
    whether its day is past."""

    unit: str
    name: str
    officer: Officer | None
    late: bool


def name(
    tx: Transaction,
    office: Office,
    unit: str,
    post: str,
    login: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """From now on ``login`` has the post. Raises ``Refusal``: 404 for no such unit, 422 for
    somebody who is not of the unit, or who has the post already."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    if unit not in office.directory.unit or post not in POSTS:
        raise Refusal("refusal.not_found", status=404)
    officer = office.directory.officer.get(login)
    if officer is None or officer.unit != unit:
        raise Refusal("refusal.not_of_the_unit", {"login": login}, 422)
    before = holders(tx).get((unit, post))
    if before == login:
        raise Refusal("refusal.nothing_changed", status=422)
    tx.execute(
        update(UnitPost)
        .where(col(UnitPost.unit) == unit, col(UnitPost.post) == post)
        .where(col(UnitPost.ended_at).is_(None))
        .values(ended_at=now)
    )
    tx.add(
        UnitPost, id=tx.mint(), unit=unit, post=post, login=login, named_at=now,
        named_by=actor.login, ended_at=None,
    )  # fmt: skip
    tx.event(
        "post_named", at=now, by=actor.login, unit=unit, post=post, login=login,
        before=before or "", reason=why,
    )  # fmt: skip


def holders(connection: Any) -> Holders:
    """Who has which post of which unit today."""
    query = select(col(UnitPost.unit), col(UnitPost.post), col(UnitPost.login)).where(
        col(UnitPost.ended_at).is_(None)
    )
    return {(unit, post): login for unit, post, login in connection.execute(query)}


def holder(held: Holders, office: Office, unit: str, post: str) -> Officer | None:
    """The person in a post, None where nobody is: never named, gone, or of another unit by now."""
    officer = office.directory.officer.get(held.get((unit, post), ""))
    return officer if officer is not None and officer.unit == unit else None


def due(office: Office, quarter: Quarter) -> datetime:
    """Until when the written report of a quarter is in."""
    end = quarter.span[1] - timedelta(microseconds=1)  # its last day; the next one counts
    rule = office.policy.clock("CLK-REPORT-QUARTER", on=end.astimezone(ZONE).date())
    return clocks.due(end, rule.amount, rule.measure, office.policy.calendar).at


def owed(
    connection: Any, office: Office, units: Mapping[str, str], quarter: Quarter, now: datetime
) -> list[Owed]:
    """Of these units (code -> name), whose reports are not in, with who owes them; [] before the
    quarter is over."""
    if now < quarter.span[1]:
        return []
    held, late = holders(connection), now > due(office, quarter)
    return [
        Owed(code, words, holder(held, office, code, LIAISON), late)
        for code, words in units.items()
    ]


def answers_for(
    connection: Any, office: Office, household_id: str, now: datetime
) -> tuple[str, str] | None:
    """The township of a household, by its code, and who answers for its data there; None where
    nobody is named."""
    area = connection.execute(
        select(col(Household.area)).where(col(Household.id) == household_id)
    ).scalar()
    unit = office.directory.local("township", area, now.astimezone(ZONE).date())
    officer = holder(holders(connection), office, unit.code, DATA) if unit else None
    return (unit.code, officer.name) if unit and officer else None
