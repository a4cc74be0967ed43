"""Which services a text is about, and what kind of matter it is when nothing in it is dangerous."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.vocabulary import Level, Track
from triage.judgement import Person, Polarity, Time
from triage.message import Message
from triage.policy import SignalPolicy
from triage.rows import WEAKLY, Rule, weakly
from triage.signals import Scan, Span
from triage.text import Folded

GRIEVANCE, CONSULTATION, CRISIS = "grievance", "consultation", "mental_crisis"
_ASKED = ("吗", "吗。")  # at the very end; inside a text it is also a call: "有人吗"
_MENTIONS = 16  # of one topic that are looked at; a text repeats itself long before that
GENERAL_PURSE = "temp_emergency"
"""Emergency relief answers every sudden hardship; a particular service says more."""


@dataclass(frozen=True, slots=True)
class Need:
    """A service of the routing catalogue (domain note 3d) and the words that ask for it."""

    service: str
    quote: str


class Judged(Protocol):
    """What is asked of a signal here."""

    @property
    def counts(self) -> bool: ...
    @property
    def polarity(self) -> Polarity: ...
    @property
    def time(self) -> Time: ...
    @property
    def person(self) -> Person: ...


def read_needs(
    text: str, folded: Folded, readings: Iterable[Scan], policy: SignalPolicy
) -> tuple[Need, ...]:
    """One row for each service the text names, in the order of the routing catalogue's rows that
    are most often meant: more mentions first, then the earlier one; last what words name that
    mostly say who somebody is."""
    found: dict[str, set[Span]] = {}
    weak: dict[str, set[Span]] = {}
    for scan in readings:
        named = {owner.rstrip(WEAKLY) for owner in scan.rows} & policy.topics.keys()
        for topic in map(policy.topics.__getitem__, sorted(named)):
            status = [hit[0] for hit in scan.rows.get(weakly(topic.id), ())[:_MENTIONS]]
            if status:
                weak.setdefault(topic.id, set()).update(status)
            for span, _, _ in scan.rows.get(topic.id, ())[:_MENTIONS]:
                if any(first <= span[0] and span[1] <= last for first, last in status):
                    continue
                if _names(scan, topic, span):
                    found.setdefault(topic.id, set()).add(span)
    ranked = _ranked(found) + [item for item in _ranked(weak) if item[0] not in found]
    needs = []
    for owner, places in ranked:
        start, end = folded.origin(*min(places))
        needs.append(Need(owner, text[start:end]))
    return tuple(needs)


def _names(scan: Scan, topic: Rule, span: Span) -> bool:
    """Whether the topic's own conditions hold where its words stand."""
    if scan.swallowed("innocent", *span):
        return False
    if any(not scan.near(cue, *span, reach=topic.reach) for cue in topic.near):
        return False
    return not any(scan.near(cue, *span, reach=topic.apart) for cue in topic.unless)


def _ranked(found: dict[str, set[Span]]) -> list[tuple[str, set[Span]]]:
    return sorted(found.items(), key=lambda item: (_length(item[1]), min(item[1])))


def _length(spans: set[Span]) -> int:
    """More and longer mentions first: "临时救助" says more than "救助"."""
    return -sum(end - start for start, end in spans)


def quiet_level(message: Message, signals: Sequence[Judged], needs: tuple[Need, ...]) -> Level:
    """The level of a text for everything but the danger that counts in it. A text that nobody
    understands is standard, never "none": a person reads it."""
    scan = message.scan
    cues = scan.cues
    words = message.folded.text
    asks = "ask" in cues or "ask_policy" in cues or "?" in words or words.endswith(_ASKED)
    if not any(char.isalnum() or char > "\u2e80" for char in message.folded.text):
        return Level.NONE
    if message.registered and message.exercise:
        return Level.NONE
    # an exercise without a registered code: a person has to find out (domain note 3e.7)
    if message.exercise:
        return Level.PRIORITY
    if asks and "general_question" in cues:
        return Level.CONSULTATION
    if message.pleads or "complaint" in cues or GRIEVANCE in {need.service for need in needs}:
        return Level.STANDARD
    if asks:
        own = any(not scan.covered("ask", *span) for span in cues.get("own", ()))
        settled = any(signal.time is Time.PAST_RESOLVED for signal in signals) or "settled" in cues
        if own or settled or any(group in cues for group in ("family", "known_other", "under_way")):
            return Level.STANDARD
        return Level.CONSULTATION
    if _nothing_asked(message, signals, needs):
        return Level.NONE
    return Level.STANDARD


def _nothing_asked(message: Message, signals: Sequence[Judged], needs: tuple[Need, ...]) -> bool:
    """Zero reports, denials, news of elsewhere, thanks, good wishes. What is feared to come is
    asked: somebody should see to it before."""
    cues = message.scan.cues
    if "all_over" in cues and not any(signal.counts for signal in signals):
        return True
    if "thanks" in cues and not needs:
        return True
    if message.public and "trouble" not in cues and ("own" not in cues or "cheer" in cues):
        return bool(signals) or message.widely
    if not signals or any(signal.counts for signal in signals):
        return False
    denied = all(signal.polarity is Polarity.NEGATED for signal in signals)
    elsewhere = all(
        signal.polarity is Polarity.NEGATED
        or signal.time is Time.PAST_RESOLVED
        or signal.person is Person.GENERAL
        for signal in signals
    )
    wanted = needs or "settled" in cues or "wants" in cues or "trouble" in cues
    return (denied and "wants" not in cues) or (elsewhere and not wanted)


def track_of(level: Level, needs: tuple[Need, ...]) -> Track:
    """The road a request travels; a complaint about those who handle cases has its own."""
    if level.is_urgent:
        return Track.URGENT
    if level is Level.CONSULTATION:
        return Track.CONSULTATION
    if level is Level.NONE:
        return Track.NONE
    if needs and needs[0].service == GRIEVANCE:
        return Track.GRIEVANCE
    return Track.STANDARD
