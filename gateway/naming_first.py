"""A field worker who writes of an earlier request begins with its number: the words are part of it.

Only of a request that this worker may see, and only in writing from their account or telephone: a
telephone number that somebody typed into a form, or gave at the desk, is nobody's proof. Where the
number is misread, or the request is closed or not theirs to see, the words begin a request of their
own as ever: they are never lost, and whoever reads them sees the number.
"""

import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from gateway import access, recall
from models import numbers
from models.messages import Inbound
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral.casework import FIELD, Actor
from referral.directory import Officer
from referral.office import Office

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Acquaintance

TEXT = "sms"

_FIRST = re.compile(
    r"\W{0,3}(?:(?:编号|工单号?|单号|No\.?)\W{0,3})?"
    r"(?P<number>(?:HY)?\s?\d{8}[-–—\s]?\d{5}[-–—\s]?\d)(?!\d)",
    re.IGNORECASE,
)


def named(
    tx: Transaction, office: Office, call: "Call", inbound: Inbound, who: "Acquaintance"
) -> tuple[Inbound, "Acquaintance"]:
    """The words with the request that they name, and their writer with that request among those
    that their words may join; both as they were where nothing is named. The number that is written
    counts before the report to which the words of a chat would be added. Asks the database only
    where a field worker names what somebody else asked for."""
    worker = None if call.talk or inbound.missed else _worker(office, call, inbound)
    written = _first(inbound.text) if worker is not None else None
    number = written or inbound.about
    if worker is None or number is None:
        return inbound, who
    told = replace(inbound, about=number)
    if any(one["number"] == number for one in who.open_requests):
        return told, who
    found = _seen_by(tx, office, worker, number, call.now)
    if found is None:
        return (replace(inbound, about=None) if written else inbound), who
    # What is said to the writer is theirs to read, and no word or code of the requester's.
    found |= {"person_id": who.person_id, "channel": call.channel, "code": ""}
    told = replace(told, reporter=inbound.reporter or worker.login)
    return told, replace(who, open_requests=(*who.open_requests, found))


def _worker(office: Office, call: "Call", inbound: Inbound) -> Officer | None:
    """The field worker who writes: by the account that the chat is bound to, or by the telephone
    from which a text came."""
    telephone = inbound.sender if call.source == TEXT else ""
    found = office.directory.writer(inbound.reporter, telephone)
    return found if found is not None and found.role in FIELD else None


def _first(text: str) -> str | None:
    found = _FIRST.match(unicodedata.normalize("NFKC", text[:60]))
    return numbers.normal(found["number"]) if found else None


def _seen_by(
    tx: Transaction, office: Office, worker: Officer, number: str, now: datetime
) -> Row | None:
    """The open request of this number, or the one it was joined to, where the worker may see it."""
    viewer = Actor(worker.login, worker.role, worker.unit, worker.area)
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    row = tx.execute(
        select(*columns).where(
            col(HelpRequest.number) == number, *access.scope(viewer, office, now)
        )
    ).first()
    if row is None:
        return None
    request = dict(row._mapping)
    if request["merged_into"] is not None:
        return recall.led_on(tx, request)
    return request if request["closed_at"] is None else None
