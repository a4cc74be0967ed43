"""A second opinion, learned from a city's own closed orders: where would such an order go?

A linear model over single characters and pairs of them, as plain values: no pickle, no numeric
library. It names a label with a calibrated confidence and the words that decided, or says that it
is not sure. It never decides: ``triage.assess`` does not know it.
"""

import heapq
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter, mul, sub
from typing import Any

from triage.grams import HEAD, TAIL, features, grown, written

FORMAT, VERSION = "huiyin opinion", 1
_STEP = 10_000  # weights are kept as whole ten-thousandths
_SHOWN, _PICKED, _OTHERS = 5, 12, 3
_WEAK = 0.25  # of the strongest sign; a weaker one is not shown as a reason

# The weights of a sign for all labels stand side by side in one whole number, a field of bits for
# each label, so that one multiplication and one addition a sign do for all of them.
_FIELD = 48
_HALF, _ALL = 1 << (_FIELD - 1), (1 << _FIELD) - 1
_FINE, _MOST = 1 << 12, 1 << 20
_ONCE = 64
_TIMES = (0, *(round(_ONCE * (1 + math.log(n))) for n in range(1, HEAD + TAIL + 2)))

_Body = tuple[str, Sequence[str], Sequence[int], Sequence[int]]
"""What was looked at, the signs in it, their places in the model, how much each counts."""


