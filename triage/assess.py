"""What a text means: how urgent, whose matter, which signals decided, and why. Pure and total."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from models.messages import spoken
from models.vocabulary import Level, Track, worst
from triage.aid import all_needs, first_service
from triage.facts import Facts, read_facts
from triage.frames import Hit
from triage.handoffs import handoff
from triage.judgement import Judgement, Person, Polarity, Purpose, Time, judge
from triage.message import Message, read_message
from triage.opinion import Opinion
from triage.policy import SignalPolicy
from triage.rows import Rule
from triage.signals import Scan, Span
from triage.sounds import Repair, mended
from triage.text import Folded, fold
from triage.topics import Need, quiet_level, read_needs, track_of
from triage.unruled import unruled
from triage.weighing import Found, settled, weigh

_JUDGED = 48  # hits of one row that are judged; a text repeats itself long before that
_SHOWN = 4  # hits of one row that are shown


@dataclass(frozen=True, slots=True)
class Context:
    """What is known besides the words. ``claims`` is a level the person declared: it only raises.
    ``at`` is when the words were said.
    ``exercise_codes`` are the codes of exercises registered in the running system."""

    channel: str | None = None
    place: str | None = None
    at: datetime | None = None
    reporter: bool = False
    claims: Level | None = None
    exercise_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Signal:
    """One danger phrase with its four judgements. ``start`` and ``end`` are code points of the
    given text, and ``quote`` is what stands there. ``level`` is what it counts for; where it
    is ``doubted``, that is less than its row says: all of the text together speaks against it.
    ``cite`` is the source of its row and ``tag`` how strong that is: L, GK and P are no law."""

    rule: str
    cls: str
    quote: str
    start: int
    end: int
    polarity: Polarity
    time: Time
    person: Person
    purpose: Purpose
    counts: bool
    cite: str
    tag: str
    level: Level
    doubted: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "class": self.cls,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "polarity": self.polarity.value,
            "time": self.time.value,
            "person": self.person.value,
            "purpose": self.purpose.value,
            "counts": self.counts,
            "cite": self.cite,
            "tag": self.tag,
            "level": self.level.value,
            **({"doubted": True} if self.doubted else {}),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict on one text with its reasons. ``repaired`` names words that were read through a
    mishearing: (was, read_as). ``policy`` is the hash of the rules that decided."""

    level: Level
    track: Track
    service: str | None
    signals: tuple[Signal, ...]
    handoff: tuple[str, ...]
    needs: tuple[Need, ...]
    facts: Facts
    policy: str
    repaired: tuple[tuple[str, str], ...] = ()
    claimed: bool = field(default=False)  # the level is the person's own word, not the text's
    opinion: Opinion | None = None  # of a learned model, where there is one; it decided nothing

    def as_json(self) -> dict[str, object]:
        """The output of ``huiyin triage`` without "id" (interfaces note)."""
        return {
            "level": self.level.value,
            "track": self.track.value,
            "service": self.service,
            "signals": [signal.as_json() for signal in self.signals],
            "handoff": list(self.handoff),
            "needs": [{"service": need.service, "quote": need.quote} for need in self.needs],
            "facts": self.facts.as_json(),
            "policy": self.policy,
            "repaired": [{"was": was, "read_as": read} for was, read in self.repaired],
            **({"opinion": self.opinion.as_json()} if self.opinion else {}),
        }


def assess(text: str, context: Context, signals: SignalPolicy) -> Assessment:
    """Assess one text. Never raises for any string, takes time linear in its length, and gives the
    same answer for the same arguments. Automation only raises: more danger in a text never gives
    a lower level, and neither does a level the person claims (Social Assistance Law Art. 50). What
    a form added under the words can make danger greater, never smaller."""
    whole, said = _assess(text, context, signals), spoken(text)
    if said == text:
        return whole
    alone = _assess(said, context, signals)
    return whole if whole.level.rank < alone.level.rank else replace(alone, facts=whole.facts)


def _assess(text: str, context: Context, signals: SignalPolicy) -> Assessment:
    message, readings, repairs = _read(text, context, signals)
    found = [
        (rule, _signal(text, message, rule, span, judged))
        for rule, span, judged in _judged(message, _hits(message, readings))
    ]
    counting = [(rule, signal) for rule, signal in found if signal.counts]
    needs = read_needs(text, message.folded, readings, signals)
    level = quiet_level(message, [signal for _, signal in found], needs)
    if counting:
        level = worst(level, *(signal.level for _, signal in counting))
    claimed = context.claims is not None and context.claims.rank < level.rank
    if claimed and context.claims is not None:
        level = context.claims
    decided = sorted(counting, key=lambda pair: (pair[1].level.rank, pair[1].start))
    service = first_service(text, decided, needs, level, message)
    shown = tuple(signal for _, signal in found)
    return Assessment(
        level=level,
        track=track_of(level, needs),
        service=service.service if service else None,
        signals=shown,
        handoff=handoff(decided, readings, signals.lines),
        needs=all_needs(decided, needs, service),
        facts=read_facts(text, message.folded, message.scan, place=context.place, at=context.at),
        policy=signals.hash,
        repaired=tuple(dict.fromkeys((repair.was, repair.read_as) for repair in repairs)),
        claimed=claimed,
    )


