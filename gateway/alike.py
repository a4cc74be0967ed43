"""What may be the same matter as a request, for the person who decides: both side by side, with
what agrees and what differs; and who belongs to it already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import Session, col

from gateway import access, matters
from gateway.access import DESK, Actor, Viewer
from gateway.masking import Masking
from models.likenesses import Likeness, Link
from models.requests import Contact, HelpRequest, said
from models.transaction import Row
from referral.office import Office
from triage.redact import redact
from triage.same_matter import compare

Conditions = tuple[ColumnElement[bool], ...]
SHOWN = 5
WAVE = 500
"""So many reports of one event are offered to be linked in one act."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason: what this request says and what the other does; ``agrees``, or differs."""

    kind: str
    mine: str
    theirs: str
    agrees: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Side:
    """The other request as it is shown beside this one."""

    number: str
    status: str
    level: str
    received_at: datetime
    summary: str
    place: str | None
    holder_unit: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """A proposal. ``relation`` is repeat, household or event, or "" for a pair that a person put
    side by side and the software finds unlike."""

    other: Side
    relation: str
    score: float
    state: str
    findings: tuple[Finding, ...]
    proposed_by: str


@dataclass(frozen=True, slots=True)
class Together:
    """All about a request and its like. ``wave`` are the numbers of open requests that were found
    to be of one event with it; ``master`` is the number it was joined to."""

    alike: tuple[Alike, ...] = ()
    linked: Mapping[str, tuple[str, ...]] | None = None
    joined: tuple[str, ...] = ()
    master: str | None = None
    wave: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()


def together(
    session: Session,
    viewer: Viewer,
    office: Office,
    request_id: int,
    *,
    beside: str = "",
    now: datetime,
) -> Together:
    """What the desk sees; nothing for others, whose queue shows them their own order. ``beside`` is
    a number that a person wants to see next to this one. Raises ``Refusal`` (404) for an unknown
    ``beside``."""
    if not isinstance(viewer, Actor) or viewer.role not in DESK:
        return Together()
    connection = session.connection()
    own = connection.execute(_requests(col(HelpRequest.id) == request_id)).one()
    exists = access.scope(viewer, office, now)
    alike = [] if own.closed_at is not None else _proposed(connection, request_id, exists)
    if beside:
        other = access.admit(connection, viewer, office, beside, act="see", now=now)
        alike = [one for one in alike if one[1]["id"] != other["id"]]
        if other["id"] != request_id:
            alike.insert(0, _held_beside(connection, own, other))
    shown = alike[:SHOWN]
    led = own.merged_into
    master = _numbers(connection, col(HelpRequest.id) == led, *exists) if led else ()
    words = _words(connection, viewer, [row for _, row, _ in shown])
    reads = access.sight(viewer, dict(own._mapping)).words
    return Together(
        alike=tuple(
            _alike(likeness, row, words, mine=mine, quoted=reads and row["id"] in words)
            for likeness, row, mine in shown
        ),
        linked=_linked(connection, request_id, exists),
        joined=_numbers(connection, col(HelpRequest.merged_into) == request_id, *exists),
        master=next(iter(master), None),
        wave=_wave(connection, own, exists) if own.closed_at is None else (),
        ids=tuple(row["id"] for _, row, _ in shown),
    )


def _requests(*where: Any) -> Any:
    return select(*HelpRequest.__table__.columns).where(*where)  # type: ignore[attr-defined]


def decidable(other: Any, exists: Sequence[ColumnElement[bool]]) -> Conditions:
    """That a likeness leaves something to decide for whom a request ``exists`` under these
    conditions: nobody has decided, and the ``other`` one is open and there for them. The page of a
    request and the tab of the desk both ask by it."""
    there = select(col(HelpRequest.id)).where(
        col(HelpRequest.id) == other, col(HelpRequest.closed_at).is_(None), *exists
    )
    return (col(Likeness.state) == said("proposed"), there.correlate(Likeness).exists())


def _proposed(
    connection: Any, request_id: int, exists: Sequence[Any]
) -> list[tuple[Mapping[str, Any], Row, bool]]:
    """Standing proposals with the other request, the likest first; whether this one is later."""
    columns = Likeness.__table__.columns  # type: ignore[attr-defined]
    either = (columns.request_id, columns.other_id)
    rows = connection.execute(
        select(*columns)
        .where(
            or_(
                *(
                    and_(mine == request_id, *decidable(other, exists))
                    for mine, other in (either, either[::-1])
                )
            )
        )
        .order_by(columns.score.desc(), columns.id)
    ).all()
    others = {row.other_id if row.request_id == request_id else row.request_id: row for row in rows}
    found = connection.execute(_requests(col(HelpRequest.id).in_(list(others))))
    of = {row.id: dict(row._mapping) for row in found}
    return [
        (likeness._mapping, of[other], likeness.request_id == request_id)
        for other, likeness in others.items()
    ]


