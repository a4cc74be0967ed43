"""Which lines a danger is handed to, and in which order: what its rows name, set right by the words
of the situation (handoff.toml). Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.vocabulary import Level
from triage.rows import Rule, read_rows
from triage.signals import Scan

KEYS = {
    "id", "put", "lines", "about", "words", "all", "within", "near", "unless", "reach", "apart",
    "gap", "cite", "tag", "examples", "counter_examples", "off", "local",
}  # fmt: skip
_PUTS = ("first", "also", "only")
_LOOKED = 16  # places of one row that are looked at
_OWN = {"put", "lines", "about"}


class Judged(Protocol):
    """What is asked of a signal here."""

    @property
    def level(self) -> Level: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One row of handoff.toml: where its words stand in a text in which a danger of a class of
    ``about`` (of any, if empty) counts in full, its ``lines`` are put "first" or named "also";
    "only" takes them away where its words do not stand."""

    words: Rule
    put: str
    lines: tuple[str, ...]
    about: frozenset[str]

    def stands(self, readings: Iterable[Scan]) -> bool:
        """Whether the words of the row stand in one of the readings, with its conditions."""
        rule = self.words
        return any(
            all(scan.near(cue, *span, reach=rule.reach) for cue in rule.near)
            and not any(scan.near(cue, *span, reach=rule.apart) for cue in rule.unless)
            for scan in readings
            for span, _, _ in scan.rows.get(rule.id, ())[:_LOOKED]
        )


def read_lines(rows: Sequence[dict[str, Any]]) -> tuple[Line, ...]:
    """The rows of handoff.toml in their order. Raises ValueError in one sentence."""
    given = {row.get("id", "?"): row for row in rows}
    for name, row in given.items():
        if row.get("put") not in _PUTS:
            raise ValueError(f"handoff.toml: {name}: put is not one of {', '.join(_PUTS)}")
        if not row.get("lines"):
            raise ValueError(f"handoff.toml: {name}: lines is missing")
    bare = [{key: row[key] for key in row if key not in _OWN} for row in rows]
    return tuple(
        Line(
            rule,
            given[rule.id]["put"],
            tuple(given[rule.id]["lines"]),
            frozenset(given[rule.id].get("about", ())),
        )
        for rule in read_rows("handoff.toml", bare, KEYS, {}).values()
    )


def handoff(
    decided: Sequence[tuple[Rule, Judged]], readings: Sequence[Scan], table: Sequence[Line]
) -> tuple[str, ...]:
    """The lines of the worst danger first, as the rows of ``table`` that stand set them right. What
    no row counts in full hands nothing to anybody: neither does a danger that is doubted."""
    full = [
        (rule, signal)
        for rule, signal in decided
        if signal.level.is_urgent or signal.level is rule.level
    ]
    counting = {rule.cls for rule, _ in full}
    named = dict.fromkeys(line for rule, _ in full for line in rule.handoff)
    for row in table:
        if not counting or (row.about and not row.about & counting):
            continue
        stands = row.stands(readings)
        if row.put == "only":
            if not stands:
                named = dict.fromkeys(line for line in named if line not in row.lines)
        elif stands:
            order = (row.lines, named) if row.put == "first" else (named, row.lines)
            named = dict.fromkeys(line for part in order for line in part)
    return tuple(named)


def check_lines(table: Sequence[Line], lines_of: Callable[[str], tuple[str, ...]]) -> list[str]:
    """What is wrong with the rows: an example that does not get its lines, or a counter-example
    that does. ``lines_of`` assesses a text. Where a county's rules hand an example of a shipped row
    to nobody, because they make its danger quiet, that says nothing of the row."""
    problems = []
    for row in table:
        for text, wanted in (
            *((text, True) for text in row.words.examples),
            *((text, False) for text in row.words.counter_examples),
        ):
            got = lines_of(text)
            if wanted and not got and not row.words.local:
                continue
            begins = got[: len(row.lines)] == row.lines
            if (begins if row.put == "first" else set(row.lines) <= set(got)) is not wanted:
                kind = "example" if wanted else "counter-example"
                problems.append(f"handoff.toml: {row.words.id}: its {kind} gets {got}: {text}")
    return problems
