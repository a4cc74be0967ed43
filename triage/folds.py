"""Which texts tell nearly the same, so that a check never meets what was learned. Pure."""

import random
import zlib
from collections.abc import Sequence

_SHINGLE, _SKETCH, _SHARED, _CROWD, _FORM = 5, 8, 4, 200, 20


def near_identical(texts: Sequence[str]) -> list[int]:
    """For each text the number of its group. Texts are together that share half of their sketch,
    the smallest hashes of their five-character stretches, directly or through others. A group that
    would hold more than a twentieth of all is no letter sent again but a form that many filled in:
    it stays apart, or a whole kind of order would be missing from what is learned."""
    parent = list(range(len(texts)))
    size = [1] * len(texts)
    most = max(len(texts) // _FORM, 2)

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    holders: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        shared: dict[int, int] = {}
        sketch = _sketch(text)
        for mark in sketch:
            others = holders.setdefault(mark, [])
            for other in others[:_CROWD]:
                shared[other] = shared.get(other, 0) + 1
            others.append(place)
        for other, count in shared.items():
            mine, theirs = root(place), root(other)
            together = size[mine] + size[theirs]
            if count >= min(_SHARED, len(sketch)) and mine != theirs and together <= most:
                parent[mine], size[theirs] = theirs, together
    return [root(place) for place in range(len(texts))]


def _sketch(text: str) -> list[int]:
    ends = range(max(len(text) - _SHINGLE + 1, 1))
    marks = {zlib.crc32(text[at : at + _SHINGLE].encode("utf-8", "surrogatepass")) for at in ends}
    return sorted(marks)[:_SKETCH]


def folds(groups: Sequence[int], labels: Sequence[int], many: int, seed: int = 0) -> list[int]:
    """For each order the fold it is checked in: groups stay whole, and every fold gets its share
    of every label."""
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    order = list(members.values())
    random.Random(seed).shuffle(order)  # noqa: S311 an even spread, no secret
    order.sort(key=len, reverse=True)
    filled = [0] * many
    of_label: dict[int, list[int]] = {}
    chosen = [0] * len(groups)
    for places in order:
        label = of_label.setdefault(labels[places[0]], [0] * many)
        fold = min(range(many), key=lambda one: (label[one], filled[one]))
        for place in places:
            chosen[place] = fold
        label[fold] += len(places)
        filled[fold] += len(places)
    return chosen
