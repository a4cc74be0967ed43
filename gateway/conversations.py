"""Dialogues, delivery reports and repeats: what a call may be besides a contact."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from gateway import calls, edits, lookups, routes
from gateway.progress_told import KEPT
from models import dialogues, receipts
from models.messages import (
    Correspondent,
    DeliveryReport,
    Inbound,
    Line,
    Outcome,
    Raw,
    Say,
    Step,
    Turn,
)
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, OutboxState, TaskKind
from referral import telling, word_given
from referral.directory import HOTLINE, ZONE
from referral.office import Office
from triage.redact import redact

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Recall

_STEPS = TypeAdapter(tuple[Step, ...])
MAX_LOOKUPS = 3


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a repeated call is answered: the same as the first time. ``raw`` is that one as it
    came."""

    number: str | None
    code: str | None
    outcome: Mapping[str, Any] | None
    digest: bytes = b""
    raw: Raw | None = None

    @classmethod
    def of(cls, entry: Row, outcome: Outcome, call: "Call") -> "Earlier":
        """The memory of a call of the same batch."""
        return cls(outcome.number, outcome.code, entry["outcome"], call.digest, call.raw)


def remembered(outcome: Outcome) -> dict[str, Any]:
    """What the journal keeps of an outcome, so that a repeat gets the same answer."""
    kept: dict[str, Any] = {"opened": outcome.opened, "held": outcome.held}
    if outcome.level:
        kept["level"] = outcome.level
    if outcome.language != "zh-CN":
        kept["language"] = outcome.language
    if outcome.steps:
        kept["steps"] = _STEPS.dump_python(tuple(map(_by_name, outcome.steps)), mode="json")
    return kept


def _by_name(step: Step) -> Step:
    """The step with the messages that it tells again only by their names: what stands in the
    journal's outcome is no place for somebody's answer."""
    says = tuple(
        dataclasses.replace(say, params={KEPT: say.params[KEPT]}) if KEPT in say.params else say
        for say in step.says
    )
    return dataclasses.replace(step, says=says)


def repeated(tx: Transaction, office: Office, call: "Call", earlier: Any) -> Outcome:
    """The outcome of the first delivery, marked as a repeat."""
    kept = earlier.outcome or {}
    level = kept.get("level")
    outcome = Outcome(
        number=earlier.number,
        code=earlier.code,
        opened=bool(kept.get("opened")),
        held=bool(kept.get("held")),
        duplicate=True,
        level=Level(level) if level else None,
        language=kept.get("language", "zh-CN"),
        steps=_STEPS.validate_python(kept.get("steps", ())),
    )
    return lookups.told_again(tx, office, outcome, call.adapter.form) if call.adapter else outcome


def met_before(contact: Any) -> Outcome:
    """The outcome for words that came already, by another call."""
    code = contact.code_in_pen or contact.code_of_request
    return Outcome(number=contact.number, code=code, duplicate=True)


def _plain(step: Step) -> Step:
    """A step as it is told and kept: only what is said and done on the line."""
    return dataclasses.replace(
        step, state=None, contact=None, lookup=None, number_as="", if_danger=None, promise="",
        otherwise="",
    )  # fmt: skip


def _fitting(
    tx: Transaction, office: Office, call: "Call", step: Step, outcome: Outcome, entry: Row
) -> Step:
    """The step as it fits the contact that was entered: what is done in danger to life, and of what
    is urgent who comes by when, else what is said to who cannot be told in another way. Who reports
    for another is promised something else, who is put through hears it from a person."""
    said, promise, level = step.contact, step.promise, outcome.level
    if step.if_danger is not None and level is Level.LIFE_THREAT:
        step = step.if_danger
    told = promise and step.line is not Line.CONNECT and not (said and said.reporter)
    if not told or level is None:
        return step
    promises = word_given.urgent
    if not level.is_urgent:
        promise, promises = step.otherwise, word_given.unreached
    params = promise and promises(
        tx, office, entry["request_id"], level, language=outcome.language, now=call.now
    )
    says = step.says[:1] + ((Say(promise, params),) if params else ()) + step.says[1:]
    return dataclasses.replace(step, says=says)


