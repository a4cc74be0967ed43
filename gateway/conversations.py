"""Dialogues, delivery reports and repeats: what a call may be besides a contact."""

import dataclasses
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlmodel import col

from gateway import calls, guessing, routes
from models import dialogues, numbers, outbox
from models.access import OneTimeKey, hashed
from models.messages import (
    Ask,
    Correspondent,
    DeliveryReport,
    Inbound,
    Lookup,
    Outcome,
    Step,
    Turn,
)
from models.people import Address
from models.requests import FormerNumber, HelpRequest
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, OutboxState, TaskKind
from referral import telling, wording
from referral.directory import HOTLINE, ZONE
from referral.joined import master_of
from referral.office import Office
from triage.redact import redact

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Recall

_STEPS = TypeAdapter(tuple[Step, ...])
MAX_LOOKUPS = 3


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a repeated call is answered: the same as the first time."""

    number: str | None
    code: str | None
    outcome: Mapping[str, Any] | None

    @classmethod
    def of(cls, entry: Row, outcome: Outcome) -> "Earlier":
        """The memory of a call of the same batch."""
        return cls(outcome.number, outcome.code, entry["outcome"])


def remembered(outcome: Outcome) -> dict[str, Any]:
    """What the journal keeps of an outcome, so that a repeat gets the same answer."""
    kept: dict[str, Any] = {"opened": outcome.opened, "held": outcome.held}
    if outcome.level:
        kept["level"] = outcome.level
    if outcome.language != "zh-CN":
        kept["language"] = outcome.language
    if outcome.steps:
        kept["steps"] = _STEPS.dump_python(outcome.steps, mode="json")
    return kept


def repeated(earlier: Any) -> Outcome:
    """The outcome of the first delivery, marked as a repeat."""
    kept = earlier.outcome or {}
    level = kept.get("level")
    return Outcome(
        number=earlier.number,
        code=earlier.code,
        opened=bool(kept.get("opened")),
        held=bool(kept.get("held")),
        duplicate=True,
        level=Level(level) if level else None,
        language=kept.get("language", "zh-CN"),
        steps=_STEPS.validate_python(kept.get("steps", ())),
    )


def met_before(contact: Any) -> Outcome:
    """The outcome for words that came already, by another call."""
    code = contact.code_in_pen or contact.code_of_request
    return Outcome(number=contact.number, code=code, duplicate=True)


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
    place = (call.channel, turn.conversation)
    state = dict(known.states.get(place) or {})
    who = known.people.get((call.address_kind, turn.sender))
    talking = Correspondent(
        staff=who.staff if who else None,
        open_number=who.open_requests[0]["number"] if who and who.open_requests else None,
    )
    outcome = Outcome()
    steps: list[Step] = []
    for _ in range(MAX_LOOKUPS):
        step = dialogue.step(state, turn, talking)
        steps.append(dataclasses.replace(step, state=None, contact=None, lookup=None))
        if step.contact is not None:
            outcome = contact(tx, call, step.contact, entry=entry, known=known)
        if step.lookup is None:
            break
        state = dict(step.state or {})
        answer = _look_up(tx, office, step.lookup, call=call, turn=turn, known=known)
        turn = dataclasses.replace(turn, known=answer)
        talking = dataclasses.replace(talking, staff=answer.get("staff") or talking.staff)
    known.states[place] = dict(step.state) if step.state is not None else None
    dialogues.remember(tx, *place, state=known.states[place], now=call.now)
    if call.address_kind == "tel":
        calls.hear(tx, call.channel, turn, step, outcome, call.now)
    if call.adapter is not None and step.line is None:
        _say(tx, office, call, turn, steps=steps, outcome=outcome)
    return dataclasses.replace(outcome, steps=tuple(steps))


def _say(
    tx: Transaction,
    office: Office,
    call: "Call",
    turn: Turn,
    *,
    steps: list[Step],
    outcome: Outcome,
) -> None:
    """In a chat, what the dialogue says goes through the outbox like everything else."""
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
        request=None,
        reply=reply,
        now=call.now,
        language=language,
        params={**shared, **says[0].params},
        buttons=buttons,
        text="\n".join(words),
    )


def _look_up(
    tx: Transaction,
    office: Office,
    lookup: Lookup,
    *,
    call: "Call",
    turn: Turn,
    known: "Recall",
) -> dict[str, str]:
    match lookup.ask:
        case Ask.STATUS:
            number = numbers.normal(lookup.params.get("number", "")) or ""
            what = {"status number": number, "sender": f"{call.channel}{turn.sender}"}
            names = [guessing.named(office.guessing_key, *one) for one in what.items()]
            tries = guessing.count_try(tx, dict.fromkeys(names, guessing.TRIES), call.now)
            code = lookup.params.get("code", "")
            found = status_of(tx, office, number, code) if tries else {"found": ""}
            guessing.forgive(tx, tries if found["found"] else ())
            return found
        case Ask.BIND:
            return _bind(tx, call, turn, known, lookup.params.get("code", ""))


_STANDING = select(
    col(HelpRequest.id),
    col(HelpRequest.code),
    col(HelpRequest.status),
    col(HelpRequest.lead_bureau),
    col(HelpRequest.queue_key),
    col(HelpRequest.merged_into),
)


def status_of(tx: Any, office: Office, number: str, code: str) -> dict[str, str]:
    """Stage, unit and due time for a number with its code; the same {} for wrong and unknown."""
    row = tx.execute(_STANDING.where(col(HelpRequest.number) == number)).first()
    if row is None or not _same(row.code, code):
        former = tx.execute(
            select(col(FormerNumber.request_id), col(FormerNumber.code)).where(
                col(FormerNumber.number) == number
            )
        ).first()
        if former is None or not _same(former.code, code):
            return {"found": ""}
        row = tx.execute(_STANDING.where(col(HelpRequest.id) == former.request_id)).one()
    leads = master_of(tx, row._mapping)
    unit = office.directory.unit.get(leads["lead_bureau"])
    return {
        "found": "1",
        "status": row.status,
        "unit": unit.name_zh if unit else office.hotline,
        "due": wording.when(due_of(leads["queue_key"]), "zh-CN"),
    }


def _same(kept: str, given: str) -> bool:
    return hmac.compare_digest(kept.encode(), given.encode())


def due_of(queue_key: str) -> datetime:
    """The due time that a queue key carries."""
    return datetime.strptime(queue_key.split("|")[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _bind(tx: Transaction, call: "Call", turn: Turn, known: "Recall", code: str) -> dict[str, str]:
    """Bind this chat to the account that the one-time code was made for. A code works once."""
    found = tx.execute(
        select(col(OneTimeKey.hash), col(OneTimeKey.login)).where(
            col(OneTimeKey.hash) == hashed(code),
            col(OneTimeKey.purpose) == "bind",
            col(OneTimeKey.used_at).is_(None),
            col(OneTimeKey.expires_at) > call.now,
        )
    ).first()
    if found is None:
        return {"staff": ""}
    who = known.meet(tx, call.address_kind, turn.sender, call.now)
    known.people[(call.address_kind, turn.sender)] = dataclasses.replace(who, staff=found.login)
    tx.later(update(Address).where(col(Address.id) == who.address_id).values(staff=found.login))
    tx.later(update(OneTimeKey).where(col(OneTimeKey.hash) == found.hash).values(used_at=call.now))
    tx.event("chat_bound", at=call.now, by=found.login, channel=call.channel)
    return {"staff": found.login}


def report(tx: Transaction, office: Office, call: "Call", happening: DeliveryReport) -> None:
    """What became of a message of ours; a final failure becomes a task for a person."""
    row = outbox.report(
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
