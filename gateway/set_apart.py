"""Another message under an id that was there: it is kept as a message of its own.

A provider's id stands for one message, and what comes under it again is a repeat: it is answered as
before, nothing is kept twice. But a gateway that was set up anew counts from one again, a script
uses an id twice, a provider begins elsewhere after a quiet week (Telegram says so of its updates):
then other words come, and answered as a repeat they would stand nowhere. So what bears other words
gets an id of its own, the same whenever they come again: none is lost and none doubled. It opens no
way in: only who may send under a fresh id can do so, and a call with the bytes of an earlier one is
always its repeat.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway.cleaning import clean
from gateway.conversations import Earlier
from gateway.erasure import EMPTIED
from models import journal
from models.journal import JournalEntry
from models.messages import Happening, Inbound, Raw, Turn
from models.transaction import Transaction

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Recall

log = logging.getLogger(__name__)

REPEATED_WITHIN = timedelta(days=7)
"""No provider repeats a call for longer. Words that were erased can be compared with nothing: what
comes so soon after them is taken for their repeat, what comes later is another message."""


def of(tx: Transaction, call: "Call", earlier: Any, known: "Recall") -> Any:
    """The entry of which this call is a repeat, ``earlier`` in all but the rarest cases; None where
    it is a message of its own, under an id of its own from now on."""
    if not _is_other(tx, call, earlier):
        return earlier
    log.warning("another message came under an id that was there", extra={"way": call.channel})
    said = orjson.dumps(_words(call.happenings))
    bear(call, f"{call.provider_key}-{sha256(said).hexdigest()[:12]}")
    for row in journal.known(tx, [], [call.provider_key or ""]):
        known.entries.setdefault((row.channel, row.provider_key), row)
    for happening in call.happenings:
        if isinstance(happening, Inbound):
            known.look_up(tx, call, happening)
    return known.entry(call)


def bear(call: "Call", key: str | None) -> None:
    """Let the call bear the key under which it is kept, and its contact the same mark. A step of a
    chat names its message by an id of the chat."""
    given = call.provider_key
    if not given or not key or key == given or not key.startswith(given):
        return
    mark, call.provider_key = key.removeprefix(given), key
    call.happenings = [
        replace(one, external_id=one.external_id + mark) if isinstance(one, Inbound) else one
        for one in call.happenings
    ]


def _is_other(tx: Transaction, call: "Call", earlier: Any) -> bool:
    said = _words(call.happenings)
    if call.adapter is None or not said or bytes(earlier.digest) == call.digest:
        return False
    if call.address_kind == "tel" and any(isinstance(one, Turn) for one in call.happenings):
        return False  # a step on the line: whoever waits there hears again what was answered
    if isinstance(earlier, Earlier):
        raw, came_at = earlier.raw, call.now
    else:
        raw, came_at = _kept(tx, earlier.id)
    if raw is None:
        return bool(call.now - came_at > REPEATED_WITHIN)
    try:
        return _words([clean(one) for one in call.adapter.parse(raw)]) != said
    except Exception:  # what waits in the holding pen since nobody can read it is not this
        return True


def _kept(tx: Transaction, entry_id: int) -> tuple[Raw | None, Any]:
    """The call as it came, None where it is erased; and when that was."""
    names = ("url", "body", "headers", "query", "part", "received_at")
    row = tx.execute(
        select(*(getattr(JournalEntry, name) for name in names)).where(
            col(JournalEntry.id) == entry_id
        )
    ).one()
    if row.part == EMPTIED or not row.body:
        return None, row.received_at
    return Raw(row.url, bytes(row.body), dict(row.headers), row.query, row.part), row.received_at


def _words(happenings: Sequence[Happening]) -> list[list[str]]:
    """What somebody says in them, and who."""
    found = []
    for one in happenings:
        if isinstance(one, Inbound):
            found.append([one.sender, one.text, one.place or ""])
        elif isinstance(one, Turn):
            text = one.message.text if one.message else ""
            found.append([one.sender, one.external_id, one.act, one.value, text])
    return found