def _read(
    text: str, context: Context, signals: SignalPolicy
) -> tuple[Message, list[Scan], list[Repair]]:
    """The text as the judges see it, its readings (as written, and as it may have been meant), and
    what was repaired for the second."""
    folded = fold(text)
    readings, repairs = hear(folded, signals)
    message = read_message(
        folded,
        readings[0],
        signals,
        heard=readings[-1],
        reporter=context.reporter,
        exercise_codes=context.exercise_codes,
    )
    return message, readings, repairs


def hear(folded: Folded, signals: SignalPolicy) -> tuple[list[Scan], list[Repair]]:
    """What stands in a text as it is written and, where words in it were misheard, as it may have
    been meant; and what was repaired for the second."""
    written = signals.matcher.scan(folded)
    repairs = signals.sounds.repairs(folded.text)
    if not repairs:
        return [written], []
    return [written, signals.matcher.scan(folded, mended(folded.text, repairs))], repairs


def read_hits(text: str, signals: SignalPolicy) -> tuple[Message, list[Found]]:
    """The text as the judges see it, and what the rows find in it before all of it is weighed."""
    message, readings, _ = _read(text, Context(), signals)
    return message, _hits(message, readings)


def _judged(message: Message, hits: list[Found]) -> list[Found]:
    """What the rows found, as all of it together lets it count, and what no row found."""
    weighed = weigh(message, hits)
    hits = settled(message, hits, weighed)
    reached = worst(Level.NONE, *(judged.level for _, _, judged in hits if judged.counts))
    return [*hits, *unruled(message, reached, weighed)]


def _hits(message: Message, readings: Iterable[Scan]) -> list[Found]:
    """Every hit of every row, judged where it stands; in the order of the text."""
    spans: dict[str, list[Hit]] = {}
    for reading in readings:
        for owner, found in reading.rows.items():
            if owner in message.policy.signals:
                spans.setdefault(owner, []).extend(found)
    hits: list[Found] = []
    for owner, given in spans.items():
        rule = message.policy.signals[owner]
        judged: list[tuple[Span, Judgement]] = []
        enough = 0
        for hit in _widest(given):
            if not _stands(message, rule, hit):
                continue
            judged.append((hit[0], judge(message, rule, hit)))
            enough += judged[-1][1].counts and judged[-1][1].level is rule.level
            if enough == _SHOWN:
                break
        judged.sort(key=lambda pair: (not pair[1].counts, pair[1].level.rank, pair[0]))
        hits += [(rule, *pair) for pair in judged[:_SHOWN]]
    hits.sort(key=lambda found: (found[1], found[0].id))
    return hits


def _widest(hits: list[Hit]) -> list[Hit]:
    """Overlapping hits of one row are one hit: the longest. Hits that are judged by different
    parts stay apart. Of very many, both ends are kept."""
    kept: list[Hit] = []
    for hit in sorted(set(hits), key=lambda h: (h[0][0], -h[0][1])):
        (start, end), head, _ = hit
        if kept and start < kept[-1][0][1] and head == kept[-1][1]:
            before, until = kept[-1][0]
            if end - start > until - before:
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept if len(kept) <= _JUDGED else kept[: _JUDGED // 2] + kept[-_JUDGED // 2 :]


def _stands(message: Message, rule: Rule, hit: Hit) -> bool:
    """Whether the row's own conditions hold: no idiom around it, what must be near is near."""
    scan = message.scan
    span, head, _ = hit
    for part in (span,) if head == span else (span, head):
        if scan.swallowed("innocent", *part) or scan.swallowed("not_plea", *part):
            return False
    if rule.telling and message.at_the_desk(head):
        return False
    if message.folded.tagged(*span):
        return False
    if any(not scan.near(cue, *span, reach=rule.reach) for cue in rule.near):
        return False
    if not rule.unless:
        return True
    first, last = message.folded.sentence(span[0])
    first, last = max(first, span[0] - rule.apart), min(max(last, span[1]), span[1] + rule.apart)
    return not any(scan.inside(cue, first, last) for cue in rule.unless)


def _signal(text: str, message: Message, rule: Rule, span: Span, judged: Judgement) -> Signal:
    start, end = message.folded.origin(*span)
    return Signal(
        rule=rule.id,
        cls=rule.cls,
        quote=text[start:end],
        start=start,
        end=end,
        polarity=judged.polarity,
        time=judged.time,
        person=judged.person,
        purpose=judged.purpose,
        counts=judged.counts,
        cite=rule.cite,
        tag=rule.tag,
        level=judged.level,
        doubted=judged.doubted,
    )
