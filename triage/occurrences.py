"""What happened to a place and not to one person: the power is off, a tree lies across the road.
Many tell of one such event; the rows are in same_matter.toml. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import tomli

from triage.text import plain

_GAP = r"[^,。;!?\n]{0,5}?"
_KEYS = {"id", "words", "spot", "examples", "counter_examples"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One kind of event and the words for it. A ``spot`` is one thing in one place, a lamp or a
    tree: another house number is another one."""

    id: str
    words: re.Pattern[str]
    spot: bool
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


_BESIDE = 6  # characters before and after an event that are looked at
_TRIED = 8  # places of one kind that are looked at


@cache
def occurrences() -> tuple[dict[str, Occurrence], re.Pattern[str], re.Pattern[str]]:
    """The kinds of events by name, the words of a bill or an application of one's own, and those
    beside which an event has not come."""
    source = resources.files("triage.rules").joinpath("same_matter.toml").read_text("utf-8")
    data = tomli.loads(source)
    kinds = {row["id"]: _read(row) for row in data["event"]}
    return kinds, _alternatives(data["own"]["words"]), _alternatives(data["feared"]["words"])


def _read(row: dict[str, Any]) -> Occurrence:
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"same_matter.toml: {row['id']}: unknown key {min(unknown)!r}")
    return Occurrence(
        row["id"],
        _alternatives(row["words"]),
        bool(row.get("spot", False)),
        tuple(row.get("examples", ())),
        tuple(row.get("counter_examples", ())),
    )


def _alternatives(words: Sequence[str]) -> re.Pattern[str]:
    """Any of the words; "…" is a few characters of one clause, (a|b) one of these."""
    return re.compile("|".join(plain(word).replace("…", _GAP) for word in words))


def read_events(flat: str) -> tuple[tuple[str, str], ...]:
    """The events of a folded text, each with its words; none where somebody asks about a bill or
    an application of their own."""
    if own_bill(flat):
        return ()
    kinds, _, feared = occurrences()
    found = ((kind.id, _come(flat, kind.words, feared)) for kind in kinds.values())
    return tuple((name, words) for name, words in found if words)


def _come(flat: str, words: re.Pattern[str], feared: re.Pattern[str]) -> str:
    """The first words of the event that is not only feared; "" if there are none."""
    for tried, match in enumerate(words.finditer(flat)):
        if tried == _TRIED:
            break
        if not feared.search(flat, max(0, match.start() - _BESIDE), match.end() + _BESIDE):
            return match[0]
    return ""


def own_bill(flat: str) -> bool:
    """Whether the text is about a bill or an application of one's own."""
    return occurrences()[1].search(flat) is not None
