"""Looking for people as a whole: how far the rounds are, who has not been seen, what became of
warnings, where nobody calls. Each figure counts rows that the page can show."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from gateway import access
from gateway.access import Actor
from gateway.tallies import Tally, tallies
from models.discovery import DoorEntry, Round, Visit, Warned
from models.households import Household
from models.requests import HelpRequest
from models.vocabulary import Status
from referral import silence
from referral.directory import ZONE
from referral.office import Office
from referral.silence import Heard, Place

LOOK_BACK = timedelta(days=92)
MOST = 60


@dataclass(frozen=True, slots=True)
class Progress:
    """Doors of one round, or of one place: how many, and how many of them are done, seen, late."""

    code: str
    planned: int
    done: int
    seen: int
    late: int
    starts_on: Any = None
    ends_on: Any = None
    area: str = ""

    @property
    def share(self) -> int:
        """Of a hundred doors so many where somebody was seen."""
        return round(100 * self.seen / self.planned) if self.planned else 0


@dataclass(frozen=True, slots=True)
class Unseen:
    """A household that waits for its visit, the longest unseen first."""

    household_id: str
    head_name: str
    address: str
    area: str
    holder: str
    door: str
    tries: int
    due_at: datetime
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class Township:
    """A township on the silence map, with those of its places that are heard too little."""

    heard: Heard
    places: tuple[Heard, ...]


_DONE = case((col(Visit.settled_at).is_not(None), 1), else_=0)
_SEEN = case((col(Visit.seen).is_(True), 1), else_=0)


def counts(now: datetime) -> tuple[Any, ...]:
    late = case(
        (col(Visit.breached_at).is_not(None), 1),
        (col(Visit.settled_at).is_(None) & (col(Visit.due_at) < now), 1),
        else_=0,
    )
    return (
        func.count().label("planned"),
        func.sum(_DONE).label("done"),
        func.sum(_SEEN).label("seen"),
        func.sum(late).label("late"),
    )


def within(actor: Actor, office: Office, column: Any) -> list[ColumnElement[bool]]:
    """A township sees its own places; whoever answers for all of them sees all."""
    if actor.role in access.JURISDICTION:
        return []
    directory = office.directory
    areas = [p.code for p in directory.places if directory.within(p.code, actor.area or "")]
    return [column.in_(areas)]


def rounds(session: Session, actor: Actor, office: Office, now: datetime) -> list[Progress]:
    """The rounds of today with their progress."""
    access.allow(actor, "see_discovery")
    today = now.astimezone(ZONE).date()
    rows = session.connection().execute(
        select(
            col(Round.rule), col(Round.area), col(Round.starts_on), col(Round.ends_on),
            *counts(now),
        )
        .join(Visit, col(Visit.round_id) == col(Round.id))
        .where(
            col(Round.starts_on) <= today, col(Round.ends_on) >= today,
            *within(actor, office, col(Visit.area)),
        )
        .group_by(col(Round.rule), col(Round.area), col(Round.starts_on), col(Round.ends_on))
        .order_by(col(Round.ends_on), col(Round.rule))
    )  # fmt: skip
    return [
        Progress(
            row.rule,
            row.planned,
            row.done,
            row.seen,
            row.late,
            row.starts_on,
            row.ends_on,
            row.area,
        )
        for row in rows
    ]


def coverage(
    session: Session, actor: Actor, office: Office, now: datetime
) -> dict[str, list[Progress]]:
    """Today's rounds by place: of each township its places, the township itself first."""
    access.allow(actor, "see_discovery")
    today = now.astimezone(ZONE).date()
    rows = session.connection().execute(
        select(col(Visit.area), *counts(now))
        .join(Round, col(Visit.round_id) == col(Round.id))
        .where(
            col(Round.starts_on) <= today,
            col(Round.ends_on) >= today,
            *within(actor, office, col(Visit.area)),
        )
        .group_by(col(Visit.area))
        .order_by(col(Visit.area))
    )
    found: dict[str, list[Progress]] = defaultdict(list)
    for row in rows:
        one = Progress(row.area, row.planned, row.done, row.seen, row.late)
        found[township_of(office, row.area)].append(one)
    return {code: [total(code, places), *places] for code, places in sorted(found.items())}


