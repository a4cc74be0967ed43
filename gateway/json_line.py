"""One line of JSON Lines on its way out."""

from typing import Any

import orjson


def json_line(value: Any) -> bytes:
    """The value and the end of its line. Half a character, which no UTF-8 can hold, becomes one
    question mark, so that what is counted in characters still fits."""
    try:
        return orjson.dumps(value) + b"\n"
    except TypeError:
        return orjson.dumps(_whole(value)) + b"\n"


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(name): _whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return value
