"""Decision trees whose answers add up, as plain arrays: what ``huiyin`` needs of them is read, not
learned (``tests.benchmarks.learn_weighing`` does that)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LEAVES = 12
_ALL = (1 << MOST_LEAVES) - 1
_FIRST_LEFT = np.array(
    [*((~struck & -~struck).bit_length() - 1 for struck in range(_ALL)), 0], dtype=np.uint8
)
"""The lowest bit that is not set; there always is one."""


@dataclass(frozen=True, slots=True)
class Node:
    """A question of one tree: whether the value at ``place`` is above ``border``; then ``above``
    goes on, otherwise ``below``. Either is another question or an answer."""

    place: int
    border: float
    below: "Node | float"
    above: "Node | float"


@dataclass(frozen=True)
class Trees:
    """Trees of at most ``MOST_LEAVES`` answers each. All questions are asked at once: one that is
    answered with "above" strikes out the answers below it, and the first answer that is left is the
    tree's. The arrays have a column for each tree; ``leaves`` a row."""

    places: NDArray[np.int64] = field(repr=False)
    borders: NDArray[np.float64] = field(repr=False)
    left: NDArray[np.uint16] = field(repr=False)  # the answers that "above" leaves
    leaves: NDArray[np.float64] = field(repr=False)
    _struck: NDArray[np.uint16] = field(init=False, repr=False)  # the answers it strikes out
    _rows: NDArray[np.int64] = field(init=False, repr=False)  # where each tree's answers begin

    def __post_init__(self) -> None:
        trees, most = self.leaves.shape
        object.__setattr__(self, "_struck", self.left ^ np.uint16(_ALL))
        object.__setattr__(self, "_rows", np.arange(trees) * most)

    @classmethod
    def of(cls, trees: Sequence["Node | float"]) -> "Trees":
        """The arrays of these trees. Raises ValueError for one of too many answers."""
        most = max((_answers(tree) for tree in trees), default=1)
        if most > MOST_LEAVES:
            raise ValueError(f"a tree has {most} answers, more than {MOST_LEAVES}")
        shape = (max(most - 1, 1), len(trees))
        places = np.zeros(shape, dtype=np.int64)
        borders = np.full(shape, np.inf)
        left = np.full(shape, _ALL, dtype=np.uint16)
        leaves = np.zeros((len(trees), most))
        for column, tree in enumerate(trees):
            answers: list[float] = []
            for row, (node, mask) in enumerate(_questions(tree, answers)):
                places[row, column], borders[row, column] = node.place, node.border
                left[row, column] = mask
            leaves[column, : len(answers)] = answers
        return cls(places, borders, left, leaves)

    def score(self, values: NDArray[np.float64]) -> float:
        """The sum of all trees' answers on these values."""
        above = values.take(self.places) > self.borders
        struck = np.bitwise_or.reduce(above * self._struck, axis=0)
        first = _FIRST_LEFT.take(struck)
        return float(self.leaves.take(self._rows + first).sum())

    def arrays(self, name: str) -> dict[str, Any]:
        """What a file keeps of these trees, under names that begin with ``name``."""
        return {
            f"{name}.places": self.places.astype(np.int16),
            f"{name}.borders": self.borders,
            f"{name}.left": self.left,
            f"{name}.leaves": self.leaves.astype(np.float32),
        }

    @classmethod
    def read(cls, file: Mapping[str, NDArray[np.generic]], name: str, values: int) -> "Trees":
        """Read ``arrays`` back; ``values`` are asked about. Raises KeyError or ValueError for
        anything else."""
        trees = cls(
            file[f"{name}.places"].astype(np.int64),
            file[f"{name}.borders"].astype(np.float64),
            file[f"{name}.left"].astype(np.uint16),
            file[f"{name}.leaves"].astype(np.float64),
        )
        if not (
            trees.places.shape == trees.borders.shape == trees.left.shape
            and trees.places.ndim == trees.leaves.ndim == 2
            and trees.places.shape[1] == trees.leaves.shape[0]
            and trees.leaves.shape[1] <= MOST_LEAVES
            and ((trees.places >= 0) & (trees.places < values)).all()
            and ((trees.left > 0) & (trees.left <= _ALL)).all()
        ):
            raise ValueError(f"the trees of {name} do not go together")
        return trees


def _answers(tree: Node | float) -> int:
    return _answers(tree.below) + _answers(tree.above) if isinstance(tree, Node) else 1


def _questions(tree: Node | float, answers: list[float]) -> list[tuple[Node, int]]:
    """Every question with the answers that its "above" leaves; the answers in their order are
    added to ``answers``."""
    if not isinstance(tree, Node):
        answers.append(tree)
        return []
    begin = len(answers)
    below = _questions(tree.below, answers)
    struck = (1 << len(answers)) - (1 << begin)
    return [(tree, _ALL & ~struck), *below, *_questions(tree.above, answers)]
