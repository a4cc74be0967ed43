"""Request numbers and query codes.

``HY20261122-00431-8``: the day of receipt in China time, the gap-free sequence of that day, and
an ISO 7064 mod 11,10 check digit over the thirteen digits, so that an operator hears at once that
a number was misread. The query code is six digits; number and code together open the status page.
"""

import secrets
from collections import deque
from datetime import date

from stdnum.iso7064 import mod_11_10

PREFIX = "HY"


def number(day: date, sequence: int) -> str:
    """The number of the ``sequence``-th request (from 1) received on ``day``."""
    digits = f"{day:%Y%m%d}{sequence:05d}"
    return f"{PREFIX}{digits[:8]}-{digits[8:]}-{mod_11_10.calc_check_digit(digits)}"


def normal(said: str) -> str | None:
    """A number as people write or key it (spaces, no hyphens, no prefix), or None if misread."""
    digits = "".join(c for c in said if c.isdecimal() and c.isascii())
    if len(digits) < 14 or not mod_11_10.is_valid(digits):
        return None
    return f"{PREFIX}{digits[:8]}-{digits[8:-1]}-{digits[-1]}"


def code() -> str:
    """A fresh six-digit query code, from the system's own randomness.

    Drawn a hundred at a time: each draw is a call of the system that lets other threads in.
    """
    while True:
        try:
            return f"{_DRAWN.pop():06d}"
        except IndexError:
            _DRAWN.extend(secrets.randbelow(1_000_000) for _ in range(100))


_DRAWN: deque[int] = deque()
