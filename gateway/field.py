"""What a worker in the field sends in: a report of somebody in need, what was found at a door.

Each entry has a key made where it was written, with or without a signal, so that sending it again
changes nothing. A report goes the one path of every contact and is kept before anything else is
done with it; the time it was seen, written and received are three times, all kept (谁见谁报, Social
Assistance Law Art. 39).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway import access, attachments, recorded, resent, typed_fields
from gateway.access import Actor
from gateway.hooks import PATIENCE_SECONDS
from gateway.recorded import Recorded, RecordedMedia
from gateway.state import State
from models.clocks import Clock
from models.messages import remark
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Level
from referral import doors, doorway, homes, promises
from referral.casework import Refusal
from referral.directory import ZONE
from referral.doors import Found
from referral.office import Office
from referral.rota import Rota

CHANNEL = "grid_app"
CLAIMS = {"danger": Level.LIFE_THREAT, "urgent": Level.URGENT}
DATUMS = ("WGS-84", "GCJ-02", "BD-09", "CGCS2000")
LONGEST = 5000
_KEY = re.compile(r"[A-Za-z0-9-]{8,80}")
_HOUSEHOLD = re.compile(r"[（(]([^（）()]{1,64})[)）]\s*$")
_DISCOVERY = "CLK-DISCOVERY"


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an entry: the answer that the telephone waits for before it forgets it."""

    key: str
    kind: str
    repeated: bool
    number: str | None = None
    differs: tuple[str, ...] = ()
    door: str = ""
    problems: tuple[str, ...] = ()
    """Phrases of what could not be kept of its pictures."""
    receipt: str = ""
    """The key of a report's receipt: its own, or another where the form was used before."""


def take(
    state: State,
    actor: Actor,
    fields: Mapping[str, str],
    pictures: Sequence[bytes],
    *,
    now: datetime,
) -> Kept:
    """Take in one entry. Call it from a thread. Raises ``Refusal`` (403, 404, 409, 422), ``Busy``
    or TimeoutError; then the telephone keeps the entry."""
    kind = fields.get("kind", "report")
    key = fields.get("key", "")
    if not _KEY.fullmatch(key):
        raise Refusal("refusal.entry_key", status=422)
    if kind == "report":
        return _report(state, actor, key, fields, pictures, now=now)
    if kind in (doors.VISIT, doors.WARNING):
        return _door(state, actor, kind, key, fields, now=now)
    raise Refusal("refusal.field", {"field": "kind"}, 422)


def _report(
    state: State,
    actor: Actor,
    key: str,
    fields: Mapping[str, str],
    pictures: Sequence[bytes],
    *,
    now: datetime,
    at_a_door: bool = False,
) -> Kept:
    access.allow(actor, "report")
    office = state.offices.current()
    home = _household(state, actor, fields.get("person", ""), now)
    text = _words(office, fields, home)
    if not text and not pictures:
        raise Refusal("refusal.report_empty", status=422)
    contents, problems = _looked_into(pictures)
    latitude, longitude = typed_fields.point(fields)
    record = Recorded(
        channel=CHANNEL,
        external_id=f"{actor.login}:{key}",
        sender=actor.login,
        text=text,
        at=typed_fields.moment(fields.get("seen_at", ""), now),
        place=(fields.get("where") or (home.address if home else None) or "")[:200] or None,
        name=(home.head_name if home else fields.get("person") or "")[:200] or None,
        reporter=actor.login,
        taken_by=actor.login,
        claims=CLAIMS.get(fields.get("urgent", "")),
        latitude=latitude,
        longitude=longitude,
        datum=fields.get("datum") if fields.get("datum") in DATUMS else None,
    )
    own = key + ("" if at_a_door else _own_key(state, record, contents))
    external_id = f"{actor.login}:{own}"
    media = _kept(state, actor, external_id, contents, now)
    record = record.model_copy(update={"external_id": external_id, "media": media})
    body = orjson.dumps(record.model_dump(mode="json", exclude_defaults=True))
    outcome = state.intake.submit(recorded.call_of(record, body, now)).result(PATIENCE_SECONDS)
    written = typed_fields.moment(fields.get("written_at", ""), now)
    _remember(state, office, actor, external_id, written=written, now=now)
    return Kept(key, "report", outcome.duplicate, outcome.number, problems=problems, receipt=own)


def _own_key(state: State, record: Recorded, contents: Sequence[attachments.Content]) -> str:
    with state.database.read() as session:
        return resent.own_key(session.connection(), record, [one.body for one in contents])


def _kept(
    state: State,
    actor: Actor,
    external_id: str,
    contents: Sequence[attachments.Content],
    now: datetime,
) -> list[RecordedMedia]:
    about = attachments.about_contact(CHANNEL, external_id)
    with acting(state.database, state.mint) as tx:
        files = [
            (
                attachments.keep(
                    tx, one, about="contact", about_key=about, by=actor.login, now=now
                ),
                one.content_type,
            )
            for one in {content.body: content for content in contents}.values()
        ]
    return [RecordedMedia(url=attachments.address(row), content_type=kind) for row, kind in files]


