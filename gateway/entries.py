"""What came: the call, byte for byte, the first row that is written of anything, and the words."""

from typing import TYPE_CHECKING, Any

from gateway import holding
from models.journal import JournalEntry
from models.likenesses import WAITING, RepeatKey
from models.requests import Contact
from models.transaction import Row, Transaction

if TYPE_CHECKING:
    from gateway.intake import Call
    from referral.office import Arrival

KEPT_HEADERS = ("content-type", "user-agent", "i-twilio-idempotency-token", "x-request-id")


def keep(tx: Transaction, call: "Call") -> Row:
    """Write the call into the journal, before anybody tries to understand it."""
    raw = call.raw
    return tx.add(
        JournalEntry,
        id=tx.mint(),
        channel=call.channel,
        part=raw.part,
        provider_key=call.provider_key,
        digest=call.digest,
        received_at=call.now,
        url=raw.url,
        query=raw.query,
        headers={name: raw.headers[name] for name in KEPT_HEADERS if name in raw.headers},
        body=raw.body,
    )


def record(tx: Transaction, arrival: "Arrival", request: Row, before: Any) -> None:
    """Write the words, read, into the request; ``before`` is where they waited in the pen."""
    inbound, assessment = arrival.inbound, arrival.assessment
    if before is not None:  # it waited in the holding pen
        holding.release(tx, before.id, request_id=request["id"], assessment=assessment)
        return
    contact_id = tx.mint()
    tx.add(RepeatKey, hash=WAITING, contact_id=contact_id)
    tx.add(
        Contact,
        id=contact_id,
        journal_id=arrival.journal_id,
        request_id=request["id"],
        person_id=arrival.person_id,
        channel=arrival.channel,
        external_id=inbound.external_id,
        sender=inbound.sender,
        name=inbound.name,
        text=inbound.text,
        said_at=arrival.said_at,
        received_at=arrival.now,
        place=inbound.place,
        location=inbound.kept_location,
        media=inbound.kept_media,
        reporter=inbound.reporter,
        level=assessment.level,
        assessment=assessment.as_json(),
        salt=arrival.salt,
    )
