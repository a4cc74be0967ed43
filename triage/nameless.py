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
_COUNT = re.compile(r"[一二三四五六七八九十百零〇两幺\da-z]")
_CALLED = re.compile(rf"(?:我叫|名叫|叫做|名字[叫是]?|姓名)[:是为 ]{{0,2}}([{_HAN}]{{2,4}})")
_I_AM = re.compile(rf"(?:我是|这里是|本人)([{_HAN}]{{2,4}})(?![{_HAN}])")


def nameless(text: str) -> str:
    """Numbers, the names by which somebody is introduced and the numbers of a home are starred; all
    other characters stay, and the length. Never raises; time linear in the text."""
    flat = plain(text)
    people = read_people(flat, lambda start, end: text[start:end])
    names = [one.name for one in people.persons if one.name] + list(people.contacts)
    shown = list(redact_person(text, names))
    for match in _OF_A_HOME.finditer(flat):
        for place in range(*match.span()):
            if _COUNT.match(flat[place]):
                shown[place] = "*"
    for match in (*_CALLED.finditer(flat), *_I_AM.finditer(flat)):
        if match.re is _CALLED or match[1][0] in name_list().surnames:
            start, end = match.span(1)
            shown[start + 1 : end] = "*" * (end - start - 1)
    return "".join(shown)
