"""What a text plainly states about people and places: telephone numbers, names, ages, addresses."""

import re
from dataclasses import dataclass

from triage.signals import Scan
from triage.text import Folded

_MOBILE = re.compile(r"(?<![\d])(?:\+?86[ -]?)?(1[3-9]\d[ \-—]?\d{4}[ \-—]?\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}[ \-—]?\d{7,8}(?:-\d{1,6})?)(?!\d)")
_LOCAL = re.compile(r"(?:电话|座机|号码|联系)[^\d\n]{0,6}([2-8]\d{6,7})(?!\d)")
_DIGIT_WORDS = "零〇一幺二两三四五六七八九"
_SPOKEN = re.compile(rf"[{_DIGIT_WORDS}](?:[ ,、]?[{_DIGIT_WORDS}]){{10}}(?![{_DIGIT_WORDS}])")
_SPELT = str.maketrans(_DIGIT_WORDS, "0011223456789")

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛"
    "奚范彭郎鲁韦昌马苗凤花方俞任袁柳唐罗薛伍余米贝姚孟顾尹江钟傅皮卞康史霍岑费廉雷贺倪汤滕殷"
    "毕郝邬安常乐于时齐梁杜阮蓝闵席季麻强贾路娄危童颜郭梅盛林刁徐邱骆高夏蔡田樊胡凌霍虞万支柯"
    "管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦"
    "巴弓牧隗山谷车侯宓蓬全班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶司韶黎蓟薄印宿白怀蒲台"
    "鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀浦尚农"
    "温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利"
    "蔚越夔隆师巩聂晁勾敖融冷辛阚那简饶空曾毋沙养鞠须丰巢关相查后荆红游竺权盖益桓公肖覃付代闫"
)
_NAME = rf"[{_SURNAMES}][\u4e00-\u9fa5·]{{1,2}}"
_STATED = re.compile(
    r"(?:姓名|患者|病人|老人|联系人|求助人|我叫|本人|名叫|名字叫|名字是|叫做)"
    rf"[】\])]?[:是叫 ]{{0,2}}({_NAME})"
    r"(?![的在因是有于无被要需已现发])"
    r"|"
    rf"(?:^|[\s,，。;；:：、】])({_NAME})[,，、 ]?(?=[男女][,，、 ]|[男女]?[,， ]?\d{{1,3}}[岁周])"
)
_AGE = re.compile(r"(?:年龄[】\])]?[:是 ]{0,2})?(\d{1,3})(?:周?岁|(?=[,，。;；\n 】【]|$))")
_STEP = 8  # characters between two parts of one address
_NUMBER = re.compile(r"[ ]?[A-Za-z]?[0-9一二三四五六七八九十东西南北]{1,5}(?:[-、][0-9]{1,4})*")
_PART = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9 ]{0,8}")
_ROOM = re.compile(r"[0-9]{1,4}(?:-[0-9]{1,4}){1,3}(?![0-9])")
_DIGITS = re.compile(r"[0-9][0-9 \-—]{5,}[0-9]")
_MINOR_AGE = re.compile(r"我(?:今年)?(?:才|刚|只有)?(\d{1,2})岁")

_LABEL = re.compile(
    r"(?:地址|住址|位置|地点|住在|家住|所在地|所在小区、社区|小区、社区|家在|人在|定位)"
    r"[】\])]?[:是为在 ]{0,2}([^\n,，。;；!！?？【】]{3,50})"
)
_UNIT_WORDS = [
    "自治区", "省", "市", "区", "县", "旗", "镇", "乡", "街道", "村", "屯", "寨", "庄", "社区",
    "小区", "新村", "大道", "路", "街", "巷", "弄", "胡同", "号楼", "号院", "号", "栋", "幢",
    "座", "楼", "层", "单元", "室", "组", "队", "花园", "家园", "公寓", "大厦", "广场", "苑",
    "桥头", "桥下", "桥洞", "天桥", "桥", "医院", "学校", "小学", "中学", "敬老院", "养老院",
    "福利院", "村委会", "车站", "火车站", "工业园", "厂", "市场", "超市", "宾馆", "酒店",
    "水库", "工地",
]  # fmt: skip
_UNIT = re.compile("|".join(sorted(_UNIT_WORDS, key=len, reverse=True)))
_NUMBERED = frozenset(
    ["号楼", "号院", "号", "栋", "幢", "座", "楼", "层", "单元", "室", "组", "队"]
)
_BODY = re.compile(r"[\u4e00-\u9fa5A-Za-z0-9\-]{0,8}$")
_LEAD = re.compile(
    r"^.*(?:现在|目前|请问|昨晚|昨天|今天|住在|家住|位于|地址|困在|来自|这里是|这是|我是|我们是"
    r"|我们|我|俺们|俺|咱们|咱|他|她|你好|您好|那个|这个|这里|这边|有人|有个|人在|就在"
    r"|是|在|到|从|去|给|把|住|于|的|了)"
)
_LOOKED = 2000  # code points in which an address is looked for


