"""What is done to words before anybody works with them: no more than must be. Pure."""

import dataclasses
from typing import Any

from models.messages import Canary, DeliveryReport, Happening, Inbound, Preference, Turn


def clean(happening: Happening) -> Happening:
    """The same without what no database can hold: NUL and lone surrogates. The bytes are kept."""
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
    return dataclasses.replace(happening, **changes) if changes else happening


_TEXT_FIELDS: dict[type, tuple[str, ...]] = {
    Inbound: ("external_id", "sender", "text", "place", "name", "reporter", "reply_to"),
    Turn: ("external_id", "conversation", "sender", "act", "value"),
    DeliveryReport: ("provider_id", "error"),
    Preference: ("external_id", "sender"),
    Canary: (),
}
