"""Fold a text for matching without losing where each character stood in what the person wrote."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache

import opencc

HEAD = 40_000
"""Code points looked at from the beginning of a text; a book pasted into a form is not read."""
TAIL = 10_000
"""Code points looked at from the end: a plea often stands last."""

_GONE = "\u200b"  # stands for every mark that nobody sees: zero width, bidi, variation selectors
_HAN = "\u3400-\u9fff"
_BREAKS = re.compile(r"[。!?;\n…]+")
_CLAUSES = re.compile(r"[,、:。!?;\n…()【】\[\]“”\"《》]+")
_DROPPED = re.compile(rf"[ {_GONE}]|(?<=[{_HAN}])[*·/_~^|.](?=[{_HAN}])")
_HASHTAG = re.compile(r"#[^#\n]{1,40}#")


class _Table(dict[int, str]):
    """One character in, one character out; what is not known yet is worked out once and kept."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cf", "Mn") or 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
            folded = _GONE
        elif char == "\r":
            folded = "\n"
        elif category in ("Cc", "Cs", "Zs", "Zl", "Zp") and char != "\n":
            folded = " "
        else:
            plain = unicodedata.normalize("NFKC", char)
            folded = plain if len(plain) == 1 else char
            lowered = folded.lower()
            folded = lowered if len(lowered) == 1 else folded
        self[code] = folded
        return folded


@cache
def _table() -> _Table:
    """Width, case and traditional characters; built once (about 20 ms) from OpenCC's own data."""
    table = _Table()
    block = "".join(map(chr, range(0x4E00, 0xA000)))
    simplified = opencc.OpenCC("t2s").convert("\n".join(block)).split("\n")
    for char, plain in zip(block, simplified, strict=True):
        table[ord(char)] = plain if len(plain) == 1 else char
    # 著 is also a simplified character, so OpenCC leaves it; for matching 著火 is 着火.
    table[ord("著")] = "着"
    table[ord("妳")] = "你"
    return table


@dataclass(frozen=True, slots=True)
class Folded:
    """The text as it is matched. ``at`` maps a place in ``text`` to the given text; None when
    nothing was dropped. ``gaps`` are the places where white space stood: a weak end of clause."""

    text: str
    flat: str  # ``plain`` of what was looked at: one character for each given one
    at: tuple[int, ...] | None
    gaps: tuple[int, ...]
    ends: tuple[int, ...]  # where sentences end
    clause_ends: tuple[int, ...]
    tags: tuple[tuple[int, int], ...]  # #hashtags#, which name a subject and report nothing

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the given text, in code points, that ``text[start:end]`` was folded from."""
        if self.at is None:
            return start, end
        return self.at[start], self.at[end - 1] + 1

    def sentence(self, place: int) -> tuple[int, int]:
        """Start and end of the sentence that holds ``place``."""
        return _around(self.ends, place, len(self.text))

    def clause(self, place: int) -> tuple[int, int]:
        """Start and end of the clause that holds ``place``."""
        return _around(self.clause_ends, place, len(self.text))

    def middle(self) -> tuple[int, int] | None:
        """Where the middle of a very long text was left out: the last words before it."""
        if self.at is None or not self.at or self.at[-1] < HEAD + TAIL:
            return None
        place = bisect_left(self.at, HEAD)
        return (place - 1, place) if place and self.at[place] - self.at[place - 1] > 1 else None

    def tagged(self, start: int, end: int) -> bool:
        """Whether the span touches a hashtag."""
        return bool(self.tags) and any(first < end and start < last for first, last in self.tags)


def _around(ends: tuple[int, ...], place: int, length: int) -> tuple[int, int]:
    after = bisect_right(ends, place)
    start = ends[after - 1] if after else 0
    return start, ends[after] if after < len(ends) else length


def plain(text: str) -> str:
    """Width, case and script folded, one character for one: every offset stays what it was."""
    return text.translate(_table())


def squeeze(words: str) -> str:
    """Fold a phrase of the rules the way ``fold`` folds a message."""
    return _DROPPED.sub("", plain(words))


def fold(text: str) -> Folded:
    """Fold any string; never raises, linear time. Of a very long text the middle is left out."""
    shift = 0
    if len(text) > HEAD + TAIL:
        shift = len(text) - HEAD - TAIL
        text = text[:HEAD] + text[-TAIL:]
    flat = plain(text)
    text = flat
    at: tuple[int, ...] | None = None
    gaps: tuple[int, ...] = ()
    if dropped := [match.start() for match in _DROPPED.finditer(flat)]:
        text, at, gaps = _without(flat, dropped)
    if shift:
        places = at if at is not None else range(len(flat))
        at = tuple(place if place < HEAD else place + shift for place in places)
    clause_ends = [match.end() for match in _CLAUSES.finditer(text)]
    if gaps:
        clause_ends = sorted({*clause_ends, *gaps})
    tags = tuple(match.span() for match in _HASHTAG.finditer(text)) if "#" in text else ()
    ends = tuple(match.end() for match in _BREAKS.finditer(text))
    return Folded(text, flat, at, gaps, ends, tuple(clause_ends), tags)


def _without(flat: str, dropped: list[int]) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """The text without the dropped places, where the rest stood, and where white space stood."""
    pieces: list[str] = []
    at: list[int] = []
    gaps: list[int] = []
    begin = 0
    for place in dropped:
        if place > begin:
            pieces.append(flat[begin:place])
            at.extend(range(begin, place))
        if flat[place] != _GONE and (not gaps or gaps[-1] != len(at)):
            gaps.append(len(at))
        begin = place + 1
    pieces.append(flat[begin:])
    at.extend(range(begin, len(flat)))
    return "".join(pieces), tuple(at), tuple(gaps)
