"""Find the phrases of the rules in a folded text: one pass of an Aho-Corasick automaton."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ahocorasick

from triage.frames import Frame, Frames, Hit
from triage.text import Folded, squeeze

GAP = 8
"""Characters that may stand between two parts of a phrase unless its row says otherwise."""

CLOSE = 2
"""Characters that may stand between a group and the letters written next to it (到{depth})."""
Span = tuple[int, int]
_PIECES = re.compile(r"\{[^{}]*\}|\([^()]*\)|[^{}()]+|[{}()]")
_BRACKETS = frozenset("{}()")
_STOPS = frozenset("。!?;\n…#")
_LOOK = 6  # spans are sorted by their end; words that overlap a place are never more than this


def _end(span: Span) -> int:
    return span[1]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one row. A phrase is literal text; ``…`` joins parts that may stand apart,
    ``{group}`` stands for any word of a group, ``(a|b)`` for one of these words."""

    owner: str
    words: tuple[str, ...]
    gap: int = GAP


@dataclass(frozen=True, slots=True)
class Scan:
    """What stands where in a folded text: spans of the rows, and spans of the groups."""

    rows: Mapping[str, Sequence[Hit]]
    cues: Mapping[str, Sequence[Span]]
    text: str
    surroundings: Mapping[str, re.Pattern[str]]

    def near(self, cue: str, start: int, end: int, *, reach: int) -> bool:
        """Whether a word of a group of surroundings stands within ``reach`` characters of the
        span, or inside it. These groups are wide and seldom asked, so they are looked up here."""
        return self.inside(cue, max(0, start - reach), end + reach)

    def inside(self, cue: str, start: int, end: int) -> bool:
        """Whether a word of a group of surroundings stands between the two places."""
        return self.surroundings[cue].search(self.text, max(0, start), end) is not None

    def within(self, cue: str, start: int, end: int) -> bool:
        """Whether a word of the group lies inside the span."""
        return self.first(cue, start, end) is not None

    def first(self, cue: str, start: int, end: int) -> Span | None:
        """The first span of the group inside the given one."""
        spans = self.cues.get(cue)
        if not spans:
            return None
        if len(spans) > _LOOK:
            at = bisect_left(spans, start, key=_end)
            spans = spans[at : at + _LOOK]
        for span in spans:
            if start <= span[0] and span[1] <= end:
                return span
        return None

    def last(self, cue: str, start: int, end: int) -> Span | None:
        """The last span of the group inside the given one."""
        spans = self.cues.get(cue)
        if not spans:
            return None
        if len(spans) > _LOOK:
            at = bisect_right(spans, end, key=_end)
            spans = spans[max(0, at - _LOOK) : at]
        for span in reversed(spans):
            if start <= span[0] and span[1] <= end:
                return span
        return None

    def swallowed(self, cue: str, start: int, end: int) -> bool:
        """Whether a longer word of the group holds the span, or its end (被困 in 被困扰)."""
        spans = self.cues.get(cue)
        if not spans:
            return False
        at = bisect_left(spans, end, key=_end)
        return any(
            (first <= start and last - first > end - start) or (start <= first < end < last)
            for first, last in spans[at : at + _LOOK]
        )

    def covered(self, cue: str, start: int, end: int) -> bool:
        """Whether the span lies inside a word of the group."""
        return _inside((start, end), self.cues.get(cue, ()))


def named(group: str) -> str:
    """How a group is written in a phrase; one without a name is written out: (a|b)."""
    return group if group.startswith("(") else "{" + group + "}"


