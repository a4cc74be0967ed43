"""What was learned about weighing: how much each sign in a text speaks for danger beside others.

A row that counts never weighs against danger: the trees are learned so (``monotonic``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from itertools import chain
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from triage.experience import Experience, joined, parted
from triage.trees import Trees

KINDS = ("pleads", "public", "chain", "petition", "exercise", "disaster")


@dataclass(frozen=True)
class Scales:
    """What was learned. ``signs`` are the names of the values that the trees ask about."""

    signs: tuple[str, ...] = field(repr=False)
    classes: tuple[str, ...]
    urgent: Trees
    life: Trees


@dataclass(frozen=True)
class Weighed:
    """What the values of the signs of a text come to."""

    values: NDArray[np.float64] = field(repr=False)
    scales: Scales = field(repr=False)

    @cached_property
    def urgent(self) -> float:
        """How far on the side of danger a text is, in the logarithm of the odds; 0 is the middle of
        what was learned."""
        return self.scales.urgent.score(self.values)

    @cached_property
    def life(self) -> float:
        """How far on the side of danger to life it is, if it is danger."""
        return self.scales.life.score(self.values)


def signs(experience: Experience, classes: Iterable[str]) -> tuple[str, ...]:
    """The names of what is weighed; ``classes`` are those of the rows that are told apart."""
    learned = (*experience.classes, *experience.services)
    return (
        "known", "sum.urgent", "sum.life", *(f"sum.{name}" for name in learned),
        "length", *KINDS, "best.counts", "best.not",
        *chain.from_iterable((f"row.{cls}.counts", f"row.{cls}.not") for cls in classes),
    )  # fmt: skip


def monotonic(names: Iterable[str]) -> dict[str, int]:
    """The signs of which more may only speak for danger (1), or only against it (-1)."""
    rows = {name: 1 for name in names if name.startswith("row.") and name.endswith(".counts")}
    return {**rows, "best.counts": -1}


def dump(scales: Scales) -> bytes:
    """The file of what was learned."""
    file = BytesIO()
    arrays: dict[str, Any] = {"signs": joined(scales.signs), "classes": joined(scales.classes)}
    np.savez_compressed(
        file, **arrays, **scales.urgent.arrays("urgent"), **scales.life.arrays("life")
    )
    return file.getvalue()


def load(data: bytes, experience: Experience) -> Scales:
    """Read what ``dump`` wrote. Raises ValueError for anything else, and for scales that were not
    learned with this experience's columns."""
    try:
        with np.load(BytesIO(data), allow_pickle=False) as file:
            arrays: Mapping[str, NDArray[np.generic]] = {name: file[name] for name in file.files}
        names = parted(arrays["signs"])
        scales = Scales(
            names,
            parted(arrays["classes"]),
            Trees.read(arrays, "urgent", len(names)),
            Trees.read(arrays, "life", len(names)),
        )
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"weighing.npz: not what was learned: {error}") from None
    if names != signs(experience, scales.classes):
        raise ValueError(
            "weighing.npz: it weighs other signs than experience.npz gives; learn both again with "
            "'python -m tests.benchmarks.learn_experience' and '... learn_weighing'"
        )
    return scales
