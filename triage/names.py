"""Who: the persons whom a text names, with their age and what they are to the writer. Pure, linear.

A name is believed for what stands beside it: a label (姓名, 我叫), a word of kinship, an age, a
sex, a telephone number. Without any of them nothing is taken for a name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import tomli

from triage.ages import KIN, YEARS, age_after, number_of, told_ages
from triage.marks import is_name_of_place

_HAN = r"\u3400-\u9fff"
_WORD = re.compile(r"[\u3400-\u9fff]+")
_FIRST = "".join(sorted({word[0] for word in _WORD.findall(KIN)}))
_LABEL = re.compile(
    rf"(?=[紧联姓名我叫本求当患病伤产被独户报{_FIRST}])"
    r"(?:(?P<contact>紧急联系人|联系人|联络人|联系方式)"
    r"|(?P<label>姓名|名字叫|名字是|名字|名叫|我叫|叫做|本人|求助人|求救人|求助者|当事人|患者|病人|病患|伤者"
    r"|产妇|被困人员|独居老人|被困者|户主|报告人)"
    rf"|(?P<kin>{KIN})(?:名字)?(?P<called>叫)?)"
    r"[】\])]?[:是为叫 ,、(]{0,2}"
)
# 我是张秀英: a name, if nothing but its end, a home or an age follows. So many other words can.
_I_AM = re.compile(r"我(?:就)?是(?!不|说|想|要|来)")
_I_AM_END = re.compile(
    rf"[^{_HAN}a-z]|$|[我俺]|家住|住在|住[^院]|家里|今年|现年|同志|女士|先生|的(?:{KIN})"
)
_SURE = frozenset(("姓名", "名字叫", "名字是", "名字", "名叫", "我叫", "叫做"))
_NUMBERS = re.compile(
    r"(?<![\d.\-])(?:年龄[】\])]?[:是 ]{0,2})?"
    r"(?P<all>\d{1,3}(?!\d)(?:周?岁)?(?:[/,、;.和及\\ ]{0,2}\d{1,3}(?!\d)(?:周?岁)?){0,5})(?![\d.])"
)
_NUMBER = re.compile(r"(\d{1,3})(周?岁)?")
_MEASURE = re.compile(
    r"[ ]?(?:[度℃%.:/\-—+~天个月日号点时分秒斤元万千百米里床楼层室栋幢单名位人口户"
    r"次年周片盒瓶项级期线路组街小例多余几]|cm|kg|km|ml|mm)"
)
_BEFORE_AGE = re.compile(r"[ ,、:;(\u200b·/]{0,3}(?:性别[:]?)?(?:[男女]性?[ ,、/)]{0,2})?$")
_GOOD_END = re.compile(
    rf"[^{_HAN}a-z]|$|[男女今现年住家在因是已从被患得没病确发出户的和与及父母老有于需要一二三四五六七八九十]|同志|先生|女士|本人|电话|手机"
)
_MASKED = re.compile(r"某某?(?![一-龥]{0,2}(?:区|小区|路|村|地|处))|[x×*＊○]{1,2}")
_BETWEEN = frozenset(" ,、:;(/·男女性别年龄\u200b")
_ANOTHER = re.compile(rf"{KIN}|[我你他她俺]")
_NEVER = frozenset("是为的了在有到约共计达至等乡镇村人自来于照")  # end no name
_NO_NAME_END = frozenset("工员户长师生民者司商贩夫妇汉兵官手家属友主客匠人方校院队局所部站")
_MOST = 20  # persons of one text
_TRIED = 400  # places of one text where a name is looked for


@dataclass(frozen=True, slots=True)
class Named:
    """A person of whom the text speaks: ``name`` as it was written, None when only the age is told;
    ``age`` in years; ``relation`` the word for what the person is to the writer."""

    name: str | None
    age: int | None = None
    relation: str | None = None

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "age": self.age, "relation": self.relation}


@dataclass(frozen=True, slots=True)
class People:
    """Those in need, and those who only are to be telephoned."""

    persons: tuple[Named, ...] = ()
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameList:
    """What names.toml lists."""

    surnames: frozenset[str]
    doubles: frozenset[str]
    given: frozenset[str]
    others: frozenset[str]


@cache
def name_list() -> NameList:
    """The surnames, the characters of given names and the words that are no names."""
    source = resources.files("triage.rules").joinpath("names.toml").read_text("utf-8")
    read = tomli.loads(source)
    return NameList(
        surnames=frozenset(read["surnames"]),
        doubles=frozenset(read["double_surnames"]),
        given=frozenset(read["given"]),
        others=frozenset(read["not_names"]),
    )


def read_people(flat: str, written: Callable[[int, int], str]) -> People:
    """The people of a folded text; ``written`` gives the words that stand between two places of it
    as the person wrote them. Never raises; time linear in the text."""
    found: dict[tuple[int, int], Named] = {}
    contacts: dict[tuple[int, int], None] = {}
    _labelled(flat, found, contacts)
    _presented(flat, found)
    _aged(flat, found, contacts)
    persons: dict[str, Named] = {}
    for (start, end), person in sorted(found.items()):
        if (start, end) in contacts:
            continue
        name = written(start, end)
        known = persons.get(name)
        if known is None:
            persons[name] = replace(person, name=name)
        else:
            persons[name] = Named(name, known.age or person.age, known.relation or person.relation)
    outside = tuple(dict.fromkeys(written(*span) for span in contacts))
    outside = tuple(name for name in outside if name not in persons)
    told = told_ages(flat, {person.age for person in persons.values()})
    everyone = [*persons.values(), *(Named(None, age, kin) for age, kin in told)]
    return People(tuple(everyone[:_MOST]), outside[:_MOST])


def _labelled(
    flat: str, found: dict[tuple[int, int], Named], contacts: dict[tuple[int, int], None]
) -> None:
    """Names after a label or a word of kinship."""
    for tried, match in enumerate(_LABEL.finditer(flat)):
        if tried == _TRIED:
            break
        begin = match.end()
        if begin == len(flat):
            break
        kin, contact = match["kin"], match["contact"]
        sure = match["label"] in _SURE or bool(match["called"])
        end = _name_at(flat, begin, sure=sure)
        if end is None:
            continue
        if contact:
            contacts[(begin, end)] = None
            continue
        years = YEARS.search(flat, end, end + 14)
        age = number_of(years[1]) if years and "多岁" not in years[0] else None
        if years and _ANOTHER.search(flat, end, years.start()):
            age = None
        age = age or age_after(flat, end)
        found[(begin, end)] = Named(None, age if age and age < 120 else None, kin)


def _presented(flat: str, found: dict[tuple[int, int], Named]) -> None:
    """Names after 我是. The last character of a word for what people are (工, 员, 户) ends none."""
    for tried, match in enumerate(_I_AM.finditer(flat)):
        if tried == _TRIED:
            break
        begin = match.end()
        end = _name_at(flat, begin, sure=False, ends=_I_AM_END) if begin < len(flat) else None
        if end is None or flat[end - 1] in _NO_NAME_END or not _I_AM_END.match(flat, end):
            continue
        found.setdefault((begin, end), Named(None, age_after(flat, end)))


def _aged(
    flat: str, found: dict[tuple[int, int], Named], contacts: dict[tuple[int, int], None]
) -> None:
    """Names before an age or a sex: 张桂英,女,76岁; 张桂英 76; two names before two ages."""
    for tried, match in enumerate(_NUMBERS.finditer(flat)):
        if tried == _TRIED:
            break
        after, begin = match.end(), match.start()
        if not _may_follow_name(flat, begin) or (
            len(match["all"]) < 4 and "岁" not in match["all"] and _MEASURE.match(flat, after)
        ):
            continue
        numbers = [
            (int(one[1]), bool(one[2]))
            for one in _NUMBER.finditer(match["all"])
            if 0 < int(one[1]) < (120 if one[2] else 100)
        ]
        if not numbers:
            continue
        if len(numbers) > 1 and not numbers[-1][1] and _MEASURE.match(flat, after):
            numbers.pop()  # 46,1月23日
        window = flat[max(0, begin - 10) : begin]
        sep = _BEFORE_AGE.search(window)
        end = begin - (len(window) - sep.start()) if sep else begin
        spelt = any(said for _, said in numbers)
        spans: list[tuple[int, int]] = []
        while len(spans) < len(numbers) and (span := _name_before(flat, end, sure=bool(spans))):
            spans.insert(0, span)
            end = span[0]
            while end and flat[end - 1] in " ,、和及/;":
                end -= 1
        if not spans or not (spelt or _begins(flat, spans[0][0])):
            continue
        if len(spans) == 1 and not spelt:
            numbers = numbers[:1]
        for span, (age, _) in zip(spans, numbers, strict=False):
            contacts.pop(span, None)
            known = found.get(span)
            found[span] = Named(None, age, known.relation if known else None)


def _may_follow_name(flat: str, at: int) -> bool:
    """Whether a name can end before a number: a quick look before the close one."""
    last = at - 1
    while last > at - 7 and last >= 0 and flat[last] in _BETWEEN:
        last -= 1
    return last > 0 and (flat[last] in name_list().given or flat[last] in "某×x*○" or last < at - 3)


def _begins(flat: str, start: int) -> bool:
    """Whether nothing stands right before a name that could be the rest of a sentence."""
    before = flat[max(0, start - 4) : start]
    if not before or not ("\u3400" <= before[-1] <= "\u9fff"):
        return True
    return before.endswith(
        ("信息", "姓名", "求助", "患者", "病人", "是", "叫", "超话", "亲", "严重", "救救")
    )


def _name_at(flat: str, begin: int, *, sure: bool, ends: re.Pattern[str] = _GOOD_END) -> int | None:
    """Where a name that begins here ends. Unless ``sure``, only what looks like a name is one;
    ``ends`` is what may follow it."""
    names = name_list()
    if flat[begin : begin + 2] in names.doubles:
        first = begin + 2
    elif flat[begin] in names.surnames:
        first = begin + 1
    else:
        return None
    if masked := _MASKED.match(flat, first):
        return masked.end()
    for length in (2, 1):
        end = first + length
        given = flat[first:end]
        if len(given) < length or not all("\u3400" <= char <= "\u9fff" for char in given):
            continue
        if given[-1] in _NEVER or _other(flat[begin:end], names):
            continue
        likely = all(char in names.given for char in given)
        another = flat[end : end + 1] in names.surnames and flat[end + 1 : end + 2] in names.given
        good = another or ends.match(flat, end) is not None
        if good and (likely or (sure and ends.match(flat, first) is None)):
            return end
        if sure and likely:
            return end
    return None


def _name_before(flat: str, end: int, *, sure: bool) -> tuple[int, int] | None:
    """A name that ends here."""
    names = name_list()
    for length in (3, 2, 4):
        begin = end - length
        if begin < 0:
            continue
        word = flat[begin:end]
        first = 2 if word[:2] in names.doubles else 1
        if length == 4 and first == 1:
            continue
        if first == 1 and word[0] not in names.surnames:
            continue
        if _MASKED.fullmatch(word[first:]):
            return begin, end
        if not all(char in names.given for char in word[first:]):
            if not (length == 3 and (sure or _begins(flat, begin)) and word[first:].isalpha()):
                continue
            if word[-1] in _NEVER:
                continue
            if not all("\u3400" <= char <= "\u9fff" for char in word):
                continue
        if _other(word, names):
            continue
        return begin, end
    return None


def _other(word: str, names: NameList) -> bool:
    """Whether a word that looks like a name is another word."""
    return word in names.others or word[:2] in names.others or is_name_of_place(word)
