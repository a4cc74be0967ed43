"""Judge one hit where it stands: polarity, time, person and purpose (domain note 3e.5)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from models.vocabulary import Level
from triage.frames import Hit
from triage.message import PUBLIC_CUES, Message
from triage.rows import Rule
from triage.signals import Span

_ZERO_AFTER = re.compile(
    r"(?:的?(?:情况|现象|问题|人员|人数|户数|群众|户)?[:是为共有]{0,2})?"
    r"(?:0(?!\d)|零(?!下)|无(?![法人力处]))|的?(?:情况|现象|问题)?(?:没有|不存在|未发现|未发生)(?=[。,;!]|$)"
)
_YEAR = re.compile(r"(?:19|20)\d\d[年.\-/]|\d\d年(?![代级])")
_JUST_NOW = re.compile(
    r"(?:(?:\d{1,3}|[半一二两三四五六七八九十几]{1,3})个?(?:多|半)?(?:分钟?|小时|钟头|钟|天|日|星期|礼拜|周|晚上?)"
    r"|(?:周|星期|礼拜)[一二三四五六日天末]|[明后今]天|[今明]晚|天黑|天亮|月底|下班|\d[日号点])"
    r"(?:之前|以前|前)$"
)
"""Some hours or days ago, or a day that is still to come."""
_OTHER = 16  # characters before "solved" in which a time makes it another matter
_OLD = 30  # characters before the hit in which a year or "last year" dates it
_POST = 80  # characters from which on a text is judged public as a whole
_BACK = 14  # characters before the hit in which a negator may stand


class Polarity(StrEnum):
    """Whether the text says that it is so."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"


class Time(StrEnum):
    """When it is so."""

    NOW = "now"
    IMMINENT = "imminent"
    RECURRING = "recurring"
    PAST_OPEN = "past_open"
    PAST_RESOLVED = "past_resolved"
    HYPOTHETICAL = "hypothetical"


class Person(StrEnum):
    """Whom it is about, seen from the writer."""

    SELF = "self"
    FAMILY = "family"
    KNOWN_OTHER = "known_other"
    STRANGER = "stranger"
    GENERAL = "general"


