"""Learn a ``triage.opinion`` model from closed orders, and how far it can be trusted.

Confidence is calibrated on orders that the scoring machine had not seen; near-identical orders
are always on one side. numpy carries the sums; only ``huiyin learn`` imports this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.vocabulary import Level
from triage.folds import folds, near_identical
from triage.grams import squeezed
from triage.machine import Numbers, Places, read, train
from triage.opinion import Model
from triage.reliability import Checked

FEWEST = 4
"""Orders without which nothing can be learned and checked."""
MOST_LABELS = 300
"""More is no list of bureaus or topics but another column."""
SURE_FROM = 0.7
"""Confidence below which an opinion says that it is not sure."""
FOLDS = 4
_HURRIED = frozenset(level.value for level in Level if level.is_urgent)
_UNFAMILIAR = 0.01  # this share of the orders is taken for strange


class TooLittle(ValueError):
    """The orders are not enough to learn from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Order:
    """One closed order: its texts (a title first) and the label it ended with."""

    texts: tuple[str, ...]
    label: str


def learn(
    orders: Sequence[Order],
    columns: Sequence[str] = ("text",),
    *,
    urgent: Sequence[str] = (),
    sure_from: float = SURE_FROM,
) -> tuple[Model, Checked]:
    """A model of the orders, and how it did on those that it had not seen. The same orders give
    the same model. Raises ``TooLittle`` in one sentence."""
    labels = sorted({order.label for order in orders})
    _require(orders, labels, urgent)
    place = {label: number for number, label in enumerate(labels)}
    truth = np.array([place[order.label] for order in orders])
    table, signs = read([order.texts for order in orders])
    texts = [squeezed("".join(order.texts)) for order in orders]
    if len(set(texts)) < 2:
        raise TooLittle("all orders have the same text; give different ones")
    groups = near_identical(texts)
    many = min(FOLDS, len(set(groups)))
    fold = np.array(folds(groups, truth.tolist(), many))
    scores, known = np.empty((len(orders), len(labels))), np.empty(len(orders))
    for one in range(many):
        unseen = np.flatnonzero(fold == one)
        machine = train(table, truth, np.flatnonzero(fold != one), len(labels))
        scores[unseen], known[unseen] = machine.scores(table, unseen.tolist())
    slope, offset = _calibrate(scores, truth)
    shares = _shares(scores, slope, offset)
    checked = Checked(
        tuple(order.label for order in orders),
        tuple(labels[best] for best in shares.argmax(axis=1)),
        tuple(shares.max(axis=1).tolist()),
    )
    machine = train(table, truth, np.arange(len(orders)), len(labels))
    kept = np.flatnonzero(machine.kept)
    model = Model(
        labels=tuple(labels),
        columns=tuple(columns),
        grams=tuple(signs[place] for place in kept),
        scale=tuple(machine.scale.round(4).tolist()),
        weights=tuple(tuple(row) for row in machine.weights.T.round(4).tolist()),
        bias=tuple(machine.bias.round(4).tolist()),
        slope=round(slope, 4),
        offset=tuple(offset.round(4).tolist()),
        sure_from=sure_from,
        known_from=round(float(np.quantile(known, _UNFAMILIAR)), 4),
        urgent=frozenset(urgent) | (_HURRIED & set(labels)),
        learned={"orders": len(orders), "macro_f1": round(checked.macro_f1, 4)},
    )
    return model, checked


def _require(orders: Sequence[Order], labels: Sequence[str], urgent: Sequence[str]) -> None:
    if len(orders) < FEWEST:
        raise TooLittle(
            f"there are only {len(orders)} orders with text and label; give at least {FEWEST}"
        )
    if len(labels) < 2:
        raise TooLittle(
            f"every order has the label {labels[0]!r}; there is nothing to tell apart, "
            "give orders of at least two"
        )
    if len(labels) > MOST_LABELS:
        raise TooLittle(
            f"there are {len(labels)} different labels among {len(orders)} orders; "
            "name the column that holds the bureau or topic"
        )
    for label in urgent:
        if label not in labels:
            raise TooLittle(f"no order has the label {label!r}; there are {', '.join(labels)}")


def _calibrate(scores: Numbers, truth: Places) -> tuple[float, Numbers]:
    """One slope and an offset for each label, so that the shares agree with what was right: the
    likeliest ones, held near 1 and 0 while there are few orders (Newton's method)."""
    many = scores.shape[1]
    found = np.concatenate(([1.0], np.zeros(many)))
    middle, actual = found.copy(), np.eye(many)[truth]
    for _ in range(50):
        shares = _shares(scores, found[0], found[1:])
        wrong = shares - actual
        slope = np.concatenate(([(wrong * scores).sum()], wrong.sum(axis=0))) + found - middle
        mean = (shares * scores).sum(axis=1, keepdims=True)
        bend = np.eye(many + 1)
        bend[0, 0] += (shares * (scores - mean) ** 2).sum()
        bend[0, 1:] = bend[1:, 0] = (shares * (scores - mean)).sum(axis=0)
        bend[1:, 1:] += np.diag(shares.sum(axis=0)) - shares.T @ shares
        step = np.linalg.solve(bend, slope)
        found -= step * min(1.0, 2.0 / float(np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return float(found[0]), found[1:]


def _shares(scores: Numbers, slope: float, offset: Numbers) -> Numbers:
    levels = slope * scores + offset
    powers = np.exp(levels - levels.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
