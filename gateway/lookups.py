"""What a dialogue asks of the system: how a request stands, and whose account a code binds.

Both are opened by a few digits, so both are guessed at. Every try is counted before it is looked
at; whoever has to wait is answered like whoever was wrong, so that no answer says what there is.
"""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import exchanged, guessing, progress, progress_told
from models import numbers
from models.access import OneTimeKey, hashed
from models.messages import Ask, Lookup, Outcome, Say, Turn
from models.people import Address, Person
from models.phrases import SOURCE_LANGUAGE
from models.places import Staff
from models.transaction import Transaction
from models.vocabulary import Form
from referral.office import Office

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Recall

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the dialogue is told. ``refused`` is what the figures are told: "" where the try was
    right, else which kind of code was wrong, or "pause" where nothing was tried. ``about`` is the
    request of which something is told, in this language."""

    known: Mapping[str, str]
    refused: str = ""
    language: str = ""
    about: Mapping[str, Any] | None = None


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
            told = Found({"found": ""})
            if tried:
                form = call.adapter.form if call.adapter else Form.FULL
                told = status_of(tx, office, number, code, form=form, now=call.now)
            right, wrong = bool(told.known["found"]), "code"
        case Ask.BIND:
            what = (("bind_sender", sender), ("bind_all", ""))
            tried = guessing.attempt_in(tx, office.guessing_key, what, call.now)
            told = Found(_bind(tx, call, turn, known, code, may=bool(tried)))
            right, wrong = bool(told.known["staff"]), "bind_code"
    if right:
        guessing.forgive(tx, tried)
        return told
    refused = wrong if tried else "pause"
    log.warning("refused", extra={"why": refused, "channel": call.channel})
    return dataclasses.replace(told, refused=refused)


def status_of(
    tx: Transaction, office: Office, number: str, code: str, *, form: Form, now: datetime
) -> Found:
    """What the status page tells for a number with its code, in the language of whoever asked for
    help; the same for wrong and unknown. What waits in the holding pen is received, and due when
    somebody has read it."""
    reader = tx.connection
    found = progress.find(reader, number, code)
    if found is None:
        return Found({"found": ""})
    if isinstance(found, progress.Held):
        return Found(
            progress_told.facts(office, found, form=form, language=SOURCE_LANGUAGE, now=now)
        )
    spoken = select(col(Person.language)).where(col(Person.id) == found["person_id"])
    language = reader.execute(spoken).scalar() or SOURCE_LANGUAGE
    seen = progress.read(reader, office, found, language=language, now=now)
    known = progress_told.facts(office, seen, form=form, language=language, now=now)
    return Found(known, language=language, about={"id": found["id"], "number": found["number"]})


def told_again(tx: Transaction, office: Office, outcome: Outcome, form: Form) -> Outcome:
    """What a call was answered before, with the answers that were only remembered by the message
    that keeps them; one that is erased is not told."""
    steps = []
    for step in outcome.steps:
        says = [_filled(tx, office, say, form) for say in step.says]
        steps.append(dataclasses.replace(step, says=tuple(say for say in says if say)))
    return dataclasses.replace(outcome, steps=tuple(steps))


def _filled(tx: Transaction, office: Office, say: Say, form: Form) -> Say | None:
    kept = say.params.get(progress_told.KEPT)
    if kept is None or progress_told.ANSWER in say.params:
        return say
    words = exchanged.again(tx.connection, office, int(kept), form)
    return Say(say.phrase, {**say.params, progress_told.ANSWER: words}) if words else None


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
