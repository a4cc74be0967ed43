"""What brings a person though no row of the rules found it: what all signs together say, and a text
that cannot be read at all."""

import re
from collections.abc import Iterator
from dataclasses import replace

from models.vocabulary import Level
from triage.judgement import Judgement, Person, Polarity, Purpose, Time, judge
from triage.message import Message
from triage.rows import Rule
from triage.scales import Weighed
from triage.signals import Span
from triage.sounds import pinyin
from triage.weighing import Found, is_here

_A_PERSON_MUST = Judgement(
    Polarity.UNCERTAIN, Time.NOW, Person.SELF, Purpose.REPORT, True, Level.PRIORITY
)
_LETTER = re.compile(r"[^\W\d_]")
_STRANGE = re.compile(r"[^\W\d_a-z\u3400-\u9fff\U00020000-\U0003ffff]")  # neither Han nor Latin
_WORDLESS = re.compile(r"[^\w\s!-/:-@\[-`{-~\u3000-\u303f]")
_NOISE = re.compile(r"[\ufffd\ue000-\uf8ff\ufff0-\uffff]")
_KIND = frozenset("👍🙏🌹😊👌❤🎉😄😁☺🌞🤝💐💪✅🥰😘❀♥")
"""Pictures that say thanks or good morning."""


def unruled(message: Message, reached: Level, weighed: Weighed) -> Iterator[Found]:
    """The signals that no row accounts for, each with the row that stands for it. What was
    ``weighed`` speaks only where it would raise the level that the rows ``reached``, and never of
    what cannot be read."""
    strange = unread(message.folded.text)
    raises = strange is None and reached is not Level.LIFE_THREAT
    if raises and (alarm := _alarm(message, reached, weighed)):
        yield alarm
    for name, span, why in (
        ("R.1", strange, "不能判读的文字或符号,须由人看;domain 3e.2"),
        ("R.2", message.folded.middle(), "文字过长,只判读了开头和结尾,须由人看;domain 3e.2"),
        ("R.3", message.bare_plea(), "只说求助,没有说什么事,须由人问清;domain 3e.2"),
    ):
        if span is not None:
            rule = Rule(id=name, cls="P", level=Level.PRIORITY, words=(), cite=why, tag="P")
            yield rule, span, _A_PERSON_MUST


def unread(text: str) -> Span | None:
    """The part of a folded text that says we cannot judge it: letters of a script that no rule
    reads, pictures without a word, pinyin, or noise. None when the text is in the main readable."""
    strange = list(_STRANGE.finditer(text))
    letters = len(_LETTER.findall(text)) if strange else 0
    if strange and len(strange) * 2 >= letters:
        return strange[0].start(), strange[-1].end()
    noise = list(_NOISE.finditer(text))
    if len(noise) * 3 >= len(text) and noise:
        return noise[0].start(), noise[-1].end()
    if spelled := pinyin(text):
        return spelled
    if any(char.isalnum() for char in text):
        return None
    pictures = [match for match in _WORDLESS.finditer(text) if match.group() not in _KIND]
    return (pictures[0].start(), pictures[-1].end()) if pictures else None


def _alarm(message: Message, reached: Level, weighed: Weighed) -> Found | None:
    """What the text is like, and the words that spoke for it. The class that it is most like lends
    its service and its lines; it is never more than a person's reason to look."""
    policy, second, borders = message.policy, message.second, message.policy.borders
    if weighed.urgent <= borders.alarm:
        return None
    life = weighed.life > borders.life
    if reached.is_urgent and not life:
        return None
    part = second.loudest
    words = second.words(part)
    if not words:
        return None
    level = Level.LIFE_THREAT if life else Level.URGENT
    among = {name for name, rule in policy.firsts.items() if rule.level is level}
    cls = second.likely(part, among)
    like = policy.firsts.get(cls)
    rule = Rule(
        id=f"X.{cls}",
        cls=cls,
        level=level,
        words=(),
        cite=borders.cite,
        tag=borders.tag,
        service=like.service if like else None,
        handoff=like.handoff if like and life else (),
        nature="event",
    )
    span = (words[0][0], words[-1][1])
    judged = judge(message, rule, (span, words[0], 0))
    # experience has weighed denial, time and questions already; they are shown, and do not decide
    judged = replace(judged, counts=not message.registered)
    if is_here(message, judged, weighed):
        judged = replace(judged, level=level)
    return rule, span, judged
