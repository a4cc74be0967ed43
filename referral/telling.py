"""What is said, to the citizen and to the unit that must act, and what waits for a person.

Everything said goes through ``post``: worded and checked in the transaction that owes it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, OutboxState, TaskKind
from referral import clocks, wording
from referral.directory import HOTLINE, ZONE, Answerable, Unit
from referral.office import Arrival, Office, Reply


def next_word(office: Office, arrival: Arrival, level: Level) -> datetime:
    """By when the person hears the next word from a human."""
    name = "CLK-URGENT-CONTACT" if level.is_urgent else "CLK-CONTACT"
    rule = office.policy.clock(name)
    return clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar).at


def by_when(office: Office, name: str, now: datetime, case: str = "") -> datetime:
    """When a promise made now falls due."""
    rule = office.policy.clock(name, case, now.astimezone(ZONE).date())
    return clocks.due(now, rule.amount, rule.measure, office.policy.calendar).at


def say(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    request: Mapping[str, Any],
    phrase: str,
    *,
    due: datetime,
    unit: Unit | None = None,
) -> None:
    reply = arrival.reply
    if reply is None:
        return
    officer = office.directory.officer.get(request["first_responder"])
    unit = unit or office.directory.unit.get(request["holder_unit"])
    post(
        tx,
        office,
        phrase,
        request=request,
        reply=reply,
        now=arrival.now,
        language=arrival.language,
        params=wording.params(
            office,
            request,
            unit=unit,
            officer=officer,
            due=due,
            language=arrival.language,
            understood=request["summary"],
            lines=tuple(line for line in arrival.assessment.handoff if line in wording.EVERY_LINE),
        ),
        urgent=Level(request["level"]).is_urgent,
        stopped=arrival.stopped,
    )


def notify(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    holder: Answerable,
    *,
    due: datetime,
    now: datetime,
    urgent: bool,
) -> None:
    """Tell the holder that there is an order."""
    tell_staff(tx, office, "staff_new_referral", request, holder, due=due, now=now, urgent=urgent)


def tell_staff(
    tx: Transaction,
    office: Office,
    phrase: str,
    request: Mapping[str, Any],
    reader: Answerable,
    *,
    due: datetime,
    now: datetime,
    urgent: bool | None = None,
    **more: str,
) -> None:
    """Tell a member of staff; by the duty telephone when they have none of their own."""
    address = reader.officer.phone or reader.unit.duty_phone
    way = office.ways.get("tel")
    if not address or way is None:
        return
    officer = office.directory.officer.get(request["first_responder"])
    unit, language = reader.unit, "zh-CN"
    params = wording.params(office, request, unit=unit, officer=officer, due=due, language=language)
    post(
        tx,
        office,
        phrase,
        request=request,
        reply=Reply(way, address),
        now=now,
        language=language,
        params={**params, **more},
        urgent=Level(request["level"]).is_urgent if urgent is None else urgent,
        staff=reader.officer.login,
    )


def post(
    tx: Transaction,
    office: Office,
    phrase: str,
    *,
    request: Mapping[str, Any] | None,
    reply: Reply,
    now: datetime,
    language: str,
    params: Mapping[str, str],
    urgent: bool = False,
    stopped: bool = False,
    staff: str | None = None,
    buttons: Sequence[tuple[str, str]] = (),
    text: str | None = None,
) -> Row:
    """Put one message into the outbox, worded and checked now, sent after the commit.

    A person who asked us to stop is respected, except for the safety messages of an open urgent
    case: somebody must be able to tell them that help is coming, or to leave the building (Civil
    Code Art. 1005, the duty to rescue; a stop-word withdraws from messages, not from rescue).
    What is therefore not sent about a request waits for somebody to say it another way.
    """
    suppressed = stopped and not urgent
    message = tx.add(
        Outgoing,
        id=tx.mint(),
        request_id=request["id"] if request else None,
        number=request["number"] if request else None,
        person_id=request["person_id"] if request and not staff else None,
        staff=staff,
        channel=reply.way.channel,
        address=reply.address,
        phrase=phrase,
        params={name: params[name] for name in office.kept_params(phrase) if name in params},
        buttons=[list(button) for button in buttons] or None,
        language=language,
        text=text or wording.say(office, phrase, params, reply.way.form, language),
        urgent=urgent,
        safety=stopped and urgent,
        state=OutboxState.SUPPRESSED if suppressed else OutboxState.READY,
        posted_at=now,
        next_at=None if suppressed else now,
    )
    if suppressed and request and reply.address and not staff:
        _say_another_way(tx, office, request, message, now)
    return message


ATTACHED, GOES_ON = "attached", "attached_goes_on"
"""What says that words have come and belong to the request: before and after somebody has spoken
with the person."""


def _say_another_way(
    tx: Transaction, office: Office, request: Mapping[str, Any], message: Row, now: datetime
) -> None:
    """Who asked us to stop has a request all the same: the desk is asked to reach them by a call or
    a visit, once while it has not done so. What comes after that is said another way again, but for
    the word that what they wrote has come."""
    kind = TaskKind.TELL_STOPPED
    just_now = any((t["kind"], t["request_id"]) == (kind, request["id"]) for t in tx.added(Task))
    asked = select(col(Task.id)).where(
        col(Task.request_id) == request["id"], col(Task.kind) == kind
    )
    if message["phrase"] not in (ATTACHED, GOES_ON):
        asked = asked.where(col(Task.done_at).is_(None))
    if just_now or tx.execute(asked).first() is not None:
        return
    desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    tx.add(
        Task,
        id=tx.mint(),
        kind=kind,
        unit=desk.code if desk else HOTLINE,
        request_id=request["id"],
        number=request["number"],
        outbox_id=message["id"],
        opened_at=now,
        due_at=by_when(office, "CLK-CONTACT", now),
    )
    tx.event("undelivered", at=now, request=dict(request), outbox=message["id"])


def ask(
    tx: Transaction,
    office: Office,
    kind: TaskKind,
    request: Mapping[str, Any],
    *,
    now: datetime,
    due: datetime,
    note: str = "",
    urgent: bool = False,
    unit: str | None = None,
) -> None:
    """Let work wait visibly for the desk, or for the people of ``unit``."""
    desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    tx.add(
        Task,
        id=tx.mint(),
        kind=kind,
        unit=unit or (desk.code if desk else request["first_unit"]),
        request_id=request["id"],
        number=request["number"],
        urgent=urgent or Level(request["level"]).is_urgent,
        note=note,
        opened_at=now,
        due_at=due,
    )


BECOMES = " → "
"""Between who had something and who has it now, in the note of such work: two accounts."""


def ask_once(
    tx: Transaction,
    kind: TaskKind,
    *,
    unit: str,
    note: str,
    now: datetime,
    request: Mapping[str, Any] | None = None,
    urgent: bool = False,
) -> bool:
    """Ask the people of a unit to see to something, unless they are asked already, by this
    transaction too; whether they were asked now."""
    asked = {
        "kind": kind, "unit": unit, "request_id": request["id"] if request else None, "note": note,
        "done_at": None,
    }  # fmt: skip
    if any(all(task[name] == value for name, value in asked.items()) for task in tx.added(Task)):
        return False
    standing = tx.execute(
        select(col(Task.note)).where(
            col(Task.kind) == kind,
            col(Task.unit) == unit,
            col(Task.request_id).is_not_distinct_from(asked["request_id"]),
            col(Task.done_at).is_(None),
        )
    ).scalars()
    if note in standing:
        return False
    number = request["number"] if request else None
    tx.add(Task, id=tx.mint(), number=number, urgent=urgent, opened_at=now, due_at=now, **asked)
    return True
