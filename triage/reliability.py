"""How learned opinions turned out on orders that the learner had not seen. Pure."""

from dataclasses import dataclass
from itertools import pairwise

_EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Band:
    """One row of the reliability table: orders with a confidence from ``low`` up to ``high``."""

    low: float
    high: float
    orders: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Checked:
    """How the opinions on unseen orders turned out: true label, given label, its confidence."""

    truth: tuple[str, ...]
    given: tuple[str, ...]
    confidence: tuple[float, ...]

    @property
    def macro_f1(self) -> float:
        """The mean over the labels of F1: of what was given, and of what was there."""
        labels = sorted(set(self.truth))
        return sum(map(self.f1, labels)) / len(labels)

    def f1(self, label: str) -> float:
        """The F1 of one label."""
        pairs = list(zip(self.truth, self.given, strict=True))
        both = sum(truth == given == label for truth, given in pairs)
        either = sum(label in pair for pair in pairs)
        return 2 * both / (either + both) if both else 0.0

    def bands(self) -> list[Band]:
        """The reliability table: is an opinion of 80 % right in 80 of 100 cases?"""
        table = []
        for low, high in pairwise(_EDGES):
            inside = [
                (truth == given, share)
                for truth, given, share in zip(self.truth, self.given, self.confidence, strict=True)
                if low <= share < high or share == high == 1.0
            ]
            if inside:
                right, share = (sum(column) / len(inside) for column in zip(*inside, strict=True))
                table.append(Band(low, high, len(inside), share, right))
        return table

    def right_from(self, least: float) -> tuple[int, float]:
        """How many opinions had at least this confidence, and the share of them that was right."""
        kept = [
            truth == given
            for truth, given, share in zip(self.truth, self.given, self.confidence, strict=True)
            if share >= least
        ]
        return len(kept), sum(kept) / len(kept) if kept else 0.0
