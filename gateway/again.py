"""The same form sent twice: a double click, the back button, a connection that broke before the
answer came. What was done is not done again."""

from collections.abc import Mapping
from typing import Any

from gateway.access import Actor
from models.transaction import Row, Transaction
from referral import casework

_KIND = {
    "sign": "signed",
    "claim": "claimed",
    "record_contact": "contacted",
    "reply": "replied",
    "submit_part": "part_submitted",
    "report_result": "result_reported",
    "feedback": "result_reported",
    "request_return": "return_requested",
    "extend": "extension_asked",
    "suspend": "suspension_asked",
    "raise_urgency": "level_raised",
}
"""The entry of the history that an act leaves."""
_CALLED = {"text": "answer", "absent": "why_absent"}
"""What a field is called in that entry, where it is not its own name."""


def is_repeat(
    tx: Transaction,
    actor: Actor,
    request: Row,
    act: str,
    given: Mapping[str, Any],
    seen: int | None,
) -> bool:
    """Whether this person did this act with these words since the page was made: ``seen`` is the
    last entry of the history that it showed."""
    if seen is None or act not in _KIND:
        return False
    return any(
        one.seq > seen and one.by == actor.login and _same(one.detail, given)
        for one in casework.history(tx, request["id"], _KIND[act])
    )


def _same(detail: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    fields = {_CALLED.get(name, name): value for name, value in given.items()}
    return all(
        str(detail[name]).strip() == str(value).strip()
        for name, value in fields.items()
        if name in detail and value is not None
    )