class BadModel(ValueError):
    """A model that cannot be used; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of one text. ``label`` is always its best guess; it is no more than
    that unless it is ``sure``. ``why`` are words of the text. ``urgent``: orders with this label
    were hurried, so a person should look."""

    label: str
    confidence: float
    sure: bool
    why: tuple[str, ...]
    others: tuple[tuple[str, float], ...]
    urgent: bool

    def as_json(self) -> dict[str, object]:
        """The output of ``huiyin suggest`` without "id" (interfaces note)."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "why": list(self.why),
            "sure": self.sure,
            "others": [{"label": label, "confidence": share} for label, share in self.others],
            "urgent": self.urgent,
        }


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned. ``columns`` is what the learned file called its texts. Confidence is
    ``softmax(slope * score + offset)``; below ``sure_from`` it is not sure, and neither for a text
    of which less than the share ``known_from`` is familiar. ``urgent`` are labels that mean
    hurry; ``learned`` is for people: how many orders, how good."""

    labels: tuple[str, ...]
    columns: tuple[str, ...]
    grams: tuple[str, ...]
    scale: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]  # a row for each label
    bias: tuple[float, ...]
    slope: float
    offset: tuple[float, ...]
    sure_from: float
    known_from: float
    urgent: frozenset[str] = frozenset()
    learned: Mapping[str, Any] = field(default_factory=dict)
    _place: dict[str, int] = field(init=False, repr=False, compare=False)
    _steps: list["array[int]"] = field(init=False, repr=False, compare=False)
    _packed: list[int] = field(init=False, repr=False, compare=False)
    _scale: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        steps = [
            array("i", (_whole(s * w) for s, w in zip(self.scale, row, strict=True)))
            for row in self.weights
        ]
        object.__setattr__(self, "_place", {gram: n for n, gram in enumerate(self.grams)})
        object.__setattr__(self, "_steps", [array("i", [*row, 0]) for row in steps])
        object.__setattr__(self, "_packed", [*map(_pack, zip(*steps, strict=True)), 0])
        object.__setattr__(self, "_scale", [*self.scale, 0.0])  # the last is what nobody learned

    def opinion(self, *texts: str) -> Opinion:
        """What such an order is about. ``texts`` are its columns, one of them or all, a title
        first. Never raises for any string, and gives the same answer for the same text."""
        scores = list(self.bias)
        unknown = len(self.grams)
        known = total = 0
        body: _Body = ("", (), (), ())
        for share, looked_at, counted in features(texts):
            places = list(map(self._place.get, counted, repeat(unknown)))
            times = list(map(_TIMES.__getitem__, counted.values()))
            total += len(places)
            known += len(places) - places.count(unknown)
            if len(places) > 1:
                self._add(scores, share, places, times)
                body = body if body[0] else (looked_at, tuple(counted), places, times)
        shares = self.shares(scores)
        order = sorted(range(len(shares)), key=lambda label: -shares[label])
        best, second = order[0], order[1]
        familiar = known > 0 and known >= self.known_from * total
        return Opinion(
            label=self.labels[best],
            confidence=round(shares[best], 4),
            sure=familiar and shares[best] >= self.sure_from,
            why=self._why("\n".join(filter(None, texts)), body, best, second),
            others=tuple((self.labels[n], round(shares[n], 4)) for n in order[1 : 1 + _OTHERS]),
            urgent=self.labels[best] in self.urgent,
        )

    def _add(self, scores: list[float], share: float, places: list[int], times: list[int]) -> None:
        """Add what the signs say to the scores, as if they were a text of length one."""
        pick = itemgetter(*places)
        scaled = list(map(mul, times, pick(self._scale)))
        factor = share / (math.sqrt(sum(map(mul, scaled, scaled))) or 1.0) / _FINE
        packed = sum(map(mul, times, pick(self._packed)))
        for label in range(len(scores)):
            scores[label] += factor * _unpacked(packed, label)

    def shares(self, scores: Sequence[float]) -> list[float]:
        """The calibrated confidence in each label."""
        levels = [self.slope * s + o for s, o in zip(scores, self.offset, strict=True)]
        top = max(levels)
        powers = [math.exp(level - top) for level in levels]
        whole = sum(powers)
        return [power / whole for power in powers]

    def _why(self, text: str, body: "_Body", best: int, second: int) -> tuple[str, ...]:
        """The words that spoke most for the best label and against the second: the strongest
        pairs of characters, grown together where they stand side by side."""
        looked_at, grams, places, times = body
        if not grams:
            return ()
        pick = itemgetter(*places)
        gains = map(mul, times, map(sub, pick(self._steps[best]), pick(self._steps[second])))
        strongest = heapq.nlargest(_PICKED, zip(gains, grams, strict=True))
        least = max(strongest[0][0] * _WEAK, 1)
        gain = {gram: value for value, gram in strongest if value >= least and gram.isalnum()}
        if any(len(gram) == 2 for gram in gain):
            gain = {gram: value for gram, value in gain.items() if len(gram) == 2}
        words: dict[str, int] = {}
        given = written(text, looked_at)
        for begin, end, value in grown(looked_at, gain):
            word = given[begin:end]
            words[word] = max(words.get(word, 0), value)
        return tuple(sorted(words, key=lambda word: (-words[word], word))[:_SHOWN])

    def as_json(self) -> dict[str, Any]:
        """The model as the one JSON object of its file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "learned": dict(self.learned),
            "labels": list(self.labels),
            "urgent": sorted(self.urgent),
            "columns": list(self.columns),
            "sure_from": self.sure_from,
            "known_from": self.known_from,
            "slope": self.slope,
            "offset": list(self.offset),
            "bias": list(self.bias),
            "grams": list(self.grams),
            "scale": [round(value * _STEP) for value in self.scale],
            "weights": [[round(value * _STEP) for value in row] for row in self.weights],
        }

    @classmethod
    def from_json(cls, given: object) -> "Model":
        """Read ``as_json`` back. Raises ``BadModel`` in one sentence for anything else."""
        if not isinstance(given, dict) or given.get("format") != FORMAT:
            raise BadModel("this is no model of 'huiyin learn'; make one with it")
        if given.get("version") != VERSION:
            raise BadModel(
                f"the model is of version {given.get('version')!r}, this program reads {VERSION}; "
                "learn it again with 'huiyin learn'"
            )
        try:
            model = cls(
                labels=_texts(given["labels"]),
                columns=_texts(given["columns"]),
                grams=_texts(given["grams"]),
                scale=tuple(value / _STEP for value in _numbers(given["scale"])),
                weights=tuple(
                    tuple(value / _STEP for value in _numbers(row)) for row in given["weights"]
                ),
                bias=_numbers(given["bias"]),
                slope=_numbers([given["slope"]])[0],
                offset=_numbers(given["offset"]),
                sure_from=_numbers([given["sure_from"]])[0],
                known_from=_numbers([given["known_from"]])[0],
                urgent=frozenset(_texts(given["urgent"])),
                learned=dict(given["learned"]),
            )
            model._require_whole()
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise BadModel(
                f"the model is damaged ({said}); learn it again with 'huiyin learn'"
            ) from None
        return model

    def _require_whole(self) -> None:
        labels = {len(self.weights), len(self.bias), len(self.offset), len(self.labels)}
        if labels != {len(set(self.labels))} or len(self.labels) < 2 or not self.columns:
            raise ValueError("its labels and their weights do not go together")
        if {len(self.scale), *map(len, self.weights)} != {len(set(self.grams))}:
            raise ValueError("its signs and their weights do not go together")


def _whole(weight: float) -> int:
    return max(-_MOST, min(_MOST, round(weight * _FINE)))


def _pack(weights: Sequence[int]) -> int:
    return sum(weight << (_FIELD * label) for label, weight in enumerate(weights))


def _unpacked(packed: int, label: int) -> int:
    """The field of a label; what a negative field below it borrowed is given back by rounding."""
    shift = _FIELD * label
    whole = (packed + (1 << shift >> 1)) >> shift
    return ((whole + _HALF) & _ALL) - _HALF


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise TypeError("words were expected")
    return tuple(given)


def _numbers(given: object) -> tuple[float, ...]:
    if not isinstance(given, list):
        raise TypeError("numbers were expected")
    numbers = tuple(float(one) for one in given)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")
    return numbers
