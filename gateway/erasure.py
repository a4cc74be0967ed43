"""What erasing means: the words and what recognises a person, of a request and all about it.

``of_requests`` is for a request; what belongs to none (a visit, a row of a list, an uploaded file)
is in ``gateway.expiry``. ``REACHED`` names every table with personal data that the two reach, and
``SPARED`` the columns that stay, with the reason: a test fills each column and looks again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlmodel import col

from gateway import attachments, drafts, one_matter
from models import outbox
from models.access import Look
from models.corrections import Correction
from models.desk import Draft, PhoneCall
from models.disputes import Dispute
from models.erasures import Erasure
from models.handovers import Handover
from models.holds import LegalHold
from models.households import Belonging, Resident
from models.journal import JournalEntry
from models.likenesses import Likeness, Merger, RepeatKey
from models.needs import Need
from models.notes import Note, emptied, of_looks
from models.outbox import Outgoing
from models.people import Address, Person
from models.referrals import Referral
from models.requests import Contact, FormerNumber, HelpRequest
from models.tasks import Task
from models.transaction import Transaction

ERASED = ""
EMPTIED = "erased"
_AT_ONCE = 500

REACHED: Mapping[str, str] = {
    "address": "case_words",
    "aid_entry": "relief_words",
    "attachment": "case_words, loose_files",
    "belonging": "case_words",
    "call": "case_words, calls",
    "contact": "case_words",
    "correction": "case_words",
    "disagreement": "visit_words",
    "dispute": "case_words",
    "erasure": "case_words",
    "door_entry": "visit_words",
    "draft": "case_words (of the form for a message at a wish); after thirty days in any case, a "
    "search in half a day (gateway.drafts)",
    "former_number": "case_words",
    "handover": "case_words",
    "household": "left_households",
    "household_phone": "left_households",
    "import_batch": "import_files",
    "import_line": "import_files",
    "journal": "case_words, raw_calls",
    "legal_hold": "case_words",
    "likeness": "case_words",
    "merger": "case_words",
    "near_relative": "left_households",
    "need": "case_words",
    "note": "case_words, raw_calls, left_households, looks",
    "outbox": "case_words, loose_messages",
    "person": "case_words",
    "referral": "case_words",
    "relief": "relief_words",
    "relief_decision": "relief_words",
    "request": "case_words",
    "resident": "case_words (whom nobody knew), left_households",
    "staffsession": "sessions",
    "task": "case_words, loose_messages",
    "visit": "visit_words",
    "warning": "warning_words",
}
"""By table: the classes of ``retention.toml`` by which it is reached."""

SPARED: Mapping[str, str] = {
    "apitoken.hash": "one-way hash of a random value of a partner's system; names nobody",
    "attempt.subject": "keyed hash, forgotten within the hour at the next try",
    "conversation.conversation": "keyed hash; the row goes half an hour after the last word",
    "conversation.state": "goes half an hour after the last word (gateway.ticks.tidy)",
    "event.detail": "the ledger proves the acts; it is chained. What is typed about a request or a "
    "call stands in a note, of which it has the mark; the reasons of office acts about no request "
    "stay",
    "field_key.wrapped": "a key, no data; wiped by the rotation that replaces it",
    "look.purpose": "a household, a masked number, the mark of a note; it is chained, and goes "
    "with the look after three years. What was typed stands in the note",
    "onetimekey.hash": "one-way hash of a random value; names nobody",
    "outreach_mode.reason": "why an area is in extraordinary times; it is about nobody",
    "recovery.reason": "why somebody in office was let in anew; it is about no citizen",
    "second_factor.sealed": "a seed that is replaced or goes with the account's telephone",
    "staff.name": "who acted in office stays named as long as the ledger that names the act",
    "staff.password": "a hash that is replaced; a closed account's opens nothing",
    "staff.phone": "the office's telephone of who acted in office",
    "warning.subject": "a name for looking up; it is replaced by one that says nothing",
}
"""By column: why neither reaches it, or does not empty it."""

_NO_WORDS: dict[str, Any] = {
    "text": ERASED,
    "sender": ERASED,
    "name": None,
    "place": None,
    "location": None,
    "media": None,
    "assessment": None,
    "reporter": None,
    "salt": None,
    "error": None,
}


def of_requests(
    tx: Transaction, requests: Sequence[int], now: datetime, people: Sequence[int] = ()
) -> None:
    """Take the words and what recognises a person out of these requests and all about them; with
    ``people`` also what those said about requests of others."""
    contacts = one_matter.words_of(tx, requests, people)
    if not requests and not contacts:
        return
    ids = [row.id for row in contacts]
    messages = one_matter.messages_of(tx, requests, contacts, people)
    outbox.empty(tx, col(Outgoing.id).in_([row.id for row in messages]))
    _take_back_places(tx, requests)
    numbers = list(
        tx.execute(select(col(HelpRequest.number)).where(col(HelpRequest.id).in_(requests)))
        .scalars()
        .all()
    )
    attachments.forget(tx, requests, contacts)
    _forget_unsent(tx, people)
    of_calls(tx, [row.journal_id for row in contacts])
    for statement in (
        delete(RepeatKey).where(col(RepeatKey.contact_id).in_(ids)),
        delete(Draft).where(col(Draft.place).in_(numbers)),
        update(PhoneCall).where(col(PhoneCall.number).in_(numbers)).values(caller=ERASED),
        update(FormerNumber).where(col(FormerNumber.request_id).in_(requests)).values(code=ERASED),
        update(Contact).where(col(Contact.id).in_(ids)).values(**_NO_WORDS),
        update(Task).where(col(Task.request_id).in_(requests)).values(note=ERASED),
        update(Referral).where(col(Referral.request_id).in_(requests)).values(result=None),
        emptied(col(Note.request_id).in_(requests)),
        emptied(col(Note.id).in_(_why_looked(tx, requests))),
        update(Need).where(col(Need.request_id).in_(requests)).values(note=ERASED),
        update(Handover).where(col(Handover.request_id).in_(requests)).values(note=ERASED),
        update(LegalHold).where(col(LegalHold.request_id).in_(requests)).values(reason=ERASED),
        update(Dispute)
        .where(col(Dispute.request_id).in_(requests))
        .values(reason=ERASED, decided_reason=None),
        update(Erasure)
        .where(col(Erasure.request_id).in_(requests))
        .values(words=ERASED, reason=ERASED),
        update(Correction)
        .where(col(Correction.request_id).in_(requests))
        .values(stood={}, wanted={}, reason=ERASED),
        update(Belonging)
        .where(col(Belonging.request_id).in_(requests))
        .values(findings=[], reason=ERASED),
        update(Likeness)
        .where(col(Likeness.request_id).in_(requests) | col(Likeness.other_id).in_(requests))
        .values(findings=[], reason=ERASED),
        update(Merger)
        .where(col(Merger.request_id).in_(requests) | col(Merger.master_id).in_(requests))
        .values(before={}, reason=ERASED),
        update(HelpRequest)
        .where(col(HelpRequest.id).in_(requests))
        .values(summary=ERASED, place=None, code=ERASED, erased_at=now),
    ):
        tx.execute(statement)
    _forget_people(tx, requests, contacts)
    _forget_unknown(tx, requests, now)


def _forget_unsent(tx: Transaction, people: Sequence[int]) -> None:
    """At a person's wish also what was written down of them and not sent. At the end of the time of
    a request there is none from then, and one of today would be another message."""
    if people:
        theirs = col(Address.person_id).in_(people), col(Address.staff).is_(None)
        drafts.forget_entries(tx, tx.execute(select(col(Address.value)).where(*theirs)).scalars())


def _take_back_places(tx: Transaction, requests: Sequence[int]) -> None:
    """The address that a request lacked and took over from one that is erased goes with that."""
    mergers = tx.execute(
        select(col(Merger.master_id), col(Merger.before)).where(
            col(Merger.request_id).in_(requests), col(Merger.undone_at).is_(None)
        )
    ).all()
    for merger in mergers:
        _, given = merger.before.get("master", {}).get("place", (None, None))
        master = col(HelpRequest.id) == merger.master_id
        stands = tx.execute(select(col(HelpRequest.place)).where(master)).scalar()
        if given is not None and stands == given:
            tx.execute(update(HelpRequest).where(master).values(place=None))


def of_calls(tx: Transaction, ids: Sequence[int]) -> None:
    """Empty what providers sent, byte for byte; that a call came stays, and its id."""
    blank: dict[str, Any] = {
        "url": "",
        "query": "",
        "headers": {},
        "body": b"",
        "outcome": None,
        "error": None,
    }
    tx.execute(
        update(JournalEntry)
        .where(col(JournalEntry.id).in_(ids))
        .values(**blank, code=None, part=EMPTIED)
    )
    tx.execute(emptied(col(Note.journal_id).in_(ids)))


def _why_looked(tx: Transaction, requests: Sequence[int]) -> list[int]:
    """The notes of why somebody looked at a household, each look kept for these requests too."""
    looks = col(Look.request_id).in_(requests), col(Look.act) == "reveal_household"
    return of_looks(tx.execute(select(col(Look.purpose)).where(*looks)).scalars())


def _forget_people(tx: Transaction, requests: Sequence[int], contacts: Sequence[Any]) -> None:
    """Whoever has no request left with words in it is forgotten: the name and every address. So is
    who had none and only spoke at these; who still speaks at another's that stands is not."""
    of_these = select(col(HelpRequest.person_id)).where(col(HelpRequest.id).in_(requests))
    people = {*tx.execute(of_these).scalars(), *(row.person_id for row in contacts)} - {None}
    standing = col(HelpRequest.erased_at).is_(None)
    asks = select(col(HelpRequest.person_id)).where(col(HelpRequest.person_id).in_(people))
    speaks = (
        select(col(Contact.person_id))
        .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .where(col(Contact.person_id).in_(people))
        .where(col(Contact.id).not_in([row.id for row in contacts]))
    )
    still = {one for query in (asks, speaks) for one in tx.execute(query.where(standing)).scalars()}
    gone = sorted(people - still)
    tx.execute(update(Person).where(col(Person.id).in_(gone)).values(name=None))
    tx.execute(
        delete(Address).where(col(Address.person_id).in_(gone), col(Address.staff).is_(None))
    )


