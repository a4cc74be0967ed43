"""Mask what recognises a person before a text goes to a list, a log or an export."""

import re
from collections.abc import Iterable

from triage.names import name_list
from triage.text import plain

_JOIN = r"[ \-—.·_]?"
_NUMBERS = re.compile(
    # identity card: 17 digits and a digit or X; bank card: 16 to 19 digits; then mobile numbers
    r"\d(?:[ \-—.·_]{0,2}\d){14,}(?:" + _JOIN + r"x)?"
    r"|1[3-9]\d(?:[ \-—.·_]{0,2}\d){8,}"
    r"|0\d{2,3}[ \-—]?\d{7,8}(?:-\d{1,6})?"
    r"|1(?:[ \-—.·_]{0,2}\d){10}"
)
_SPOKEN = re.compile(r"[幺一二三四五六七八九零〇两](?:[ ,、,]?[幺一二三四五六七八九零〇两]){10,}")

_GONE = "\u200b"  # what ``plain`` makes of a mark that nobody sees

_FOREIGN = re.compile(r"[^\D0-9]")
"""Digits of other scripts (Arabic-Indic and the like) count as digits too."""

_SHOWN = {11: (3, 4), 18: (6, 4)}
"""How many digits stay at the beginning and the end of a number of this length."""


def redact(text: str) -> str:
    """Star telephone, identity-card and bank-card numbers, whatever width or spacing they are
    written in: of a mobile number three and four digits stay, of an identity card six and four, of
    others three and two. The length and all other characters stay (Personal Information Protection
    Law Art. 51). Never raises."""
    flat = plain(text)
    view = _FOREIGN.sub(lambda match: str(int(match[0])), flat.replace(_GONE, ""))
    found = [match.span() for pattern in (_NUMBERS, _SPOKEN) for match in pattern.finditer(view)]
    if not found:
        return text
    shown = list(text)
    visible = [place for place, char in enumerate(flat) if char != _GONE]
    for span in found:
        digits = [place for place in range(*span) if _is_digit(view[place])]
        first, last = _SHOWN.get(len(digits), (3, 2))
        for place in digits[first:-last]:
            shown[visible[place]] = "*"
    return "".join(shown)


def redact_person(text: str, names: Iterable[str]) -> str:
    """``redact`` for who may not see who it is: these names are starred too, wherever they stand.
    The length and all other characters stay."""
    shown = redact(text)
    for name in sorted({one.strip() for one in names}, key=len, reverse=True):
        if len(name) > 1:
            shown = shown.replace(name, star_name(name))
    return shown


def star_name(name: str) -> str:
    """A name of which only the surname is shown: 欧阳**, 王*."""
    shown = 2 if name[:2] in name_list().doubles else 1
    return name[:shown] + "*" * (len(name) - shown)


def _is_digit(char: str) -> bool:
    return char.isdigit() or char == "x" or char in "幺一二三四五六七八九零〇两"
