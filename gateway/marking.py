"""The words as they came, in pieces: each danger sign with the rule and the source behind it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def placed(
    text: str, signals: Sequence[Mapping[str, Any]], before: Sequence[tuple[datetime, str]] = ()
) -> list[Mapping[str, Any]]:
    """The signs where they stand in these words. What was read together with the words of a moment
    before is found by its quote; a sign of those words alone has no place here, and is shown
    without one, ``elsewhere``: when the message came that holds it, of those ``before`` the newest,
    or None."""
    found: list[Mapping[str, Any]] = []
    for sign in signals:
        if text[sign["start"] : sign["end"]] == sign["quote"]:
            found.append(sign)
            continue
        at = text.find(sign["quote"])
        if at >= 0:
            found.append({**sign, "start": at, "end": at + len(sign["quote"])})
            continue
        its = (when for when, words in reversed(before) if sign["quote"] in words)
        found.append({**sign, "start": 0, "end": 0, "elsewhere": next(its, None)})
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
