"""Find what is said in several words that stand near each other, in any order."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WITHIN = 16
"""Characters that may stand between the judged part and another unless the row says otherwise."""

_TRIED = 24  # judged parts that are looked at in one text; a text repeats itself long before that
Span = tuple[int, int]
Hit = tuple[Span, Span, int]
"""The whole, the part that is judged, and the place from which on words may deny that part."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Groups of which a word each must stand near the last one's. The last is what is judged:
    whether it is denied, when it was. No word may overlap it."""

    owner: str
    parts: tuple[str, ...]
    within: int = WITHIN


class Frames:
    """All frames of a policy. Only those whose judged part stands in a text are tried."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._by_head: dict[str, list[tuple[Frame, frozenset[str]]]] = {}
        for frame in frames:
            others = frozenset(frame.parts[:-1])
            self._by_head.setdefault(frame.parts[-1], []).append((frame, others))

    def find(self, cues: Mapping[str, Sequence[Span]]) -> dict[str, list[Hit]]:
        """The frames that the words of a text fill, by the row they belong to."""
        found: dict[str, list[Hit]] = {}
        said = cues.keys()
        for head, heads in cues.items():
            for frame, needed in self._by_head.get(head, ()):
                if not needed <= said:
                    continue
                others = [cues[part] for part in frame.parts[:-1]]
                for place in heads[:_TRIED]:
                    whole = _fill(place, others, frame.within)
                    if whole is not None:
                        found.setdefault(frame.owner, []).append((whole, place, 0))
        return found


def _fill(head: Span, others: Sequence[Sequence[Span]], within: int) -> Span | None:
    """The span that holds the judged part and the nearest word of each other part."""
    first, last = head
    for spans in others:
        near = _nearest(spans, head, within)
        if near is None:
            return None
        first, last = min(first, near[0]), max(last, near[1])
    return first, last


def _nearest(spans: Sequence[Span], head: Span, within: int) -> Span | None:
    """The word nearest to the judged part and clear of it. Spans are sorted by their ends."""
    best: Span | None = None
    room = within + 1
    at = bisect_right(spans, head[0], key=_end)
    if at and head[0] - spans[at - 1][1] < room:
        best = spans[at - 1]
        room = head[0] - best[1]
    for span in spans[bisect_left(spans, head[1] + 1, key=_end) :]:
        if span[1] - head[1] > room + 12:
            break
        if 0 <= span[0] - head[1] < room:
            best, room = span, span[0] - head[1]
    return best


def _end(span: Span) -> int:
    return span[1]
