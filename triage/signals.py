"""Find the phrases of the rules in a folded text: one pass of an Aho-Corasick automaton."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from triage.text import Folded, squeeze

GAP = 8
"""Characters that may stand between two parts of a phrase unless its row says otherwise."""

CLOSE = 2
"""Characters that may stand between a group and the letters written next to it (到{depth})."""
Span = tuple[int, int]
_PIECES = re.compile(r"\{[^{}]*\}|[^{}]+|[{}]")
_STOPS = frozenset("。!?;\n…#")
_LOOK = 6  # spans are sorted by their end; words that overlap a place are never more than this


def _end(span: Span) -> int:
    return span[1]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one row. A phrase is literal text; ``…`` joins parts that may stand apart,
    ``{group}`` stands for any word of a group."""

    owner: str
    words: tuple[str, ...]
    gap: int = GAP


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands where in a folded text: spans of the rows, and spans of the groups."""

    rows: Mapping[str, Sequence[Span]]
    cues: Mapping[str, Sequence[Span]]

    def near(self, cue: str, start: int, end: int, *, reach: int) -> bool:
        """Whether a word of the group stands within ``reach`` characters of the span."""
        spans = self.cues.get(cue)
        if not spans:
            return False
        at = bisect_left(spans, start - reach, key=_end)
        return any(first <= end + reach for first, _ in spans[at : at + _LOOK])

    def within(self, cue: str, start: int, end: int) -> bool:
        """Whether a word of the group lies inside the span."""
        return self.first(cue, start, end) is not None

    def first(self, cue: str, start: int, end: int) -> Span | None:
        """The first span of the group inside the given one."""
        spans = self.cues.get(cue)
        if not spans:
            return None
        at = bisect_left(spans, start, key=_end)
        inside = (s for s in spans[at : at + _LOOK] if start <= s[0] and s[1] <= end)
        return next(inside, None)

    def last(self, cue: str, start: int, end: int) -> Span | None:
        """The last span of the group inside the given one."""
        spans = self.cues.get(cue)
        if not spans:
            return None
        at = bisect_right(spans, end, key=_end)
        inside = (s for s in reversed(spans[max(0, at - _LOOK) : at]) if start <= s[0])
        return next(inside, None)

    def covered(self, cue: str, start: int, end: int) -> bool:
        """Whether the span lies inside a word of the group."""
        spans = self.cues.get(cue)
        if not spans:
            return False
        at = bisect_left(spans, end, key=_end)
        return any(first <= start for first, _ in spans[at : at + _LOOK])


class Matcher:
    """All phrases of a policy, compiled once; scanning takes time linear in text and matches."""

    def __init__(self, groups: Mapping[str, Sequence[str]], rows: Sequence[Phrases]) -> None:
        """Raises ValueError for a phrase that names an unknown group or has an empty part."""
        self._owners: list[str] = []
        # symbol -> the (phrase, part, is last, gap) uses it has; phrase -> row
        self._uses: dict[str, list[tuple[int, int, bool, int]]] = {}
        words: dict[str, set[str]] = {}
        for group, members in groups.items():
            for word in members:
                words.setdefault(squeeze(word), set()).add("{" + group + "}")
        for row in rows:
            for phrase in row.words:
                self._add(row, phrase, groups, words)
        self._automaton = ahocorasick.Automaton()
        for word, symbols in words.items():
            cues = tuple(sorted(s[1:-1] for s in symbols if s.startswith("{")))
            uses = tuple(use for s in sorted(symbols) for use in self._uses.get(s, ()))
            latin = word.isascii() and word[0].isalpha()
            self._automaton.add_word(word, (len(word), cues, uses, latin))
        self._automaton.make_automaton()

    def _add(
        self,
        row: Phrases,
        phrase: str,
        groups: Mapping[str, Sequence[str]],
        words: dict[str, set[str]],
    ) -> None:
        number = len(self._owners)
        self._owners.append(row.owner)
        parts = _parts(phrase, row.gap)
        for place, (part, gap) in enumerate(parts):
            if part.startswith("{"):
                if part[1:-1] not in groups:
                    raise ValueError(f"{row.owner}: {phrase!r} names no group of cues.toml: {part}")
                symbol = part
            else:
                symbol = squeeze(part)
                if not symbol or "{" in symbol or "}" in symbol:
                    raise ValueError(f"{row.owner}: {phrase!r} has an empty or a broken part")
                words.setdefault(symbol, set()).add(symbol)
            use = (number, place, place == len(parts) - 1, gap)
            self._uses.setdefault(symbol, []).append(use)

    def scan(self, folded: Folded, text: str | None = None) -> Scan:
        """Every phrase in ``folded``; ``text`` is another reading of it of the same length."""
        text = folded.text if text is None else text
        rows: dict[str, list[Span]] = {}
        cues: dict[str, list[Span]] = {}
        begun: dict[tuple[int, int], Span] = {}
        owners = self._owners
        gaps = frozenset(folded.gaps)
        for last, (length, groups, uses, latin) in self._automaton.iter(text):
            end = last + 1
            start = end - length
            if latin and not _alone(text, start, end, gaps):
                continue
            span = (start, end)
            for group in groups:
                cues.setdefault(group, []).append(span)
            for number, part, is_last, gap in uses:
                if part:
                    before = begun.get((number, part - 1))
                    if before is None or not 0 <= start - before[1] <= gap:
                        continue
                    if not _STOPS.isdisjoint(text[before[1] : start]):
                        continue
                    found = (before[0], end)
                else:
                    found = span
                if is_last:
                    rows.setdefault(owners[number], []).append(found)
                else:
                    begun[number, part] = found
        return Scan(rows, cues)


def _parts(phrase: str, gap: int) -> list[tuple[str, int]]:
    """The parts of a phrase, each with the room allowed before it."""
    return [
        (piece, gap if not place else CLOSE)
        for part in phrase.split("…")
        for place, piece in enumerate(_PIECES.findall(part) or [""])
    ]


def _alone(text: str, start: int, end: int, gaps: frozenset[int]) -> bool:
    """Whether a Latin word stands by itself: "help" in "helper" does not."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return (start in gaps or not (before.isascii() and before.isalnum())) and (
        end in gaps or not (after.isascii() and after.isalnum())
    )
