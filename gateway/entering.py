"""A contact that somebody types in for another: a caller, a visitor, a partner system's client, a
call that nobody could read. Each goes the one path, like any other."""

import dataclasses
from concurrent.futures import Future
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select, update
from sqlmodel import col

from channels.web import as_written, e164
from gateway import access, holding, recorded
from gateway.access import Actor, Partner
from gateway.cleaning import clean
from gateway.hooks import PATIENCE_SECONDS
from gateway.intake import Call
from gateway.recorded import BadRecord, Recorded
from gateway.state import State
from models.journal import JournalEntry
from models.messages import Inbound, Outcome
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ContactState, Level, Role
from referral import spoken_with
from referral.casework import Refusal, need

TEXT = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]
SHORT = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
LONGEST_KEY = 200
READ_MEANWHILE = "refusal.read_meanwhile"
_AT_THE_DESK = (Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD)


class Entry(BaseModel):
    """What somebody said, typed in by a member of staff. ``key`` makes a second press the same."""

    model_config = ConfigDict(extra="forbid")

    text: TEXT
    channel: Literal["phone", "walk_in"] = "phone"
    sender: SHORT = ""
    name: SHORT = ""
    place: SHORT = ""
    claims: Level | None = None
    confidential: bool = False
    key: SHORT = ""


def enter(
    state: State, actor: Actor, entry: Entry, *, now: datetime, since: datetime | None = None
) -> Outcome:
    """Enter a contact on behalf: at the desk as the caller's own, from the field and the bureaus
    as a report of the one who reports (谁见谁报, Social Assistance Law Art. 39). Who was spoken
    with on the telephone, from ``since`` on where that is known, is not rung back for calls before.
    Call it from a thread. Raises ``Refusal``, ``Busy`` or TimeoutError."""
    access.allow(actor, "add_contact")
    words = need(entry.text, "refusal.words_missing")
    at_desk = actor.role in _AT_THE_DESK
    key = entry.key or f"{state.mint()}"
    number = telephone(entry.sender) if at_desk else actor.login
    extended = as_written(entry.sender) if at_desk else ""
    record = Recorded(
        channel=entry.channel if at_desk else "grid_app",
        external_id=f"{actor.login}:{key}",
        sender=number,
        text=f"{words}\n{extended}" if extended else words,
        at=now,
        place=entry.place or None,
        name=entry.name or None,
        reporter=None if at_desk else actor.login,
        taken_by=actor.login,
        claims=entry.claims,
        confidential=entry.confidential,
    )
    body = orjson.dumps(record.model_dump(mode="json", exclude_defaults=True))
    outcome = state.intake.submit(recorded.call_of(record, body, now)).result(PATIENCE_SECONDS)
    if not outcome.duplicate:
        with acting(state.database, state.mint) as tx:
            query = select(col(HelpRequest.id), col(HelpRequest.number)).where(
                col(HelpRequest.number) == outcome.number
            )
            row = tx.execute(query).first()
            request = dict(row._mapping) if row else None
            tx.event("entered", at=now, by=actor.login, request=request, channel=record.channel)
            if at_desk and entry.channel == "phone":
                spoken_with.end_call_backs(
                    tx, number, since=since or now, now=now, by=actor.login,
                    because="entered_call", entered=record.external_id,
                )  # fmt: skip
    return outcome


def telephone(said: str) -> str:
    """A telephone number in its international form, "" for none. Raises ``Refusal`` (422)."""
    if not said.strip():
        return ""
    number = e164(said)
    if not number:
        raise Refusal("refusal.phone", status=422)
    return number


class Read(BaseModel):
    """What a person made of a call that nobody could read."""

    model_config = ConfigDict(extra="forbid")

    text: TEXT
    place: SHORT = ""
    sender: SHORT = ""
    name: SHORT = ""
    claims: Level | None = None


