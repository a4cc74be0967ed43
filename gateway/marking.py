"""The words as they came, in pieces: each danger sign with the rule and the source behind it."""

from collections.abc import Mapping, Sequence
from typing import Any


def placed(text: str, signals: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The signs where they stand in these words. What was read together with the words of a moment
    before is found by its quote; a sign of those words alone has no place here, and is shown
    without one."""
    found: list[Mapping[str, Any]] = []
    for sign in signals:
        if text[sign["start"] : sign["end"]] == sign["quote"]:
            found.append(sign)
            continue
        at = text.find(sign["quote"])
        until = at + len(sign["quote"]) if at >= 0 else 0
        found.append({**sign, "start": max(at, 0), "end": until})
    return found


def marked(
    text: str, signals: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, Mapping[str, Any] | None], ...]:
    """The text in pieces, each danger sign with the rule and the source behind it. Of signs that
    overlap the first that counts is shown; those of other words come first, without any."""
    pieces: list[tuple[str, Mapping[str, Any] | None]] = [
        ("", one) for one in signals if one["start"] == one["end"]
    ]
    place = 0
    fitting = [one for one in signals if 0 <= one["start"] < one["end"] <= len(text)]
    for sign in sorted(fitting, key=lambda one: (one["start"], not one["counts"], -one["end"])):
        if sign["start"] < place:
            continue
        if sign["start"] > place:
            pieces.append((text[place : sign["start"]], None))
        pieces.append((text[sign["start"] : sign["end"]], sign))
        place = sign["end"]
    if place < len(text):
        pieces.append((text[place:], None))
    return tuple(pieces)
