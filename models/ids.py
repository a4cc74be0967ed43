"""Row ids without a clock and without asking the database: process number and a running count.

Every process is given a number by the database when it starts (``models.processes``), and counts
from there: ``number << 32 | count``. Ids are unique for ever, grow within a process (good for the
indexes) and say nothing about a person.
"""

from itertools import count
from typing import Annotated

from pydantic import Field

Id = Annotated[int, Field(ge=0, lt=2**63)]
"""Of a row, in a body or an address: what no column can hold is nobody's."""


class Mint:
    """Makes ids for one process, from any thread: ``next`` on a count is atomic."""

    def __init__(self, process: int) -> None:
        if not 0 < process < 2**31:
            raise ValueError(f"process number {process} is outside 1..2^31")
        self._next = count(process << 32).__next__

    def __call__(self) -> int:
        return self._next()
