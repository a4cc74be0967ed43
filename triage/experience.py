"""A second reading by experience: how texts with such words turned out before.

It is a linear model over the characters of a text, their pairs, those of its end once more (where
people say what they want), and the groups of cues.toml that have a word in it. It is learned from
sentences whose answer is known. It may bring a person to a text in which no rule sees danger, and
confirm a row that does not suffice alone; it never lowers what a rule says.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log, sqrt

QUIET = "quiet"
_ROUNDS = 20
_FIRM = 2.0  # how much a sentence on the wrong side costs; found by leaving out batch after batch
_END = 8  # characters of the end of a text
_STRIDE = 617
_SMALL = 0.06  # a weight below this is not kept
_FAINT = 0.3  # nor the weight for one class below this
HEADER = ("gram", "rarity", "urgent", "life", "classes")


@dataclass(frozen=True, slots=True)
class Case:
    """What was seen of a text, and how it turned out: its class (D1…U10) or ``quiet``."""

    seen: frozenset[str]
    cls: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """How far on the urgent side, and on the side of danger to life, a text is; 0 is the border.
    ``start`` and ``end`` are the part of the folded text that was read so."""

    urgent: float
    life: float
    start: int
    end: int


@dataclass(frozen=True)
class Experience:
    """What was learned: for each thing that may be seen its rarity and its weights."""

    weights: Mapping[str, tuple[float, float, float]] = field(repr=False)
    classes: Mapping[str, Mapping[str, float]] = field(repr=False)
    bias: tuple[float, float]

    def read(self, text: str, groups: Iterable[str], start: int, end: int) -> Opinion:
        """The opinion on a part of a folded text, in which words of ``groups`` stand."""
        square = urgent = life = 0.0
        weights = self.weights
        for one in seen(text[start:end], groups):
            found = weights.get(one)
            if found is not None:
                rarity, of_urgent, of_life = found
                square += rarity * rarity
                urgent += rarity * of_urgent
                life += rarity * of_life
        norm = sqrt(square) or 1.0
        return Opinion(urgent / norm + self.bias[0], life / norm + self.bias[1], start, end)

    def likely(self, text: str, groups: Iterable[str]) -> str:
        """The class of danger that a text is most like; empty when it is like none."""
        sums: dict[str, float] = {}
        for one in seen(text, groups):
            rarity = self.weights[one][0] if one in self.weights else 0.0
            for cls, weight in self.classes.get(one, {}).items():
                sums[cls] = sums.get(cls, 0.0) + rarity * weight
        return max(sums, key=lambda cls: sums[cls], default="")

    def words(self, text: str, start: int, end: int, *, most: int = 3) -> list[tuple[int, int]]:
        """The pairs of the part that spoke most for danger, in the order of the text."""
        spoke = [
            (-weight[0] * weight[1], place, place + 2)
            for place in range(start, end - 1)
            if (weight := self.weights.get(text[place : place + 2]))
        ]
        kept: list[tuple[int, int]] = []
        for _, first, last in sorted(spoke):
            if len(kept) < most and all(last <= a or b <= first for a, b in kept):
                kept.append((first, last))
        return sorted(kept)


def seen(text: str, groups: Iterable[str]) -> set[str]:
    """What the second reading looks at in a folded text."""
    found = set(text)
    found.update(map(str.__add__, text, text[1:]))
    end = text.rstrip("。!?,. ")[-_END:]
    found.update("$" + char for char in end)
    found.update("$" + a + b for a, b in pairwise(end))
    if text.endswith("?"):
        found.add("$?")
    found.update("{" + group + "}" for group in groups if group[0] != "(")
    return found


def learn(cases: Sequence[Case]) -> Experience:
    """Learn from cases; the same cases in the same order give the same experience."""
    counts: dict[str, int] = {}
    for case in cases:
        for gram in sorted(case.seen):
            counts[gram] = counts.get(gram, 0) + 1
    rarity = {g: log((1 + len(cases)) / (1 + n)) + 1 for g, n in counts.items()}
    rows = [_row(case.seen, rarity) for case in cases]
    names = sorted({case.cls for case in cases} - {QUIET})
    urgent = _separate(rows, [case.cls != QUIET for case in cases])
    life = _separate(rows, [case.cls.startswith("D") for case in cases])
    classes = {name: _separate(rows, [case.cls == name for case in cases]) for name in names}
    weights = {
        gram: (rarity[gram], urgent.get(gram, 0.0), life.get(gram, 0.0))
        for gram in sorted(rarity)
        if abs(urgent.get(gram, 0.0)) >= _SMALL or abs(life.get(gram, 0.0)) >= _SMALL
    }
    of = {
        gram: {n: w[gram] for n, w in classes.items() if abs(w.get(gram, 0.0)) >= _FAINT}
        for gram in weights
    }
    return Experience(weights, of, (urgent.get("", 0.0), life.get("", 0.0)))


def _row(grams: Iterable[str], rarity: Mapping[str, float]) -> list[tuple[str, float]]:
    """What was seen as a vector of length 1, and the constant."""
    values = [(gram, rarity[gram]) for gram in sorted(grams)]
    norm = sqrt(sum(value * value for _, value in values)) or 1.0
    return [*((gram, value / norm) for gram, value in values), ("", 1.0)]


def _separate(rows: Sequence[list[tuple[str, float]]], sides: Sequence[bool]) -> dict[str, float]:
    """A linear support vector machine by dual coordinate descent (Hsieh et al. 2008), squared
    hinge. The rarer side weighs more, as far as it is rarer."""
    weights: dict[str, float] = {}
    ours = sum(sides) or 1
    cost = {True: len(rows) / (2 * ours), False: len(rows) / (2 * (len(rows) - ours or 1))}
    alphas = [0.0] * len(rows)
    # neighbours in a file are alike; in its order the weights would swing from class to class
    mixed = sorted(range(len(rows)), key=lambda at: (at * _STRIDE) % (len(rows) + 1))
    for _ in range(_ROUNDS):
        for at in mixed:
            row, side = rows[at], sides[at]
            sign, slack = (1.0 if side else -1.0), 1 / (2 * _FIRM * cost[side])
            margin = sign * sum(weights.get(gram, 0.0) * value for gram, value in row)
            square = 2.0 + slack
            alpha = max(0.0, alphas[at] - (margin - 1 + slack * alphas[at]) / square)
            step, alphas[at] = (alpha - alphas[at]) * sign, alpha
            if step:
                for gram, value in row:
                    weights[gram] = weights.get(gram, 0.0) + step * value
    return weights


def dump(experience: Experience) -> Iterator[tuple[str, ...]]:
    """Rows of the file of weights; the first holds the constants."""
    yield HEADER
    yield ("", "", f"{experience.bias[0]:.3f}", f"{experience.bias[1]:.3f}", "")
    for gram, (rarity, urgent, life) in experience.weights.items():
        classes = experience.classes.get(gram, {})
        of = " ".join(f"{name}:{weight:.2f}" for name, weight in sorted(classes.items()))
        yield (gram, f"{rarity:.2f}", f"{urgent:.3f}", f"{life:.3f}", of)


def load(lines: Iterable[str]) -> Experience:
    """Read what ``dump`` wrote. Raises ValueError for anything else."""
    reader = csv.reader(lines)
    if tuple(next(reader, ())) != HEADER:
        raise ValueError(f"experience.csv: the first line is not {','.join(HEADER)}")
    weights: dict[str, tuple[float, float, float]] = {}
    classes: dict[str, dict[str, float]] = {}
    bias = (0.0, 0.0)
    for row in reader:
        try:
            gram, rarity, urgent, life, of = row
            if not gram:
                bias = (float(urgent), float(life))
                continue
            weights[gram] = (float(rarity), float(urgent), float(life))
            if of:
                pairs = (pair.split(":") for pair in of.split(" "))
                classes[gram] = {name: float(weight) for name, weight in pairs}
        except ValueError:
            raise ValueError(f"experience.csv:{reader.line_num}: not a row of weights") from None
    return Experience(weights, classes, bias)