def still_known(reader: Any, people: Sequence[int]) -> list[int]:
    """Those of these people who are not erased: a name, an address or a request leads to them."""
    own = col(Person.id)
    reached = exists().where(col(Address.person_id) == own, col(Address.staff).is_(None))
    asks = exists().where(col(HelpRequest.person_id) == own, col(HelpRequest.erased_at).is_(None))
    found: list[int] = []
    for start in range(0, len(people), _AT_ONCE):
        meant = own.in_(people[start : start + _AT_ONCE])
        query = select(own).where(meant, col(Person.name).is_not(None) | reached | asks)
        found += reader.execute(query.order_by(own)).scalars()
    return found


NOTHING_KNOWN: Mapping[str, Any] = {
    "name": ERASED,
    "birth": None,
    "age": None,
    "identity": None,
    "hearing": None,
    "carer": None,
    "carer_phone": None,
    "moved_to": None,
    "found_place": None,
}
"""A resident of whom only the row is left."""


def _forget_unknown(tx: Transaction, requests: Sequence[int], now: datetime) -> None:
    """Somebody whom nobody knew was entered because of a request, and goes with it."""
    meant = select(col(Belonging.resident_id)).where(
        col(Belonging.request_id).in_(requests), col(Belonging.resident_id).is_not(None)
    )
    tx.execute(
        update(Resident)
        .where(col(Resident.id).in_(meant), col(Resident.household_id).is_(None))
        .values(**NOTHING_KNOWN, erased_at=now)
    )
