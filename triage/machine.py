"""One linear machine for each label, over counted signs, trained all at once.

Each sign weighs what it tells apart (its rarity times the strongest log-ratio between one label
and the rest) and every order has length one. Dual coordinate descent (Hsieh et al., ICML 2008).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.grams import features

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

_SIGNS = 60_000  # at most so many characters and pairs are kept, those that tell most
_COST = 1.0
_ROUNDS = 15
_STILL = 0.01  # a machine stands when no order pulls harder than this
_FEW = 300  # with fewer orders a sign that was seen once counts as well


@dataclass(frozen=True, slots=True)
class Table:
    """Orders as rows of counted signs. The signs of row n are ``signs[starts[n]:starts[n + 1]]``;
    those of its title begin at ``titles[n]``. ``seen`` is how many different ones it has."""

    signs: Places
    times: Numbers
    starts: Places
    titles: Places
    weights: tuple[float, float]
    seen: Places

    def only(self, kept: NDArray[np.bool_]) -> "Table":
        """The table without the signs that are not kept; those that are, numbered anew."""
        stays = kept[self.signs]
        before = np.concatenate(([0], np.cumsum(stays)))
        return Table(
            (np.cumsum(kept) - 1)[self.signs[stays]],
            self.times[stays],
            before[self.starts],
            before[self.titles],
            self.weights,
            self.seen,
        )

    def scaled(self, scale: Numbers) -> Numbers:
        """What each sign of each order is worth; body and title have one length in all."""
        values = self.times * scale[self.signs]
        squares = np.concatenate(([0.0], np.cumsum(values * values)))
        for begin, end, weight in (
            (self.starts[:-1], self.titles, self.weights[0]),
            (self.titles, self.starts[1:], self.weights[1]),
        ):
            length = np.sqrt(np.maximum(squares[end] - squares[begin], 0.0))
            factor = weight / np.where(length > 0, length, 1.0)
            for first, last, one in zip(begin, end, factor, strict=True):
                values[first:last] *= one
        return values


@dataclass(frozen=True, slots=True)
class Machine:
    """What was trained: signs kept, their scale, their weight for each label, the bias."""

    kept: NDArray[np.bool_]
    scale: Numbers
    weights: Numbers
    bias: Numbers

    def scores(self, table: Table, rows: Sequence[int]) -> tuple[Numbers, Numbers]:
        """The scores of some rows, and how much of each row was familiar."""
        mine = table.only(self.kept)
        values = mine.scaled(self.scale)
        found = np.empty((len(rows), len(self.bias)))
        known = np.empty(len(rows))
        for place, row in enumerate(rows):
            begin, end = mine.starts[row], mine.starts[row + 1]
            found[place] = values[begin:end] @ self.weights[mine.signs[begin:end]] + self.bias
            known[place] = (end - begin) / max(mine.seen[row], 1)
        return found, known


def read(orders: Sequence[Sequence[str]]) -> tuple[Table, list[str]]:
    """The orders as a table, and the signs that its numbers stand for."""
    number: dict[str, int] = {}
    signs: list[int] = []
    times: list[int] = []
    starts, titles, seen = [0], [], []
    weights = [1.0, 0.0]
    for texts in orders:
        before = len(signs)
        for block, (weight, _, counted) in enumerate(features(texts)):
            weights[block] = weight
            if block == 0:
                body = len(counted)
            signs.extend(number.setdefault(gram, len(number)) for gram in counted)
            times.extend(counted.values())
        titles.append(before + body)
        starts.append(len(signs))
        seen.append(len(signs) - before)
    table = Table(
        np.array(signs, dtype=np.int64),
        1 + np.log(np.array(times, dtype=np.float64)),
        np.array(starts),
        np.array(titles),
        (weights[0], weights[1]),
        np.array(seen),
    )
    return table, list(number)


def train(table: Table, truth: Places, rows: Places, many: int) -> Machine:
    """The machines of ``many`` labels, from some rows of the table."""
    total = int(table.signs.max(initial=-1)) + 1
    row_of = np.repeat(np.arange(len(truth)), np.diff(table.starts))
    mine = np.zeros(len(truth), dtype=bool)
    mine[rows] = True
    spread = np.bincount(table.signs[mine[row_of]], minlength=total)
    kept = spread >= (2 if len(rows) >= _FEW else 1)
    lean = table.only(kept)
    row_of = np.repeat(np.arange(len(truth)), np.diff(lean.starts))
    used = mine[row_of]
    signs, whose = lean.signs[used], truth[row_of[used]]
    left = int(kept.sum())
    holding = np.stack(
        [np.bincount(signs[whose == label], minlength=left) for label in range(many)]
    ).astype(np.float64)
    seen = holding.sum(axis=0)
    scale = _rarity(seen, len(rows)) * _telling(holding, seen)
    if left > _SIGNS:
        worth = scale * np.sqrt(seen)
        best = worth > np.partition(worth, -_SIGNS - 1)[-_SIGNS - 1]
        lean, scale = lean.only(best), scale[best]
        kept[kept] = best
    weights, bias = _descend(lean, lean.scaled(scale), truth, rows, many, len(scale))
    return Machine(kept, scale, weights, bias)


def _rarity(spread: Numbers, orders: int) -> Numbers:
    return np.asarray(np.log((1 + orders) / (1 + spread)) + 1)


def _telling(holding: Numbers, spread: Numbers) -> Numbers:
    """For each sign the strongest log-ratio of its share in one label to that in the rest."""
    inside, outside = holding + 1, spread - holding + 1
    inside /= inside.sum(axis=1, keepdims=True)
    outside /= outside.sum(axis=1, keepdims=True)
    return np.asarray(np.abs(np.log(inside / outside)).max(axis=0))


def _descend(
    table: Table, values: Numbers, truth: Places, rows: Places, many: int, total: int
) -> tuple[Numbers, Numbers]:
    sides = np.where(np.arange(many) == truth[:, None], 1.0, -1.0)
    slack = np.full_like(sides, 1 / (2 * _COST))
    return descend(table.starts, table.signs, values, sides, slack, rows, total)


def descend(
    starts: Places,
    signs: Places,
    values: Numbers,
    sides: Numbers,
    slack: Numbers,
    rows: Places,
    total: int,
    *,
    hinged: bool = True,
    rounds: int = _ROUNDS,
) -> tuple[Numbers, Numbers]:
    """Weights and bias of a machine for each column of ``sides`` (1 or -1 for each row), by dual
    coordinate descent: row after row, in a fixed order that looks random. ``slack`` is how much a
    row may stay on the wrong side, for each column. The squared loss is that of the hinge, or of
    every distance from the side where it is not ``hinged``."""
    many = sides.shape[1]
    weights, bias = np.zeros((total, many), dtype=np.float32), np.zeros(many)
    values = values.astype(np.float32)
    pulls = np.zeros(sides.shape)
    least = 0.0 if hinged else -np.inf
    squares = np.concatenate(([0.0], np.cumsum(values.astype(np.float64) ** 2)))
    firm = (squares[starts[1:]] - squares[starts[:-1]] + 1)[:, None] + slack
    order = np.random.default_rng(0)
    for _ in range(rounds):
        strongest = 0.0
        for row in order.permutation(rows):
            begin, end = starts[row], starts[row + 1]
            places, worth = signs[begin:end], values[begin:end]
            side, pull = sides[row], pulls[row]
            slope = side * (worth @ weights[places] + bias) - 1 + slack[row] * pull
            moved = np.maximum(pull - slope / firm[row], least) - pull
            hardest = float(np.abs(moved).max())
            if hardest < _STILL / 10:
                continue
            strongest = max(strongest, hardest)
            pulls[row] = pull + moved
            step = moved * side
            weights[places] += np.multiply.outer(worth, step).astype(np.float32)
            bias += step
        if strongest < _STILL:
            break
    return weights.astype(np.float64), bias
