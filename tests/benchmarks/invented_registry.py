"""An invented registry and what callers make of its households, from a seed: names, telephones and
addresses as people garble them, and strangers who only look like somebody of the registry."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import opencc
from pypinyin import Style, lazy_pinyin

from triage.household_index import Listed

_SURNAMES = (
    ("王", 7.2), ("李", 7.2), ("张", 6.8), ("刘", 5.4), ("陈", 4.5), ("杨", 3.1), ("赵", 2.3),
    ("黄", 2.2), ("周", 2.1), ("吴", 2.0), ("徐", 1.7), ("孙", 1.5), ("马", 1.3), ("朱", 1.3),
    ("胡", 1.2), ("郭", 1.2), ("何", 1.2), ("林", 1.1), ("高", 1.0), ("罗", 1.0), ("郑", 0.9),
    ("梁", 0.8), ("谢", 0.8), ("宋", 0.7), ("唐", 0.7), ("许", 0.6), ("韩", 0.6), ("冯", 0.6),
    ("邓", 0.6), ("曹", 0.6), ("彭", 0.5), ("曾", 0.5), ("肖", 0.5), ("田", 0.5), ("董", 0.5),
    ("潘", 0.4), ("袁", 0.4), ("蔡", 0.4), ("蒋", 0.4), ("余", 0.4), ("于", 0.4), ("杜", 0.4),
    ("叶", 0.4), ("程", 0.4), ("魏", 0.4), ("苏", 0.4), ("吕", 0.4), ("丁", 0.3), ("任", 0.3),
    ("卢", 0.3), ("姚", 0.3), ("沈", 0.3), ("钟", 0.3), ("姜", 0.3), ("崔", 0.3), ("谭", 0.3),
    ("陆", 0.3), ("范", 0.3), ("汪", 0.3), ("廖", 0.3), ("石", 0.3), ("金", 0.3), ("韦", 0.2),
    ("贾", 0.2), ("夏", 0.2), ("付", 0.2), ("方", 0.2), ("邹", 0.2), ("熊", 0.2), ("白", 0.2),
)  # fmt: skip
_GIVEN = (
    "英芳桂兰秀珍凤玉梅红霞丽娟静敏燕华建国强军伟勇平明志海波涛飞鹏超杰浩宇轩梓涵子萱雨欣怡佳琪嘉豪文博春夏秋冬福禄寿喜"
    "财贵荣昌盛德仁义礼智信忠孝廉洁清廷庭婷亭莲连联香翔祥向湘林琳霖临金锦进近晋成城诚承程生升胜圣盛云芸运韵新欣心馨辛"
    "振震镇珍真学雪永勇咏玲灵岭凌龄岩妍艳彦燕立丽莉利力慧惠会辉晖根艮长常昌彩才才树书淑舒俊军君钧"
)
_PLACE = (
    "东西南北上下前后大小新老青白红黄石沙河江湖溪泉井桥塘坡岗岭沟湾坪坝柳杨槐桃李杏梅松竹兰荷龙凤马牛羊金银铁铜宝福安康"
    "宁永泰和平兴旺昌盛明光华春秋云霞星月朝阳向阳"
)
_ESTATES = ("花园", "小区", "家园", "公寓", "新城", "苑")
_DIGITS = "零一二三四五六七八九"
_HONOR = ("婆婆", "大爷", "阿姨", "奶奶", "大妈", "女士", "先生", "师傅", "老太")
_TO_TRADITIONAL = opencc.OpenCC("s2t")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query; ``truth`` is the household that is meant, None for a stranger."""

    kind: str
    name: str
    phone: str
    address: str
    truth: str | None


@dataclass(frozen=True, slots=True)
class Door:
    """The parts of an address, so that they can be said in other ways."""

    town: str
    community: str
    street: str
    house: int
    building: int = 0
    unit: int = 0
    room: int = 0
    group: int = 0

    def written(self) -> str:
        flat = f"{self.building}号楼{self.unit}单元{self.room}室" if self.room else ""
        group = f"{self.group}组" if self.group else ""
        return f"{self.town}{self.community}{self.street}{group}{self.house}号{flat}"


