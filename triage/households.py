"""How many: the number of people whom a text speaks of. Pure, linear."""

import re
from dataclasses import dataclass

from triage.ages import KIN, number_of

_N = r"(?:\d{1,3}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二两俩三四五六七八九])"
_COUNT = re.compile(
    # 4大2小, 两个大人三个孩子, 一老一小
    r"(?=[\d一二两俩三四五六七八九十夫母父祖姐兄爷婆老小全俺我家咱他她这屋房楼车总共还有剩受被困娘独孤只就])"
    rf"(?:(?P<big>{_N})(?:个|名|位)?"
    r"(?:大人?|成年?人|老人?|老年人|男的?|女的?|孩子|小孩|娃娃?)[,、和带 ]{0,2}"
    rf"(?P<small>{_N})(?:个|名|位)?(?:小孩子?|小|孩子|孩|娃娃|娃|儿童|女|男|婴儿|年轻人|大人|老人)"
    # 母子二人, 夫妻俩, 祖孙三人, 一家五口
    rf"|(?:夫妻|夫妇|母子|母女|父子|父女|祖孙|姐妹|兄弟|姐弟|兄妹|爷孙|婆媳|老两口|小两口)(?P<kin>{_N})(?:个?人|口|个)?"
    rf"|(?:一家|全家|俺家|我家|家里|家中|全家上下|一大家|一家老小|老少)(?:子|人|总共|一共|共|有|上下)*(?P<home>{_N})(?:多)?(?:口|个人|人(?!民|次))"
    rf"|(?P<mouths>{_N})口(?:人|之家|子)"
    rf"|(?:我们|咱们|咱|俺们|俺|他们|她们|这儿|这里|屋里|房顶上?|楼上|车里)(?:现在|一共|总共|共|有|这儿|这里|还有|就)*(?P<we>{_N})(?:个人?|口人?|人|名)(?![月小天年])"
    rf"|(?:一共|总共|共有|共计|共|还有|有|剩下?|受困|被困|困着?|困了)(?:了)?(?P<all>{_N})(?:个|名|多个|多名)?(?:人(?!民|次|家|均)|老人|村民|群众|工人|学生|孩子|小孩)(?:被困|受困|没|在|等|需|受伤|失联)?"
    rf"|(?P<stuck>{_N})(?:个|名|多名)?(?:人|老人|村民|群众|工人|学生|孩子|小孩)(?:全)?(?:被困|受困|失联|受伤|没饭|没吃|断粮|断水|困在|在房顶|在屋顶)"
    r"|(?P<two>我们俩|咱俩|俺俩|我俩|他们俩|老两口|两口子|娘俩|爷俩|父女俩|母子俩|母女俩|父子俩|夫妻俩|夫妇俩|祖孙俩|小两口)"
    r"|(?P<alone>我一个人|俺一个人|独自一人|孤身一人|就我一个|只有我一个|孤寡一人|独居))"
)
_PERSON = (
    rf"{KIN}|老娘|老爹|老头子?|老汉|老太|老爷子|老的|小的|大人|孙|病人|残疾人|工友|同伴|老乡|儿|女"
)
# Who comes on top: 外加一个老娘, 带俩孙子, 和两个孩子. One may go without its number (还有老公).
_MORE = re.compile(
    r"[,、 ]{0,2}(?P<join>外加|再加上?|另加|另外还有|另有|还有|还要养|加上|加|带着?|领着|抱着"
    r"|拉扯着?|拖着|养着?|和|跟|与|同|、)"
    rf"(?:我|他|她|俺)?(?P<n>{_N})?(?:个|名|位|口)?(?:[\u4e00-\u9fa5]{{1,5}}?的)?(?P<who>{_PERSON})"
)
_OWN = re.compile(
    r"(?:我|俺)(?:自己|一个人|一人|一个)?(?=外加|加|带|领|抱|拉扯|拖着|养|和|跟|与|同|还有)"
)
_ONE_OF_MANY = frozenset(
    ("孩子", "小孩", "娃", "娃娃", "老人", "邻居", "同学", "室友", "工友", "老乡", "同伴")
)
_LISTS = frozenset(("、", "和", "跟", "与", "同", "还有"))
_VAGUE = re.compile(r"(?:好几|很多|多少|无数|每|第|几|十几|几十)$")
_TRIED = 50
_LISTED = 5  # kinds of people who come on top


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, and where the text says so."""

    people: int
    start: int
    end: int


def read_count(flat: str) -> Count | None:
    """The first plain number of people in the text, with those who are said to come on top of it
    (一家三口,外加一个老娘); None when there is none, or it says zero."""
    own = _own(flat)
    for tried, match in enumerate(_COUNT.finditer(flat)):
        if tried == _TRIED or (own is not None and own.start <= match.start()):
            break
        if _VAGUE.search(flat[max(0, match.start() - 3) : match.start()]):
            continue
        if number := _total(match):
            if not (match["alone"] or match["two"] or match["kin"] or match["home"]):
                return Count(number, *match.span())
            people = match.end() + (flat[match.end() : match.end() + 1] in ("人", "子"))
            more, end = _more(flat, people, named=not match["home"])
            return Count(number + more, match.start(), end if more else match.end())
    return own


def _own(flat: str) -> Count | None:
    """The writer with those whom they number: 我和两个孩子, 我带俩娃."""
    for tried, match in enumerate(_OWN.finditer(flat)):
        if tried == _TRIED:
            break
        more, end = _more(flat, match.end(), named=True)
        if more:
            return Count(1 + more, match.start(), end)
    return None


def _more(flat: str, end: int, *, named: bool) -> tuple[int, int]:
    """How many come on top of those numbered before ``end``, and where the text has said so. At
    least one of them is numbered. A household that is numbered as a whole holds those who are only
    listed after it (``named`` False)."""
    more, numbered = 0, False
    start = end
    for _ in range(_LISTED):
        match = _MORE.match(flat, end)
        if match is None or (match["n"] is None and match["who"] in _ONE_OF_MANY):
            break
        if not named and match["join"] in _LISTS and (match["n"] is None or match["join"] == "、"):
            break
        more += _number(match["n"]) if match["n"] else 1
        numbered = numbered or match["n"] is not None
        end = match.end()
    return (more, end) if numbered else (0, start)


def _total(match: re.Match[str]) -> int:
    if match["big"]:
        return _number(match["big"]) + _number(match["small"])
    if match["two"]:
        return 2
    if match["alone"]:
        return 1
    words = next(
        (match[name] for name in ("kin", "home", "mouths", "we", "all", "stuck") if match[name]), ""
    )
    return _number(words)


def _number(words: str) -> int:
    return 2 if words == "俩" else number_of(words)
