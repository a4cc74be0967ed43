"""Telephone numbers in any writing: full width, spaced, spoken, with area code, 400 lines. Pure."""

import re

from triage.text import plain

_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[ \-]{0,2})?(1[3-9](?:[ \-—.·_]{0,2}\d){9})(?!\d)")
_LANDLINE = re.compile(
    r"(?<!\d)\(?(0(?:10|2\d|[3-9]\d{2}))\)?[ \-—]{0,2}([2-8]\d{2,3}[ \-—]?\d{4})"
    r"(?:[ \-—]{1,2}(\d{1,5})(?!\d)|(?:转|分机)(\d{1,5}))?(?!\d)"
)
_SERVICE = re.compile(
    r"(?<!\d)([48]00[ \-—]?\d{3}[ \-—]?\d{4}|[48]00[ \-—]?\d{4}[ \-—]?\d{3})(?!\d)"
)
_LOCAL = re.compile(
    r"(?:电话|座机|号码|联系|致电|拨打|tel)[^\d\n]{0,6}([2-8]\d{2,3}[ \-—]?\d{4})(?![\d.])"
)
_WORDS = "零〇洞一幺二两三四五六七拐八九勾"
_SPELT = str.maketrans(_WORDS, "000112234567789" + "9")
_JOINED = r"[ ,、.。\-—]{0,2}"
_SPOKEN = re.compile(
    rf"(?<![\d{_WORDS}])(?:加?八六{_JOINED})?[一幺1](?:{_JOINED}[{_WORDS}\d]){{10}}(?![\d{_WORDS}])"
)
_SPOKEN_LANDLINE = re.compile(
    rf"(?<![{_WORDS}])[零〇洞](?:{_JOINED}[{_WORDS}]){{9,11}}(?![{_WORDS}])"
)
_ANY = re.compile(r"\d[\d \-—.·_()]{5,}\d")
_ANY_SPOKEN = re.compile(rf"[{_WORDS}\d](?:{_JOINED}[{_WORDS}\d]){{9}}")
_NOT_DIGIT = re.compile(r"[^0-9]")
_PLAIN_MOBILE = re.compile(r"1[3-9]\d{9}")
_MOST = 50  # numbers of one text


def read_phones(flat: str) -> tuple[str, ...]:
    """The numbers of a folded text, digits only, in the order of the text; an extension follows
    after a hyphen. An identity card or a bank card is none."""
    if "\u200b" in flat:
        flat = flat.replace("\u200b", "")
    found: dict[str, int] = {}
    if _ANY.search(flat):
        for pattern in (_MOBILE, _LANDLINE, _SERVICE, _LOCAL):
            for match in pattern.finditer(flat):
                extension = (match[3] or match[4]) if pattern is _LANDLINE else None
                digits = "".join(filter(None, match.groups()[:2]))
                digits = _NOT_DIGIT.sub("", digits)
                found.setdefault(digits + (f"-{extension}" if extension else ""), match.start(1))
                if len(found) == _MOST:
                    break
    if _ANY_SPOKEN.search(flat):
        for pattern in (_SPOKEN, _SPOKEN_LANDLINE):
            for match in pattern.finditer(flat):
                digits = _NOT_DIGIT.sub("", match[0].translate(_SPELT))
                if pattern is _SPOKEN:
                    digits = digits[-11:]
                    if digits[0] != "1" or digits[1] not in "3456789":
                        continue
                if len(found) < _MOST:
                    found.setdefault(digits, match.start())
    return tuple(sorted(found, key=lambda digits: found[digits]))


def read_number(text: str) -> tuple[str, ...]:
    """The digits of a telephone number however it is written; () when there are too few. A
    number with a slip in it is kept as it is, for it may still be near another."""
    if _PLAIN_MOBILE.fullmatch(text):
        return (text,)
    flat = plain(text)
    if found := read_phones(flat):
        return tuple(one.partition("-")[0] for one in found)
    digits = _NOT_DIGIT.sub("", flat)
    if len(digits) > 11 and digits.startswith(("86", "0086")):
        digits = digits.removeprefix("00").removeprefix("86")
    return (digits,) if 7 <= len(digits) <= 12 else ()


def near_number(a: str, b: str) -> bool:
    """One digit is another, two stand the wrong way round, one is missing, or an area code is."""
    if len(a) == len(b):
        places = [at for at, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        if len(places) == 1:
            return True
        if len(places) == 2 and places[1] == places[0] + 1:
            return a[places[0]] == b[places[1]] and a[places[1]] == b[places[0]]
        return False
    short, long = sorted((a, b), key=len)
    if len(long) - len(short) == 1:
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    return len(short) >= 7 and long.startswith("0") and long.endswith(short)
