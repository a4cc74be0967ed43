"""A second invented county, written otherwise than ``invented_registry``, and what is told of its
households: the registry as several clerks keep it, the queries as callers, cadres and typists give
them. Nothing of one generator is shared with the other, so that what one was tuned on the other
has not seen.

Clerks differ: some write the province, some leave the house number out, some write 2栋, some
2号楼, a landline stands for a mobile number. Half of the villages have namesakes next door.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import opencc
from pypinyin import Style, lazy_pinyin

from triage.household_index import Listed

_FREQUENT = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_LESS = (
    "郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹"
    "熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤"
)
_DOUBLE = ("欧阳", "上官", "司马", "诸葛")
_OLD = "桂秀玉兰凤英淑珍素芳翠芝爱莲菊香金银德福明国建志永长根水土生贵财发全有万成林春秋冬梅荣华富"
_YOUNG = "浩宇轩博文俊杰鑫磊鹏飞超凡思雨欣怡梓涵佳慧雅婷静雯倩嘉豪子睿一诺晨曦明哲天佑若溪语嫣"
_ALL = "".join(
    dict.fromkeys(_OLD + _YOUNG + "伟强军勇刚平敏霞红艳丽娟涛波斌辉亮松柏峰岩云霜雪晴虹")
)
_PLACES = (
    "柳湾石桥清泉白马双河青山云岭沙沟张家渡芦花藕塘大堰窑头磨盘黑石竹园茶亭龙井冷水半坡驿口杨树草场盐"
    "店三岔打鱼回龙老渡松林鹰嘴野猪栗子坪雾顶羊圈断崖古树高坎枣旱塬上中下前后东西南北"
)
_ROADS = (
    "人民", "解放", "建设", "新华", "和平", "胜利", "文化", "迎宾", "滨河", "工农", "光明",
    "团结",
)  # fmt: skip
_ESTATES = (
    "阳光花园", "锦绣家园", "丽景苑", "安置小区", "纺织厂家属院", "幸福里", "翠湖公寓",
    "金桂园", "机关大院", "望江名城", "康乐新村", "书香门第",
)  # fmt: skip
_STREETS = ("城关街道", "东关街道", "南门街道")
_DIGITS = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"
_CALLED = (
    "大爷", "大妈", "婶", "叔", "伯", "嫂", "奶奶", "爷爷", "师傅", "阿姨", "大娘", "女士",
    "先生", "老太太", "老汉", "家的", "某某", "某",
)  # fmt: skip
_KIN = ("的儿子", "的女儿", "他老伴", "的孙子", "家属", "他妈", "的邻居")
_DIALECT = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_TO_TRADITIONAL = opencc.OpenCC("s2hk")

KINDS = (
    "as written", "homophone", "dialect", "no surname", "honorific", "somebody's kin",
    "traditional", "chinese numerals", "formal numerals", "other words for a building",
    "bare numbers", "levels omitted", "only the village", "order changed", "phone digit wrong",
    "phone digits swapped", "phone digit missing", "phone dressed", "shared phone and name",
    "shared phone and address", "no phone", "no name", "another's phone", "village mistyped",
    "name mistyped", "place named by its road", "spoken", "several at once", "two errors",
    "age off by one", "age as year",
)  # fmt: skip
STRANGERS = (
    "stranger", "next door", "upstairs", "namesake elsewhere", "namesake in the village",
    "same surname next door", "moved in", "one digit from a number",
    "nothing but a common name", "nothing but a village",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A query; ``truth`` are the households that it fits equally, () for a stranger."""

    kind: str
    name: str = ""
    phone: str = ""
    address: str = ""
    area: str = ""
    age: int | None = None
    truth: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household lives, in parts. A village has no road, an estate no group."""

    town: str
    village: str
    hamlet: str = ""
    group: int = 0
    road: str = ""
    estate: str = ""
    house: int = 0
    building: int = 0
    unit: int = 0
    room: int = 0


@dataclass(slots=True)
class Home:
    """A household as it is, of which clerk and caller each say something."""

    household_id: str
    people: list[str]
    ages: list[int]
    phones: list[str]
    place: Place
    listed: Listed = field(init=False)


class ToldCounty:
    """Households of one county, and what is told of them."""

    def __init__(self, households: int, seed: int = 2026) -> None:
        self.random = random.Random(seed)
        self._sounds: dict[str, list[str]] = {}
        for char in dict.fromkeys(_ALL + _FREQUENT + _LESS + _PLACES):
            self._sounds.setdefault(lazy_pinyin(char, style=Style.NORMAL)[0], []).append(char)
        self._near: dict[str, list[str]] = {}
        for sound, chars in self._sounds.items():
            self._near.setdefault(_dull(sound), []).extend(chars)
        self._towns = [self._place_name() + self.random.choice("镇镇乡") for _ in range(
            max(8, households // 4_000))]  # fmt: skip
        self._villages = self._named_villages(max(40, households // 220))
        self._blocks = self._named_blocks(max(20, households // 150))
        self.homes: list[Home] = []
        self._fill(households)

    def _place_name(self) -> str:
        at = self.random.randrange(0, len(_PLACES) - 2)
        return (
            _PLACES[at : at + 2]
            if self.random.random() < 0.7
            else "".join(self.random.sample(_PLACES, 2))
        )

    def _named_villages(self, many: int) -> list[Place]:
        found = []
        for _ in range(many):
            name = self._place_name()
            hamlets = [self._place_name() for _ in range(3)]
            town = self.random.choice(self._towns)
            # One in ten is 上… or 下… of another one: the neighbours whose names are near.
            if found and self.random.random() < 0.1:
                other = self.random.choice(found)
                name, town = self.random.choice("上下前后小大") + other.village[:-1], other.town
            found += [Place(town, name + "村", hamlet) for hamlet in ("", *hamlets)]
        return found

    def _named_blocks(self, many: int) -> list[Place]:
        found = []
        for _ in range(many):
            road = self.random.choice(_ROADS) + self.random.choice(
                ("路", "街", "东路", "大道", "巷")
            )
            estate = self._place_name()[:1] + self.random.choice(_ESTATES)
            found.append(
                Place(
                    self.random.choice(_STREETS), self._place_name() + "社区",
                    road=road if self.random.random() < 0.7 else "",
                    estate=estate, house=self.random.randrange(1, 300),
                )
            )  # fmt: skip
        return found

    def person(self, surname: str = "", old: bool = True) -> str:
        pick = self.random
        first = surname or (
            pick.choice(_FREQUENT) if pick.random() < 0.55
            else pick.choice(_DOUBLE) if pick.random() < 0.01 else pick.choice(_LESS)
        )  # fmt: skip
        pool = _OLD if old else _YOUNG
        many = 2 if pick.random() < 0.72 else 1
        return first + "".join(
            pick.choice(pool if pick.random() < 0.8 else _ALL) for _ in range(many)
        )

    def phone(self) -> str:
        pick = self.random
        if pick.random() < 0.06:
            return f"0371-6{pick.randrange(10**7):07}"
        return (
            pick.choice(("138", "139", "150", "187", "177", "198")) + f"{pick.randrange(10**8):08}"
        )

    def spot(self) -> Place:
        pick = self.random
        if pick.random() < 0.6:
            place = pick.choice(self._villages)
            return replace(
                place, group=pick.randrange(1, 13) if pick.random() < 0.8 else 0,
                house=pick.randrange(1, 160),
            )  # fmt: skip
        block = pick.choice(self._blocks)
        return replace(block, building=pick.randrange(1, 13), unit=pick.randrange(1, 5),
                       room=pick.randrange(1, 12) * 100 + pick.randrange(1, 5))  # fmt: skip

    def _fill(self, households: int) -> None:
        pick, used = self.random, set()
        for number in range(households):
            place = self.spot()
            while place in used:
                place = self.spot()
            used.add(place)
            head = self.person()
            surname = head[:2] if head[:2] in _DOUBLE else head[0]
            people = [head]
            people += [self.person()] if pick.random() < 0.55 else []
            people += [self.person(surname, old=False) for _ in range(pick.randrange(0, 3))]
            ages = [pick.randrange(58, 93)] + [pick.randrange(8, 70) for _ in people[1:]]
            phones = [self.phone() for _ in range(pick.choice((0, 1, 1, 1, 1, 2)))]
            if self.homes and pick.random() < 0.04:  # one child answers for two households
                phones = self.homes[-1].phones[:1] or phones
            home = Home(f"{pick.randrange(10):01}-{number:06}", people, ages, phones, place)
            home.listed = self._clerk(home)
            self.homes.append(home)

    def _clerk(self, home: Home) -> Listed:
        """As this household's clerk writes it."""
        pick, place = self.random, home.place
        style = pick.randrange(4)
        address = self.written(place, style)
        if style == 0:
            address = "中原省望河市望河县" + address
        if not place.room and pick.random() < 0.12:
            address = self.written(replace(place, house=0), style)
        members = home.people if pick.random() < 0.6 else home.people[1:]
        phones = [one.replace("-", "") if style == 2 else one for one in home.phones]
        area = place.town if pick.random() < 0.5 else ""
        ages = tuple(home.ages) if pick.random() < 0.5 and members is home.people else ()
        return Listed(home.household_id, home.people[0], members, phones, address, area, ages)

    def written(self, place: Place, style: int) -> str:
        """An address in one of four hands."""
        head = place.town + place.village
        if place.room:
            street = f"{place.road}{place.house}号" if place.road else ""
            flat = (
                f"{place.building}号楼{place.unit}单元{place.room}室",
                f"{place.building}栋{place.unit}单元{place.room}",
                f"{place.building}幢{place.unit}单元{place.room}号",
                f"{place.building}-{place.unit}-{place.room}",
            )[style]
            return head + street + place.estate + flat
        group = f"{place.group}组" if place.group and style != 3 else (
            f"第{_said(place.group)}村民组" if place.group else "")  # fmt: skip
        return head + place.hamlet + group + (f"{place.house}号" if place.house else "")

    def listed(self) -> Iterator[Listed]:
        return (home.listed for home in self.homes)

    def told(self, home: Home, kind: str) -> Told | None:
        """What is said of a household; None where this kind of error cannot happen to it."""
        pick, place = self.random, home.place
        who = (
            0
            if pick.random() < 0.75 or len(home.listed.members) < 2
            else pick.randrange(len(home.people))
        )
        name, style = home.people[who], pick.randrange(3)
        phone = home.phones[0] if home.phones else ""
        address, age, truth = self.written(place, style), None, (home.household_id,)
        bare = replace(place, town="")
        if kind == "homophone":
            name = self._misheard(name, self._sounds, 1)
        elif kind == "dialect":
            name = self._misheard(name, self._near, 2, dull=True)
        elif kind == "no surname":
            name = name[-2:] if len(name) > 2 else ""
        elif kind == "honorific":
            name = (name[:2] if name[:2] in _DOUBLE else name[0]) + pick.choice(_CALLED)
            name = name if pick.random() < 0.8 else "老" + name[0]
        elif kind == "somebody's kin":
            name += pick.choice(_KIN)
        elif kind == "traditional":
            name, address = _TO_TRADITIONAL.convert(name), _TO_TRADITIONAL.convert(address)
        elif kind == "chinese numerals":
            address, phone = _numerals(address, _said), ""
        elif kind == "formal numerals":
            address, phone = (
                _numerals(address, lambda n: "".join(_FORMAL[int(d)] for d in str(n))),
                "",
            )
        elif kind == "other words for a building":
            if not place.room:
                return None
            address = self.written(place, 0).replace(
                "号楼", pick.choice(("栋", "幢", "座", "#楼", "#", "号"))
            )
            address, phone = address.replace("单元", pick.choice(("单元", "门", "单元"))), ""
        elif kind == "bare numbers":
            if not place.room:
                return None
            numbers = [str(place.building), str(place.unit), str(place.room)]
            address = place.estate + pick.choice("-/ －").join(numbers)
            phone = ""
        elif kind == "levels omitted":
            address, phone = self.written(bare, style), phone if pick.random() < 0.3 else ""
            if place.room and pick.random() < 0.5:
                address = self.written(replace(bare, village="", road="", house=0), style)
        elif kind == "only the village":
            if place.room or not phone:
                return None
            address = place.village
        elif kind == "order changed":
            address, phone = self._turned(place), ""
        elif kind.startswith("phone digit"):
            if not phone:
                return None
            phone = self._wrong(phone, kind)
        elif kind == "phone dressed":
            if len(phone) != 11:
                return None
            one, two, three = phone[:3], phone[3:7], phone[7:]
            dressed = f"+86 {one} {two} {three}", f"电话{one}-{two}-{three}"
            phone = pick.choice((*dressed, f"{phone}（儿子）", f"0086{phone}"))
        elif kind.startswith("shared phone"):
            if not phone or sum(phone in other.phones for other in self.homes) < 2:
                return None
            name, address = (name, "") if kind.endswith("name") else ("", address)
        elif kind == "no phone":
            phone = ""
        elif kind == "no name":
            name = ""
        elif kind == "another's phone":
            phone = self.phone()
        elif kind == "village mistyped":
            typed = self._mistyped(place.village[:-1]) + place.village[-1]
            address = self.written(replace(place, village=typed), style)
            phone = phone if pick.random() < 0.4 else ""
        elif kind == "name mistyped":
            name = self._mistyped(name)
        elif kind == "place named by its road":
            if not place.room or not place.road:
                return None
            address = self.written(replace(bare, village="", estate=""), style)
            phone = ""
        elif kind == "spoken":
            name = name[0] + pick.choice(_CALLED[:6])
            address = f"我们{place.village}{_said(place.group) + '组' if place.group else ''}的"
            if not phone:
                return None
        elif kind == "several at once":
            name = self._misheard(name, self._sounds, 1)
            address = _numerals(self.written(bare, 1), _said)
            phone = self._wrong(phone, "phone digit wrong") if phone and pick.random() < 0.5 else ""
        elif kind == "two errors":
            one, two = pick.sample(range(6), 2)
            name = self._misheard(name, self._sounds, 1) if 0 in (one, two) else name
            name = name[0] + pick.choice(_CALLED) if 1 in (one, two) else name
            if 2 in (one, two):
                phone = self._wrong(phone, "phone digit wrong") if phone else ""
            phone = "" if 3 in (one, two) else phone
            place = replace(place, town="") if 4 in (one, two) else place
            address = self.written(place, pick.randrange(4))
            address = _numerals(address, _said) if 5 in (one, two) else address
        elif kind.startswith("age"):
            if not home.listed.ages:
                return None
            age = home.ages[who] + pick.choice((-1, 1)) if "off" in kind else 2026 - home.ages[who]
            phone = ""
        if not self._findable(home, name, phone, address, truth):
            return None
        return Told(kind, name, phone, address, "", age, truth)

    def _findable(
        self, home: Home, name: str, phone: str, address: str, truth: tuple[str, ...]
    ) -> bool:
        """Whether anybody could know: a telephone, or a name beside a place, or a whole door."""
        listed = home.listed
        door = any(char.isdecimal() for char in listed.address)
        return bool(phone) or (bool(address) and (len(name) > 1 or door))

    def stranger(self, home: Home, kind: str) -> Told:
        """Somebody who is not in the registry."""
        pick, place = self.random, home.place
        name, phone, other = self.person(), self.phone(), self.spot()
        if kind == "next door":
            other = replace(place, house=place.house + 200) if not place.room else replace(
                place, room=place.room + 4)  # fmt: skip
        elif kind == "upstairs":
            other = replace(place, room=place.room + 1100) if place.room else replace(
                place, group=place.group + 15, house=place.house)  # fmt: skip
        elif kind == "namesake elsewhere":
            name = home.people[0]
            while (other.town, other.village) == (place.town, place.village):
                other = self.spot()
        elif kind == "namesake in the village":
            name = home.people[0]
            other = replace(place, group=0, house=place.house + 200, unit=place.unit + 5)
        elif kind == "same surname next door":
            name = self.person(home.people[0][0])
            other = replace(place, house=place.house + 200, unit=place.unit + 5)
        elif kind == "moved in":
            other = place
        elif kind == "one digit from a number" and home.phones:
            phone = self._wrong(home.phones[0], "phone digit wrong")
        elif kind == "nothing but a common name":
            return Told(kind, name=pick.choice(_FREQUENT) + pick.choice(_OLD))
        elif kind == "nothing but a village":
            return Told(kind, name="", address=place.town + place.village)
        address = self.written(other, pick.randrange(4))
        return Told(kind, name, phone if pick.random() < 0.6 else "", address)

    def _misheard(
        self, name: str, sounds: dict[str, list[str]], most: int, *, dull: bool = False
    ) -> str:
        chars = list(name)
        for at in self.random.sample(range(len(chars)), min(most, len(chars))):
            sound = lazy_pinyin(chars[at], style=Style.NORMAL)[0]
            same = [
                one for one in sounds.get(_dull(sound) if dull else sound, ()) if one != chars[at]
            ]
            if same:
                chars[at] = self.random.choice(same)
        return "".join(chars)

    def _mistyped(self, word: str) -> str:
        pick, at = self.random, self.random.randrange(len(word))
        chance = pick.random()
        if chance < 0.7:
            return self._misheard(word, self._sounds, 1)
        if chance < 0.85 and len(word) > 2:
            return word[:at] + word[at + 1 :]
        return word[:at] + pick.choice(_ALL) + word[at + 1 :]

    def _wrong(self, phone: str, kind: str) -> str:
        pick = self.random
        at = pick.randrange(3, len(phone) - 1)
        if kind.endswith("missing"):
            return phone[:at] + phone[at + 1 :]
        if kind.endswith("swapped") and phone[at] != phone[at + 1]:
            return phone[:at] + phone[at + 1] + phone[at] + phone[at + 2 :]
        digit = phone[at]
        if not digit.isdecimal():
            return self._wrong(phone, kind)
        return phone[:at] + str((int(digit) + pick.randrange(1, 10)) % 10) + phone[at + 1 :]

    def _turned(self, place: Place) -> str:
        if place.room:
            flat = f"{place.building}栋{place.unit}单元{place.room}"
            street = f"{place.road}{place.house}号" if place.road else ""
            return "，".join(
                one for one in (flat, place.estate, street, place.village, place.town) if one
            )
        group = f"{place.group}组" if place.group else ""
        return f"{place.house}号 {place.hamlet}{group} {place.village}（{place.town}）"


def _dull(sound: str) -> str:
    for sharp, dull in _DIALECT:
        sound = sound.replace(sharp, dull)
    return sound


def _said(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    tens, ones = divmod(number, 10)
    if number < 100:
        return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
    return "".join(_DIGITS[int(digit)] for digit in str(number))


def _numerals(text: str, spelt: Callable[[int], str]) -> str:
    pieces, digits = [], ""
    for char in [*text, ""]:
        if char.isdecimal():
            digits += char
            continue
        if digits:
            pieces.append(spelt(int(digits)))
            digits = ""
        pieces.append(char)
    return "".join(pieces)
