"""All that speaks for and against danger in a text, weighed together: what the rows found and how
each was judged, what experience says of the whole, what kind of text it is.

What experience says of each sentence told no more texts apart; a sentence or a clause is weighed by
itself only where the whole speaks against a row in it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.vocabulary import Level
from triage.judgement import Judgement, Purpose
from triage.message import Message
from triage.rows import Rule
from triage.scales import KINDS, Weighed
from triage.signals import Span

_UNRANKED = 9.0  # the rank of "no row"

Found = tuple[Rule, Span, Judgement]


def weigh(message: Message, hits: Sequence[Found], part: Span | None = None) -> Weighed:
    """Weigh a message with what its rows found, or the words and rows of a part of it; the kind of
    message (a plea, a letter) stays that of the whole."""
    scales = message.policy.scales
    return Weighed(values(message, hits, scales.classes, part), scales)


def settled(message: Message, hits: Sequence[Found], weighed: Weighed) -> list[Found]:
    """What the rows found, counting for as much as all of it together lets it: where too little
    speaks for danger, a row brings a person and no more; where much does, what somebody averted
    before is there now."""

    @cache
    def alone(part: Span) -> float:
        return weigh(message, hits, part).urgent

    def one(hit: Found) -> Found:
        rule, span, judged = hit
        if is_here(message, judged, weighed):
            judged = replace(judged, level=rule.level, averted=False)
        elif judged.level.is_urgent and _doubted(message, hit, weighed.urgent, alone):
            judged = replace(judged, level=Level.PRIORITY, doubted=True)
        return rule, span, judged

    return [one(hit) for hit in hits]


def is_here(message: Message, judged: Judgement, weighed: Weighed) -> bool:
    """Whether what somebody averted before has come all the same."""
    return judged.averted and weighed.urgent >= message.policy.borders.averted


def _doubted(message: Message, hit: Found, whole: float, alone: Callable[[Span], float]) -> bool:
    """Whether all together speaks against the row; of a plea that is no letter it must speak
    loudly. What a county wrote itself nobody has weighed: it counts as it is written. So do a plea
    from a disaster, a cry (between the words of a wide frame anything may stand), and, but in
    letters, what is danger in its own sentence, less the courtesy at its ends, or clause, whatever
    else is told beside it. ``alone`` weighs a part by itself."""
    rule, span, judged = hit
    borders = message.policy.borders
    weak = rule.confirm or (message.petition and (rule.loose or rule.plea))
    enough = borders.alarm if weak else borders.against
    if message.pleads and not message.petition:
        enough = min(enough, borders.plea)
    if whole >= enough:
        return False
    if message.disaster or (rule.local and not weak):
        return False
    close = not rule.frames or span[1] - span[0] <= borders.frame
    if judged.purpose is Purpose.REPORT and close and message.is_cry(span):
        return False
    if message.petition or not judged.counts:
        return True
    folded = message.folded
    sentence = folded.sentence(span[0])[0], max(span[1], folded.sentence(span[1] - 1)[1])
    if alone(message.told(sentence, span)) >= borders.part:
        return False
    return weak or alone(folded.clause(span[0])) < borders.clause


def values(
    message: Message, hits: Iterable[Found], classes: Sequence[str], part: Span | None = None
) -> NDArray[np.float64]:
    """What of a message, or of a part of it, is weighed, in the order of ``scales.signs``. A row of
    another class, which a county made for itself, counts by its level only."""
    first, last = part or (0, len(message.folded.text))
    best = {True: _UNRANKED, False: _UNRANKED}
    rows = [0] * (2 * len(classes))  # of each class those that count, and those that do not
    for rule, (start, end), judgement in hits:
        if first <= start and end <= last:
            if rule.cls in classes:
                rows[2 * classes.index(rule.cls) + (not judgement.counts)] += 1
            best[judgement.counts] = min(best[judgement.counts], float(judgement.level.rank))
    kinds = (getattr(message, kind) for kind in KINDS)
    rest = (last - first, *kinds, best[True], best[False], *rows)
    return np.concatenate((message.second.sums(first, last), rest), dtype=np.float64)