class County:
    """Towns, villages and estates of one size of registry, in which households live."""

    def __init__(self, households: int, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.households = households
        self._sounds: dict[str, list[str]] = {}
        for char in dict.fromkeys(_GIVEN + "".join(one for one, _ in _SURNAMES)):
            self._sounds.setdefault(lazy_pinyin(char, style=Style.NORMAL)[0], []).append(char)
        towns = max(6, households // 20_000)
        self._towns = [self._name(2) + self.random.choice("镇镇乡") for _ in range(towns)]
        self._villages = [
            (self.random.choice(self._towns), self._name(self.random.choice((2, 2, 3))) + "村")
            for _ in range(max(20, households // 400))
        ]
        self._compounds = [
            (
                self.random.choice(self._towns),
                self._name(2) + "社区",
                (self._name(2) + self.random.choice(("路", "街", "大道")))
                if self.random.random() < 0.6
                else self._name(self.random.choice((2, 3))) + self.random.choice(_ESTATES),
                self.random.randrange(1, 200),
            )
            for _ in range(max(10, households // 130))
        ]

    def _name(self, length: int) -> str:
        return "".join(self.random.choices(_PLACE, k=length))

    def person(self, surname: str = "") -> str:
        """A name, as often one of the frequent ones as people have them."""
        chosen = surname or self.random.choices(*zip(*_SURNAMES, strict=True))[0]
        size = 2 if self.random.random() < 0.8 else 1
        # The product of two uniform draws leans to the first characters of the list.
        picks = [_GIVEN[int(len(_GIVEN) * self.random.random() ** 1.6)] for _ in range(size)]
        return chosen + "".join(picks)

    def phone(self) -> str:
        """A mobile number of the county's own prefixes."""
        prefix = self.random.choice(("1390", "1381", "1872", "1593", "1778"))
        return f"{prefix}{self.random.randrange(10**7):07}"

    def door(self) -> Door:
        """Half in villages, half in estates."""
        if self.random.random() < 0.5:
            town, village = self.random.choice(self._villages)
            return Door(
                town, village, "", self.random.randrange(1, 90),
                group=self.random.randrange(1, 12) if self.random.random() < 0.7 else 0,
            )  # fmt: skip
        town, community, street, house = self.random.choice(self._compounds)
        return Door(
            town, community, street, house, self.random.randrange(1, 9),
            self.random.randrange(1, 4),
            self.random.randrange(1, 7) * 100 + self.random.randrange(1, 5),
        )  # fmt: skip

    def listed(self) -> Iterator[tuple[Listed, Door]]:
        """The households, no two at one door. One in thirty has a telephone of another one (the
        son who answers for both)."""
        used: set[Door] = set()
        last = ""
        for number in range(self.households):
            door = self.door()
            while door in used:
                door = replace(self.door(), house=self.random.randrange(1, 400))
            used.add(door)
            head = self.person()
            members = [self.person(head[0]) for _ in range(self.random.randrange(0, 4))]
            if self.random.random() < 0.5:
                members.append(self.person())
            phones = [] if self.random.random() < 0.08 else [self.phone()]
            if last and self.random.random() < 1 / 30:
                phones = [last]
            last = phones[0] if phones else last
            yield (
                Listed(f"H{number:07}", head, [head, *members], phones, door.written(), ""),
                door,
            )

    def homophone(self, name: str) -> str:
        """One character is another of the same syllable."""
        at = self.random.randrange(len(name))
        same = [
            char
            for char in self._sounds.get(lazy_pinyin(name[at], style=Style.NORMAL)[0], [])
            if char != name[at]
        ]
        return name[:at] + self.random.choice(same) + name[at + 1 :] if same else name

    def garbled(self, listed: Listed, door: Door, kind: str) -> Asked:
        """What a caller says of a household, with one kind of error (or several)."""
        pick = self.random
        name = pick.choice(listed.members) if pick.random() < 0.3 else listed.head_name
        phone = listed.phones[0] if listed.phones else ""
        address = door.written()
        if kind == "homophone":
            name = self.homophone(name)
        elif kind == "honorific":
            name = name[0] + pick.choice(_HONOR)
        elif kind == "no_name":
            name = ""
        elif kind == "no_phone":
            phone = ""
        elif kind == "other_phone":
            phone = self.phone()
        elif kind == "phone_slip":
            phone = self._slip(phone)
        elif kind == "traditional":
            name, address = _TO_TRADITIONAL.convert(name), _TO_TRADITIONAL.convert(address)
        elif kind == "numerals":
            address, phone = self._in_chinese(address), ""
        elif kind == "synonyms":
            address = address.replace("号楼", pick.choice(("栋", "幢", "#楼", "座")))
            address, phone = address.replace("室", ""), ""
        elif kind == "omitted":
            address = self._shorter(door)
            phone = phone if pick.random() < 0.5 else ""
        elif kind == "turned":
            address = self._turned(door)
            phone = ""
        elif kind == "only_phone" and phone:
            name = address = ""
        elif kind == "several":
            name = self.homophone(name)
            address = self._in_chinese(self._shorter(door))
            phone = self._slip(phone) if pick.random() < 0.5 else ""
        return Asked(kind, name, phone, address, listed.household_id)

    def stranger(self, listed: Listed, door: Door, kind: str) -> Asked:
        """Somebody who is not in the registry."""
        name, phone, address = self.person(), self.phone(), self.door().written()
        if kind == "neighbour":
            moved = (
                replace(door, room=door.room % 100 + 100 * self.random.randrange(7, 12))
                if door.room
                else replace(door, house=door.house + 400)
            )
            address = moved.written()
        elif kind == "namesake":
            name = listed.head_name
        elif kind == "moved_in":
            address = listed.address
        return Asked(f"stranger_{kind}", name, phone, address, None)

    def _slip(self, phone: str) -> str:
        if not phone:
            return phone
        at = self.random.randrange(3, len(phone) - 1)
        if self.random.random() < 0.5:
            return phone[:at] + str((int(phone[at]) + 1) % 10) + phone[at + 1 :]
        return phone[:at] + phone[at + 1] + phone[at] + phone[at + 2 :]

    def _in_chinese(self, address: str) -> str:
        pieces, digits = [], ""
        for char in [*address, ""]:
            if char.isdecimal():
                digits += char
                continue
            if digits:
                pieces.append(_spelt(int(digits)))
                digits = ""
            pieces.append(char)
        return "".join(pieces)

    def _shorter(self, door: Door) -> str:
        if door.room:
            flat = f"{door.building}-{door.unit}-{door.room}"
            return (
                f"{door.street}{door.house}号 {flat}"
                if self.random.random() < 0.5
                else (f"{door.community}{door.street}{door.building}号楼{door.room}")
            )
        return f"{door.community}{door.house}号"

    def _turned(self, door: Door) -> str:
        if door.room:
            return (
                f"{door.building}号楼{door.unit}单元{door.room}，{door.street}{door.house}号，"
                f"{door.town}{door.community}"
            )
        group = f"{door.group}组" if door.group else ""
        return f"{group}{door.house}号，{door.community}，{door.town}"


def _spelt(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
    return "".join(_DIGITS[int(digit)] for digit in str(number))


KINDS = (
    "clean", "homophone", "honorific", "no_name", "no_phone", "other_phone", "phone_slip",
    "traditional", "numerals", "synonyms", "omitted", "turned", "only_phone", "several",
)  # fmt: skip
STRANGERS = ("nobody", "neighbour", "namesake", "moved_in")
