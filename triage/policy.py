"""Read the rules of triage once, check them as a whole, and stamp them with their hash."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import tomli

from triage.borders import Borders
from triage.experience import Experience
from triage.experience import load as load_experience
from triage.frames import Frame
from triage.handoffs import Line, check_lines, read_lines
from triage.rows import CLASS_KEYS, SIGNAL_KEYS, TOPIC_KEYS, Rule, known, read_rows, weakly
from triage.scales import Scales
from triage.scales import load as load_scales
from triage.signals import Matcher, Phrases
from triage.sounds import Sounds
from triage.text import squeeze

FILES = ("signals.toml", "cues.toml", "topics.toml", "handoff.toml", "sounds.toml")

_LEARNED = ("syllables.csv", "common_words.txt", "experience.npz", "weighing.npz")

_GROUP_KEYS = {"words", "include", "longer_than"}
_SOUND_KEYS = {"words", "real", "pairs"}
_PART = re.compile(r"\{([^{}]*)\}|(\([^()]*\))")
JUDGED_CUES = frozenset(
    {
        "own", "family", "known_other", "stranger", "hypothetical", "risk", "imminent",
        "recurring", "lately", "long_ago", "history", "now", "resolved", "still", "news",
        "counterfactual", "threat", "study", "ask_policy", "ask", "complaint", "settled", "thanks",
        "plea", "not_plea", "offer", "recruit", "cheer", "notice", "not_public", "trouble", "wants",
        "chain", "chain_ask",
        "flood_scene", "desk_talk", "under_way", "general_question", "all_over", "exercise",
        "innocent", "cry_fill", "salutation", "civic", "emergency", "collector",
        "elder", "infant", "child", "pregnant", "disabled", "device",
        "resolved_D2", "resolved_D3", "resolved_D4", "resolved_D5", "resolved_D6",
        "resolved_U1", "resolved_U2", "resolved_U3", "resolved_U4", "resolved_U5",
        "resolved_U6", "resolved_U9", "resolved_U10",
    }
)  # fmt: skip
"""The groups of cues.toml that code asks for by name."""


@dataclass(frozen=True)
class SignalPolicy:
    """The rules as they are used. ``hash`` is that of the files' bytes, so it cannot lie."""

    signals: Mapping[str, Rule]
    topics: Mapping[str, Rule]
    lines: tuple[Line, ...]
    groups: Mapping[str, tuple[str, ...]] = field(repr=False)
    hash: str
    matcher: Matcher = field(repr=False)
    sounds: Sounds = field(repr=False)
    experience: Experience = field(repr=False)
    scales: Scales = field(repr=False)
    borders: Borders

    @cached_property
    def firsts(self) -> Mapping[str, Rule]:
        """The first row of each class, which lends its service and its lines."""
        return {rule.cls: rule for rule in reversed([*self.signals.values()])}


def load_signals(overlay: Path | None = None) -> SignalPolicy:
    """The shipped rules, with the single values a county's own directory ``overlay`` changes: its
    rows replace the values they give of rows with the same id, new ids are added, ``off = true``
    takes a row out. Raises ValueError naming file and key for anything unknown."""
    return _shipped() if overlay is None else _read(overlay)


@cache
def _shipped() -> SignalPolicy:
    """What is shipped never changes while a process runs, and is forty megabytes."""
    return _read(None)


def _read(overlay: Path | None) -> SignalPolicy:
    read: dict[str, dict[str, Any]] = {}
    learned: dict[str, bytes] = {}
    digest = sha256()
    for name in (*FILES, *_LEARNED):
        data = resources.files("triage.rules").joinpath(name).read_bytes()
        digest.update(name.encode() + b"\0" + data + b"\0")
        if name in FILES:
            read[name] = _parse(name, data)
        else:
            learned[name] = data
    if overlay is not None:
        for name in FILES:
            path = Path(overlay) / name
            if path.is_file():
                data = path.read_bytes()
                digest.update(str(name).encode() + b"\0" + data + b"\0")
                _lay_over(read[name], _parse(str(path), data))
    return _build(read, learned, f"sha256:{digest.hexdigest()}")


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
    return problems + check_lines(
        policy.lines, lambda text: assess(text, Context(), policy).handoff
    )


