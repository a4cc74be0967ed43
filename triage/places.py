"""Where: the address that a text names as the place of the matter, with its parts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from triage.address_parts import ADMIN
from triage.addresses import read_runs


@dataclass(frozen=True, slots=True)
class Address:
    """The place a text names: its span, and the spans of its parts by kind (prov … roomno)."""

    start: int
    end: int
    parts: Mapping[str, tuple[int, int]]


def read_address(flat: str) -> Address | None:
    """The address that a folded text names most exactly, the one where somebody lives or is before
    others; None when it names none. Province and town may stand elsewhere in the text. Never
    raises; time linear in the text."""
    runs = read_runs(flat)
    best = max(runs, key=lambda run: (run.score(), -run.start), default=None)
    if best is None or best.score() < 1:
        return None
    parts: dict[str, tuple[int, int]] = {}
    for kind, start, end in best.parts:
        parts.setdefault(kind, (start, end))
    if not ADMIN & parts.keys():
        for run in runs:
            if run.led != "origin" and all(kind in ADMIN for kind, _, _ in run.parts):
                for kind, start, end in run.parts:
                    parts.setdefault(kind, (start, end))
    return Address(best.start, best.end, parts)
