"""The holding pen: calls that were kept but not understood wait here, visibly, for a retry or a
person. Nothing in it is lost, closed or answered for good by software."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway.conversations import Earlier, remembered
from models import journal, numbers
from models.likenesses import WAITING, RepeatKey
from models.messages import Inbound, Outcome, Raw, Turn
from models.requests import Contact, FormerNumber, HelpRequest
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import ContactState, TaskKind
from referral import telling, wording
from referral.directory import HOTLINE, ZONE
from referral.office import Office
from triage.assess import Assessment

if TYPE_CHECKING:
    from gateway.intake import Call

READ_WITHIN = timedelta(minutes=10)
"""A text nobody could read is urgent until somebody has read it (domain note 3e.2: when unsure,
a human within ten minutes)."""


def hold(tx: Transaction, office: Office, call: "Call", *, entry: Row, error: Exception) -> Outcome:
    """Put a call into the pen: number, error, next try, a task for a person, word to the sender."""
    again = entry["attempts"] + 1
    number = entry["number"] or tx.next_number(call.now.astimezone(ZONE).date())
    code = entry["code"] or numbers.code()
    outcome = Outcome(number=number, code=code, held=True)
    changes = {
        "state": ContactState.HOLDING_PEN,
        "attempts": again,
        "next_at": journal.next_try(call.now, again),
        "error": kind_of(error),
        "number": number,
        "code": code,
        "outcome": remembered(outcome),
    }
    entry.update(changes)
    if call.kept is not None:
        journal.finish(tx, entry["id"], **changes)
        return outcome
    for happening in call.happenings:
        inbound = happening.message if isinstance(happening, Turn) else happening
        if isinstance(inbound, Inbound):
            _keep_words(tx, office, call, entry=entry, inbound=inbound)
    desk = office.directory.responsible(HOTLINE, None, call.now.astimezone(ZONE).date())
    tx.add(
        Task,
        id=tx.mint(),
        kind=TaskKind.UNREADABLE,
        unit=desk.code if desk else HOTLINE,
        number=number,
        journal_id=entry["id"],
        urgent=True,
        note=type(error).__name__,
        opened_at=call.now,
        due_at=call.now + READ_WITHIN,
    )
    tx.event("held", at=call.now, journal=entry["id"], held_as=number, error=type(error).__name__)
    return outcome


def kind_of(error: BaseException) -> str:
    """What went wrong and where, "ValueError at triage.reading:41". What an exception says itself
    is left out: it may hold words of the one who rang."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    if found is None:
        return type(error).__name__
    module = found.tb_frame.f_globals.get("__name__", "?")
    return f"{type(error).__name__} at {module}:{found.tb_lineno}"


def _keep_words(
    tx: Transaction, office: Office, call: "Call", *, entry: Row, inbound: Inbound
) -> None:
    tx.add(
        Contact,
        id=tx.mint(),
        journal_id=entry["id"],
        channel=call.channel,
        external_id=inbound.external_id,
        sender=inbound.sender,
        name=inbound.name,
        text=inbound.text,
        said_at=inbound.at or call.now,
        received_at=call.now,
        place=inbound.place,
        reporter=inbound.reporter,
        state=ContactState.HOLDING_PEN,
        error=entry["error"],
    )
    reply = office.reply_to(call.address_kind, inbound)
    if reply is None:
        return
    request = {"number": entry["number"], "code": entry["code"]}
    language = inbound.language or "zh-CN"
    params = wording.params(
        office,
        request,
        unit=None,
        officer=None,
        due=call.now + READ_WITHIN,
        language=language,
    )
    telling.post(
        tx,
        office,
        "held",
        request=None,
        reply=reply,
        now=call.now,
        language=language,
        params=params,
        urgent=_is_from(call, inbound),
    )


def _is_from(call: "Call", inbound: Inbound) -> bool:
    """Whether the answer goes to whoever the network says has written, or staff have spoken to; to
    a number that was only typed it is an ordinary message, with the caps of those. The task for a
    person is urgent either way."""
    typed = call.source == "web_form" or (call.provider_key is not None and call.adapter is None)
    return not typed and not inbound.reply_to


def finished(tx: Transaction, call: "Call", *, entry: Row, outcome: Outcome) -> None:
    """Write into the journal what a call was answered."""
    changes = {
        "state": ContactState.HANDLED,
        "outcome": remembered(outcome),
        "next_at": None,
        "error": None,
    }
    entry.update(changes)
    if call.kept is None:
        entry.update(number=outcome.number, code=outcome.code)
        return
    # The number and code that the citizen was given in the pen stay good for ever, also when the
    # words turned out to belong to an older request.
    journal.finish(
        tx,
        entry["id"],
        **changes,
        request_id=entry["request_id"],
        attempts=entry["attempts"] + 1,
    )
    if outcome.number != entry["number"] and (leads_to := _own(tx, entry, outcome)):
        tx.add(FormerNumber, number=entry["number"], code=entry["code"], request_id=leads_to)
    tx.later(
        update(Task)
        .where(col(Task.journal_id) == entry["id"], col(Task.done_at).is_(None))
        .values(done_at=call.now, done_by="system")
    )
    tx.event("understood", at=call.now, journal=entry["id"], held_as=entry["number"])


def _own(tx: Transaction, entry: Row, outcome: Outcome) -> int | None:
    """The request to which the number of the pen leads: the writer's own, not that of somebody else
    to which it was joined. None for who has no code of it, as a field worker who names it."""
    if not (outcome.number and outcome.code and entry["request_id"]):
        return None
    own = select(col(HelpRequest.id)).where(col(HelpRequest.number) == outcome.number)
    found: int = tx.execute(own).scalar() or entry["request_id"]  # opened in this transaction
    return found


def left_meanwhile(call: "Call") -> Earlier | None:
    """What a call was answered that left the pen before its turn came, by somebody else or by
    another process; None for any other."""
    kept = call.kept
    if kept is None or kept["state"] != ContactState.HANDLED:
        return None
    return Earlier(kept["number"], kept["code"], kept["outcome"])


def release(tx: Transaction, contact_id: int, *, request_id: int, assessment: Assessment) -> None:
    """A contact leaves the pen: the same row, now with its request and its assessment."""
    tx.add(RepeatKey, hash=WAITING, contact_id=contact_id)
    tx.later(
        update(Contact)
        .where(col(Contact.id) == contact_id)
        .values(
            state=ContactState.HANDLED,
            request_id=request_id,
            error=None,
            level=assessment.level,
            assessment=assessment.as_json(),
        )
    )


def raw_of(entry: Any) -> Raw:
    """The call as it came, from its journal row."""
    return Raw(entry.url, bytes(entry.body), dict(entry.headers), entry.query, entry.part)


def due_entries(session: Any, now: datetime) -> list[Any]:
    """Rows of the pen whose next try has come."""
    return list(session.connection().execute(journal.unfinished(now)).all())


def entry_row(row: Any) -> Row:
    """A journal row as intake works with it."""
    return dict(row._mapping)