def _parse(name: str, data: bytes) -> dict[str, Any]:
    try:
        return tomli.loads(data.decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: not readable as TOML: {error}") from None


def _lay_over(base: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = {row.get("id"): row for row in base.setdefault(key, [])}
            for row in value:
                row["local"] = True
                if row.get("id") in rows:
                    rows[row["id"]].update(row)
                else:
                    base[key].append(row)
        elif isinstance(value, dict):
            _lay_over(base.setdefault(key, {}), value)
        else:
            base[key] = value


def _build(
    read: Mapping[str, dict[str, Any]], learned: Mapping[str, bytes], stamp: str
) -> SignalPolicy:
    known("signals.toml", read["signals.toml"], {"class", "signal", "experience"})
    known("cues.toml", read["cues.toml"], {"group"})
    known("topics.toml", read["topics.toml"], {"topic"})
    known("handoff.toml", read["handoff.toml"], {"line"})
    known("sounds.toml", read["sounds.toml"], _SOUND_KEYS)
    cues = read["cues.toml"].get("group", {})
    groups = _groups(cues)
    classes = read["signals.toml"].get("class", {})
    for name, row in classes.items():
        known(f"signals.toml: class.{name}", row, CLASS_KEYS)
    signals = read_rows("signals.toml", read["signals.toml"]["signal"], SIGNAL_KEYS, classes)
    topics = read_rows("topics.toml", read["topics.toml"]["topic"], TOPIC_KEYS, {})
    if missing := JUDGED_CUES - groups.keys():
        raise ValueError(f"cues.toml: groups that judgement needs are missing: {sorted(missing)}")
    lines = read_lines(read["handoff.toml"].get("line", ()))
    rules = (*signals.values(), *topics.values(), *(line.words for line in lines))
    groups.update(_written_out(rules))
    for rule in rules:
        for part in (part for frame in rule.frames for part in frame):
            if part not in groups:
                raise ValueError(f"{rule.id}: all names no group of cues.toml: {part}")
        for cue in (*rule.near, *rule.unless):
            if cue not in groups:
                raise ValueError(f"{rule.id}: near/unless names no group of cues.toml: {cue}")
    sounds = read["sounds.toml"]
    experience = load_experience(learned["experience.npz"])
    return SignalPolicy(
        signals=signals,
        topics=topics,
        lines=lines,
        groups=groups,
        hash=stamp,
        matcher=_matcher(groups, rules, _longer(cues)),
        sounds=Sounds(sounds["words"], sounds["real"], pairs=sounds.get("pairs", {})),
        experience=experience,
        scales=load_scales(learned["weighing.npz"], experience),
        borders=_borders(read["signals.toml"].get("experience", {})),
    )


def _borders(row: Mapping[str, Any]) -> Borders:
    known("signals.toml: experience", row, {field.name for field in fields(Borders)})
    try:
        return Borders(**row)
    except TypeError as error:
        raise ValueError(f"signals.toml: experience: {error}") from None


def _matcher(
    groups: Mapping[str, tuple[str, ...]],
    rules: Sequence[Rule],
    longer: Mapping[str, Sequence[str]],
) -> Matcher:
    """Only what phrases are built from and what judgement asks for is searched in every text."""
    named = {cue for rule in rules for cue in (*rule.near, *rule.unless)}
    parts = {a or b for rule in rules for word in rule.words for a, b in _PART.findall(word)}
    parts |= {part for rule in rules for frame in rule.frames for part in frame}
    return Matcher(
        {name: words for name, words in groups.items() if name in JUDGED_CUES or name in parts},
        [
            *(Phrases(rule.id, rule.words, rule.gap) for rule in rules),
            *(Phrases(weakly(rule.id), rule.also, rule.gap) for rule in rules if rule.also),
        ],
        surroundings={name: groups[name] for name in named},
        frames=[Frame(rule.id, parts, rule.within) for rule in rules for parts in rule.frames],
        longer=longer,
    )


def _written_out(rules: Sequence[Rule]) -> dict[str, tuple[str, ...]]:
    """The groups without a name: (a|b) in a phrase, and a plain word or (a|b) in a frame."""
    written = {b for rule in rules for word in rule.words for _, b in _PART.findall(word) if b}
    written |= {
        part for rule in rules for frame in rule.frames for part in frame if part.startswith("(")
    }
    groups = {}
    for part in written:
        words = tuple(dict.fromkeys(squeeze(word) for word in part[1:-1].split("|")))
        if not all(words):
            raise ValueError(f"signals.toml: {part} has an empty alternative")
        groups[part] = words
    return groups


def _longer(rows: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The groups whose words hold words of other groups and mean something else."""
    found = {name: tuple(row["longer_than"]) for name, row in rows.items() if "longer_than" in row}
    for name, others in found.items():
        if unknown := sorted(set(others) - rows.keys()):
            raise ValueError(f"cues.toml: group.{name}: longer_than names no group: {unknown}")
    return found


def _groups(rows: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, row in rows.items():
        known(f"cues.toml: group.{name}", row, _GROUP_KEYS)
        words = list(row.get("words", ()))
        for other in row.get("include", ()):
            if other not in rows:
                raise ValueError(f"cues.toml: group.{name}: includes no such group: {other}")
            words += rows[other].get("words", ())
        groups[name] = tuple(dict.fromkeys(map(squeeze, words)))
    return groups
