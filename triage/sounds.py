"""Undo what speech recognition did to the words that matter: 断凉 is heard as 断粮."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice

import ahocorasick

# Finals and initials that speakers of many regions do not keep apart. Only longer words, which
# leave enough of the shape, may be read through them.
_NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_LONGEST = 8  # characters of a place that common words may explain
_LONGEST_WORD = 4  # characters of the longest of these that is looked for
_SPELLED = 200  # letters of a text that are looked at
_SYLLABLE = 6  # letters of the longest syllable
_CODES = 0xE000  # private use area: one code a near sound


class _Codes(dict[int, str]):
    """A character without a known reading stands for itself."""

    def __missing__(self, code: int) -> str:
        self[code] = char = chr(code)
        return char


@dataclass(frozen=True, slots=True)
class Repair:
    """At ``start`` of the folded text ``was`` stands; it is also read as ``read_as``."""

    start: int
    was: str
    read_as: str


@cache
def _readings() -> tuple[Mapping[int, str], Mapping[str, str]]:
    """Char code -> code of its near sound; char -> its usual reading with tone."""
    codes: dict[str, int] = {}
    first = _Codes()
    readings: dict[str, str] = {}
    source = resources.files("triage.rules").joinpath("syllables.csv").read_text("utf-8")
    for row in csv.DictReader(source.splitlines()):
        near = row["reading"][:-1]
        for sharp, dull in _NEAR:
            near = near.replace(sharp, dull)
        code = chr(_CODES + codes.setdefault(near, len(codes)))
        for char in row["first"]:
            first[ord(char)] = code
            readings[char] = row["reading"]
    return first, readings


@cache
def _common() -> frozenset[str]:
    """The common words by which a place can be explained without a repair."""
    source = resources.files("triage.rules").joinpath("common_words.txt").read_text("utf-8")
    return frozenset(line for line in source.splitlines() if line and line[0] != "#")


class Sounds:
    """The words worth hearing through a wrong spelling, found in one pass over the sounds."""

    def __init__(
        self, words: Iterable[str], real: Iterable[str], *, pairs: Mapping[str, str]
    ) -> None:
        """``words`` are what may be meant; ``real`` are spellings that mean themselves; ``pairs``
        are spellings that recognisers are known to write, and what they stand for."""
        self._codes, self._readings = _readings()
        self._real = frozenset(real)
        self._automaton = ahocorasick.Automaton()
        by_sound: dict[str, list[str]] = {}
        for word in words:
            by_sound.setdefault(word.translate(self._codes), []).append(word)
        for sound, meant in by_sound.items():
            self._automaton.add_word(sound, tuple(meant))
        self._automaton.make_automaton()
        self._pairs = ahocorasick.Automaton()
        for was, word in pairs.items():
            if len(was) != len(word):
                raise ValueError(f"sounds.toml: pairs: {was!r} and {word!r} differ in length")
            self._pairs.add_word(was, (was, word))
        self._pairs.make_automaton()

    def repairs(self, text: str) -> list[Repair]:
        """Every place of the folded text that sounds like one of the words but is not it."""
        found: list[Repair] = []
        if len(self._pairs):
            for last, (was, word) in self._pairs.iter(text):
                start = last + 1 - len(was)
                if not _sensible(text, start, last + 1):
                    found.append(Repair(start, was, word))
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
            if _sensible(text, start, last + 1, meant):
                continue
            for word in meant:
                if self._plausible(was, word):
                    found.append(Repair(start, was, word))
                    break
        return found

    def _plausible(self, was: str, word: str) -> bool:
        """Two characters sound alike far too often by chance: one must stand as it should and the
        other must have its tone. Longer words need two characters right, or the exact syllables.
        What recognisers write beyond that is listed as a pair."""
        same = sum(a == b for a, b in zip(was, word, strict=True))
        if len(word) == 2:
            return same == 1 and self._alike(was, word, tones=True)
        return same >= 2 or (same == 1 and self._alike(was, word, tones=False))

    def _alike(self, was: str, word: str, *, tones: bool) -> bool:
        for a, b in zip(was, word, strict=True):
            if a == b:
                continue
            heard, meant = self._readings.get(a, ""), self._readings.get(b, "-")
            if heard != meant and (tones or heard[:-1] != meant[:-1]):
                return False
        return True


def _cuts(text: str, start: int, length: int) -> Iterable[str]:
    """The spellings of up to four characters that overlap the place: a real word across its edge
    (合要 in 符合要求) explains the sound better than a repair does."""
    for size in range(2, 5):
        for first in range(max(0, start - size + 1), start + length):
            if first + size <= len(text):
                yield text[first : first + size]


def _sensible(text: str, start: int, end: int, meant: tuple[str, ...] = ()) -> bool:
    """Whether the place makes sense as it stands: common words that follow each other cover all of
    it, and at least one of them reaches beyond it (文物 and 保护 explain 物保护). A beginning or an
    end of two characters or more of the word that may be meant counts as a word too: 没钱 before
    植皮. One character left over explains nothing: 断凉水 may be heard wrongly."""
    if end - start > _LONGEST:
        return False
    common = _common()
    reached = {start: False}
    for first in range(max(0, start - _LONGEST_WORD + 1), start):
        for size in range(start - first + 1, _LONGEST_WORD + 1):
            if text[first : first + size] in common:
                reached[first + size] = True
    own = {word[:size] for word in meant for size in range(2, len(word))}
    own |= {word[-size:] for word in meant for size in range(2, len(word))}
    for at in range(start, end):
        if at not in reached:
            continue
        for size in range(2, _LONGEST_WORD + 1):
            piece = text[at : at + size]
            if at + size > len(text) or not (piece in common or piece in own):
                continue
            reached[at + size] = reached.get(at + size, False) or reached[at] or at + size > end
    return any(place >= end and beyond for place, beyond in reached.items())


def mended(text: str, repairs: Iterable[Repair]) -> str:
    """The text with every repair applied; the length does not change."""
    chars = list(text)
    for repair in repairs:
        chars[repair.start : repair.start + len(repair.was)] = repair.read_as
    return "".join(chars)


def heard(text: str) -> str:
    """The text as its near sounds, one private character for each: what sounds alike is equal."""
    return text.translate(_readings()[0])


def pinyin(text: str) -> tuple[int, int] | None:
    """Where a text without Chinese characters is spelled in pinyin: from its first letter to its
    last. None where it is another language, or less than two syllables."""
    letters = "".join(islice(filter(str.isalpha, text), _SPELLED))
    if not letters.isascii():
        return None
    most = {0: 0}  # place that whole syllables reach: how many they are
    for place in range(len(letters)):
        if place in most:
            for size in range(1, _SYLLABLE + 1):
                if letters[place : place + size] in _syllables():
                    most[place + size] = max(most.get(place + size, 0), most[place] + 1)
    if most.get(len(letters), 0) < 2:
        return None
    found = [place for place, char in enumerate(text) if char.isalpha()]
    return found[0], found[-1] + 1


@cache
def _syllables() -> frozenset[str]:
    return frozenset(reading[:-1] for reading in _readings()[1].values() if len(reading) > 2)
