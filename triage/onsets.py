"""Since when: the moment or the length of time from which on a need is told to exist. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

_NUM = r"(?:\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半几])"
_DAY_NUM = r"(?:\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_WHEN = re.compile(
    # 2020年1月26日, 1月26号, 一月二十三号, 2020.1.26, 2020-1-26, 1.24, 1-23, 1/24
    r"(?=[\d一二两三四五六七八九十半几元大正除春国中端清前昨今夜琴寻尋上这本周星礼月年去])(?:"
    rf"(?P<date>(?<![\d.])(?:(?P<year>(?:20|19)\d\d|\d\d(?=年))[年./\-—][ ]?)?"
    rf"(?:(?P<month>{_DAY_NUM}|元)月份?[ ]?"
    rf"(?:(?P<day>{_DAY_NUM})|初|底|末|中旬|上旬|下旬)?(?:[日号](?!楼|院|线))?"
    r"|(?P<m>1[0-2]|0?[1-9])[./\-—](?P<d>3[01]|[12]\d|0?[1-9])(?![\d.]*[\d%℃度万元米亿斤公]|-)[日号]?))"
    # 24号, 28日
    r"|(?P<only>(?<![\d.月])(?:3[01]|[12]\d|[1-9])[日号](?![楼院线店门室]|码|文))"
    r"|(?P<feast>大年(?:三十|初[一二三四五六七八九十]{1,2})|正月(?:初[一二三四五六七八九十]|十[一二三四五六]|二十)"
    r"|(?:除夕|春节|元旦|国庆|中秋|端午|清明)(?:前|后|前后|期间)?)"
    r"|(?P<back>大前天|前天|昨天|昨日|昨儿|昨夜|昨晚|前晚|前夜|今天|今日|今早|今晨|今晚|今儿|夜来|琴日|寻日|尋日|昨个|前儿)"
    r"(?:早上|早晨|上午|中午|下午|晚上|夜里|半夜|凌晨|傍晚|[一-龥]?\d{1,2}点)?"
    r"|(?P<week>上上?个?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天末])|(?:这|本)?(?:周|星期|礼拜)(?P<wt>[一二三四五六日天])"
    r"|上上?个?(?:周|星期|礼拜|月)(?:初|底|末)?|月初|年初|去年(?:\d{1,2}月)?|前年)"
    rf"|(?P<span>(?:(?P<n>{_NUM}|半个)个?半?多?(?P<unit>天|日|晚上|晚|夜|周|星期|礼拜|个月|月|年|小时|钟头|个小时|个钟头|分钟|个半月)"
    r"(?:[一二两三四]夜)?)(?P<tail>半|多|左右)?))"
)
_STRONG = re.compile(
    r"[ 的]{0,2}(?:左右|早上|晚上|上午|下午|凌晨|夜里|中午|前后|晚|早)?(?:[^,。;!?\n]{0,4})"
    r"(?:开始|起|发病|发烧|发热|至今|到现在|以来|就|一直|出现|确诊|感染|断|停|没|咳|不适|高烧|低烧|被困|生病)"
)
_SINCE = re.compile(r"(?:从|自从|自|打从|打)[ ]?$")
_LASTING = re.compile(
    r"(?:已经|已有|已|持续|连续|整整|快|将近|近|都|有|困了|断了|停了|饿了|等了|病了|烧了|咳了|[断停困饿等病烧没缺失躺住睡拖欠泡淹堵漏]"
    r"|水|电|粮|气|吃|喝|联系不上|失联)(?:了|过|有|都)?[ ]?$"
)
_LASTED = re.compile(
    r"(?:了|多了|没|未|不|前|之前|以前|以来|一直|都|吃不|喝不|断|停|高烧|发烧|反复|左右)"
)
_NOT = re.compile(
    r"(?:内|之内|以内|后|之后|以后|的时间|工作日|一次|[/／]|观察|药|量|大|的孩子|的婴儿|左右能|龄|岁|假|工资|期限|保修|租期)"
)
_NOT_BEFORE = re.compile(
    r"(?:每|再|还有|再过|未来|今后|等到|最多|至少|预计|将于|要到|剩|过|截止|截至"
    r"|[\d一二三四五六七八九]\.|体温|温度|烧到|烧|第|孕|怀孕|怀|刚满|才)[ ]?$"
)
_ADDRESS = tuple(".-/路街巷弄村组道楼栋幢院区园苑里")
_AMOUNT = re.compile(r"[ ]?(?:[\u3400-\u9fff]?倍|[个克毫厘分岁mkg])")
_ALONE_BEFORE = re.compile(r"(?:^|[^\u3400-\u9fffa-z0-9.])$")
_ALONE_AFTER = re.compile(r"(?:$|[^\u3400-\u9fffa-z0-9.])")
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_BACK = {"大前": 3, "前": 2, "昨": 1, "琴": 1, "寻": 1, "夜": 1, "今": 0}
_DAYS = {"天": 1, "日": 1, "晚": 1, "夜": 1, "晚上": 1, "周": 7, "星期": 7, "礼拜": 7, "年": 365}
_DAYS |= {"个月": 30, "月": 30}
_WEEKDAYS = {char: day for day, char in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_TRIED = 10_000
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Since:
    """Since when, in the words of the text; the day is known when the words and ``at`` tell it."""

    start: int
    end: int
    day: date | None = None


def read_since(flat: str, at: datetime | None = None) -> Since | None:
    """Since when the need exists: the first time of which the text says that something began or
    lasts, else the first day that it names. ``at`` is when the words were said. Never raises."""
    best: tuple[int, re.Match[str]] | None = None
    for tried, match in enumerate(_WHEN.finditer(flat)):
        rank = _rank(flat, match)
        if rank and (best is None or rank > best[0]):
            best = (rank, match)
        if rank > 1 or tried == _TRIED:
            break
    if best is None:
        return None
    match = best[1]
    start, end = match.span()
    return Since(start, end, _day(match, at))


def _rank(flat: str, match: re.Match[str]) -> int:
    """3: it says that something began; 2: it stands by itself; 1: it only is a time; 0: none."""
    start, end = match.span()
    before = flat[max(0, start - 6) : start]
    if _NOT_BEFORE.search(before) or (match["only"] and before.endswith(_ADDRESS)):
        return 0
    if match["span"]:
        return _rank_of_span(flat, match, before)
    if match["date"] and match["month"] and not _month(match):
        return 0
    if (
        match["week"]
        and not match["wd"]
        and match["week"][0] in "周星礼"
        and not _SINCE.search(before)
    ):
        return 0
    if match["m"] and _AMOUNT.match(flat, end):
        return 0
    if _SINCE.search(before) or _STRONG.match(flat, end):
        return 3
    if match["only"]:
        return 0
    if match["back"] or match["feast"] or match["week"]:
        return 1
    return 2


def _rank_of_span(flat: str, match: re.Match[str], before: str) -> int:
    start, end = match.span()
    if (
        _NOT.match(flat, end)
        or match["n"] == "几"
        or (match["unit"] in ("日", "月") and "个" not in match[0])
        or "\n" in match[0]
    ):
        return 0
    number = match["n"]
    if match["unit"] == "年" and number.isdigit() and int(number) > 50:
        return 0
    if number[:1] in "一二两三四五六七八九十" and flat[start - 1 : start] in "十.":
        return 0
    if _LASTED.match(flat, end) or _LASTING.search(before):
        return 3 if match["unit"] != "年" else 1
    alone = _ALONE_BEFORE.search(flat[max(0, start - 1) : start]) and _ALONE_AFTER.match(flat, end)
    return 2 if alone else 0


def _month(match: re.Match[str]) -> int:
    month = 1 if match["month"] == "元" else _number(match["month"] or match["m"])
    return month if 1 <= month <= 12 else 0


def _number(words: str) -> int:
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.partition("十")
    if not ten:
        return _DIGITS.get(words, 0)
    return 10 * (_DIGITS.get(tens, 0) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)


def _day(match: re.Match[str], at: datetime | None) -> date | None:
    """The day that is meant, not after ``at``; None when it cannot be told."""
    try:
        return _reckon(match, _local_day(at) if at else None)
    except (ValueError, OverflowError):
        return None


def _local_day(at: datetime) -> date:
    return at.astimezone(_CHINA).date() if at.tzinfo else at.date()


def _reckon(match: re.Match[str], today: date | None) -> date | None:
    if match["date"]:
        typed = match["day"] or match["d"]
        if typed is None:
            return None
        year, month, day = match["year"], _month(match), _number(typed)
        if year:
            return date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
        return _last(today, month, day) if today else None
    if today is None:
        return None
    if match["only"]:
        day_number = int(match["only"][:-1])
        before = today.replace(day=1) - timedelta(days=1)
        return (today if day_number <= today.day else before).replace(day=day_number)
    if match["back"]:
        key = next(key for key in _BACK if match["back"].startswith(key))
        return today - timedelta(days=_BACK[key])
    if weekday := match["wd"] or match["wt"]:
        monday = today - timedelta(days=today.weekday())
        day_of = monday + timedelta(days=_WEEKDAYS[weekday])
        if match["wd"]:
            return day_of - timedelta(days=14 if match[0].startswith("上上") else 7)
        return day_of if day_of <= today else day_of - timedelta(days=7)
    if match["span"]:
        days = _DAYS.get(match["unit"])
        number = 0.5 if match["n"].startswith("半") else _number(match["n"])
        if days is None:
            return today if match["unit"] == "分钟" else None
        return today - timedelta(days=int(number * days))
    return None


def _last(today: date, month: int, day: int) -> date:
    """The last such day that is not after today."""
    year = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    return date(year, month, day)
