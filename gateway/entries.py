"""The call as it came, byte for byte: the first row that is written of anything."""

from typing import TYPE_CHECKING

from models.journal import JournalEntry
from models.transaction import Row, Transaction

if TYPE_CHECKING:
    from gateway.intake import Call

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