class _Surroundings(dict[str, re.Pattern[str]]):
    """A pattern for any word of a group, made where it is first asked for: of some hundred groups a
    message asks for a few, and all of them take a twentieth of a second."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, name: str) -> re.Pattern[str]:
        words = self._words[name]
        return self.setdefault(name, re.compile("|".join(map(re.escape, words)) or "(?!)"))


class Matcher:
    """All phrases of a policy, compiled once; scanning takes time linear in text and matches."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]],
        rows: Sequence[Phrases],
        *,
        surroundings: Mapping[str, tuple[str, ...]],
        frames: Sequence[Frame] = (),
        longer: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """``groups`` are cues and parts of phrases, ``surroundings`` what rows name under near and
        unless. A word of the groups that a group of ``longer`` names is none inside a longer word
        of that group (加油 in 加油站). Raises ValueError for a phrase that names an unknown group
        or has an empty part."""
        self._longer = longer or {}
        self._surroundings = _Surroundings(surroundings)
        self._frames = Frames(frames)
        parts: dict[str, _Part] = {}
        states = 0
        for row in rows:
            for phrase in row.words:
                states = _add(row, phrase, groups, parts, states)
        words: dict[str, set[str]] = {symbol: {symbol} for symbol in parts if symbol[0] not in "{("}
        for group, members in groups.items():
            for word in members:
                words.setdefault(squeeze(word), set()).add(named(group))
        self._automaton = ahocorasick.Automaton()
        for word, symbols in words.items():
            of = [parts[symbol] for symbol in sorted(symbols) if symbol in parts]
            self._automaton.add_word(
                word,
                (
                    len(word),
                    tuple(sorted(s[1:-1] if s[0] == "{" else s for s in symbols if s[0] in "{(")),
                    tuple(dict.fromkeys(owner for part in of for owner in part.whole)),
                    tuple(part.state for part in of if part.begins),
                    tuple(step for part in of for step in part.steps),
                    word.isascii() and word[0].isalpha(),
                ),
            )
        self._automaton.make_automaton()

    def scan(self, folded: Folded, text: str | None = None) -> Scan:
        """Every phrase in ``folded``; ``text`` is another reading of it of the same length."""
        text = folded.text if text is None else text
        rows: dict[str, list[Hit]] = {}
        cues: dict[str, list[Span]] = {}
        reached: dict[int, Span] = {}
        gaps = frozenset(folded.gaps)
        for last, (length, groups, whole, begins, steps, latin) in self._automaton.iter(text):
            end = last + 1
            start = end - length
            if latin and not _alone(text, start, end, gaps):
                continue
            span = (start, end)
            for group in groups:
                if group in cues:
                    cues[group].append(span)
                else:
                    cues[group] = [span]
            for owner in whole:
                rows.setdefault(owner, []).append((span, span, 0))
            for before, gap, after, owner in steps:
                begun = reached.get(before)
                if begun is None or not 0 <= start - begun[1] <= gap:
                    continue
                if not _STOPS.isdisjoint(text[begun[1] : start]):
                    continue
                if owner:
                    rows.setdefault(owner, []).append(((begun[0], end), span, begun[1]))
                else:
                    reached[after] = (begun[0], end)
            for state in begins:
                reached[state] = span
        for group in self._longer.keys() & cues.keys():
            _take_out(cues, cues[group], self._longer[group])
        for owner, hits in self._frames.find(cues).items():
            rows.setdefault(owner, []).extend(hits)
        return Scan(rows, cues, text, self._surroundings)


def _take_out(cues: dict[str, list[Span]], longer: Sequence[Span], groups: Sequence[str]) -> None:
    """Take the words that stand inside longer ones out of the groups."""
    for group in groups:
        if group in cues:
            cues[group] = [span for span in cues[group] if not _inside(span, longer)]
            if not cues[group]:
                del cues[group]


def _inside(span: Span, spans: Sequence[Span]) -> bool:
    """Whether the span lies inside one of ``spans``, which are sorted by their ends."""
    at = bisect_left(spans, span[1], key=_end)
    return any(first <= span[0] for first, _ in spans[at : at + _LOOK])


@dataclass(slots=True)
class _Part:
    """What a word or a group does in the phrases: it is one, it begins some, it carries some on.

    A step is (state it needs, room before it, state it reaches, or the row it completes)."""

    state: int
    begins: bool = False
    whole: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, int, str]] = field(default_factory=list)


def _add(
    row: Phrases,
    phrase: str,
    groups: Mapping[str, Sequence[str]],
    parts: dict[str, _Part],
    states: int,
) -> int:
    """Enter one phrase; returns the number of states in use after it."""
    pieces = _parts(phrase, row.gap)
    before = -1
    for place, (piece, gap) in enumerate(pieces):
        if piece.startswith(("{", "(")) and len(piece) > 1:
            symbol = piece
            if (piece[1:-1] if piece[0] == "{" else piece) not in groups:
                raise ValueError(f"{row.owner}: {phrase!r} names no group of cues.toml: {piece}")
        else:
            symbol = squeeze(piece)
            if not symbol or not _BRACKETS.isdisjoint(symbol):
                raise ValueError(f"{row.owner}: {phrase!r} has an empty or a broken part")
        if symbol not in parts:
            parts[symbol] = _Part(states)
            states += 1
        part = parts[symbol]
        is_last = place == len(pieces) - 1
        if is_last and place == 0:
            part.whole.append(row.owner)
        elif place == 0:
            part.begins = True
            before = part.state
        elif is_last:
            part.steps.append((before, gap, -1, row.owner))
        else:
            part.steps.append((before, gap, states, ""))
            before = states
            states += 1
    return states


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