def _held_beside(connection: Any, own: Any, other: Row) -> tuple[Mapping[str, Any], Row, bool]:
    """A pair that a person asked for, compared now: by the first words of both."""
    first = [
        connection.execute(
            select(col(Contact.id))
            .where(col(Contact.request_id) == one)
            .order_by(col(Contact.received_at), col(Contact.id))
        ).scalar()
        for one in (own.id, other["id"])
    ]
    found = {row.request_id: row for row in matters.contacts(connection, [i for i in first if i])}
    likeness: dict[str, Any] = {
        "relation": "", "score": 0.0, "state": "beside", "findings": [], "proposed_by": "",
    }  # fmt: skip
    if len(found) == 2:
        verdict = compare(matters.matter_of(found[own.id]), matters.matter_of(found[other["id"]]))
        told = verdict.as_json()
        likeness |= {**told, "relation": told["relation"] or ""}
    return likeness, other, True


def _alike(
    likeness: Mapping[str, Any],
    row: Row,
    words: Mapping[int, list[str]],
    *,
    mine: bool,
    quoted: bool,
) -> Alike:
    return Alike(
        other=Side(
            number=row["number"],
            status=row["status"],
            level=row["level"],
            received_at=row["received_at"],
            summary=redact(row["summary"]),
            place=row["place"],
            holder_unit=row["holder_unit"],
            words=tuple(words.get(row["id"], ())),
        ),
        relation=likeness["relation"],
        score=likeness["score"],
        state=likeness["state"],
        findings=tuple(_findings(likeness["findings"], mine=mine)) if quoted else (),
        proposed_by=likeness["proposed_by"],
    )


def _findings(findings: Sequence[Mapping[str, Any]], *, mine: bool) -> Iterable[Finding]:
    for one in findings:
        sides = (one["mine"], one["theirs"]) if mine else (one["theirs"], one["mine"])
        yield Finding(
            one["kind"],
            redact(sides[0]),
            redact(sides[1]),
            not one["kind"].endswith(("_other", "_none", "_far")),
            one["weight"],
        )


def _words(connection: Any, viewer: Actor, shown: Sequence[Row]) -> dict[int, list[str]]:
    """The words of those of these requests whose words the viewer reads."""
    told: dict[int, list[Any]] = {}
    rows = connection.execute(
        select(
            col(Contact.request_id), col(Contact.text), col(Contact.name), col(Contact.assessment)
        )
        .where(col(Contact.request_id).in_([row["id"] for row in shown]))
        .order_by(col(Contact.received_at), col(Contact.id))
    )
    for row in rows:
        told.setdefault(row.request_id, []).append(row)
    found: dict[int, list[str]] = {}
    for row in shown:
        sees, contacts = access.sight(viewer, row), told.get(row["id"], [])
        mask = Masking.of(contacts, sees)
        if sees.words:
            found[row["id"]] = [redact(mask.words(one.text)) for one in contacts]
    return found


def _linked(connection: Any, request_id: int, exists: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    """Numbers that share a household or an event with it."""
    found: dict[str, tuple[str, ...]] = {}
    own = connection.execute(
        select(col(Link.relation), col(Link.bundle)).where(col(Link.request_id) == request_id)
    ).all()
    for relation, bundle in own:
        rows = connection.execute(
            select(col(HelpRequest.number))
            .join(Link, col(Link.request_id) == col(HelpRequest.id))
            .where(col(Link.bundle) == bundle, col(Link.request_id) != request_id, *exists)
            .order_by(col(HelpRequest.id))
        )
        found[relation] = tuple(rows.scalars())
    return found


def _numbers(connection: Any, *where: Any) -> tuple[str, ...]:
    query = select(col(HelpRequest.number)).where(*where).order_by(col(HelpRequest.id))
    return tuple(connection.execute(query).scalars())


def _wave(connection: Any, own: Any, exists: Sequence[Any]) -> tuple[str, ...]:
    """Open requests reached from this one over proposals of one event, and not linked with it."""
    columns = Likeness.__table__.columns  # type: ignore[attr-defined]
    seen, asked = {own.id}, [own.id]
    while asked and len(seen) < WAVE:
        rows = connection.execute(
            select(columns.request_id, columns.other_id).where(
                columns.relation == "event",
                columns.state == "proposed",
                or_(columns.request_id.in_(asked), columns.other_id.in_(asked)),
            )
        ).all()
        asked = list({one for row in rows for one in row} - seen)
        seen.update(asked)
    linked = set(_linked(connection, own.id, exists).get("event", ()))
    numbers = _numbers(
        connection,
        col(HelpRequest.id).in_(seen - {own.id}),
        col(HelpRequest.closed_at).is_(None),
        *exists,
    )
    return tuple(number for number in numbers if number not in linked)[:WAVE]
