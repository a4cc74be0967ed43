"""The parts of an address: what each counts for, and what a piece without a suffix is. Pure.

The kinds are those of Li et al., Neural Chinese Address Parsing (NAACL 2019), and ``group`` for the
smallest unit of a village (三组).
"""

import re
from dataclasses import dataclass, field

_HAN = r"\u3400-\u9fff"
_INNER = frozenset(("poi", "soft", "org", "road", "community"))
OUTER = frozenset(("city", "district", "town", "community", "road", "poi", "org", "soft"))
"""Suffixes that may carry on a name which another suffix seemed to end (石桥镇, 车站路)."""
NUMBERED = frozenset(("house", "number", "cell", "floor", "room", "group", "phase"))
"""Suffixes that a number stands before."""

STRONG = re.compile(r"[。!?;\n:●“”\"【】\[\]…*<>=|@#~]")
WEAK = re.compile(r"[ ,、()·\u200b]+")
_DATE = re.compile(
    r"(?:19|20)\d\d[年.\-/]|\d{1,2}[月.]\d|\d{1,2}月|正月|[一二三四五六七八九十]{1,2}月"
)
_TAIL = re.compile(
    rf"([{_HAN}a-z]{{0,10}}?)(?:[\-_ ]?([a-z]?\d{{1,5}}(?:[\-—－_]\d{{1,5}}){{0,3}}#?))?$"
)
_ROOM = re.compile(r"[ ,\-_—－]{0,2}(\d{1,5}(?:[\-—－_]\d{1,5}){0,3})(?![\d月年.:%℃岁个人天号])#?")
_GAP = re.compile(r"[ ,、]{1,2}(?=[\u3400-\u9fff]{2})")
SHORT = 8
"""Characters of a name without a suffix."""
KIND = {
    "house": "houseno",
    "cell": "cellno",
    "floor": "floorno",
    "room": "roomno",
    "org": "poi",
    "soft": "poi",
    "phase": "poi",
}
_WEIGHT = {
    "prov": 1,
    "city": 1,
    "district": 2,
    "devzone": 2,
    "town": 2,
    "community": 3,
    "group": 2,
    "road": 3,
    "roadno": 2,
    "poi": 3,
    "houseno": 2,
    "cellno": 1,
    "floorno": 1,
    "roomno": 2,
    "assist": 1,
}
ADMIN = frozenset(("prov", "city", "district"))
_LED = {"home": 4, "origin": -5, "lead": 0.5}


@dataclass(slots=True)
class Run:
    """Address parts that stand together: (kind, start, end) each, offsets of the folded text."""

    start: int
    end: int
    parts: list[tuple[str, int, int]] = field(default_factory=list)
    led: str = ""
    weak: bool = (
        False  # it ends with an office or a shop, which is more often spoken of than lived in
    )

    def score(self) -> float:
        """How much of an address it is: each kind counts once."""
        kinds = {kind for kind, _, _ in self.parts}
        return sum(_WEIGHT[kind] for kind in kinds) + _LED.get(self.led, 0) - 2 * self.weak

    def add(self, kind: str, start: int, end: int) -> None:
        self.parts.append((kind, start, end))
        self.end = end


def goes_on(suffix: tuple[int, int, str], after: tuple[int, int, str]) -> bool:
    """Whether a suffix is itself part of a longer name: 桥 in 石桥镇, 车站 in 车站路."""
    if after[0] != suffix[1] or suffix[2] not in _INNER or after[2] not in OUTER:
        return False
    return after[2] != "soft" or suffix[2] not in ("road", "community")


def kind_of_number(kind: str, last: str) -> str:
    """Of what a number with this suffix is the number, after a part of the kind ``last``."""
    if kind == "number":
        if last in ("road", "community", "group", "town", "district", "assist"):
            return "roadno"
        return "roomno" if last in ("houseno", "cellno", "floorno") else "houseno"
    return KIND.get(kind, kind)


def tail_parts(tail: str, start: int, last: str) -> list[tuple[str, int, int]]:
    """What a piece without a suffix is: the name of a building, then numbers of house and flat."""
    match = _TAIL.match(tail)
    if match is None or (not match[1] and not match[2]):
        return []
    found: list[tuple[str, int, int]] = []
    if match[1]:
        found.append(("poi", start, start + match.end(1)))
        last = "poi"
    if match[2]:
        at: int = start + match.start(2)
        numbers = re.split(r"[\-—－_]", match[2].rstrip("#"))
        if len(numbers) > 1:
            kinds = ["houseno", "cellno", "roomno"] if len(numbers) > 2 else ["houseno", "roomno"]
            if last in ("houseno", "cellno"):
                kinds = kinds[1:]
        else:
            kinds = [
                "roadno"
                if last == "road"
                else "roomno"
                if last in ("houseno", "cellno", "floorno") or len(numbers[0]) > 2
                else "houseno"
            ]
        for kind, number in zip(kinds, numbers, strict=False):
            found.append((kind, at, at + len(number)))
            at += len(number) + 1
        found[-1] = (found[-1][0], found[-1][1], start + match.end(2))
    return found


def add_end(run: Run, rest: str, *, stopped: bool) -> None:
    """Add what follows the last suffix of an address: a name without a suffix, when nothing but a
    date or a break comes after it, or the number of the flat. ``stopped`` says that ``rest`` ends
    with a word that stands in no address."""
    begin, last = run.end, run.parts[-1][0]
    if all(part[0] in ADMIN for part in run.parts) and (gap := _GAP.match(rest)):
        begin += gap.end()
        rest = rest[gap.end() :]
    cut = len(rest)
    for pattern in (STRONG, WEAK, _DATE):
        if match := pattern.search(rest, 0, cut):
            cut = match.start()
    found: list[tuple[str, int, int]] = []
    if cut and (cut < len(rest) or not stopped) and cut <= 2 * SHORT:
        found = tail_parts(rest[:cut], begin, last)
    elif (room := _ROOM.match(rest)) and not _DATE.match(room[1]):
        inside = last in ("houseno", "cellno", "floorno")
        if inside or (last in ("poi", "community", "town") and len(room[1]) > 2):
            found = tail_parts(room[1], begin + room.start(1), last)
    for part in found:
        run.add(*part)
