"""Undo what speech recognition did to the words that matter: 断凉 is heard as 断粮."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import ahocorasick

# Finals and initials that speakers of many regions do not keep apart. Only longer words, which
# leave enough of the shape, may be read through them.
_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_CODES = 0xE000  # private use area: one code a near sound


@dataclass(frozen=True, slots=True)
class Repair:
    """At ``start`` of the folded text ``was`` stands; it is also read as ``read_as``."""

    start: int
    was: str
    read_as: str


@cache
def _readings() -> tuple[Mapping[int, str], Mapping[str, frozenset[str]]]:
    """Char code -> code of its near sound; char -> all its readings with tone."""
    codes: dict[str, int] = {}
    first: dict[int, str] = {}
    readings: dict[str, set[str]] = {}
    source = resources.files("triage.rules").joinpath("syllables.csv").read_text("utf-8")
    for row in csv.DictReader(source.splitlines()):
        near = row["reading"][:-1]
        for sharp, dull in _NEAR:
            near = near.replace(sharp, dull)
        code = chr(_CODES + codes.setdefault(near, len(codes)))
        for char in row["first"]:
            first[ord(char)] = code
        for char in row["first"] + row["also"]:
            readings.setdefault(char, set()).add(row["reading"])
    return first, {char: frozenset(all_) for char, all_ in readings.items()}


class Sounds:
    """The words worth hearing through a wrong spelling, found in one pass over the sounds."""

    def __init__(self, words: Iterable[str], real: Iterable[str]) -> None:
        """``words`` are what may be meant; ``real`` are spellings that mean themselves."""
        self._codes, self._readings = _readings()
        self._real = frozenset(real)
        self._automaton = ahocorasick.Automaton()
        by_sound: dict[str, list[str]] = {}
        for word in words:
            by_sound.setdefault(word.translate(self._codes), []).append(word)
        for sound, meant in by_sound.items():
            self._automaton.add_word(sound, tuple(meant))
        self._automaton.make_automaton()

    def repairs(self, text: str) -> list[Repair]:
        """Every place of the folded text that sounds like one of the words but is not it."""
        found = []
        if not len(self._automaton):
            return found
        for last, meant in self._automaton.iter(text.translate(self._codes)):
            length = len(meant[0])
            start = last + 1 - length
            was = text[start : last + 1]
            if was in meant:
                continue
            if was in self._real or any(word in self._real for word in _cuts(text, start, length)):
                continue
            for word in meant:
                if self._plausible(was, word):
                    found.append(Repair(start, was, word))
                    break
        return found

    def _plausible(self, was: str, word: str) -> bool:
        """Two characters sound alike far too often by chance: one must stand as it should, or the
        tones must agree too. Longer words need one character right, or the exact syllables."""
        same = sum(a == b for a, b in zip(was, word, strict=True))
        if len(word) == 2:
            return self._alike(was, word, tones=same == 0)
        return same >= 2 or (same == 1 and self._alike(was, word, tones=False))

    def _alike(self, was: str, word: str, *, tones: bool) -> bool:
        for a, b in zip(was, word, strict=True):
            if a == b:
                continue
            heard = self._readings.get(a, frozenset())
            meant = self._readings.get(b, frozenset())
            if tones:
                if not heard & meant:
                    return False
            elif not {r[:-1] for r in heard} & {r[:-1] for r in meant}:
                return False
        return True


def _cuts(text: str, start: int, length: int) -> Iterable[str]:
    """The spellings of up to four characters that overlap the place: a real word across its edge
    (合要 in 符合要求) explains the sound better than a repair does."""
    for size in range(2, 5):
        for first in range(max(0, start - size + 1), start + length):
            if first + size <= len(text):
                yield text[first : first + size]


def mended(text: str, repairs: Iterable[Repair]) -> str:
    """The text with every repair applied; the length does not change."""
    chars = list(text)
    for repair in repairs:
        chars[repair.start : repair.start + len(repair.was)] = repair.read_as
    return "".join(chars)
