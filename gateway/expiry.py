"""What grows old by itself and belongs to no request: each class finds what is over its time, a
batch at a time, and erases it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete, literal, null, select, tuple_, update
from sqlmodel import col

from gateway.erasure import EMPTIED, ERASED, NOTHING_KNOWN
from gateway.one_matter import held
from models.access import Look, StaffSession
from models.attachments import Attachment
from models.desk import PhoneCall
from models.discovery import Disagreement, DoorEntry, Visit, Warned
from models.households import Household, HouseholdKey, HouseholdPhone, Resident
from models.imports import ImportBatch, ImportLine
from models.kin import NearRelative
from models.notes import Note, emptied, of_looks
from models.outbox import Outgoing
from models.relief import Decision, Relief
from models.requests import Contact, HelpRequest
from models.reserves import AidEntry
from models.tasks import Task
from models.transaction import Transaction

BATCH = 100

Part = Callable[[Transaction, datetime, datetime], Sequence[Any]]
"""Erase a batch of what is older than the first time; the second is now. Returns what it was."""


def _not_held(request_id: Any) -> Any:
    """That no hold protects the request, if there is one."""
    return request_id.is_(None) | request_id.not_in(held())


def free(number: Any) -> Any:
    """That no hold protects the request of this number."""
    protected = select(col(HelpRequest.number)).where(col(HelpRequest.id).in_(held()))
    return number.is_(None) | number.not_in(protected)


def _ids(tx: Transaction, column: Any, *where: Any) -> list[Any]:
    return list(tx.execute(select(column).where(*where).order_by(column).limit(BATCH)).scalars())


def calls(tx: Transaction, before: datetime, _now: datetime) -> Sequence[Any]:
    """What the switchboard told."""
    ids = _ids(tx, col(PhoneCall.id), col(PhoneCall.rang_at) < before, free(col(PhoneCall.number)))
    tx.execute(delete(PhoneCall).where(col(PhoneCall.id).in_(ids)))
    return ids


def sessions(tx: Transaction, before: datetime, _now: datetime) -> Sequence[Any]:
    """Where staff were signed in."""
    ids = _ids(tx, col(StaffSession.hash), col(StaffSession.expires_at) < before)
    tx.execute(delete(StaffSession).where(col(StaffSession.hash).in_(ids)))
    return ids


def loose_messages(tx: Transaction, before: datetime, _now: datetime) -> Sequence[Any]:
    """Tasks and messages without a request; the task first, which may name the message."""
    done = _ids(
        tx,
        col(Task.id),
        col(Task.request_id).is_(None),
        col(Task.done_at).is_not(None),
        col(Task.opened_at) < before,
    )
    tx.execute(delete(Task).where(col(Task.id).in_(done)))
    named = select(col(Task.outbox_id)).where(col(Task.outbox_id).is_not(None))
    ids = _ids(
        tx,
        col(Outgoing.id),
        col(Outgoing.request_id).is_(None),
        col(Outgoing.next_at).is_(None),
        col(Outgoing.posted_at) < before,
        col(Outgoing.id).not_in(named),
    )
    tx.execute(delete(Outgoing).where(col(Outgoing.id).in_(ids)))
    return [*done, *ids]


def loose_files(tx: Transaction, before: datetime, _now: datetime) -> Sequence[Any]:
    """Files for words that never came. A window as long as the time itself: it is looked at every
    night, and what came with words goes with them."""
    since = before - (_now - before)
    rows = tx.execute(
        select(col(Attachment.id), col(Attachment.about_key)).where(
            col(Attachment.about) == "contact",
            col(Attachment.kept_at) < before,
            col(Attachment.kept_at) >= since,
        )
    ).all()
    wanted = {row.about_key: tuple(row.about_key.split(":", 1)) for row in rows}
    contact = col(Contact.channel), col(Contact.external_id)
    came = tx.execute(select(*contact).where(tuple_(*contact).in_(list(set(wanted.values())))))
    there = {tuple(row) for row in came}
    ids = [row.id for row in rows if wanted[row.about_key] not in there][:BATCH]
    tx.execute(delete(Attachment).where(col(Attachment.id).in_(ids)))
    return ids


def import_files(tx: Transaction, before: datetime, _now: datetime) -> Sequence[Any]:
    """Spreadsheets and what was there before them; they can be undone for a day only."""
    old = select(col(ImportBatch.id)).where(col(ImportBatch.made_at) < before)
    ids = _ids(
        tx,
        col(ImportBatch.id),
        col(ImportBatch.made_at) < before,
        col(ImportBatch.body).is_not(None),
    )
    tx.execute(update(ImportBatch).where(col(ImportBatch.id).in_(ids)).values(body=None))
    lines = tx.execute(
        select(col(ImportLine.batch_id), col(ImportLine.line))
        .where(col(ImportLine.batch_id).in_(old), col(ImportLine.before).is_not(None))
        .limit(BATCH)
    ).all()
    for line in lines:
        tx.execute(
            update(ImportLine)
            .where(col(ImportLine.batch_id) == line.batch_id, col(ImportLine.line) == line.line)
            .values(before=null())
        )
    return [*ids, *(f"{line.batch_id}.{line.line}" for line in lines)]


def visit_words(tx: Transaction, before: datetime, now: datetime) -> Sequence[Any]:
    """What was said at doors, what people differed about."""
    differed = _ids(tx, col(Disagreement.id), col(Disagreement.settled_at) < before)
    tx.execute(delete(Disagreement).where(col(Disagreement.id).in_(differed)))
    entries = _ids(
        tx,
        col(DoorEntry.id),
        col(DoorEntry.at) < before,
        col(DoorEntry.digest) != EMPTIED,
        free(col(DoorEntry.number)),
    )
    tx.execute(
        update(DoorEntry).where(col(DoorEntry.id).in_(entries)).values(said={}, digest=EMPTIED)
    )
    visits = _ids(
        tx,
        col(Visit.id),
        col(Visit.settled_at) < before,
        col(Visit.erased_at).is_(None),
        free(col(Visit.number)),
    )
    tx.execute(update(Visit).where(col(Visit.id).in_(visits)).values(said={}, erased_at=now))
    return [*differed, *entries, *visits]


NO_WARNING_WORDS: Mapping[str, Any] = {
    "subject": literal("erased:") + cast(col(Warned.id), String),
    "name": ERASED,
    "phone": ERASED,
    "address": ERASED,
    "note": ERASED,
    "said": {},
}
"""A warning that names nobody any more."""


def warning_words(tx: Transaction, before: datetime, now: datetime) -> Sequence[Any]:
    """Whom other bodies' lists named. An open warning is nobody's to erase."""
    ids = _ids(
        tx,
        col(Warned.id),
        col(Warned.received_at) < before,
        col(Warned.erased_at).is_(None),
        col(Warned.state) != "open",
        free(col(Warned.number)),
    )
    tx.execute(
        update(Warned).where(col(Warned.id).in_(ids)).values(**NO_WARNING_WORDS, erased_at=now)
    )
    return ids


_NO_RELIEF_WORDS: Mapping[str, Any] = {
    "recipient": ERASED,
    "words": ERASED,
    "goods": ERASED,
    "judgements": [],
    "reason": ERASED,
    "agreed_by": ERASED,
    "second_officer": ERASED,
    "place": ERASED,
    "received_by": ERASED,
    "witness": ERASED,
    "proof": ERASED,
    "explanation": ERASED,
    "signatures": ERASED,
    "ended_why": ERASED,
}


def relief_words(tx: Transaction, before: datetime, now: datetime) -> Sequence[Any]:
    """Who was given aid and why; how much, when and by whom stays."""
    ids = _ids(
        tx,
        col(Relief.id),
        col(Relief.proposed_at) < before,
        col(Relief.erased_at).is_(None),
        _not_held(col(Relief.request_id)),
    )
    given: dict[str, Any] = {**_NO_RELIEF_WORDS, "erased_at": now}
    tx.execute(update(Relief).where(col(Relief.id).in_(ids)).values(**given))
    tx.execute(update(AidEntry).where(col(AidEntry.relief_id).in_(ids)).values(reason=ERASED))
    decided = _ids(
        tx,
        col(Decision.id),
        col(Decision.decided_at) < before,
        col(Decision.erased_at).is_(None),
        _not_held(col(Decision.request_id)),
    )
    tx.execute(
        update(Decision)
        .where(col(Decision.id).in_(decided))
        .values(present=ERASED, words=ERASED, erased_at=now)
    )
    return [*ids, *decided]


def left_households(tx: Transaction, before: datetime, now: datetime) -> Sequence[Any]:
    """Households that are no more, residents who are gone, kin whom nobody answers for."""
    day = before.date()
    homes = _ids(
        tx, col(Household.id), col(Household.ended_at) < day, col(Household.erased_at).is_(None)
    )
    tx.execute(
        update(Household)
        .where(col(Household.id).in_(homes))
        .values(head_name=ERASED, address=ERASED, note=ERASED, moved_to=None, erased_at=now)
    )
    tx.execute(delete(HouseholdKey).where(col(HouseholdKey.household_id).in_(homes)))
    _forget_why(tx, homes)
    gone = select(col(Household.id)).where(col(Household.erased_at).is_not(None))
    people = _ids(
        tx,
        col(Resident.id),
        (col(Resident.moved_at) < day)
        | (col(Resident.died_at) < day)
        | col(Resident.household_id).in_(gone),
        col(Resident.erased_at).is_(None),
    )
    tx.execute(
        update(Resident).where(col(Resident.id).in_(people)).values(**NOTHING_KNOWN, erased_at=now)
    )
    tx.execute(
        delete(HouseholdPhone).where(
            col(HouseholdPhone.household_id).in_(homes)
            | col(HouseholdPhone.resident_id).in_(people)
        )
    )
    kin = _ids(tx, col(NearRelative.id), col(NearRelative.ended_at) < before)
    tx.execute(delete(NearRelative).where(col(NearRelative.id).in_(kin)))
    return [*homes, *people, *kin]


def _forget_why(tx: Transaction, homes: Sequence[str]) -> None:
    """What was typed when somebody looked at these households."""
    if not homes:
        return
    looks = tx.execute(
        select(col(Look.purpose)).where(
            col(Look.act) == "reveal_household", col(Look.request_id).is_(None)
        )
    ).scalars()
    of_these = [one for one in looks if one.partition(":")[0] in homes]  # sealed: compared here
    tx.execute(emptied(col(Note.id).in_(of_looks(of_these))))


PARTS: Mapping[str, Part] = {
    part.__name__: part
    for part in (
        calls,
        sessions,
        loose_messages,
        loose_files,
        import_files,
        visit_words,
        warning_words,
        relief_words,
        left_households,
    )
}
