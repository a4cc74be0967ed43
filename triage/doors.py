"""A Chinese address as its parts, so that two writings of one door are the same door.

平安里和平路十二号 3-501 and 和平路 12 号院 3 单元 501 differ in script, in what they leave out and
in what they call a staircase. Nothing national is looked up: names are compared as they stand, and
what one side leaves out says nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from triage.called import alike

_DIGITS = "零〇一二两三四五六七八九"
_VALUE = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_COUNTED = "号楼|号院|号|栋|幢|单元|室|房|层|楼|门|组|弄|期|座|队|巷|#"
_HAN_NUMBER = re.compile(
    rf"(?<![{_DIGITS}十百])([{_DIGITS}十百]+)(?={_COUNTED}|[-—－]\d|\d)"  # each run tried once
)
_TAIL_HAN = re.compile(rf"(?<=单元|号楼)([{_DIGITS}]{{3,4}})")
_SPACE = re.compile(r"(?<=[\u4e00-\u9fa5\d#])[ \t]+(?=[\u4e00-\u9fa5\d])")
_DASH = re.compile(r"[—－–~～]+")

_NAMED = re.compile(
    r"(?P<body>[\u4e00-\u9fa5A-Za-z0-9]{1,10}?)"
    r"(?P<suffix>街道办事处|街道办|街道|自然村|新村|居委会|社区|小区|花园|家园|公寓|大厦|广场|大道"
    r"|养老院|敬老院|福利院|医院|学校|小学|中学|大学|学院|火车站|车站|酒店|宾馆|市场|超市|村委会"
    r"|水库|公园|国际|新城|雅苑|名苑|嘉园|佳园|佳苑|胡同|省|市(?!场|民|政|委)|区(?!别|间|域|块|分)"
    r"|县(?!委|市)|旗|村(?!民|委|里|镇)|(?<![迷走一])路(?!过|灯|由)"
    r"|(?:镇|乡|屯|寨|庄|苑|园|(?<![家村屋院那这哪城心手夜])里|坊|郡|湾|城|弄|街|巷|厂|(?<!政)府)"
    r"(?!村|社区|小区|路|街|镇|乡|大道|花园|区|县|市|道|苑|园|里|坊))"
)
_ROADS = frozenset(("大道", "路", "街", "巷", "弄", "胡同"))
_REGIONS = frozenset(("省", "市", "区", "县", "旗"))
_TOWNS = frozenset(("街道办事处", "街道办", "街道", "镇", "乡"))
_LANDMARKS = frozenset(
    (
        "医院",
        "学校",
        "小学",
        "中学",
        "大学",
        "学院",
        "火车站",
        "车站",
        "酒店",
        "宾馆",
        "市场",
        "超市",
    )
)
_VILLAGES = frozenset(("自然村", "村委会", "居委会", "社区", "村", "屯", "寨"))
_OPENS = re.compile(
    r"^.*(?:现在|目前|请问|昨晚|昨天|今天|住在|家住|位于|地址|困在|来自|这里是|这边是|我是|我们|俺们"
    r"|咱们|他们|她们|有人|人在|就在|路过|附近|旁边|对面|门口|投诉|反映|举报|咨询|关于|希望|建议"
    r"|坐落|座落|妈妈|爸爸|奶奶|爷爷|老人|来到|我|俺|咱|他|她|是|在|到|从|去|给|把|住|于|的|了|和|与"
    r"|请|对|将|被|让|向|及|至|跟|号院|号|栋|幢|单元)(?=.{2})"
)
_NOT_NAMES = frozenset(
    (
        *("小", "我", "你", "他", "她", "本", "该", "全", "这", "那", "各", "整", "老", "新", "大"),
        *("一个", "整个", "我们", "他们", "你们", "全部", "本地", "当地", "附近", "周边", "农"),
        *("地", "郊", "校", "县", "市", "山", "城", "家", "公", "入", "住", "医", "学", "车", "道"),
        *("政府", "公安", "高速", "公", "铁", "马", "半", "网", "思", "出", "走", "问", "过", "让"),
        *("那", "哪", "心", "手", "夜", "屋", "家", "村", "院", "乡", "城", "房", "眼", "水"),
    )
)
_REGION = re.compile(r"[A-Za-z]\d{0,2}|[\u4e00-\u9fa5]{2,4}")
_HOUSE = re.compile(r"(\d{1,5})(?:号院|弄|号(?!楼|线|电|码))")
_BUILDING = re.compile(r"([a-z]?\d{1,4}|[a-z])(?:号楼|栋|幢|座|#楼?)|(?<![\d#])(\d{1,2})#")
_UNIT = re.compile(r"(\d{1,2})(?:单元|门(?!诊|口|面|店|卫))")
_FLOOR = re.compile(r"(?<!\d)(\d{1,2})(?:层楼?|楼(?!下|上|顶|道))")
_ROOM = re.compile(r"(?<![\d.])(\d{1,4})(?:室|房(?!间|子|屋|东|产|价|租))")
_BARE_ROOM = re.compile(
    r"(?:单元|门|栋|幢|号楼|座|#)(?:\d{1,2}楼)?(\d{3,4})(?![\d号栋幢元年月日米个多人])"
)
_DASHED = re.compile(
    r"(?<![\d.\-:])([a-z]?\d{1,3})-(?:(\d{1,2})-)?(\d{3,4})(?:-(\d{1,2}))?(?![\d.\-月日:号])"
)


class Agreement(StrEnum):
    """How two addresses, or two flats of one house, lie to each other."""

    SAME = "same"
    PART = "part"  # what both sides give agrees, and one gives less
    UNKNOWN = "unknown"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Flat:
    """A door inside a house: numbers of building and staircase as they came, floor and room."""

    stairs: tuple[str, ...] = ()
    floor: str = ""
    room: str = ""

    def __bool__(self) -> bool:
        return bool(self.stairs or self.floor or self.room)


@dataclass(frozen=True, slots=True)
class Place:
    """A name of an address without its suffix, and its kind; ``word`` is how it was written."""

    name: str
    kind: str  # region, town, village, road, estate, landmark
    word: str
    house: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """All the address parts that a text gives, in its order. ``near`` are the roads, estates and
    villages, by which a door is found."""

    places: tuple[Place, ...] = ()
    flat: Flat = Flat()
    near: tuple[Place, ...] = ()
    towns: tuple[Place, ...] = ()
    regions: tuple[Place, ...] = ()


def read_address(flat_text: str) -> Address:
    """Read the parts out of a folded text (``triage.text.plain``); linear time, never raises."""
    text = arabic(_SPACE.sub("", _DASH.sub("-", flat_text)))
    places = tuple(_places(text))
    return Address(
        places,
        _flat(text),
        near=tuple(place for place in places if place.kind in ("road", "estate", "village")),
        towns=tuple(place for place in places if place.kind == "town"),
        regions=tuple(place for place in places if place.kind == "region"),
    )


def arabic(text: str) -> str:
    """Chinese numerals that count houses, stairs, floors and rooms as Arabic ones."""
    text = _HAN_NUMBER.sub(lambda match: _number(match[1]), text)
    return _TAIL_HAN.sub(lambda match: _number(match[1]), text)


def _number(words: str) -> str:
    if "十" not in words and "百" not in words:
        return "".join(str(_VALUE[char]) for char in words)
    hundreds, _, rest = words.rpartition("百")
    total = 100 * (_VALUE.get(hundreds[-1:], 1) if "百" in words else 0)
    if "十" in rest:
        tens, _, ones = rest.partition("十")
        return str(total + 10 * _VALUE.get(tens[-1:], 1) + _VALUE.get(ones[-1:], 0))
    return str(total + _VALUE.get(rest[-1:], 0))


def _places(text: str) -> Iterable[Place]:
    seen: set[tuple[str, str]] = set()
    for match in _NAMED.finditer(text):
        body, suffix = match["body"], match["suffix"]
        if opened := _OPENS.match(body):
            body = body[opened.end() :]
        body = body.lstrip("0123456789").removeprefix("号")
        kind = _kind(suffix)
        if len(body) > 2 and body[0] in "村镇乡区市县":
            body = body[1:]
        if body in _NOT_NAMES or (len(body) < 2 and not body.isascii()):
            continue
        if kind == "region" and not _REGION.fullmatch(body):
            continue
        house = ""
        if kind in ("road", "village", "estate") and (found := _HOUSE.match(text, match.end())):
            house = found[1]
        key = (body, kind)
        if key in seen and not house:
            continue
        seen.add(key)
        yield Place(body[-6:], kind, body[-6:] + suffix, house)


def _kind(suffix: str) -> str:
    if suffix in _REGIONS:
        return "region"
    if suffix in _TOWNS:
        return "town"
    if suffix in _VILLAGES:
        return "village"
    if suffix in _LANDMARKS:
        return "landmark"
    return "road" if suffix in _ROADS else "estate"


def _flat(text: str) -> Flat:
    stairs: list[str] = []
    floor = room = ""
    for match in _BUILDING.finditer(text):
        stairs.append(match[1] or match[2])
        break
    if unit := _UNIT.search(text):
        stairs.append(unit[1])
    if found := _FLOOR.search(text):
        floor = found[1]
    if found := _ROOM.search(text) or _BARE_ROOM.search(text):
        room = found[1]
    dashed = _DASHED.search(text)
    if dashed and not room:
        stairs += [part for part in (dashed[1], dashed[2]) if part]
        room = dashed[3]
    if room and not floor and len(room) in (3, 4):
        floor = room[:-2].lstrip("0")
    return Flat(tuple(dict.fromkeys(part.lstrip("0") or part for part in stairs)), floor, room)


def compare_flats(a: Flat, b: Flat) -> Agreement:
    """Whether two doors of one house are one. A building and a staircase of the same number may be
    the same thing called differently, so only numbers are held against each other."""
    if not a or not b:
        return Agreement.UNKNOWN
    if a.room and b.room and not _rooms_agree(a, b):
        return Agreement.DIFFERENT
    if a.floor and b.floor and a.floor != b.floor:
        return Agreement.DIFFERENT
    if (
        a.stairs
        and b.stairs
        and not (set(a.stairs) <= set(b.stairs) or set(b.stairs) <= set(a.stairs))
    ):
        return Agreement.DIFFERENT
    if a.room and b.room:
        return Agreement.SAME if a.stairs and b.stairs else Agreement.PART
    if (a.stairs and b.stairs) or (a.floor and b.floor):
        return Agreement.PART
    return Agreement.UNKNOWN


def _rooms_agree(a: Flat, b: Flat) -> bool:
    if a.room == b.room:
        return True
    short, long = sorted((a.room, b.room), key=len)
    return len(short) <= 2 and long.endswith(short.zfill(2)) and a.floor == b.floor  # 5楼1室, 501


def shared_places(a: Iterable[Place], b: Iterable[Place]) -> list[tuple[Place, Place]]:
    """Pairs of named parts that are the same place, heard or written alike."""
    found = []
    for mine in a:
        for theirs in b:
            if same_name(mine.name, theirs.name):
                found.append((mine, theirs))
                break
    return found


def same_name(a: str, b: str) -> bool:
    """One name is the other, or its end (words before a name run into it: 平安里和平, 和平)."""
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= 2 and long.endswith(short):
        return True
    return len(a) == len(b) >= 2 and bool({*a} & {*b}) and alike(a, b)
