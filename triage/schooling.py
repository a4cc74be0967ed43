"""Learn the second reading from sentences whose answer is known. Needs a minute; nothing that
serves people imports it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from triage.experience import Experience, rounded
from triage.machine import Numbers, descend

QUIET = "quiet"
_SLACK = 0.25  # how far a sentence may stay from its side; found by leaving out batch after batch
_ROUNDS = 12
_FEW = 200  # with fewer cases a sign that was seen once counts as well


@dataclass(frozen=True, slots=True)
class Case:
    """What was seen of a text, and how it turned out: its class (D1…U10), ``quiet``, or nothing
    where it stands between the two. ``services`` are all that would be right, the best one first;
    nothing where nobody said."""

    seen: frozenset[str]
    cls: str
    services: tuple[str, ...] = ()


def learn(cases: Sequence[Case], *, slack: float = _SLACK) -> Experience:
    """Learn from cases; the same cases in the same order give the same experience."""
    counts: dict[str, int] = {}
    for case in cases:
        for sign in sorted(case.seen):
            counts[sign] = counts.get(sign, 0) + 1
    least = 2 if len(cases) >= _FEW else 1
    signs = tuple(sorted(sign for sign, times in counts.items() if times >= least))
    place = {sign: n for n, sign in enumerate(signs)}
    rarity = np.array([np.log((1 + len(cases)) / (1 + counts[sign])) + 1 for sign in signs])
    rows = [sorted(place[sign] for sign in case.seen if sign in place) for case in cases]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    flat = np.array([sign for row in rows for sign in row], dtype=np.int64)
    values = rarity[flat]
    for begin, end in pairwise(starts):
        values[begin:end] /= np.sqrt((values[begin:end] ** 2).sum()) or 1.0
    classes = sorted({case.cls for case in cases} - {QUIET, ""})
    services = sorted({case.services[0] for case in cases if case.services})
    sides, says = _sides(cases, classes, services)
    every = np.arange(len(cases))
    weights, bias = descend(
        starts, flat, values, sides, _slack(sides, says, slack, 2), every, len(signs),
        hinged=False, rounds=_ROUNDS,
    )  # fmt: skip
    table = np.column_stack((rarity**2, weights * rarity[:, None]))
    return Experience(
        signs,
        tuple(classes),
        tuple(services),
        *rounded(table),
        np.concatenate(([0.0], bias)).astype(np.float32),
    )


def _sides(
    cases: Sequence[Case], classes: Sequence[str], services: Sequence[str]
) -> tuple[Numbers, Numbers]:
    """On which side each case stands in each column, and whether it says anything there."""
    asked = 2 + len(classes)
    sides = np.full((len(cases), asked + len(services)), -1.0)
    says = np.ones_like(sides)
    for n, case in enumerate(cases):
        on = [case.cls not in (QUIET, ""), case.cls.startswith("D")]
        on += [case.cls == name for name in classes]
        on += [case.services[:1] == (name,) for name in services]
        sides[n, on] = 1.0
        says[n, :asked] = bool(case.cls)
        also = case.services[1:]
        says[n, asked:] = [bool(case.services) and name not in also for name in services]
    return sides, says


def _slack(sides: Numbers, says: Numbers, slack: float, evened: int) -> Numbers:
    """What each case may stay off in each column: of the first ``evened`` columns the rarer side
    weighs more, as far as it is rarer. What says nothing may stay where it is."""
    found = np.full_like(sides, slack)
    for column in range(evened):
        heard = says[:, column] > 0
        ours = (sides[:, column] > 0) & heard
        many, total = max(int(ours.sum()), 1), max(int(heard.sum()), 2)
        found[:, column] *= np.where(ours, 2 * many, 2 * max(total - many, 1)) / total
    return np.where(says > 0, found, 1e9)
