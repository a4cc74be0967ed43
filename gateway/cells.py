"""The cells of a table that goes to a spreadsheet program."""

from typing import Any

import orjson

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def plain(value: Any) -> str:
    """The value as text; what is no text as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
