"""Recorded history judged twice: by the rules in force and by changed ones. Reads only.

Both judge the words as they came, with the staff and units of today, so that a difference has one
cause: the rules. What people did later (a corrected route, a lowered level) is not undone here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlmodel import Session, col

from gateway.exporting import local
from gateway.recall import JOIN_WINDOW
from models.db import Database
from models.events import Event
from models.messages import Inbound, Location
from models.requests import Contact, HelpRequest
from models.vocabulary import Level, worst
from referral.office import Arrival, Office
from referral.planning import Plan, plan
from triage.assess import Assessment

BATCH = 300
_TOLD = ("received", "contact_attached", "assessed")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules decide about a request. ``grounds`` are the signals that counted, each with what
    it counted for; ``clock`` is the clock of the lead's order."""

    level: Level
    service: str | None
    lead_bureau: str
    due_at: datetime
    route: str
    clock: str
    grounds: frozenset[tuple[str, Level]]

    def shown(self) -> dict[str, Any]:
        """The four things that are compared."""
        return {
            "level": self.level.value,
            "service": self.service,
            "lead_bureau": self.lead_bureau,
            "due_at": self.due_at,
        }


@dataclass(frozen=True, slots=True)
class Said:
    """One recorded contact, not yet judged."""

    inbound: Inbound
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that would be judged differently. ``by`` names the rules: signals that count on
    one side only, the routing row, the clock."""

    number: str
    received_at: datetime
    was: Verdict
    would_be: Verdict
    changed: tuple[str, ...]
    by: tuple[str, ...]


@dataclass(slots=True)
class Totals:
    """How many were judged, and how many differ in what."""

    judged: int = 0
    differ: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def count(self, found: Difference | None) -> None:
        """Add one request."""
        self.judged += 1
        if found is None:
            return
        self.differ += 1
        self.kinds.update(found.changed)
        was, now = found.was.level, found.would_be.level
        if was is not now:
            self.kinds["raised" if now.rank < was.rank else "lowered"] += 1
        if was.is_urgent and not now.is_urgent:
            self.kinds["no longer urgent"] += 1

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.kinds.items()))
        of = f"{self.differ} of {self.judged} requests would be judged differently"
        return f"{of} ({kinds})" if kinds else of


def how_many(session: Session, since: datetime | None) -> int:
    """How many requests there are to judge."""
    query = select(func.count()).select_from(HelpRequest).where(*_from(since))
    return int(session.connection().execute(query).scalar_one())


def compare(
    database: Database, now: Office, changed: Office, since: datetime | None
) -> Iterator[Difference | None]:
    """Every request in the order it came in: its difference, None where there is none. Each batch
    is read by itself, so that a running system is not held up."""
    last = -1
    while True:
        with database.read() as session:
            rows = _requests(session, since, last)
            words = _words(session, [row.id for row in rows])
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            said = words.get(row.id)
            if not said:
                yield None
                continue
            yield _difference(row, _verdict(now, said), _verdict(changed, said))


def _from(since: datetime | None) -> list[Any]:
    return [] if since is None else [col(HelpRequest.received_at) >= since]


def _requests(session: Session, since: datetime | None, after: int) -> Sequence[Any]:
    query = (
        select(col(HelpRequest.id), col(HelpRequest.number), col(HelpRequest.received_at))
        .where(col(HelpRequest.id) > after, *_from(since))
        .order_by(col(HelpRequest.id))
        .limit(BATCH)
    )
    return session.connection().execute(query).all()


def _words(session: Session, ids: Sequence[int]) -> dict[int, list[Said]]:
    """What was said in each request, in its order."""
    claims = _claims(session, ids)
    query = (
        select(*Contact.__table__.columns)  # type: ignore[attr-defined]
        .where(col(Contact.request_id).in_(ids))
        .order_by(col(Contact.received_at), col(Contact.id))
    )
    found: dict[int, list[Said]] = {}
    for row in session.connection().execute(query):
        found.setdefault(row.request_id, []).append(_said(row, claims.get(row.journal_id)))
    return found


def _claims(session: Session, ids: Sequence[int]) -> dict[int, Level]:
    """The level that the person declared with each call, from the ledger."""
    query = (
        select(col(Event.kind), col(Event.detail))
        .where(col(Event.request_id).in_(ids), col(Event.kind).in_(_TOLD))
        .order_by(col(Event.seq))
    )
    found: dict[int, Level] = {}
    journal: int | None = None
    for kind, text in session.connection().execute(query):
        detail = orjson.loads(text)
        if kind != "assessed":
            journal = detail.get("journal")
        elif journal is not None and detail.get("claims"):
            found[journal] = Level(detail["claims"])
    return found


def _said(row: Any, claims: Level | None) -> Said:
    point = Location(*row.location[:2]) if row.location else None
    inbound = Inbound(
        row.external_id,
        row.sender,
        row.text,
        at=row.said_at,
        place=row.place,
        location=point,
        reporter=row.reporter,
        claims=claims,
    )
    return Said(inbound, row.channel, row.received_at)


def _verdict(office: Office, said: Sequence[Said]) -> Verdict:
    """What the rules of this office make of a request: its first words decide where it goes, later
    ones may raise it."""
    first = _read(office, said[0], None)
    decided = plan(office, first, turn=0)
    level, service, clock = decided.level, first.assessment.service, decided
    grounds = _grounds(first.assessment)
    for before, one in pairwise(said):
        heard = _read(office, one, before)
        grounds |= _grounds(heard.assessment)
        if worst(level, heard.level) is not level:
            level, clock = heard.level, plan(office, heard, turn=0)
    return Verdict(
        level=level,
        service=service,
        lead_bureau=decided.lead.code,
        due_at=clock.lead_due.at,
        route=decided.route.row.id,
        clock=_clock(clock),
        grounds=grounds,
    )


def _read(office: Office, said: Said, before: Said | None) -> Arrival:
    """The words as they are judged; together with those just before, if that makes them worse, as
    at intake."""
    inbound = said.inbound
    found = office.assess(inbound.text, said.channel, inbound)
    lately = before.inbound if before and _writer(before.inbound) == _writer(inbound) else None
    if before and lately and inbound.text and said.at - before.at <= JOIN_WINDOW:
        joined = replace(inbound, text=lately.text + inbound.text)
        together = office.assess(joined.text, said.channel, joined)
        found = together if together.level.rank < found.level.rank else found
    return Arrival(
        inbound=inbound,
        channel=said.channel,
        source=said.channel,
        now=said.at,
        said_at=inbound.at or said.at,
        journal_id=0,
        person_id=0,
        language="zh-CN",
        assessment=found,
        reply=None,
    )


def _writer(inbound: Inbound) -> tuple[str, str | None]:
    return inbound.sender, inbound.reporter


def _grounds(assessment: Assessment) -> frozenset[tuple[str, Level]]:
    return frozenset((one.rule, one.level) for one in assessment.signals if one.counts)


def _clock(decided: Plan) -> str:
    rule = decided.lead_rule
    return f"{rule.name}/{rule.case}" if rule.case else rule.name


def _difference(row: Any, was: Verdict, would_be: Verdict) -> Difference | None:
    before, after = was.shown(), would_be.shown()
    changed = tuple(name for name in before if before[name] != after[name])
    if not changed:
        return None
    by = sorted({rule for rule, _ in was.grounds ^ would_be.grounds})
    if was.route != would_be.route or ("lead_bureau" in changed and not by):
        by.append(would_be.route)
    if was.clock != would_be.clock or ("due_at" in changed and not by):
        by.append(would_be.clock)
    return Difference(
        row.number, row.received_at, was, would_be, changed, tuple(by) or ("cues, topics",)
    )


def as_json(found: Difference) -> Mapping[str, Any]:
    """A difference as one line of JSON Lines."""
    return {
        "number": found.number,
        "received_at": local(found.received_at),
        "changed": list(found.changed),
        "was": _local(found.was),
        "would_be": _local(found.would_be),
        "by": list(found.by),
    }


def _local(verdict: Verdict) -> dict[str, Any]:
    return {name: local(value) for name, value in verdict.shown().items()}
