"""Read the rules of triage once, check them as a whole, and stamp them with their hash."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from models.vocabulary import Level
from triage.signals import GAP, Matcher, Phrases
from triage.sounds import Sounds
from triage.text import squeeze

FILES = ("signals.toml", "cues.toml", "topics.toml", "sounds.toml")

_SIGNAL_KEYS = {
    "id", "words", "class", "level", "near", "unless", "reach", "apart", "gap", "nature",
    "always", "plea", "loose", "service", "handoff", "cite", "tag", "examples",
    "counter_examples", "off",
}  # fmt: skip
_CLASS_KEYS = {
    "name", "level", "nature", "always", "plea", "loose", "service", "handoff", "cite", "tag",
}  # fmt: skip
_TOPIC_KEYS = {"id", "words", "near", "unless", "reach", "gap", "cite", "tag", "examples", "off"}
_GROUP_KEYS = {"words", "include"}
_SOUND_KEYS = {"words", "real", "pairs"}
_PART = re.compile(r"\{([^{}]*)\}")
JUDGED_CUES = frozenset(
    {
        "own", "family", "known_other", "stranger", "hypothetical", "risk", "imminent",
        "recurring", "lately", "long_ago", "history", "now", "resolved", "still", "news",
        "counterfactual", "threat", "ask_policy", "ask", "complaint", "settled", "thanks",
        "plea", "not_plea", "offer", "recruit", "cheer", "notice", "chain", "chain_ask",
        "flood_scene", "exercise", "innocent", "salutation", "civic", "emergency", "collector",
        "elder", "infant", "child", "pregnant", "disabled", "device",
        "resolved_D2", "resolved_D3", "resolved_D4", "resolved_D5", "resolved_D6",
        "resolved_U1", "resolved_U2", "resolved_U3", "resolved_U4", "resolved_U5",
        "resolved_U6", "resolved_U9", "resolved_U10",
    }
)  # fmt: skip
"""The groups of cues.toml that code asks for by name."""
_NATURES = ("state", "event")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of signals.toml or topics.toml, with what it inherits from its class.

    ``nature`` "event" is something that happened and can be over (a crash), "state" lasts (no
    food). ``always`` counts in questions and conditions too (self-harm). ``plea`` counts only
    where the text asks for help. ``loose`` words also live in petitions, as history or figure of
    speech: there they only bring a person. ``near``
    names groups of which a word stands within ``reach`` characters, ``unless`` groups of which
    none stands within ``apart``.
    """

    id: str
    cls: str
    level: Level
    words: tuple[str, ...]
    cite: str
    tag: str
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
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignalPolicy:
    """The rules as they are used. ``hash`` is that of the files' bytes, so it cannot lie."""

    signals: Mapping[str, Rule]
    topics: Mapping[str, Rule]
    groups: Mapping[str, tuple[str, ...]] = field(repr=False)
    hash: str
    matcher: Matcher = field(repr=False)
    sounds: Sounds = field(repr=False)


def load_signals(overlay: Path | None = None) -> SignalPolicy:
    """The shipped rules, with the single values a county's own directory ``overlay`` changes: its
    rows replace the values they give of rows with the same id, new ids are added, ``off = true``
    takes a row out. Raises ValueError naming file and key for anything unknown."""
    read: dict[str, dict[str, Any]] = {}
    digest = sha256()
    for name in (*FILES, "syllables.csv"):
        data = resources.files("triage.rules").joinpath(name).read_bytes()
        digest.update(name.encode() + b"\0" + data + b"\0")
        if name in FILES:
            read[name] = _parse(name, data)
    if overlay is not None:
        for name in FILES:
            path = Path(overlay) / name
            if path.is_file():
                data = path.read_bytes()
                digest.update(str(name).encode() + b"\0" + data + b"\0")
                _lay_over(read[name], _parse(str(path), data))
    return _build(read, f"sha256:{digest.hexdigest()}")


def check(policy: SignalPolicy) -> list[str]:
    """What is wrong with the rules: an example that does not assess to its own row, or a counter
    example that does. Empty when all is well."""
    from triage.assess import Context, assess  # assess reads this module's types

    problems = []
    for rule in policy.signals.values():
        for example in rule.examples:
            signals = assess(example, Context(), policy).signals
            if not any(s.rule == rule.id and s.counts for s in signals):
                problems.append(f"signals.toml: {rule.id}: its example does not count: {example}")
        for example in rule.counter_examples:
            signals = assess(example, Context(), policy).signals
            if any(s.rule == rule.id and s.counts for s in signals):
                problems.append(f"signals.toml: {rule.id}: its counter-example counts: {example}")
    for topic in policy.topics.values():
        problems += [
            f"topics.toml: {topic.id}: its example is not found: {example}"
            for example in topic.examples
            if topic.id not in {n.service for n in assess(example, Context(), policy).needs}
        ]
    return problems


