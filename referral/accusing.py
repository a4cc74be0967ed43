"""Words that perhaps accuse and were not read as a complaint: they name an office or a member of
staff, and that somebody took money or did wrong, or that this is whom they complain about. Pure; a
person decides what they are (I9)."""

import re
from datetime import date

from referral.accused import NOBODY, Accused, accused_of
from referral.office import Office
from referral.secrecy import phrases

_REACH = 24
"""So many characters before what was done may name who did it, in one sentence."""
_ENDS = "。!?！？\n"
_WHOM = re.compile(r"[^,，、。;；!?！？\n]{1,16}")
_NOT = ("没", "没有", "未", "不", "不会", "别", "从不", "没人")


def perhaps(office: Office, text: str, area: str | None, day: date) -> Accused:
    """Whom these words accuse, if they do: who is named where the words of ``wrongs_done`` stand,
    or right after those of ``complaining``. Most texts hold none, and are looked at no further."""
    found = NOBODY
    for hit in phrases(str(office.policy.values["complaining"].value)).finditer(text):
        whom = _WHOM.match(text, hit.end())
        found = found.also(accused_of(office, whom.group() if whom else "", area, day))
    for hit in phrases(str(office.policy.values["wrongs_done"].value)).finditer(text):
        before = text[max(0, hit.start() - _REACH) : hit.start()]
        sentence = before[max(map(before.rfind, _ENDS)) + 1 :]
        if not sentence.endswith(_NOT):
            found = found.also(accused_of(office, sentence + hit.group(), area, day))
    return found
