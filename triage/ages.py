"""How old: the ages that a text tells of somebody, with or without 岁. Pure, linear.

A number is an age for what stands beside it: a word of kinship before it (我妈今年八十三) or after
it (78的老太太). What bounds a rule (60岁以上, 12岁以下) is nobody's age.
"""

import re
from collections.abc import Iterator

KIN = (
    r"老父亲|老母亲|父亲|母亲|爸爸|妈妈|老爸|老妈|爹爹|爷爷|奶奶|外公|外婆|姥姥|姥爷|公公|婆婆|岳父|岳母"
    r"|丈夫|妻子|老公|老婆|爱人|老伴|媳妇|儿子|女儿|孙子|孙女|外孙女|外孙|哥哥|姐姐|弟弟|妹妹|女婿|儿媳"
    r"|大伯|大娘|大叔|大婶|伯父|伯母|叔叔|婶婶|舅舅|舅妈|姑姑|姑妈|姨妈|阿姨|爸|妈|爹|娘|(?<=[我俺])[哥姐弟妹儿女]"
    r"|婴儿|宝宝|孩子|小孩|娃娃|娃|老人|老太太|大爷|大妈|邻居|室友|同学|孕妇"
)
_OTHERS = r"老娘|老爹|老头子|老头|老汉|老太婆|老太|老爷子|老爷爷|老奶奶|老大爷|老大娘"
_CHILDREN = r"婴儿|宝宝|孩子|小孩|娃娃|娃|儿子|女儿|孙子|孙女|毛毛|小家伙|老大|老二|老幺"
_AGE = r"(?:\d{1,3}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_TWO = r"(?:[1-9]\d|1[01]\d|[一二三四五六七八九]?十[一二三四五六七八九]|[二三四五六七八九]十)"
_DIGITS = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
YEARS = re.compile(rf"({_AGE})(?:周?岁(?:半|多)?|多岁)(?!以|及以|之?内)")
_KIN_AGE = re.compile(
    rf"(?P<kin>{KIN}|(?<![我俺])我|本人|俺)"
    rf"(?:都|也|已经|已|今年|现年|才|刚|刚满|快|有|年纪|年龄|[,: (]){{0,3}}"
    rf"(?P<age>{_AGE})(?P<many>多)?(?:周?岁)$"
)
_AGE_KIN = re.compile(rf"(?P<age>{_AGE})(?P<many>多)?(?:周?岁)的?(?P<kin>{KIN})")
BOUND = r"\(?含?\)?(?:及|和)?(?:以上|以下|以内|之内|以外|之间)"
"""What follows an age that bounds a rule."""
_BOUND = re.compile(rf"{BOUND}|\(?含?\)?(?:及|和)?(?:及|至|到\d)")
_RANGE = re.compile(
    rf"(?P<kin>{KIN}|{_OTHERS}|他|她)(?:都|也|已经|才|刚|今年|有|[, ]){{0,3}}"
    r"(?P<tens>[一二三四五六七八九]?十)?(?P<low>[一两二三四五六七八])(?P<high>[二三四五六七八九])$"
)
# A number of two digits that nothing is counted by: it ends its clause, or 了 follows, or 的 and a
# person.
_BARE = re.compile(
    rf"(?<![\d一二三四五六七八九十百.\-第月号]){_TWO}"
    rf"(?:(?=了(?!\d)|[,。;!?、)\n]|$)|的(?P<of>{KIN}|{_OTHERS}|姑娘|小伙|妇女))"
)
_BEFORE_BARE = re.compile(
    rf"(?P<kin>{KIN}|{_OTHERS}|他|她|(?<![我俺])我|俺|本人)"
    r"(?P<filler>(?:都|也|已经|已|今年|现年|才|刚刚|刚|刚满|满|有|年纪|年龄|虚岁|实岁"
    r"|[,: (]){0,4})$"
)
_TOLD = re.compile(r"今年|现年|都|已经|才|刚|满|年纪|年龄|虚岁|实岁")
_KIN_MONTHS = re.compile(
    rf"(?P<kin>{_CHILDREN})(?:才|刚刚|刚|还|只有|满|大概|[, ]){{1,3}}(?P<months>{_AGE})个?多?半?$"
)
_MONTHS = re.compile(rf"(?<![欠拖发领拿差了])(?P<months>{_AGE})个?多?半?$")
_OF_MONTHS = re.compile(r"月(?:大|的(?P<kin>婴儿|宝宝|孩子|小孩|娃娃|娃|毛毛))")
_MONTHS_LONG = re.compile(r"月(?:没|前|的)")
_GIVEN = re.compile(r"[给发收交欠要花付赚挣借补]$")
_THIS_YEAR = re.compile(
    rf"[, ]{{0,2}}(?:今年|现年|年龄|年纪)(?:已经|都|也|刚)?(?P<age>{_TWO})(?=了|[,。;!?、 ]|$)"
)
_TRIED = 400  # places of one text that are looked at
_MOST = 20  # ages of one text
_MOST_MONTHS = 36  # nobody counts a child of three by months


