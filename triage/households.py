"""How many: the number of people whom a text speaks of. Pure, linear."""

import re
from dataclasses import dataclass

from triage.names import number_of

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
_VAGUE = re.compile(r"(?:好几|很多|多少|无数|每|第|几|十几|几十)$")
_TRIED = 50


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, and where the text says so."""

    people: int
    start: int
    end: int


def read_count(flat: str) -> Count | None:
    """The first plain number of people in the text; None when there is none, or it says zero."""
    for tried, match in enumerate(_COUNT.finditer(flat)):
        if tried == _TRIED:
            break
        if _VAGUE.search(flat[max(0, match.start() - 3) : match.start()]):
            continue
        if number := _total(match):
            return Count(number, *match.span())
    return None


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
