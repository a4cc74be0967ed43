"""Where a household lives, as a registry writes it and as a caller says it. Pure, linear.

Nothing national is looked up. A dwelling is its names (of town, village, road, estate) and its
numbers by what they count (house, village group, building, staircase, floor, room), so that 18号院
二栋3单元301室 and 3单元301 滨江路18号 are held against each other number by number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from triage.called import by_ear
from triage.doors import arabic
from triage.text import plain

_HAN = "\u3400-\u9fa5"
_SPLIT = re.compile(r"(?<=\d)[ \t/_]+(?=[\da-z])")
_NOISE = re.compile(rf"[ \t,、;:()\[\]·。\"'|]+|第(?=[\d{'一二三四五六七八九十'}])|门牌(?:号)?")
_DASH = re.compile(r"[—–－~〜～]+")
_SOCIETY = re.compile(
    r"(?<![一二三四五六七八九十两])([一二三四五六七八九十两]++)(?=社(?!区)|村民小?组|小组|组|大?队)"
)
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰", "一二三四五六七八九十百")
_WRITTEN_OUT = re.compile(
    r"[壹贰叁肆伍陆柒捌玖拾佰零]+(?=号|组|社(?!区)|村民小?组|大?队|栋|幢|座|单元|层|楼|室|门(?!诊|口|面|店)|弄|-|$)"
)
_TALK = re.compile(
    r"^(?:(?:我|俺|咱|他|她)们?的?(?:家(?![村庄湾沟]))?(?:现在|就|是)?(?:家?居?住在?|在)?"
    r"|(?:家住|居住|住)在?|在)"
    r"|(?:这边|那边|这里|那里|这儿|那儿|附近|旁边|里头|里面|的)+$"
)
_NUMBER = re.compile(
    r"(?P<dash>-?)(?P<value>[a-z]?\d{1,5}|[a-z](?=座|栋|幢|号楼|单元|区))"
    r"(?P<unit>号楼|号院|号房|号室|号|栋楼?|幢楼?|座|#楼?|单元|门(?!诊|口|面|店|卫|市)|层楼?|楼"
    r"|室|房(?!产|屋|间)|村民小?组|小组|组|社(?!区)|大?队|弄)?"
)
_BUILDINGS = frozenset(("号楼", "栋", "栋楼", "幢", "幢楼", "座", "#", "#楼"))
_GROUPS = frozenset(("组", "小组", "村民组", "村民小组", "社", "队", "大队"))
_ROOMS = frozenset(("室", "房", "号房", "号室"))
_BROAD = "省|市|自治区|县|区|旗|镇|乡|街道办事处|街道办|街道"
_VILLAGE = (
    "社区居民委员会|社区居委会|居民委员会|居委会|社区|村民委员会|村委会|行政村|自然村|新村|村|屯|寨"
)
_ROAD = "大道|大街|路|街|巷|胡同|弄堂"
_ESTATE = "小区|花园|家园|公寓|大厦|新城|苑|园|坊|里|庄|湾|沟|坪|坝|岭|院"
_NATURAL = frozenset("里庄湾沟坪坝岭")
_NAMED = re.compile(
    rf"(?P<name>[{_HAN}a-z0-9]{{1,9}}?)"
    rf"(?:(?P<broad>{_BROAD})|(?P<village>{_VILLAGE})|(?P<road>{_ROAD})|(?P<estate>{_ESTATE}))"
    r"(?![省市县旗镇乡村社路街道巷屯寨小委办居]|行政村|自然村)"
)
_KINDS = ("broad", "village", "road", "estate")


@dataclass(frozen=True, slots=True)
class Name:
    """One named part: its name without the suffix, its kind (broad, village, road, estate), and
    its sound."""

    name: str
    kind: str
    sound: str


@dataclass(frozen=True, slots=True)
class Dwelling:
    """An address in its parts. ``loose`` are numbers of building and staircase of which nobody
    says which is which (3-501); ``names`` are the narrow ones, ``broad`` towns and above."""

    names: tuple[Name, ...] = ()
    broad: tuple[Name, ...] = ()
    house: str = ""
    group: str = ""
    building: str = ""
    unit: str = ""
    loose: tuple[str, ...] = ()
    floor: str = ""
    room: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.broad or self.house or self.room)

    @property
    def several(self) -> bool:
        """Whether more than one number is told."""
        return sum(bool(one) for one in (self.house, self.group, self.room, *self.stairs)) > 1

    @property
    def stairs(self) -> tuple[str, ...]:
        """Building and staircase, as far as they are told."""
        return tuple(one for one in (self.building, self.unit, *self.loose) if one)


def read_dwelling(text: str) -> Dwelling:
    """Read an address; never raises."""
    flat = _DASH.sub("-", _NOISE.sub(" ", _SPLIT.sub("-", plain(text)))).strip()
    flat = _TALK.sub("", _WRITTEN_OUT.sub(_simpler, flat.replace(" ", "")))
    flat = arabic(_SOCIETY.sub(_counted, flat))
    reader = _Reader()
    end = 0
    for match in _NUMBER.finditer(flat):
        if match.start() > end:
            reader.words(flat[end : match.start()])
        reader.number(match["value"], match["unit"] or "", bool(match["dash"]))
        end = match.end()
    reader.words(flat[end:])
    return reader.done()


def _simpler(match: re.Match[str]) -> str:
    return match[0].translate(_FORMAL)


def _counted(match: re.Match[str]) -> str:
    return arabic(f"{match[1]}组")[:-1]


class _Reader:
    """Sorts numbers by what they count, in the order in which they stand."""

    def __init__(self) -> None:
        self._names: list[Name] = []
        self._found: dict[str, str] = {}
        self._run: list[str] = []
        self._stairs: list[str] = []
        self._inside = False  # in a building, so that a further number is a room
        self._named = False
        self._last = ""

    def words(self, words: str) -> None:
        if not words or words == "-":
            return
        self._settle()
        self._names.extend(_names(words))
        self._inside, self._named, self._last = False, True, ""

    def number(self, value: str, unit: str, dashed: bool) -> None:
        value = value.lstrip("0") or "0"
        if not unit:
            self._run.append(value)
            return
        if dashed:
            self._stairs += self._run
            self._run = []
        else:
            self._settle()
        kind = self._kind(unit)
        if kind == "unit" and "building" not in self._found:
            was = {"楼": "floor", "号": "room"}.get(self._last, "")  # 5楼2单元, 14号金桂园11号2单元
            if was in self._found:
                self._found["building"] = self._found.pop(was)
        self._found.setdefault(kind, value)
        self._last = unit
        self._inside = self._inside or kind in ("building", "unit", "floor")

    def _kind(self, unit: str) -> str:
        if unit in _BUILDINGS:
            return "building"
        if unit in ("单元", "门"):
            return "unit"
        if unit in _GROUPS:
            return "group"
        if unit in _ROOMS or (unit == "号" and (self._inside or "house" in self._found)):
            return "room"
        if unit in ("号", "号院", "弄"):
            return "house"
        return "floor"

    def _settle(self) -> None:
        """What a run of bare numbers was: 3-501, 2-1-301, 301 behind a staircase, 12 on a road."""
        run, self._run = self._run, []
        if not run:
            return
        if len(run) == 1 and not (self._inside or self._stairs or len(run[0]) >= 3):
            self._found.setdefault("house" if self._named else "room", run[0])
            return
        self._found.setdefault("room", run.pop())
        self._stairs += run

    def done(self) -> Dwelling:
        self._settle()
        found = self._found
        room, floor = found.get("room", ""), found.get("floor", "")
        if len(room) in (3, 4) and not floor and room.isdecimal():
            floor = room[:-2]
        return Dwelling(
            names=tuple(dict.fromkeys(one for one in self._names if one.kind != "broad")),
            broad=tuple(dict.fromkeys(one for one in self._names if one.kind == "broad")),
            house=found.get("house", ""),
            group=found.get("group", ""),
            building=found.get("building", ""),
            unit=found.get("unit", ""),
            loose=tuple(self._stairs),
            floor=floor,
            room=room,
        )


@lru_cache(32_768)
def _names(words: str) -> tuple[Name, ...]:
    """Remembered: a village is read once and not for each of its households."""
    return tuple(_read_names(words))


def _read_names(words: str) -> Iterator[Name]:
    end = 0
    for match in _NAMED.finditer(words):
        kind = next(one for one in _KINDS if match[one])
        end = match.end()
        name = match["name"]
        if (match["estate"] or "") in _NATURAL:
            name += match["estate"]  # 张庄 is what 张庄村 is called
        yield Name(name, kind, by_ear(name))
    rest = words[end:].strip("-")
    if len(rest) >= 2:
        yield Name(rest, "estate", by_ear(rest))