@dataclass(frozen=True, slots=True)
class Named:
    """A person whom the text names, with the age in years where it stands beside the name."""

    name: str
    age: int | None = None

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "age": self.age}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the text states, as far as a machine can be sure; never a condition of help."""

    phones: tuple[str, ...] = ()
    people: tuple[Named, ...] = ()
    place: str | None = None
    minor: bool = False
    elder: bool = False
    pregnant: bool = False
    disabled: bool = False
    device: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "phones": list(self.phones),
            "people": [person.as_json() for person in self.people],
            "place": self.place,
            "minor": self.minor,
            "elder": self.elder,
            "pregnant": self.pregnant,
            "disabled": self.disabled,
            "device": self.device,
        }


def read_facts(text: str, folded: Folded, scan: Scan, *, place: str | None) -> Facts:
    """Read the facts of a text; ``place`` is what the channel already knows and stands when the
    text names none. Telephone numbers come as digits only."""
    flat, cues = folded.flat, scan.cues
    age = _MINOR_AGE.search(flat) if "岁" in flat else None
    people = _people(flat)
    ages = {person.age for person in people if person.age is not None}
    if age is not None:
        ages.add(int(age[1]))
    return Facts(
        phones=_phones(flat),
        people=people,
        place=_place(flat[:_LOOKED], text) or place,
        minor="child" in cues or "infant" in cues or min(ages, default=18) < 18,
        elder="elder" in cues or max(ages, default=0) >= 60,
        pregnant="pregnant" in cues,
        disabled="disabled" in cues,
        device="device" in cues,
    )


def _phones(flat: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    if "\u200b" in flat:
        flat = flat.replace("\u200b", "")
    if _DIGITS.search(flat):
        for pattern in (_MOBILE, _LANDLINE, _LOCAL):
            for match in pattern.finditer(flat):
                found[re.sub(r"[^0-9]", "", match[1])] = None
    for match in _SPOKEN.finditer(flat):
        digits = re.sub(r"[^0-9]", "", match[0].translate(_SPELT))
        if digits[0] == "1" and digits[1] in "3456789":
            found[digits] = None
    return tuple(found)


def _people(flat: str) -> tuple[Named, ...]:
    found: dict[str, Named] = {}
    for match in _STATED.finditer(flat):
        name = match[1] or match[2]
        age = _AGE.search(flat, match.end(), match.end() + 14)
        years = int(age[1]) if age and 0 < int(age[1]) < 120 else None
        if name not in found or found[name].age is None:
            found[name] = Named(name, years)
    return tuple(found.values())[:20]


def _place(flat: str, text: str) -> str | None:
    """The longest run of address parts, or what stands after a label such as 地址:."""
    runs: list[tuple[int, int, int]] = []  # parts, -start, end
    for match in _UNIT.finditer(flat):
        start, end = match.span()
        if runs and -runs[-1][1] <= start and start - runs[-1][2] <= _STEP:
            between = flat[runs[-1][2] : start]
            if _plain_part(between, match[0]):
                runs[-1] = (runs[-1][0] + 1, runs[-1][1], end)
                continue
        body = _BODY.search(flat, max(0, start - 8), start)
        first = body.start() if body else start
        if lead := _LEAD.match(flat[first:start]):
            first += lead.end()
        if first < start:
            runs.append((1, -first, end))
    labelled = _LABEL.search(flat)
    best = max(runs, default=None)
    if labelled and (best is None or best[0] < 3):
        return text[slice(*labelled.span(1))].strip()
    if best is None:
        return None
    parts, start, end = best[0], -best[1], best[2]
    if room := _ROOM.match(flat, end):
        end = room.end()
    digits = any(char.isdigit() for char in flat[start:end])
    return text[start:end].strip() if parts > 1 or digits else None


def _plain_part(between: str, unit: str) -> bool:
    """Whether what stands between two units can be a name or a number of an address."""
    if unit in _NUMBERED:
        return bool(_NUMBER.fullmatch(between))
    return _PART.fullmatch(between) is not None and _LEAD.match(between) is None