def finish_held(state: State, actor: Actor, entry_id: int, read: Read, *, now: datetime) -> Outcome:
    """A person types what a held call says: it leaves the pen with the number it was given.

    The words that came stay as they came; what was typed is kept, and marked in the ledger, before
    it is tried. Call it from a thread. Raises ``Refusal`` (also when it was read meanwhile by
    somebody else or by a retry: then nothing typed is entered), ``Busy`` or TimeoutError.
    """
    access.allow(actor, "finish_held")
    words = need(read.text, "refusal.words_missing")
    number = telephone(read.sender)
    with acting(state.database, state.mint) as tx:
        row = tx.execute(
            select(*JournalEntry.__table__.columns).where(  # type: ignore[attr-defined]
                col(JournalEntry.id) == entry_id,
                col(JournalEntry.state) == ContactState.HOLDING_PEN,
            )
        ).first()
        if row is None:
            raise Refusal("refusal.not_found", status=404)
        kept = tx.execute(
            select(*Contact.__table__.columns).where(  # type: ignore[attr-defined]
                col(Contact.journal_id) == entry_id,
                col(Contact.state) == ContactState.HOLDING_PEN,
            )
        ).all()
        tx.event(
            "held_read", at=now, by=actor.login, of_call=entry_id, held_as=row.number, words=words
        )
    call = _call(state, row, kept, read=read, words=words, number=number, now=now)
    outcome = state.intake.submit(call).result(PATIENCE_SECONDS)
    if outcome.held:
        raise Refusal("refusal.still_held")
    if outcome.duplicate:
        raise Refusal(READ_MEANWHILE, {"number": outcome.number or ""})
    with acting(state.database, state.mint) as tx:
        tx.execute(
            update(Task)
            .where(col(Task.journal_id) == entry_id, col(Task.done_by) == "system")
            .values(done_by=actor.login)
        )
    return outcome


def _call(
    state: State,
    row: Any,
    kept: Any,
    *,
    read: Read,
    words: str,
    number: str,
    now: datetime,
) -> Call:
    """The held call once more: the contacts that were kept, the first in the typed words."""
    channel = state.channels.get(row.channel)
    found = [
        Inbound(
            external_id=contact.external_id,
            sender=contact.sender,
            text=contact.text,
            at=contact.said_at,
            place=contact.place,
            name=contact.name,
            reporter=contact.reporter,
        )
        for contact in kept
    ] or [Inbound(f"held:{row.id}", number, "", at=row.received_at)]
    found[0] = dataclasses.replace(
        found[0],
        text=words,
        place=read.place or found[0].place,
        name=read.name or found[0].name,
        claims=read.claims,
        reply_to=number or None,
    )
    kind = channel.address_kind if channel else recorded.SOURCES.get(row.channel, "tel")
    return Call(
        channel=row.channel,
        source=channel.source if channel else row.channel,
        address_kind=kind,
        raw=holding.raw_of(row),
        now=now,
        digest=bytes(row.digest),
        provider_key=row.provider_key,
        happenings=[clean(one) for one in found],
        adapter=channel,
        kept=holding.entry_row(row),
        number=row.number,
        code=row.code,
    )


def receive(
    state: State, partner: Partner, key: str | None, body: bytes, *, now: datetime
) -> "Future[Outcome]":
    """A recorded contact from a partner system. The same key is the same contact.

    Raises ``Refusal``: 403 without the scope, 409 for a key used for other content, 422 in one
    sentence for a body or key that cannot be used; ``Busy``.
    """
    if "contacts:write" not in partner.scopes:
        raise Refusal("refusal.scope", {"scope": "add_contact"}, 403)
    if not key or not key.strip() or len(key) > LONGEST_KEY:
        raise Refusal("refusal.key_missing", status=422)
    try:
        record = recorded.read(body)
    except BadRecord as bad:
        raise Refusal("refusal.body", {"what": str(bad)}, 422) from None
    if record.channel not in recorded.SOURCES and record.channel not in state.channels:
        raise Refusal("refusal.channel", {"channel": record.channel}, 422)
    require_same(state, partner, key, body)
    kinds = {name: channel.address_kind for name, channel in state.channels.items()}
    call = recorded.call_of(
        record,
        body,
        now,
        provider_key=f"{partner.name}:{key}",
        kinds={**recorded.SOURCES, **kinds},
        url=f"{recorded.PARTNER}{partner.name}",
    )
    call.origin = "partner", partner.name
    return state.intake.submit(call)


def require_same(state: State, partner: Partner, key: str | None, body: bytes) -> None:
    """Raise ``Refusal`` (409) when this key came before with other content."""
    with state.database.read() as session:
        kept = session.connection().execute(
            select(col(JournalEntry.body)).where(
                col(JournalEntry.provider_key) == f"{partner.name}:{key}"
            )
        )
        if any(bytes(row.body) != body for row in kept):
            raise Refusal("refusal.key_reused", status=409)
