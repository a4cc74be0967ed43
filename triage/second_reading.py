"""What experience says of one text, as a whole and sentence by sentence."""

from bisect import bisect_left
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf

from triage.experience import Experience, Opinion, Weights, opinion
from triage.signals import Scan, Span
from triage.text import Folded

_FEW = 12  # spans of a group, sorted by their end, that are looked at from a place on
_SENTENCES = 24  # of one text that are read one by one
_SHORT = 4  # characters below which a sentence says too little


@dataclass(frozen=True)
class SecondReading:
    """The second reading of one folded text. ``heard`` is the text as it may have been meant: with
    the words that were misheard or misspelt mended, where there are any."""

    experience: Experience
    folded: Folded
    heard: Scan

    def sums(self, start: int, end: int) -> Weights:
        """What all that was learned says of a part, or of the whole."""
        if end - start == len(self.folded.text):
            return self._whole
        return self.experience.sums(self.heard.text[start:end], self._groups(start, end))

    @cached_property
    def _whole(self) -> Weights:
        return self.experience.sums(self.heard.text, self.heard.cues)

    def likely(self, part: Opinion, among: Container[str]) -> str:
        """The class of danger that the part is most like, of those ``among``."""
        return self.experience.likely(self.sums(part.start, part.end), among)

    def words(self, part: Opinion) -> list[Span]:
        """The words of the part that spoke most for danger."""
        return self.experience.words(self.heard.text, part.start, part.end)

    def service(self, preferred: Mapping[str, float], *, barred: Sequence[str]) -> str | None:
        """The service that such texts needed; a preferred one counts that much more, a barred one
        only where it is preferred. None where nothing in the text is familiar."""
        names = self.experience.services
        scores = self.experience.service_scores(self._whole)
        for name, weight in {**dict.fromkeys(barred, -inf), **preferred}.items():
            if scores and name in names:
                scores[names.index(name)] += weight
        return names[scores.index(max(scores))] if scores else None

    def asking(self, service: str) -> Span | None:
        """The words that spoke most for a service."""
        text = self.heard.text
        return next(iter(self.experience.words(text, 0, len(text), service=service, most=1)), None)

    def _sentences(self) -> list[Opinion]:
        """Each sentence by itself; of very many the first and the last, where pleas stand. Empty
        where there is one only."""
        edges = [0, *self.folded.ends, len(self.folded.text)]
        found = [
            (start, end)
            for start, end in pairwise(edges)
            if _SHORT <= end - start < len(self.folded.text)
        ]
        if len(found) > _SENTENCES:
            found = found[: _SENTENCES // 2] + found[-_SENTENCES // 2 :]
        text = self.heard.text
        return [self.experience.read(text, self._groups(*part), *part) for part in found]

    @property
    def loudest(self) -> Opinion:
        """The part that is furthest on the side of danger: a sentence, or the whole."""
        whole = opinion(self._whole, 0, len(self.folded.text))
        return max((whole, *self._sentences()), key=lambda part: part.urgent)

    def _groups(self, start: int, end: int) -> list[str]:
        """The groups that have a word in the part."""
        found = []
        for group, spans in self.heard.cues.items():
            at = bisect_left(spans, start, key=_end) if len(spans) > _FEW else 0
            if any(start <= first and last <= end for first, last in spans[at : at + _FEW]):
                found.append(group)
        return found


def _end(span: Span) -> int:
    return span[1]
