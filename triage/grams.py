"""What a learned opinion looks at: the characters of a text and the pairs of neighbours. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from triage.text import plain

HEAD, TAIL = 3000, 1000
"""Characters read from the beginning and from the end: a plea often stands last."""
TITLE = 0.6
"""What the first of several columns, a title, weighs once more beside all of them together."""
_TITLE_MARK = "^"
_LONGEST = 8  # characters of a word that is shown


def features(texts: Sequence[str]) -> Iterator[tuple[float, str, dict[str, int]]]:
    """Weight, what was looked at, and the counts of its characters and pairs: of all texts of an
    order together, then those of the title once more."""
    together = squeezed("\n".join(filter(None, texts)))
    yield 1.0, together, _counted(together)
    if len(texts) > 1 and texts[0]:
        title = squeezed(texts[0])
        yield TITLE, title, {_TITLE_MARK + gram: n for gram, n in _counted(title).items()}


def squeezed(text: str) -> str:
    """What is looked at: width, case and script folded, white space dropped, the middle of a very
    long text left out."""
    return "".join(plain(_ends(text)).split())


def _ends(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]


def _counted(looked_at: str) -> dict[str, int]:
    counted = Counter(looked_at)
    counted.update([first + second for first, second in pairwise(looked_at)])
    return counted


def written(text: str, looked_at: str) -> str:
    """The text as written, character for character what was looked at."""
    whole = _ends(text)
    if len(whole) == len(looked_at):
        return whole
    pairs = zip(whole, plain(whole), strict=True)
    return "".join(char for char, folded in pairs if not folded.isspace())


def grown(looked_at: str, gain: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    """Stretches in which one strong sign follows the other; with what they are worth together."""
    begin = end = value = 0
    found = sorted((place, gram) for gram in gain for place in _places(looked_at, gram))
    for place, gram in found:
        if value and (place >= end or place + len(gram) - begin > _LONGEST):
            yield begin, end, value
            value = 0
        if not value:
            begin = place
        end, value = place + len(gram), value + gain[gram]
    if value:
        yield begin, end, value


def _places(text: str, gram: str) -> Iterator[int]:
    place = text.find(gram)
    while place >= 0:
        yield place
        place = text.find(gram, place + 1)
