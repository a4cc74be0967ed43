"""One row of the rules as a person writes it: what it may say, and what it inherits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.vocabulary import Level
from triage.frames import WITHIN
from triage.signals import GAP

SIGNAL_KEYS = {
    "id", "words", "all", "within", "class", "level", "near", "unless", "reach", "apart", "gap",
    "nature", "always", "plea", "loose", "telling", "confirm", "service", "handoff", "cite", "tag",
    "examples", "counter_examples", "off", "local",
}  # fmt: skip
CLASS_KEYS = {
    "name", "level", "nature", "always", "plea", "loose", "confirm", "service", "handoff",
    "cite", "tag",
}  # fmt: skip
TOPIC_KEYS = {
    "id", "words", "also", "near", "unless", "reach", "gap", "cite", "tag", "examples", "off",
    "local",
}  # fmt: skip
_NATURES = ("state", "event")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of signals.toml or topics.toml, with what it inherits from its class.

    ``nature`` "event" is something that happened and can be over (a crash), "state" lasts (no
    food). ``always`` counts in questions and conditions too (self-harm). ``plea`` counts only
    where the text asks for help. ``loose`` words also live in petitions, as history or figure of
    speech: there they only bring a person. ``telling`` rows are made of few and common words and
    count only where the text has no ``desk_talk``: it tells and does nothing else. ``confirm`` rows
    only bring a person anywhere unless experience speaks for danger too. ``near`` names groups of
    which a word stands within ``reach`` characters, ``unless`` groups of which none stands within
    ``apart``. ``frames`` are groups of which a word each stands within ``within`` characters of the
    last one's; that is judged. ``local`` is a row that a county wrote or changed: experience, which
    has not met its words, does not speak against it. ``also`` are
    words of a topic that mostly say who somebody is ("a dibao household"): they ask for the
    service only where the text names no other.
    """

    id: str
    cls: str
    level: Level
    words: tuple[str, ...]
    cite: str
    tag: str
    also: tuple[str, ...] = ()
    frames: tuple[tuple[str, ...], ...] = ()
    within: int = WITHIN
    service: str | None = None
    handoff: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    reach: int = 40
    apart: int = 6
    gap: int = GAP
    nature: str = "state"
    always: bool = False
    plea: bool = False
    loose: bool = False
    telling: bool = False
    confirm: bool = False
    local: bool = False
    particular: bool = False
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


WEAKLY = "?"


def weakly(topic: str) -> str:
    """The name under which the ``also`` words of a topic are found."""
    return topic + WEAKLY


def read_rows(
    file: str, rows: Iterable[dict[str, Any]], keys: set[str], classes: Mapping[str, dict[str, Any]]
) -> dict[str, Rule]:
    built: dict[str, Rule] = {}
    for row in rows:
        name = row.get("id", "?")
        known(f"{file}: {name}", row, keys)
        if row.get("off"):
            continue
        if name in built:
            raise ValueError(f"{file}: the id {name} is given twice")
        cls = str(row.get("class", name.split(".")[0]))
        if classes and cls not in classes:
            raise ValueError(f"{file}: {name}: there is no class {cls}")
        above = classes.get(cls, {})
        particular = bool(row.get("service")) and not above.get("service")
        built[name] = replace(_rule(file, cls, {**above, **row}), particular=particular)
    return built


def _rule(file: str, cls: str, row: Mapping[str, Any]) -> Rule:
    name = row["id"]
    for key in ("cite", "tag"):
        if not row.get(key):
            raise ValueError(f"{file}: {name}: {key} is missing")
    if not row.get("words") and not row.get("all"):
        raise ValueError(f"{file}: {name}: words or all is missing")
    nature = row.get("nature", "state")
    if nature not in _NATURES:
        raise ValueError(f"{file}: {name}: nature is not one of {', '.join(_NATURES)}: {nature}")
    try:
        level = Level(row.get("level", "standard"))
    except ValueError:
        raise ValueError(f"{file}: {name}: there is no level {row['level']!r}") from None
    return Rule(
        id=name,
        cls=cls,
        level=level,
        words=tuple(row.get("words", ())),
        also=tuple(row.get("also", ())),
        frames=tuple(_frame(file, name, frame) for frame in row.get("all", ())),
        within=int(row.get("within", WITHIN)),
        cite=row["cite"],
        tag=row["tag"],
        service=row.get("service") or None,
        handoff=tuple(row.get("handoff", ())),
        near=tuple(row.get("near", ())),
        unless=tuple(row.get("unless", ())),
        reach=int(row.get("reach", 40)),
        apart=int(row.get("apart", 6)),
        gap=int(row.get("gap", GAP)),
        nature=nature,
        always=bool(row.get("always", False)),
        plea=bool(row.get("plea", False)),
        loose=bool(row.get("loose", False)),
        telling=bool(row.get("telling", False)),
        confirm=bool(row.get("confirm", False)),
        local=bool(row.get("local", False)),
        examples=tuple(row.get("examples", ())),
        counter_examples=tuple(row.get("counter_examples", ())),
    )


def _frame(file: str, name: str, written: str) -> tuple[str, ...]:
    """The groups of "A + B": {group}, (a|b) or a plain word."""
    parts = []
    for part in map(str.strip, written.split("+")):
        if not part:
            raise ValueError(f"{file}: {name}: {written!r} has an empty part")
        if part[0] == "{":
            parts.append(part.strip("{}"))
        else:
            parts.append(part if part[0] == "(" else f"({part})")
    if len(parts) < 2:
        raise ValueError(f"{file}: {name}: {written!r} needs two parts joined by +")
    return tuple(parts)


def known(where: str, row: Mapping[str, Any], keys: set[str]) -> None:
    for key in row:
        if key not in keys:
            raise ValueError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(keys))})")
