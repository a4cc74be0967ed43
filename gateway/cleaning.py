"""What is done to words before anybody works with them: no more than must be. Pure."""

import dataclasses
from datetime import datetime
from typing import Any

from gateway import days
from models.messages import Canary, DeliveryReport, Happening, Inbound, Preference, Turn


def clean(happening: Happening) -> Happening:
    """The same without what no database can hold: NUL, lone surrogates, a time of another age.
    The bytes are kept."""
    if isinstance(happening, Turn) and happening.message:
        message = clean(happening.message)
        assert isinstance(message, Inbound)
        happening = dataclasses.replace(happening, message=message)
    changes: dict[str, Any] = {}
    for name in _TEXT_FIELDS[type(happening)]:
        value = getattr(happening, name)
        if (isinstance(value, str) and not value.isascii()) or (value and "\0" in value):
            whole = value.encode("utf-8", "replace").decode().replace("\0", "")
            if whole != value:
                changes[name] = whole
    if isinstance(happening, Inbound) and happening.at and not _is_of_our_age(happening.at):
        changes["at"] = None  # the time of receipt counts; no reason to lose the words
    return dataclasses.replace(happening, **changes) if changes else happening


def _is_of_our_age(at: datetime) -> bool:
    return days.FIRST <= at.date() <= days.LAST


_TEXT_FIELDS: dict[type, tuple[str, ...]] = {
    Inbound: ("external_id", "sender", "text", "place", "name", "reporter", "reply_to"),
    Turn: ("external_id", "conversation", "sender", "act", "value"),
    DeliveryReport: ("provider_id", "error"),
    Preference: ("external_id", "sender"),
    Canary: (),
}