def _parse(name: str, data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: not readable as TOML: {error}") from None


def _lay_over(base: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = {row.get("id"): row for row in base.setdefault(key, [])}
            for row in value:
                if row.get("id") in rows:
                    rows[row["id"]].update(row)
                else:
                    base[key].append(row)
        elif isinstance(value, dict):
            _lay_over(base.setdefault(key, {}), value)
        else:
            base[key] = value


def _build(read: Mapping[str, dict[str, Any]], stamp: str) -> SignalPolicy:
    _known("signals.toml", read["signals.toml"], {"class", "signal"})
    _known("cues.toml", read["cues.toml"], {"group"})
    _known("topics.toml", read["topics.toml"], {"topic"})
    _known("sounds.toml", read["sounds.toml"], _SOUND_KEYS)
    groups = _groups(read["cues.toml"].get("group", {}))
    classes = read["signals.toml"].get("class", {})
    for name, row in classes.items():
        _known(f"signals.toml: class.{name}", row, _CLASS_KEYS)
    signals = _rows("signals.toml", read["signals.toml"]["signal"], _SIGNAL_KEYS, classes)
    topics = _rows("topics.toml", read["topics.toml"]["topic"], _TOPIC_KEYS, {})
    if missing := JUDGED_CUES - groups.keys():
        raise ValueError(f"cues.toml: groups that judgement needs are missing: {sorted(missing)}")
    for rule in (*signals.values(), *topics.values()):
        for cue in (*rule.near, *rule.unless):
            if cue not in groups:
                raise ValueError(f"{rule.id}: near/unless names no group of cues.toml: {cue}")
    sounds = read["sounds.toml"]
    return SignalPolicy(
        signals=signals,
        topics=topics,
        groups=groups,
        hash=stamp,
        matcher=_matcher(groups, (*signals.values(), *topics.values())),
        sounds=Sounds(sounds["words"], sounds["real"], pairs=sounds.get("pairs", {})),
    )


def _matcher(groups: Mapping[str, tuple[str, ...]], rules: Sequence[Rule]) -> Matcher:
    """Only what phrases are built from and what judgement asks for is searched in every text."""
    named = {cue for rule in rules for cue in (*rule.near, *rule.unless)}
    parts = {part for rule in rules for word in rule.words for part in _PART.findall(word)}
    return Matcher(
        {name: words for name, words in groups.items() if name in JUDGED_CUES or name in parts},
        [Phrases(rule.id, rule.words, rule.gap) for rule in rules],
        surroundings={name: groups[name] for name in named},
    )


def _groups(rows: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, row in rows.items():
        _known(f"cues.toml: group.{name}", row, _GROUP_KEYS)
        words = list(row.get("words", ()))
        for other in row.get("include", ()):
            if other not in rows:
                raise ValueError(f"cues.toml: group.{name}: includes no such group: {other}")
            words += rows[other].get("words", ())
        groups[name] = tuple(dict.fromkeys(map(squeeze, words)))
    return groups


def _rows(
    file: str, rows: Iterable[dict[str, Any]], keys: set[str], classes: Mapping[str, dict[str, Any]]
) -> dict[str, Rule]:
    built: dict[str, Rule] = {}
    for row in rows:
        name = row.get("id", "?")
        _known(f"{file}: {name}", row, keys)
        if row.get("off"):
            continue
        if name in built:
            raise ValueError(f"{file}: the id {name} is given twice")
        cls = str(row.get("class", name.split(".")[0]))
        if classes and cls not in classes:
            raise ValueError(f"{file}: {name}: there is no class {cls}")
        built[name] = _rule(file, cls, {**classes.get(cls, {}), **row})
    return built


def _rule(file: str, cls: str, row: Mapping[str, Any]) -> Rule:
    name = row["id"]
    for key in ("words", "cite", "tag"):
        if not row.get(key):
            raise ValueError(f"{file}: {name}: {key} is missing")
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
        words=tuple(row["words"]),
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
        examples=tuple(row.get("examples", ())),
        counter_examples=tuple(row.get("counter_examples", ())),
    )


def _known(where: str, row: Mapping[str, Any], keys: set[str]) -> None:
    for key in row:
        if key not in keys:
            raise ValueError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(keys))})")
