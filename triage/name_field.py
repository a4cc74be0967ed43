"""Whom a field for a name holds: whole names, a surname with an honorific, what clerks and callers
write around them. Pure."""

import re
from dataclasses import dataclass

from triage.called import RARER, SURNAMES, by_ear
from triage.text import plain

_NOT_NAME = re.compile(r"[^\u3400-\u9fffa-z*○x]|(?<=.)[\s·]")
_DOUBLES = (
    "欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐", "夏侯",
    "端木", "南宫", "轩辕", "钟离", "宇文", "长孙", "东郭", "百里", "呼延",
)  # fmt: skip
_ANY = f"[{SURNAMES}{RARER}]"
_WHOLE_WORDS = (
    "大妈|大爷|大娘|大叔|大伯|大婶|大嫂|大姐|大哥|大舅|大姨|大姑|大兄弟|阿姨|阿婆|阿公|阿伯|婆婆|公公|奶奶|爷爷|外婆|外公"
    "|姥姥|姥爷|叔叔|伯伯|伯母|婶婶|婶子|嫂嫂|嫂子|哥哥|姐姐|弟弟|妹妹|妹子|舅舅|舅妈|姑姑|姨妈|妈妈|爸爸|老师|女士|先生"
    "|小姐|师傅|同志|老太太|老太婆|老太|老头子|老头|老汉|老爷子|老爷爷|老奶奶|老大爷|老大娘|老大妈|老伯|老哥|老弟|老人家|老人"
    "|太太|夫人|主任|书记|医生|老板"
)
_HONORIFIC = rf"(?:{_WHOLE_WORDS}|家里|家的|家|[姐哥嫂婶叔伯姨婆爷奶妈氏总娘]|某某?|[*○x]+)"
_CALLED = re.compile(rf"^(?:老|小|阿)?(?P<surname>{'|'.join(_DOUBLES)}|{_ANY}){_HONORIFIC}+$")
_OLD = re.compile(rf"^[老小阿](?P<surname>{_ANY})$")
_OF = re.compile(
    rf"(?<=..)(?:的|他|她|家)?(?:{_WHOLE_WORDS}|爸|妈|父亲|母亲|儿子|女儿|孙子|孙女|老伴|爱人|妻子|丈夫|老公|老婆"
    r"|儿媳妇?|媳妇|邻居|家属|家里|家|本人)$"
)
_AND = re.compile(r"[、,;/&+]|(?<=..)和(?=..)")
_ASIDE = re.compile(
    r"[(\[【][^)\]】]*[)\]】]?|[,、 ]*(?:[男女][,、 ]*)?(?:年龄|今年)?\d+ ?(?:周?岁)?[,、 ]*[男女]?"
)
"""What stands beside a name in its field: (低保户), 76岁."""
_LED = re.compile(
    r"^(?:户主|姓名|名叫|名字|本人|患者|求助人|联系人|[我俺咱]们?家?的?(?:叫|是|(?:妈妈?|爸爸?|母亲|父亲|爷爷|奶奶|外公|外婆"
    r"|公公|婆婆|老公|老婆|丈夫|妻子|老伴|爱人|儿子|女儿|孙子|孙女|哥哥?|姐姐?|弟弟?|妹妹?|邻居)(?:叫|是)?)|叫)[是叫:]*(?=..)"
)
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Called:
    """A name as it was given: whole, or only a surname with an honorific."""

    name: str
    sound: str
    surname_only: bool = False


def read_names(field: str) -> tuple[Called, ...]:
    """The people of a field, few at most: usually one, 张桂英、李大海 two."""
    if len(field) < 5 and field.isalpha():
        parts = [field]  # nearly all
    else:
        parts = _AND.split(_ASIDE.sub("", plain(field)))[:_MOST_NAMES]
    return tuple(one for part in parts if (one := read_called(part)) is not None)


def read_called(text: str) -> Called | None:
    """A name, or the surname that an honorific leaves; None when nothing is a name."""
    name = _LED.sub("", _NOT_NAME.sub("", plain(text)))
    if not name:
        return None
    if len(name) == 1 or name in _DOUBLES:
        return Called(name, by_ear(name), surname_only=True)
    for pattern in (_CALLED, _OLD):
        if match := pattern.match(name):
            surname = match["surname"]
            return Called(surname, by_ear(surname), surname_only=True)
    name = _OF.sub("", name)
    return Called(name, by_ear(name))