def _words(office: Office, fields: Mapping[str, str], home: Any) -> str:
    """The report as a contact reads: what was said, under it what else was filled in."""
    category = office.policy.outreach.finding("report", fields.get("category", ""))
    what = fields.get("what", "")[:LONGEST]
    minor = fields.get("minor") == "1"
    if not what and category is None:
        return ""
    lines = (
        ("类别", category.name_zh if category and what else ""),
        ("求助人", home.head_name if home else fields.get("person", "")[:200]),
        ("地点", fields.get("where", "")[:200]),
        ("提示", "涉及未成年人" if minor else ""),
    )
    said = what or (category.name_zh if category else "")
    return "\n".join((said, *(remark(f"{label}：{value}") for label, value in lines if value)))


def _looked_into(
    pictures: Sequence[bytes],
) -> tuple[list[attachments.Content], tuple[str, ...]]:
    """What can be kept; a picture that cannot never holds up the words."""
    contents, problems = [], []
    for given in pictures:
        try:
            contents.append(attachments.picture(given))
        except Refusal as refused:
            problems.append(refused.key)
    return contents, tuple(problems)


def _remember(
    state: State,
    office: Office,
    actor: Actor,
    external_id: str,
    *,
    written: datetime,
    now: datetime,
) -> None:
    """Judge how soon it was reported (CLK-DISCOVERY): from seeing to writing it down, for without
    a signal nobody can do more. Done once, also when a crash came between."""
    with acting(state.database, state.mint) as tx:
        row = tx.execute(
            select(*HelpRequest.__table__.columns, col(Contact.said_at))  # type: ignore[attr-defined]
            .join(Contact, col(Contact.request_id) == col(HelpRequest.id))
            .where(col(Contact.channel) == CHANNEL, col(Contact.external_id) == external_id)
        ).first()
        if row is None:
            return  # in the holding pen: there is no request yet to hang a clock on
        request, seen = dict(row._mapping), row.said_at
        same = (
            col(Clock.request_id) == request["id"],
            col(Clock.name) == _DISCOVERY,
            col(Clock.started_at) == seen,
        )
        if tx.execute(select(col(Clock.id)).where(*same)).first() is not None:
            return
        urgent = Level(request["level"]).is_urgent
        day = now.astimezone(ZONE).date()
        rule = office.policy.clock(_DISCOVERY, "urgent" if urgent else "", day)
        clock = promises.start(tx, office, request, rule=rule, at=seen, urgent=urgent, stopped=True)
        clock["stopped_at"] = max(written, seen)
        if clock["stopped_at"] > clock["due_at"] + _grace(office, urgent=urgent):
            clock["breached_at"] = clock["due_at"]
        tx.event(
            "entered",
            at=now,
            by=actor.login,
            request=request,
            channel=CHANNEL,
            seen=seen,
            written=clock["stopped_at"],
        )


def _grace(office: Office, *, urgent: bool) -> timedelta:
    minutes: Any = office.policy.values["discovery_at_once_minutes"].value
    return timedelta(minutes=minutes if urgent else 0)


def _door(
    state: State, actor: Actor, what: str, key: str, fields: Mapping[str, str], *, now: datetime
) -> Kept:
    """What was found at a door; who needs help there is reported by the same path, first."""
    access.allow(actor, "record_door")
    office = state.offices.current()
    found = Found(
        key=f"{actor.login}:{key}",
        what=what,
        of=typed_fields.whole(fields.get("of", "")),
        outcome=fields.get("outcome", ""),
        at=typed_fields.moment(fields.get("seen_at", ""), now),
        based_on=typed_fields.whole(fields.get("based_on", "0")),
        note=fields.get("note", "")[:LONGEST],
        phone=fields.get("phone", "")[:40],
        people=fields.get("people", "")[:40],
    )
    rota = Rota(office.directory)
    finding = doorway.finding_of(office, found)
    with state.database.read() as session:
        connection = session.connection()
        row = doors.one(connection, what, found.of)
        doorway.require_known(rota, actor, row, now)
        home = _home_of(connection, row["household_id"], now)
        before = doorway.earlier(connection, found.key)
    if before is not None and not doorway.is_same(before, found):
        found = replace(found, key=found.own_key())  # the form was gone back to
    own = found.key.removeprefix(f"{actor.login}:")
    number = None
    if finding.help:
        needs = {
            "what": found.note,
            "where": home.address if home else row.get("address", ""),
            "person": home.head_name if home else row.get("name", ""),
            **{
                name: fields[name] for name in ("seen_at", "written_at", "urgent") if name in fields
            },
        }
        number = _report(state, actor, own, needs, (), now=now, at_a_door=True).number
    with acting(state.database, state.mint) as tx:
        done = doorway.record(tx, office, rota, actor, replace(found, number=number), now=now)
    return Kept(key, what, done.repeated, number, done.differs, done.door, receipt=own)


def _household(state: State, actor: Actor, said: str, now: datetime) -> Any:
    """The household that the worker chose from their own list; None for anybody else's."""
    chosen = _HOUSEHOLD.search(said)
    if chosen is None:
        return None
    with state.database.read() as session:
        home = _home_of(session.connection(), chosen[1], now)
    rota = Rota(state.offices.current().directory)
    return home if home and rota.knows(actor, home.area, home.id, now) else None


def _home_of(connection: Any, household_id: str | None, now: datetime) -> homes.Home | None:
    if household_id is None:
        return None
    return homes.of(connection, [household_id], now.astimezone(ZONE).date()).get(household_id)