def number_of(words: str) -> int:
    """72, 七十二, 十二, 两: the number that the digits or the numerals stand for."""
    if words.isdecimal():
        return int(words)
    tens, ten, ones = words.partition("十")
    if not ten:
        return _DIGITS.get(words, 0)
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def age_after(flat: str, end: int) -> int | None:
    """The age that is told right after a name without 岁: 李大山,今年四十五."""
    match = _THIS_YEAR.match(flat, end)
    return number_of(match["age"]) if match else None


def told_ages(flat: str, known: set[int | None]) -> list[tuple[int, str]]:
    """The ages of persons who are not named, each with the word for the person, in the order of the
    text; no age that is ``known`` and none twice. Of "seven or eight" it is the lower one. Without
    岁 an age is believed where nobody's age is ``known``: a form says who is meant."""
    found: dict[int, str] = {}
    bare = () if known - {None} else (*_bare(flat), *_months(flat))
    for _, age, kin in sorted((*_years(flat), *bare)):
        if 0 <= age < 120 and age not in known and len(found) < _MOST:
            found.setdefault(age, kin)
    return list(found.items())


def _years(flat: str) -> Iterator[tuple[int, int, str]]:
    """我妈77岁, 72岁的母亲, 娃七八岁."""
    at = flat.find("岁")
    for _ in range(_TRIED):
        if at < 0:
            break
        if not _BOUND.match(flat, at + 1):
            if both := _RANGE.search(flat, max(0, at - 14), at):
                low, high = number_of(both["low"]), number_of(both["high"])
                if high == low + 1:
                    tens = number_of(both["tens"]) if both["tens"] else 0
                    yield at, tens + low, both["kin"]
            match = _KIN_AGE.search(flat, max(0, at - 18), at + 1)
            match = match or _AGE_KIN.search(flat, max(0, at - 4), at + 6)
            if match is not None and not match["many"] and (age := number_of(match["age"])):
                yield at, age, match["kin"]
        at = flat.find("岁", at + 1)


def _bare(flat: str) -> Iterator[tuple[int, int, str]]:
    """我妈今年八十三, 我爸六十七,瘫在床上, 78的老太太."""
    for tried, match in enumerate(_BARE.finditer(flat)):
        if tried == _TRIED:
            break
        if match["of"]:
            if flat[max(0, match.start() - 1) : match.start()] == "年":
                continue
            yield match.start(), number_of(match[0].partition("的")[0]), match["of"]
            continue
        before = _BEFORE_BARE.search(flat, max(0, match.start() - 16), match.start())
        if before is None or _GIVEN.search(flat, max(0, before.start() - 1), before.start()):
            continue
        age, told = number_of(match[0]), _TOLD.search(before["filler"])
        sure = before["kin"] not in ("他", "她", "我", "俺", "本人") and "," not in before["filler"]
        if told or (sure and not (age > 30 and re.fullmatch(_CHILDREN, before["kin"]))):
            yield match.start(), age, before["kin"]


def _months(flat: str) -> Iterator[tuple[int, int, str]]:
    """孩子才5个月, 三个月大, 四个月的孩子."""
    at = flat.find("月")
    for _ in range(_TRIED):
        if at < 0:
            break
        after = _OF_MONTHS.match(flat, at)
        told = _MONTHS.search(flat, max(0, at - 6), at) if after else None
        if not _MONTHS_LONG.match(flat, at):
            told = _KIN_MONTHS.search(flat, max(0, at - 14), at) or told
        if told and 0 < (months := number_of(told["months"])) < _MOST_MONTHS:
            kin = told.groupdict().get("kin") or (after and after["kin"]) or "孩子"
            yield at, months // 12, kin
        at = flat.find("月", at + 1)
