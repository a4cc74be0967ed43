"""What a dialogue asks of the system: how a request stands, and whose account a code binds.

Both are opened by a few digits, so both are guessed at. Every try is counted before it is looked
at; whoever has to wait is answered like whoever was wrong, so that no answer says what there is.
"""

import dataclasses
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import guessing
from models import numbers
from models.access import OneTimeKey, hashed
from models.journal import UNFINISHED, JournalEntry
from models.messages import Ask, Lookup, Turn
from models.people import Address
from models.places import Staff
from models.requests import FormerNumber, HelpRequest
from models.tasks import Task
from models.transaction import Transaction
from models.vocabulary import Status
from referral import wording
from referral.joined import master_of
from referral.office import Office

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Recall

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the dialogue is told. ``refused`` is what the figures are told: "" where the try was
    right, else which kind of code was wrong, or "pause" where nothing was tried."""

    known: Mapping[str, str]
    refused: str = ""


def answer(
    tx: Transaction, office: Office, lookup: Lookup, *, call: "Call", turn: Turn, known: "Recall"
) -> Found:
    """The answer to a lookup, and whether it was a wrong guess."""
    code = lookup.params.get("code", "")
    sender = f"{call.channel}{turn.sender}"
    match lookup.ask:
        case Ask.STATUS:
            number = numbers.normal(lookup.params.get("number", "")) or ""
            what = (("status_number", number), ("status_sender", sender))
            tried = guessing.attempt_in(tx, office.guessing_key, what, call.now)
            found = status_of(tx, office, number, code) if tried else {"found": ""}
            right, wrong = bool(found["found"]), "code"
        case Ask.BIND:
            what = (("bind_sender", sender), ("bind_all", ""))
            tried = guessing.attempt_in(tx, office.guessing_key, what, call.now)
            found = _bind(tx, call, turn, known, code, may=bool(tried))
            right, wrong = bool(found["staff"]), "bind_code"
    if right:
        guessing.forgive(tx, tried)
        return Found(found)
    refused = wrong if tried else "pause"
    log.warning("refused", extra={"why": refused, "channel": call.channel})
    return Found(found, refused)


_STANDING = select(
    col(HelpRequest.id),
    col(HelpRequest.code),
    col(HelpRequest.status),
    col(HelpRequest.lead_bureau),
    col(HelpRequest.queue_key),
    col(HelpRequest.merged_into),
)


_HELD = (
    select(col(JournalEntry.code), col(Task.due_at))
    .outerjoin(Task, col(Task.journal_id) == col(JournalEntry.id))
    .where(UNFINISHED)
    .order_by(col(Task.id))
)


def status_of(tx: Any, office: Office, number: str, code: str) -> dict[str, str]:
    """Stage, unit and due time for a number with its code; the same {} for wrong and unknown. What
    waits in the holding pen is received, and due when somebody has read it."""
    held = tx.execute(_HELD.where(col(JournalEntry.number) == number)).first()
    if held is not None and _same(held.code or "", code):
        due = wording.when(held.due_at, "zh-CN") if held.due_at else ""
        return {"found": "1", "status": Status.RECEIVED, "unit": "", "due": due}
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


def _bind(
    tx: Transaction, call: "Call", turn: Turn, known: "Recall", code: str, *, may: bool
) -> dict[str, str]:
    """Bind this chat to the account that the one-time code was made for, while it is open. A code
    works once; one that comes while its sender has to wait binds nothing and is spent as well, for
    the words of a chat are read by others."""
    spent = update(OneTimeKey).where(
        col(OneTimeKey.hash) == hashed(code),
        col(OneTimeKey.purpose) == "bind",
        col(OneTimeKey.used_at).is_(None),
        col(OneTimeKey.expires_at) > call.now,
        col(OneTimeKey.login).in_(select(col(Staff.login)).where(col(Staff.disabled_at).is_(None))),
    )
    login = tx.execute(spent.values(used_at=call.now).returning(col(OneTimeKey.login))).scalar()
    if login is None:
        return {"staff": ""}
    if not may:
        tx.event("bind_code_spent", at=call.now, login=login, channel=call.channel)
        return {"staff": ""}
    who = known.meet(tx, call.address_kind, turn.sender, call.now)
    known.people[(call.address_kind, turn.sender)] = dataclasses.replace(who, staff=login)
    tx.later(update(Address).where(col(Address.id) == who.address_id).values(staff=login))
    tx.event("chat_bound", at=call.now, by=login, channel=call.channel)
    return {"staff": login}
