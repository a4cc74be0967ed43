"""Words from which nobody is to be recognised: for whoever reads what happened and not whose it is.

Rather too much is starred than too little; yet a name that nobody introduces and a nickname are not
found.
"""

import re

from triage.names import name_list, read_people
from triage.redact import redact_person
from triage.text import plain

_HAN = "\u3400-\u9fff"
_COUNTS = r"[一二三四五六七八九十百零〇两幺]{1,5}|\d{1,5}[a-z]?|[a-z]\d{0,4}"
_OF_A_HOME = re.compile(
    rf"(?:{_COUNTS})(?=号楼|号院|号房|号室|号(?![线码文召令])|栋|幢|座|#|单元|弄|室|层"
    r"|楼(?![道梯下上])|房(?![产屋间子]))"
    r"|(?<![\d\-])\d{1,3}(?:[—–－\-]\d{1,4}){1,2}(?![\d\-])"
    r"|(?<=[号弄栋幢座楼元])\d{3,4}(?!\d)"
)
_PARTS = frozenset("号栋幢座元弄院室#区巷街路里园厦村")
_MONTH = re.compile(r"(?:[一二三四五六七八九十\d]|[本上这个])月$")
_COUNT = re.compile(r"[一二三四五六七八九十百零〇两幺\da-z]")
_CALLED = re.compile(rf"(?:我叫|名叫|叫做|名字[叫是]?|姓名)[:是为 ]{{0,2}}([{_HAN}]{{2,4}})")
_I_AM = re.compile(rf"(?:我是|这里是|本人)([{_HAN}]{{2,4}})(?![{_HAN}])")


def nameless(text: str, *, happened: bool = False) -> str:
    """Numbers, the names by which somebody is introduced and the numbers of a home are starred; all
    other characters stay, and the length. With ``happened`` a floor without a house and a day of a
    month stay too: where somebody is trapped and since when is what happened. Never raises; time
    linear in the text."""
    flat = plain(text)
    people = read_people(flat, lambda start, end: text[start:end])
    names = [one.name for one in people.persons if one.name] + list(people.contacts)
    shown = list(redact_person(text, names))
    for match in _OF_A_HOME.finditer(flat):
        if happened and _happened(flat, *match.span()):
            continue
        for place in range(*match.span()):
            if _COUNT.match(flat[place]):
                shown[place] = "*"
    for match in (*_CALLED.finditer(flat), *_I_AM.finditer(flat)):
        if match.re is _CALLED or match[1][0] in name_list().surnames:
            start, end = match.span(1)
            shown[start + 1 : end] = "*" * (end - start - 1)
    return "".join(shown)


def _happened(flat: str, start: int, end: int) -> bool:
    before, after = flat[max(0, start - 2) : start], flat[end : end + 2]
    if after[:1] in ("层", "楼"):
        return before[-1:] not in _PARTS
    return after[:1] == "号" and after[1:] not in _PARTS | {"楼"} and bool(_MONTH.search(before))
