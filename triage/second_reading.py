"""What experience says of one text: whether it confirms a weak row, and whether it is alarmed."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf

from triage.experience import Experience, Opinion, Weights, opinion
from triage.signals import Span
from triage.text import Folded

_FEW = 12  # spans of a group, sorted by their end, that are looked at from a place on
_SENTENCES = 24  # of one text that are read one by one
_AROUND = 40  # characters on either side of a hit that belong to it
_SHORT = 4  # characters below which a text says too little


@dataclass(frozen=True, slots=True)
class Borders:
    """From where on the second reading speaks; values of signals.toml. ``alarm`` brings a person
    by itself, ``part`` does so for one sentence of several where the whole is above ``floor``,
    ``confirm`` is enough where a row of the rules is weak, below ``against`` no row brings more
    than a person's look, ``life`` makes an alarm one of danger
    to life, ``desk`` is the border of an alarm in a sentence about a desk's business. A text of
    no more than ``cry`` characters, of which ``bare`` say something else than the danger, who,
    where and a call for help, is a cry: experience has too little of it to speak against. In the
    choice of a service ``route``, ``particular`` and ``named`` are what the rows' word and the
    text's own weigh beside experience."""

    alarm: float
    part: float
    floor: float
    confirm: float
    against: float
    life: float
    desk: float
    cry: int
    bare: int
    route: float
    particular: float
    named: float
    cite: str
    tag: str


@dataclass(frozen=True)
class SecondReading:
    """The second reading of one folded text. Of a ``letter`` only the whole is read: a letter of
    forty sentences holds an alarming one by chance."""

    experience: Experience
    borders: Borders
    folded: Folded
    cues: Mapping[str, Sequence[Span]]
    letter: bool

    @cached_property
    def _sums(self) -> Weights:
        return self.experience.sums(self.folded.text, self.cues)

    @cached_property
    def whole(self) -> Opinion:
        """The opinion on the text as a whole."""
        return opinion(self._sums, 0, len(self.folded.text))

    def likely(self, part: Opinion) -> str:
        """The class of danger that the part is most like."""
        if part is self.whole:
            return self.experience.likely(self._sums)
        text, groups = self.folded.text, self._groups(part.start, part.end)
        return self.experience.likely(self.experience.sums(text[part.start : part.end], groups))

    def words(self, part: Opinion) -> list[Span]:
        """The words of the part that spoke most for danger."""
        return self.experience.words(self.folded.text, part.start, part.end)

    def service(self, preferred: Mapping[str, float], *, barred: Sequence[str]) -> str | None:
        """The service that such texts needed; a preferred one counts that much more, a barred one
        only where it is preferred. None where nothing in the text is familiar."""
        names = self.experience.services
        scores = self.experience.service_scores(self._sums)
        for name, weight in {**dict.fromkeys(barred, -inf), **preferred}.items():
            if scores and name in names:
                scores[names.index(name)] += weight
        return names[scores.index(max(scores))] if scores else None

    def asking(self, service: str) -> Span | None:
        """The words that spoke most for a service."""
        text = self.folded.text
        return next(iter(self.experience.words(text, 0, len(text), service=service, most=1)), None)

    @cached_property
    def alarm(self) -> Opinion | None:
        """The opinion that brings a person by itself, or None."""
        if len(self.folded.text) < _SHORT:
            return None
        if self.whole.urgent > self.borders.alarm:
            return self.whole
        if self.letter or self.whole.urgent < self.borders.floor:
            return None
        worst = max(self._sentences(), key=lambda part: part.urgent, default=None)
        return worst if worst and worst.urgent > self.borders.part else None

    def deadly(self, alarm: Opinion) -> bool:
        """Whether the alarm is one of danger to life, in the part itself or in one sentence."""
        parts = [alarm] if self.letter else [alarm, *self._sentences()]
        return any(
            part.life > self.borders.life and part.urgent > self.borders.alarm for part in parts
        )

    def confirms(self, span: Span, *, weak: bool) -> bool:
        """Whether experience does not speak against danger where a row, or a weak one, found it."""
        border = self.borders.confirm if weak else self.borders.against
        if self.whole.urgent > border:
            return True
        if self.letter:
            return False
        start, end = max(0, span[0] - _AROUND), min(len(self.folded.text), span[1] + _AROUND)
        first, last = self.folded.sentence(span[0])[0], self.folded.sentence(span[1] - 1)[1]
        parts = {(start, end), (first, last)}
        if not weak:
            parts.add(self.folded.clause(span[0]))
        return any(self._read(*part).urgent > border for part in parts)

    def _sentences(self) -> list[Opinion]:
        """Each sentence by itself; of very many the first and the last, where pleas stand."""
        edges = [0, *self.folded.ends, len(self.folded.text)]
        found = [
            (start, end)
            for start, end in pairwise(edges)
            if _SHORT <= end - start < len(self.folded.text)
        ]
        if len(found) > _SENTENCES:
            found = found[: _SENTENCES // 2] + found[-_SENTENCES // 2 :]
        return [self._read(start, end) for start, end in found]

    def _read(self, start: int, end: int) -> Opinion:
        if end - start == len(self.folded.text):
            return self.whole
        known = self._parts.get((start, end))
        if known is None:
            known = self.experience.read(self.folded.text, self._groups(start, end), start, end)
            self._parts[start, end] = known
        return known

    @cached_property
    def _parts(self) -> dict[Span, Opinion]:
        """The parts that were read; several rows ask for the same ones."""
        return {}

    def _groups(self, start: int, end: int) -> list[str]:
        """The groups that have a word in the part."""
        if end - start == len(self.folded.text):
            return list(self.cues)
        found = []
        for group, spans in self.cues.items():
            at = bisect_left(spans, start, key=_end) if len(spans) > _FEW else 0
            if any(start <= first and last <= end for first, last in spans[at : at + _FEW]):
                found.append(group)
        return found


def _end(span: Span) -> int:
    return span[1]
