"""Who needs special care: minors, the old, the pregnant, the disabled, devices that need power."""

import re
from dataclasses import dataclass

from triage.ages import BOUND
from triage.signals import Scan, Span
from triage.text import Folded

_NOT = re.compile(
    r"(?:没有|没得|没|未|无|并非|不是|并不是|并没有|尚未|从未|否认|排除|非|冇|木有|不算|又不)"
    r"(?:在|有|过|什么|任何|再|得|是|的)?$"
)
_KIN_CHILD = re.compile(
    r"儿子|女儿|孙子|孙女|外孙|弟弟|妹妹|侄女|侄子|妹仔|小妹|小囡|崽|son|daughter|学生"
)
_GROWN = re.compile(
    r"打工|上班|工作|结婚|离婚|成家|嫁|大学|媳妇|老婆|丈夫|老公|女婿|外地|退休|公司|工地|单位|不孝|不养|赡养|"
    r"不管我|去世|死了|没了|(?:[2-9]\d|1[89]|[二三四五六七]十[一二三四五六七八九]?)多?岁"
)
_DEVICE = re.compile(
    r"(?=[呼制氧吸透腹起心监鼻输营雾胰冰冷电气无睡高家vod])(?:"
    r"呼吸机|制氧机|氧气机|吸氧机|吸痰[器机]|透析机|腹透机|起搏器|心电监护|监护仪|鼻饲泵|输液泵|营养泵|雾化[器机]"
    r"|胰岛素[^,。;!?\n]{0,6}(?:冰箱|冷藏|冷冻|要冷|坏)|(?:冰箱|冷藏)[^,。;!?\n]{0,6}胰岛素"
    r"|电动(?:轮椅|护理床|床)|气垫床|无创(?:呼吸)?机|睡眠呼吸机|高流量氧疗仪?|家用氧气|吸氧|氧气瓶|氧气袋"
    r"|ventilator|oxygen (?:concentrator|machine)|dialysis machine)"
)
_PREGNANT = re.compile(
    r"怀了?[一-龥]{0,3}(?:孩子|宝宝|双胞胎)|孕[一-龥\d]{0,3}(?:周|个月)|预产期|二胎\d+个?月"
)


_YEARS = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})周?岁"
# What bounds a rule is nobody's age: 12岁以下的儿童, 凡年满60周岁的老人, 老人60岁以上.
_RULE_BEFORE = re.compile(
    rf"(?:{_YEARS}{BOUND}|(?:凡年满|凡满|须满|须年满|要满|需满|需年满|[-至到~]){_YEARS})"
    r"[^,。;!?\n]{0,4}$"
)
_RULE_AFTER = re.compile(rf"[,的满]{{0,2}}{_YEARS}\(?含?\)?(?:及|和)?(?:以上|以下|以内|之内)")
_OWN_CHILD = re.compile(r"我是[^,。;!?\n]{0,6}$")  # 我是他儿子: the one who calls


@dataclass(frozen=True, slots=True)
class Frailty:
    """What the text affirms; ``devices`` are the words for them, as the folded text has them."""

    minor: bool = False
    elder: bool = False
    pregnant: bool = False
    disabled: bool = False
    devices: tuple[str, ...] = ()


def read_frailty(flat: str, folded: Folded, scan: Scan, ages: set[int]) -> Frailty:
    """What is affirmed of somebody; a negated word (没有怀孕) affirms nothing."""
    return Frailty(
        minor=min(ages, default=18) < 18 or _child(folded, scan),
        elder=max(ages, default=0) >= 60 or _affirmed("elder", folded, scan),
        pregnant=_affirmed("pregnant", folded, scan) or _said(_PREGNANT, flat),
        disabled=_affirmed("disabled", folded, scan),
        devices=_devices(flat, folded, scan),
    )


def _child(folded: Folded, scan: Scan) -> bool:
    """Whether a child is meant: a son or a daughter may be grown, and is when the words say so."""
    if _affirmed("infant", folded, scan):
        return True
    for span in scan.cues.get("child", ())[:_LOOKED]:
        if _negated(folded.text, span) or _of_a_rule(folded.text, span):
            continue
        if not _KIN_CHILD.fullmatch(folded.text, *span):
            return True
        if _OWN_CHILD.search(folded.text, max(0, span[0] - 9), span[0]):
            continue
        first, last = folded.clause(span[0])
        if not _GROWN.search(folded.text, max(first, span[0] - 8), min(last, span[1] + 12)):
            return True
    return False


_LOOKED = 40  # words of one kind that are looked at


def _affirmed(cue: str, folded: Folded, scan: Scan) -> bool:
    return any(
        not _negated(folded.text, span) and not _of_a_rule(folded.text, span)
        for span in scan.cues.get(cue, ())[:_LOOKED]
    )


def _of_a_rule(text: str, span: Span) -> bool:
    """Whether the words stand beside an age that bounds a rule."""
    start, end = span
    return (
        _RULE_BEFORE.search(text, max(0, start - 16), start) is not None
        or _RULE_AFTER.match(text, end) is not None
    )


def _negated(text: str, span: Span) -> bool:
    return _NOT.search(text, max(0, span[0] - 5), span[0]) is not None


def _said(pattern: re.Pattern[str], flat: str) -> bool:
    return any(not _negated(flat, match.span()) for match in pattern.finditer(flat))


def _devices(flat: str, folded: Folded, scan: Scan) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for match in _DEVICE.finditer(flat):
        if not _negated(flat, match.span()):
            found[match[0]] = None
    for span in scan.cues.get("device", ())[:_LOOKED]:
        word = folded.text[slice(*span)]
        if not _negated(folded.text, span) and not any(word in other for other in found):
            found[word] = None
    return tuple(found)[:10]