def turn(
    tx: Transaction,
    office: Office,
    call: "Call",
    turn: Turn,
    *,
    known: "Recall",
    contact: Callable[..., Outcome],
    entry: Row,
) -> Outcome:
    """One step of a dialogue: state in, step out; a contact in it is entered before it is told."""
    dialogue = call.adapter.dialogue if call.adapter else None
    if dialogue is None:
        raise ValueError(f"channel {call.channel} has turns but no dialogue")
    before = edits.said_before(tx, call.channel, turn.edits) if turn.edits else None
    if before is not None and turn.message and before.is_same(turn.message):
        return Outcome()
    about = _about(tx, call, turn, before=before, known=known)
    place = (call.channel, turn.conversation)
    state = dict(known.states.get(place) or {})
    who = known.people.get((call.address_kind, turn.sender))
    talking = Correspondent(
        staff=who.staff if who else None,
        open_number=who.open_requests[0]["number"] if who and who.open_requests else None,
    )
    call.talk = turn.conversation if call.address_kind == "tel" else ""
    turn = dataclasses.replace(turn, received_at=call.now)
    outcome, refused, of = Outcome(), "", None
    steps: list[Step] = []
    for _ in range(MAX_LOOKUPS):
        step = dialogue.step(state, turn, talking)
        steps.append(_plain(step))
        if step.contact is not None:
            said = step.contact
            if about is not None and not said.about:
                said = dataclasses.replace(said, about=about)
            known.look_up(tx, call, said)
            outcome = contact(tx, call, said, entry=entry, known=known)
            step = _fitting(tx, office, call, step, outcome, entry)
            steps[-1] = _plain(step)
            if step.number_as:
                numbered = {**(step.state or {}), step.number_as: outcome.number or ""}
                step = dataclasses.replace(step, state=numbered)
        if step.lookup is None:
            break
        state = dict(step.state or {})
        found = lookups.answer(tx, office, step.lookup, call=call, turn=turn, known=known)
        refused, of = found.refused or refused, found.about or of
        outcome = dataclasses.replace(outcome, language=found.language or outcome.language)
        turn = dataclasses.replace(turn, known=found.known)
        talking = dataclasses.replace(talking, staff=found.known.get("staff") or talking.staff)
    known.states[place] = dict(step.state) if step.state is not None else None
    dialogues.remember(tx, *place, state=known.states[place], now=call.now)
    if call.address_kind == "tel":
        calls.hear(tx, call.channel, turn, step, call.now)
    if call.adapter is not None and step.line is None:
        _say(tx, office, call, turn, steps=steps, outcome=outcome, of=of)
    return dataclasses.replace(outcome, steps=tuple(steps), refused=refused)


def _about(
    tx: Transaction, call: "Call", turn: Turn, *, before: edits.Said | None, known: "Recall"
) -> str | None:
    """The number of the request that an edited message's words are part of; None where it is none
    of ours, and for what is no edit."""
    who = known.people.get((call.address_kind, turn.sender))
    if before is None:
        request_id = edits.request_of_report(tx, call.channel, turn, who)
    else:
        request_id = before.request_id
    if request_id is None:
        return None
    return edits.number_for(tx, request_id, who)


def _say(
    tx: Transaction,
    office: Office,
    call: "Call",
    turn: Turn,
    *,
    steps: list[Step],
    outcome: Outcome,
    of: Mapping[str, Any] | None,
) -> None:
    """In a chat, what the dialogue says goes through the outbox like everything else. What it tells
    ``of`` a request goes with that request when it is erased, whoever asked."""
    said = turn.message or Inbound(turn.external_id, turn.sender, "")
    reply = office.reply_to(call.address_kind, said)
    if reply is None:
        return
    language = outcome.language
    says = [say for step in steps for say in step.says]
    if not says:
        return
    shared = {"hotline": office.hotline, "number": outcome.number or ""}
    words = [
        office.phrases.say(say.phrase, {**shared, **say.params}, reply.way.form, language)
        for say in says
    ]
    buttons = [
        (value, office.phrases.say(label, {}, reply.way.form, language))
        for say in says
        for value, label in say.buttons
    ]
    telling.post(
        tx,
        office,
        says[0].phrase,
        request={**of, "person_id": None} if of else None,
        reply=reply,
        now=call.now,
        language=language,
        params={**shared, **says[0].params},
        buttons=buttons,
        text="\n".join(words),
    )


def report(tx: Transaction, office: Office, call: "Call", happening: DeliveryReport) -> None:
    """What became of a message of ours; a final failure becomes a task for a person."""
    row = receipts.report(
        tx,
        call.channel,
        happening.provider_id,
        reference=happening.reference,
        state=happening.state,
        at=happening.at or call.now,
        error=happening.error,
        patience=routes.patience(office),
    )
    if row is None or happening.state is not OutboxState.FAILED:
        return
    goes_on = row.urgent and row.state == OutboxState.SENT  # it is due again: by the next route
    if goes_on or row.state in (OutboxState.FAILED, OutboxState.DELIVERED):
        return
    undelivered(tx, office, row, now=call.now, error=happening.error or "")


def undelivered(tx: Transaction, office: Office, row: Any, *, now: datetime, error: str) -> None:
    """A message that could not be said waits for somebody to say it."""
    desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    tx.add(
        Task,
        id=tx.mint(),
        kind=TaskKind.UNDELIVERED,
        unit=desk.code if desk else HOTLINE,
        request_id=row.request_id,
        number=row.number,
        outbox_id=row.id,
        urgent=bool(row.urgent),
        note=redact(error)[:200],
        opened_at=now,
        due_at=now + timedelta(minutes=10 if row.urgent else 120),
    )
    request = {"id": row.request_id, "number": row.number} if row.request_id else None
    tx.event("undelivered", at=now, request=request, outbox=row.id)
