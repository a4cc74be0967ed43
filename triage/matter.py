"""One report as far as it can be held against another: who, where, what, when, in which words."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from triage.called import honored, stated_names
from triage.doors import Address, read_address
from triage.facts import Facts
from triage.names import Named
from triage.occurrences import own_bill, read_events
from triage.text import plain

GRAM = 4
"""Characters of one shingle."""
_MOST_GRAMS = 256  # of a longer text every second, fourth, eighth shingle is kept
_READ = 1200  # code points of a report that are compared
_PLACED = 400  # code points in which an address is read when the facts name no place
_FORM = re.compile(
    r"#[^#\n]{1,40}#|//?@[^\s::]{1,30}[::]?|@[^\s,。:]{1,20}|https?://[!-~]+|\[[\u4e00-\u9fa5a-z]{1,6}\]"
    r"|求助人信息\(若有相关化验单,请上传图片\)|[\u4e00-\u9fa5]{2,6}超话|[\u4e00-\u9fa5]{2,10}的微博视频"
    r"|【(?:姓名|年龄|所在城市|所在小区、社区|患病时间|联系方式|其他紧急联系人|病情描述|地址|住址|电话"
    r"|联系人|联系电话|情况|现状|求助|时间|地点|描述|备注|性别|位置|联系人方式)】"
)
_BLANKED = re.compile(
    r"^0{3}|^0\d{2,3}0{4}|0{6}|(\d)\1{6}|^\d{0,6}$"
)  # numbers made unreadable, and hotlines
_NOISE = re.compile(r"[^\u3400-\u9fffa-z0-9]+")


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared. ``words`` is the text without blanks, marks and form headings.
    ``causes`` are services and classes of danger. ``grams`` are the hashes of the shingles of
    ``words`` that divide by ``every``, sorted: two texts are compared by the same ones. ``events``
    are kinds of what happened to a place, with their words; ``bill`` that it is one's own bill.
    """

    phones: frozenset[str]
    names: tuple[str, ...]
    honored: frozenset[str]
    ages: frozenset[int]
    address: Address
    causes: frozenset[str]
    words: str
    grams: "array[int]"
    every: int = 1
    at: datetime | None = None
    events: tuple[tuple[str, str], ...] = ()
    bill: bool = False


def read_matter(
    text: str,
    facts: Facts,
    causes: frozenset[str] = frozenset(),
    *,
    at: datetime | None = None,
    place: str | None = None,
    given: tuple[str, ...] = (),
) -> Matter:
    """Read a report whose facts are known; linear time in its length, never raises. ``given`` are
    telephone numbers that the channel knows."""
    flat = _FORM.sub(_heading, plain(text[:_READ]))
    where = f"{plain(place)},{flat[:_PLACED]}" if place else flat[:_PLACED]
    if facts.place and facts.place not in text[:_PLACED]:
        where = f"{plain(facts.place)},{where}"
    words = _NOISE.sub("", flat)
    grams, every = _grams(words)
    return Matter(
        phones=frozenset(one for one in (*facts.phones, *given) if not _BLANKED.search(one)),
        names=stated_names(flat, _named(facts)),
        honored=honored(flat),
        ages=frozenset(person.age for person in facts.people if person.age is not None),
        address=read_address(where),
        causes=causes,
        words=words,
        grams=grams,
        every=every,
        at=at,
        events=read_events(flat),
        bill=own_bill(flat),
    )


def _named(facts: Facts) -> Iterator[str]:
    """Those in need by name, then those to be telephoned: a family shares them."""
    yield from (person.name for person in facts.people if person.name)
    yield from facts.contacts


def _grams(words: str) -> "tuple[array[int], int]":
    hashes = {crc32(words[at : at + GRAM].encode()) for at in range(len(words) - GRAM + 1)}
    every = 1
    while len(hashes) > _MOST_GRAMS:
        every *= 2
        hashes = {value for value in hashes if value % every == 0}
    return array("I", sorted(hashes)), every


def _heading(match: re.Match[str]) -> str:
    """What a form prints is no word of the person; that a name follows is kept."""
    return ",姓名" if "姓名" in match[0] else ","


def facts_of(document: Any) -> Facts:
    """The facts out of a stored assessment; what is not in it is not known."""
    facts = (document or {}).get("facts") or {}
    return Facts(
        phones=tuple(facts.get("phones") or ()),
        people=tuple(Named(one["name"], one["age"]) for one in facts.get("people") or ()),
        contacts=tuple(facts.get("contacts") or ()),
        place=facts.get("place"),
    )


def causes_of(document: Any) -> frozenset[str]:
    """The services and the classes of counting dangers out of a stored assessment."""
    found = document or {}
    return frozenset(
        [need["service"] for need in found.get("needs") or ()]
        + [sign["class"] for sign in found.get("signals") or () if sign["counts"]]
    )
