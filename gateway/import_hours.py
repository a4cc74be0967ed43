"""How people write when somebody is on duty: a time of the day, days of the week. Pure."""

import re

from triage.text import plain

EVERY_DAY = "0123456"
MIDNIGHT = 1440
_CLOCK = re.compile(r"(\d{1,2})(?:[::](\d{2})(?::00)?|[点时](?:(\d{1,2})分?|(半))?)")
_DAYS = {
    word: at
    for at, words in enumerate(("1一", "2二", "3三", "4四", "5五", "6六", "7日天"))
    for word in words
}
_EVERY = frozenset(("每天", "每日", "天天", "全周", "everyday", "daily"))
_SPAN = re.compile(r"(.)[-–—~至到](.)")


def minute(text: str) -> int:
    """The minute of the day that "8:00", "20点半" or "24:00" names. Raises ``ValueError``."""
    found = _CLOCK.fullmatch(plain(text).replace(" ", ""))
    if found is None:
        raise ValueError(text)
    hours = int(found[1])
    minutes = 30 if found[4] else int(found[2] or found[3] or 0)
    if minutes > 59 or hours * 60 + minutes > MIDNIGHT:
        raise ValueError(text)
    return hours * 60 + minutes


def weekdays(text: str) -> str:
    """The days that "周一至周五", "1-5" or "六、日" name, Monday as 0. Raises ``ValueError``."""
    flat = re.sub(r"周|星期|礼拜|[\s,,、;;./]", "", plain(text).lower())
    if flat in _EVERY:
        return EVERY_DAY
    spans = _SPAN.findall(flat)
    named = {_day(one) for one in _SPAN.sub("", flat)}
    for first, last in spans:
        begin, end = _day(first), _day(last)
        named |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    if not named:
        raise ValueError(text)
    return "".join(str(day) for day in sorted(named))


def _day(word: str) -> int:
    if word not in _DAYS:
        raise ValueError(word)
    return _DAYS[word]