def total(code: str, parts: Iterable[Progress]) -> Progress:
    columns = [(one.planned, one.done, one.seen, one.late) for one in parts]
    planned, done, seen, late = (sum(column) for column in zip(*columns, strict=True))
    return Progress(code, planned, done, seen, late)


def township_of(office: Office, area: str) -> str:
    for code in office.directory.ancestry(area):
        if office.directory.place[code].kind == "township":
            return code
    return area


def unseen(session: Session, actor: Actor, office: Office, now: datetime) -> list[Unseen]:
    """Whose visit of today's rounds waits, the longest unseen first, then those whose door stays
    shut."""
    access.allow(actor, "see_discovery")
    last = (
        select(col(DoorEntry.household_id), func.max(col(DoorEntry.at)).label("at"))
        .where(col(DoorEntry.seen).is_(True))
        .group_by(col(DoorEntry.household_id))
        .subquery()
    )
    rows = session.connection().execute(
        select(
            col(Visit.household_id), col(Household.head_name), col(Household.address),
            col(Visit.area), col(Visit.holder), col(Visit.door), col(Visit.tries),
            col(Visit.due_at), last.c.at,
        )
        .join(Household, col(Household.id) == col(Visit.household_id))
        .outerjoin(last, last.c.household_id == col(Visit.household_id))
        .where(col(Visit.settled_at).is_(None), *within(actor, office, col(Visit.area)))
        .order_by(
            (col(Visit.due_at) >= now), col(Visit.tries).desc(), last.c.at.is_not(None), last.c.at,
            col(Visit.due_at), col(Visit.id),
        )
        .limit(MOST)
    )  # fmt: skip
    return [Unseen(*row) for row in rows]


def warnings(session: Session, actor: Actor, office: Office, now: datetime) -> list[Tally]:
    """What became of the warnings of the last quarter, list by list."""
    access.allow(actor, "see_discovery")
    recent = col(Warned.received_at) >= now - LOOK_BACK
    return tallies(session, (recent, *within(actor, office, col(Warned.area))), now)


def silence_map(session: Session, actor: Actor, office: Office, now: datetime) -> list[Township]:
    """Where fewer ask for help than the register would let expect, against the county's own rate.
    A place with few known households is judged with its township only."""
    access.allow(actor, "see_discovery")
    values = office.policy.values
    days: Any = values["silence_window_days"].value
    least: Any = values["silence_least_households"].value
    connection = session.connection()
    homes = connection.execute(
        select(col(Household.area), func.count())
        .where(col(Household.ended_at).is_(None))
        .group_by(col(Household.area))
    )
    asked = connection.execute(
        select(col(HelpRequest.area), func.count())
        .where(
            col(HelpRequest.received_at) >= now - timedelta(days=days),
            col(HelpRequest.status) != Status.MERGED,
            col(HelpRequest.channel) != "grid_app",
        )
        .group_by(col(HelpRequest.area))
    )
    known, requests = _rolled_up(office, homes), _rolled_up(office, asked)
    kinds = {place.code: place for place in office.directory.places}

    def judged(kind: str) -> list[Heard]:
        codes = [code for code in sorted(known) if kinds[code].kind == kind]
        return silence.judge(
            (Place(code, known[code], requests[code]) for code in codes), least=int(least)
        )

    villages = judged("village")
    shown = {row.place.code: row for row in judged("township")}
    mine = [
        code
        for code in shown
        if actor.role in access.JURISDICTION or office.directory.within(code, actor.area or "")
    ]
    return [
        Township(
            shown[code],
            tuple(one for one in villages if office.directory.within(one.place.code, code)),
        )
        for code in mine
    ]


def _rolled_up(office: Office, rows: Any) -> Counter[str]:
    """Counts of every place together with all that lies in it."""
    found: Counter[str] = Counter()
    for area, many in rows:
        for code in office.directory.ancestry(area):
            found[code] += many
    return found
