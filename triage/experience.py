"""A second reading by experience: how texts with such words turned out before.

It is a linear model over the characters of a text, their pairs, those of its end once more (where
people say what they want), and the groups of cues.toml that have a word in it. It is learned from
sentences whose answer is known (``triage.schooling``). It may bring a person to a text in which no
rule sees danger, say whose matter a text is, and keep the words of a row from counting for more
than a person's look where it speaks against them (``triage.weighing``).
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from math import sqrt
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

URGENT = 1
"""The column for danger; column 0 holds the square of what a sign counts, 2 is danger to life."""
NOBODY = "none"
"""The service of a text that asks for none."""
_FIRST = 3
_STEP = 127  # weights are kept as squares of whole parts of this: small ones are told apart best
_END = 8  # characters of the end of a text
_UNHEARD = 300.0  # the square of what speaks for neither side: a few familiar signs prove little


@dataclass(frozen=True, slots=True)
class Opinion:
    """How far on the urgent side a text is; 0 is the border. ``start`` and ``end`` are the part of
    the folded text that was read so."""

    urgent: float
    start: int
    end: int


@dataclass(frozen=True)
class Experience:
    """What was learned. ``parts`` has a row for each sign that may be seen: what it counts, then
    its weights times the square of that for urgent, life, the classes D1…U10 and the services, each
    as the root of its size in whole parts of ``_STEP``; ``scale`` is the largest of each column."""

    signs: tuple[str, ...] = field(repr=False)
    classes: tuple[str, ...]
    services: tuple[str, ...]
    parts: NDArray[np.int8] = field(repr=False)
    scale: Weights = field(repr=False)
    bias: Weights = field(repr=False)
    _place: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _rows: NDArray[np.int16] = field(init=False, repr=False, compare=False)
    _unit: Weights = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # row 0 stands for what nobody learned, so that one pass finds the rows of a text
        object.__setattr__(self, "_place", {sign: n for n, sign in enumerate(self.signs, 1)})
        rows = np.zeros((len(self.parts) + 1, len(self.bias)), dtype=np.int16)
        np.multiply(self.parts, np.abs(self.parts), out=rows[1:], dtype=np.int16)
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_unit", (self.scale / _STEP**2).astype(np.float32))

    def sums(self, text: str, groups: Iterable[str]) -> Weights:
        """What all columns say of a folded text, in which words of ``groups`` stand."""
        found = list(filter(None, map(self._place.get, seen(text, groups))))
        rows = self._rows.take(found or [0], axis=0)
        total: Weights = np.add.reduce(rows, axis=0, dtype=np.float32) * self._unit
        total[1:] /= sqrt(float(total[0]) + _UNHEARD)
        total[1:] += self.bias[1:]
        return total

    def read(self, text: str, groups: Iterable[str], start: int, end: int) -> Opinion:
        """The opinion on a part of a folded text, in which words of ``groups`` stand."""
        return opinion(self.sums(text[start:end], groups), start, end)

    def likely(self, sums: Weights, among: Container[str]) -> str:
        """The class of danger that a text of these sums is most like, of those ``among``; empty
        where nothing in it is familiar."""
        if not sums[0]:
            return ""
        said = zip(sums[_FIRST:].tolist(), self.classes, strict=False)
        return max((pair for pair in said if pair[1] in among), default=(0.0, ""))[1]

    def service_scores(self, sums: Weights) -> list[float]:
        """How much a text of these sums is like those that needed each of the services; nothing
        where nothing in it is familiar."""
        return list(sums[_FIRST + len(self.classes) :].tolist()) if sums[0] else []

    def words(
        self, text: str, start: int, end: int, *, service: str = "", most: int = 3
    ) -> list[tuple[int, int]]:
        """The pairs of the part that spoke most for danger, or for a service, in the order of the
        text."""
        column = self.services.index(service) + _FIRST + len(self.classes) if service else URGENT
        rows = [self._place.get(text[place : place + 2], 0) for place in range(start, end - 1)]
        said = self._rows[rows, column].tolist() if rows else []
        spoke = [(-weight, start + n, start + n + 2) for n, weight in enumerate(said) if rows[n]]
        kept: list[tuple[int, int]] = []
        for _, first, last in sorted(spoke):
            if len(kept) < most and all(last <= a or b <= first for a, b in kept):
                kept.append((first, last))
        return sorted(kept)


def opinion(sums: Weights, start: int, end: int) -> Opinion:
    """The opinion that the sums of a part hold."""
    return Opinion(float(sums[URGENT]), start, end)


def seen(text: str, groups: Iterable[str]) -> set[str]:
    """What the second reading looks at in a folded text."""
    found = set(text)
    found.update(map(str.__add__, text, text[1:]))
    end = text.rstrip("。!?,. ")[-_END:]
    found.update(["$" + char for char in end])
    found.update(["$" + a + b for a, b in pairwise(end)])
    if text.endswith("?"):
        found.add("$?")
    found.update(["{" + group for group in groups if group[0] != "("])
    return found


def rounded(table: NDArray[np.float64]) -> tuple[NDArray[np.int8], Weights]:
    """A table of weights as ``Experience`` keeps it: its parts and their scale."""
    top = np.abs(table).max(axis=0, initial=0.0)
    scale = np.where(top > 0, top, 1.0)
    parts = np.rint(np.sign(table) * np.sqrt(np.abs(table) / scale) * _STEP)
    return parts.astype(np.int8), scale.astype(np.float32)


def dump(experience: Experience) -> bytes:
    """The file of what was learned."""
    file = BytesIO()
    np.savez_compressed(
        file,
        signs=joined(experience.signs),
        classes=joined(experience.classes),
        services=joined(experience.services),
        parts=experience.parts,
        scale=experience.scale,
        bias=experience.bias,
    )
    return file.getvalue()


def load(data: bytes) -> Experience:
    """Read what ``dump`` wrote. Raises ValueError for anything else."""
    try:
        with np.load(BytesIO(data), allow_pickle=False) as file:
            signs, classes, services = (
                parted(file[name]) for name in ("signs", "classes", "services")
            )
            parts = file["parts"].astype(np.int8)
            scale = file["scale"].astype(np.float32)
            bias = file["bias"].astype(np.float32)
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"experience.npz: not what was learned: {error}") from None
    if parts.shape != (len(signs), len(bias)) or len(bias) != _FIRST + len(classes) + len(services):
        raise ValueError("experience.npz: its signs and their weights do not go together")
    return Experience(signs, classes, services, parts, scale, bias)


def joined(words: Sequence[str]) -> NDArray[np.uint8]:
    """Words as an array that a file of arrays can keep."""
    return np.frombuffer("\0".join(words).encode(), dtype=np.uint8)


def parted(data: NDArray[np.generic]) -> tuple[str, ...]:
    """The words of ``joined``."""
    words = data.astype(np.uint8).tobytes().decode()
    return tuple(words.split("\0")) if words else ()
