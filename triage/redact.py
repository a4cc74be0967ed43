"""Mask what recognises a person before a text goes to a list, a log or an export."""

import re

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


def redact(text: str) -> str:
    """Replace telephone, identity-card and bank-card numbers by their first three and last two
    digits with stars between, whatever width or spacing they are written in; the length and all
    other characters stay (Personal Information Protection Law Art. 51). Never raises."""
    flat = plain(text)
    shown = list(text)
    visible = [place for place, char in enumerate(flat) if char != "\u200b"]
    view = "".join([_ascii(flat[place]) for place in visible])
    for pattern in (_NUMBERS, _SPOKEN):
        for match in pattern.finditer(view):
            digits = [place for place in range(*match.span()) if _is_digit(view[place])]
            for place in digits[3:-2]:
                shown[visible[place]] = "*"
    return "".join(shown)


def _ascii(char: str) -> str:
    """Digits of other scripts (Arabic-Indic and the like) count as digits too."""
    if char.isdecimal() and not char.isascii():
        return str(int(char))
    return char


def _is_digit(char: str) -> bool:
    return char.isdigit() or char == "x" or char in "幺一二三四五六七八九零〇两"