class Purpose(StrEnum):
    """What the words are said for."""

    REPORT = "report"
    ASK = "ask"
    QUOTE = "quote"
    TEST = "test"
    THREAT = "threat"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The four judgements of one hit, whether it counts, and the level it counts for. It is
    ``doubted`` where that level is lower than the row says since the whole text speaks against,
    ``averted`` where it is lower since it would have come to that but for somebody."""

    polarity: Polarity
    time: Time
    person: Person
    purpose: Purpose
    counts: bool
    level: Level
    doubted: bool = False
    averted: bool = False


@dataclass(slots=True)
class _Place:
    """Where a hit stands: its span, and the sentence and the clause that hold its beginning."""

    start: int
    end: int
    first: int
    last: int
    clause: int
    clause_end: int


def judge(message: Message, rule: Rule, hit: Hit) -> Judgement:
    """The judgement of one hit. Unsure is never a decoy: what no cue rules out counts."""
    span, head, since = hit
    folded = message.folded
    place = _Place(*span, *folded.sentence(span[0]), *folded.clause(span[0]))
    polarity = _polarity(message, span, place.clause)
    if head != span and polarity is Polarity.AFFIRMED:
        polarity = _polarity(message, head, max(since, folded.clause(head[0])[0]))
    time = _time(message, rule, place)
    person = _person(message, rule, place)
    purpose = _purpose(message, rule, place)
    counts = (
        polarity is not Polarity.NEGATED
        and (rule.always or time is not Time.HYPOTHETICAL)
        and time is not Time.PAST_RESOLVED
        and person is not Person.GENERAL
        and purpose not in (Purpose.TEST, Purpose.QUOTE)
        and (rule.always or purpose is not Purpose.ASK)
        and (message.pleads or not rule.plea)
    )
    level, averted = rule.level, False
    if level.is_urgent and (message.exercise or message.chain):
        level = Level.PRIORITY
    elif level.is_urgent and _averted(message, place):
        level, averted = Level.PRIORITY, True
    return Judgement(polarity, time, person, purpose, counts, level, averted=averted)


def _polarity(message: Message, span: Span, since: int) -> Polarity:
    """Whether the words before the span deny it; those from ``since`` on."""
    text, groups = message.folded.text, message.policy.groups
    start, end = span
    before = text[max(since, start - _BACK) : start]
    if before:
        if before.endswith(groups["doubt"]):
            return Polarity.UNCERTAIN
        bare = before
        for _ in range(3):
            if not bare.endswith(groups["negation_fill"]):
                break
            fill = next(word for word in groups["negation_fill"] if bare.endswith(word))
            bare = bare[: -len(fill)]
        for view in (before,) if bare == before else (before, bare):
            if view.endswith(groups["negation"]) and not view.endswith(groups["not_negation"]):
                return Polarity.NEGATED
        if before.endswith(groups["negation_close"]) and not before.endswith(
            groups["not_negation"]
        ):
            return Polarity.NEGATED
    if _ZERO_AFTER.match(text, end):
        return Polarity.NEGATED
    return Polarity.AFFIRMED


def _time(message: Message, rule: Rule, place: _Place) -> Time:
    scan = message.scan
    first, last, start, end = place.first, place.last, place.start, place.end
    if _hypothetical(message, rule, place):
        return Time.HYPOTHETICAL
    if _resolved(message, rule, place):
        return Time.PAST_RESOLVED
    if _past(message, rule, place):
        return Time.PAST_RESOLVED
    if scan.within("imminent", max(first, start - 16), min(last, end + 4)):
        return Time.IMMINENT
    if scan.within("recurring", place.clause, min(last, end + 4)):
        return Time.RECURRING
    if rule.nature == "event" and scan.within("lately", max(first, start - _OLD), end):
        return Time.PAST_OPEN
    return Time.NOW


def _hypothetical(message: Message, rule: Rule, place: _Place) -> bool:
    scan, text = message.scan, message.folded.text
    first, start, end = place.first, place.start, place.end
    cue = scan.last("hypothetical", max(first, start - 24), start)
    if cue is None:
        return rule.nature == "event" and scan.within("risk", max(first, start - 10), end + 6)
    # "if nobody comes" is a plea, not a thought: what stands after the "if" is missing already
    urged = text[cue[1] : cue[1] + 8].startswith(message.policy.groups["unmet"])
    if urged and rule.level.is_urgent:
        return False
    return not scan.within("now", cue[1], start)


def _past(message: Message, rule: Rule, place: _Place) -> bool:
    scan = message.scan
    first, start, end = place.first, place.start, place.end
    if cue := scan.last("history", max(first, start - 40), start):
        return not scan.within("now", cue[1], start)
    is_event = rule.nature == "event"
    reach = max(first, start - _OLD)
    cue = scan.last("long_ago", reach if is_event else place.clause, end)
    if cue and _JUST_NOW.search(message.folded.text, max(first, cue[0] - _BACK), cue[1]):
        cue = None
    if cue is None and is_event:
        for dated in _YEAR.finditer(message.folded.text, reach, start):
            cue = dated.span()
    if cue is None:
        return False
    return not scan.within("now", cue[1], start if is_event else end + 12)


def _resolved(message: Message, rule: Rule, place: _Place) -> bool:
    """Whether the text says that this danger is over, and nothing after it says that it is not."""
    if rule.cls == "D1":
        return False  # somebody saved yesterday is in danger today
    scan, text = message.scan, message.folded.text
    start, end = place.start, place.end
    for group in ("resolved", f"resolved_{rule.cls}"):
        cue = scan.first(group, max(place.first, start - 20), end + 60)
        if cue is None or (cue[0] <= start and end <= cue[1]):
            continue
        before = text[max(0, cue[0] - 4) : cue[0]]
        if before.endswith(message.policy.groups["not_yet"]) or _elsewhere(message, cue, end):
            continue
        if scan.within("still", cue[1], cue[1] + 24) or scan.within("still", cue[0] - 3, cue[0]):
            continue
        return True
    return False


def _elsewhere(message: Message, cue: Span, end: int) -> bool:
    """Whether "all right" or "solved" speaks of a time before the danger, of another matter, or is
    only what somebody thinks."""
    text, groups = message.folded.text, message.policy.groups
    before = text[max(0, cue[0] - 4) : cue[0]]
    fine = text[slice(*cue)].startswith(("没", "好", "冇"))
    if fine and before.endswith((*groups["was_fine"], *groups["hearsay"])):
        return True
    between = text[max(end if end <= cue[0] else 0, cue[0] - _OTHER) : cue[0]]
    return any(word in between for word in groups["other_time"])


_WHO = (
    ("own", Person.SELF),
    ("family", Person.FAMILY),
    ("known_other", Person.KNOWN_OTHER),
    ("stranger", Person.STRANGER),
)


def _person(message: Message, rule: Rule, place: _Place) -> Person:
    scan = message.scan
    start, end, first, last = place.start, place.end, place.first, place.last
    near = max(first, start - 40)
    if (cue := scan.last("news", near, start)) and not any(
        scan.within(near_us, cue[1], end) for near_us in ("own", "known_other")
    ):
        return Person.GENERAL
    if rule.always and not message.pleads and _offered(message, first, last):
        return Person.GENERAL
    if _public(message, first, last) and not rule.always and not _own_now(message, place):
        return Person.GENERAL
    spans = [(cue[1], person) for group, person in _WHO if (cue := scan.last(group, near, end))]
    if spans:
        return max(spans)[1]
    return Person.KNOWN_OTHER if message.reporter else Person.SELF


def _public(message: Message, first: int, last: int) -> bool:
    """In a short message every sentence speaks for itself; a long one is news or it is not."""
    if not message.public or len(message.folded.text) >= _POST:
        return message.public
    return any(message.scan.within(cue, first, last) for cue in PUBLIC_CUES)


def _offered(message: Message, first: int, last: int) -> bool:
    """Whether the sentence offers help to whoever needs it, or calls for helpers."""
    return any(message.scan.within(cue, first, last) for cue in ("offer", "recruit"))


def _own_now(message: Message, place: _Place) -> bool:
    near = max(place.first, place.start - 20), min(place.last, place.end + 20)
    return message.scan.within("own", *near)


def _purpose(message: Message, rule: Rule, place: _Place) -> Purpose:
    scan = message.scan
    start, end, clause, clause_end = place.start, place.end, place.clause, place.clause_end
    if message.registered:
        return Purpose.TEST
    if "study" in scan.cues and not scan.within("own", start - 4, end):
        return Purpose.QUOTE
    if rule.always and scan.within("threat", max(0, start - 12), end):
        return Purpose.THREAT
    tail = message.folded.text[end : end + 6]
    if tail.startswith(message.policy.groups["subject_after"]):
        return Purpose.ASK
    asked = scan.within("ask_policy", clause, min(clause_end, end + 20))
    if asked and not scan.within("own", clause, clause_end):
        return Purpose.ASK
    return Purpose.REPORT


def _averted(message: Message, place: _Place) -> bool:
    """ "But for the neighbour he would have starved": it has not happened, the need is real."""
    near = max(place.first, place.start - _OLD), place.end
    return message.scan.within("counterfactual", *near)
