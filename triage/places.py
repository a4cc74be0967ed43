"""Where: the address that a text names as the place of the matter, with its parts. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from triage.address_parts import ADMIN, Run
from triage.addresses import read_runs
from triage.ages import KIN

_LIVES = 4.0  # as much as a word like 住在 tells
_AWAY = -8.0
_ORIGIN = -9.0
_ROOM = 12  # characters before a place that are looked at
_SELF = r"我们|俺们|我俩|我人|我|俺|本人|自己"
_WHO = rf"{KIN}|爸妈|父母|老父|老母|老娘|老爹|爷奶|家人|家里人|一家|全家|他|她"
_NOW = r"(?:人|都|也|现在|目前|如今|一直|长期|常年|还|正|一个人|仍)"
_WORKS = re.compile(
    r"(?:那边|这边|市里|城里)?(?:打工|务工|做工|上班|工作|做生意|做事|干活|出差|上学|读书|念书|读大学|上大学|当兵|服役"
    r"|跑运输|跑车|送外卖|送快递|开店|进厂)"
)
_SELF_IN = re.compile(rf"(?:{_SELF}){_NOW}{{0,3}}(?:在|到|去|来)$")
_KIN_IN = re.compile(
    rf"(?:{_WHO}){_NOW}{{0,3}}(?:在|住在|住|留在|待在)(?:老家|家乡)?(?:的|是)?[,: ]?$"
)
_SOMEBODY_IN = re.compile(rf"(?:{_SELF}|{_WHO}|人){_NOW}{{0,3}}(?:在|到|去|来)$")
_AT_HOME = re.compile(r"(?:在|住在?|回了?|回到|留在|待在|守在)(?:老家|家乡)(?:的|是)?[,: ]?$")
_FROM = re.compile(r"(?:从|打)$")
_NATIVE = re.compile(r"(?:我们?|俺们?|他|她|本人|老家|祖籍)(?:都|也|本来|原来)?是$")
_CAME = frozenset(("人", "来", "来的", "人士", "的人"))


@dataclass(frozen=True, slots=True)
class Address:
    """The place a text names: its span, and the spans of its parts by kind (prov … roomno)."""

    start: int
    end: int
    parts: Mapping[str, tuple[int, int]]


def read_address(flat: str) -> Address | None:
    """The address that a folded text names most exactly, the one where somebody lives or is before
    others; None when it names none. Where those in need are goes before where the writer works,
    and where somebody comes from is no place of a matter. Province and town may stand elsewhere
    in the text. Never raises; time linear in the text."""
    runs = read_runs(flat)
    shorn = [_shorn(flat, run) for run in runs]
    scores = [run.score() + told for run, told in zip(runs, _told(flat, runs), strict=True)]
    ranked = sorted(range(len(runs)), key=lambda at: (-scores[at], runs[at].start))
    if not ranked or scores[ranked[0]] < 1:
        return None
    best = runs[ranked[0]]
    parts: dict[str, tuple[int, int]] = {}
    for kind, start, end in best.parts:
        parts.setdefault(kind, (start, end))
    if not ADMIN & parts.keys():
        for at, run in enumerate(runs):
            elsewhere = run.led == "origin" or shorn[at] or scores[at] < 0
            if not elsewhere and all(kind in ADMIN for kind, _, _ in run.parts):
                for kind, start, end in run.parts:
                    parts.setdefault(kind, (start, end))
    return Address(best.start, best.end, parts)


def _shorn(flat: str, run: Run) -> bool:
    """Take the 人, 来 or 打工 off the name of a town: 四川人 is nobody's house. Whether there
    was one."""
    kind, start, end = run.parts[-1]
    named = kind == "poi" and (flat[start:end] in _CAME or _WORKS.fullmatch(flat, start, end))
    if not named or not run.parts[:-1] or any(part[0] not in ADMIN for part in run.parts[:-1]):
        return False
    run.parts.pop()
    run.end = run.parts[-1][2]
    return True


def _told(flat: str, runs: list[Run]) -> list[float]:
    """What the words around each place say about its being the place of the matter."""
    kin, homes = [], []
    for run in runs:
        before = max(0, run.start - _ROOM)
        kin.append(_KIN_IN.search(flat, before, run.start) is not None)
        homes.append(
            kin[-1] or run.led == "home" or _AT_HOME.search(flat, before, run.start) is not None
        )
    told = []
    for at, run in enumerate(runs):
        before = max(0, run.start - _ROOM)
        after = flat[run.end : run.end + 3]
        came = _FROM if after[:1] in ("来", "过", "出") else _NATIVE if after[:1] == "人" else None
        if came and came.search(flat, before, run.start):
            told.append(_ORIGIN)
        elif _SOMEBODY_IN.search(flat, before, run.start) and _WORKS.match(flat, run.end):
            told.append(_AWAY if sum(homes) > homes[at] else 0.0)
        elif _SELF_IN.search(flat, before, run.start) and sum(kin) > kin[at]:
            told.append(_AWAY)
        else:
            told.append(0.0)
    away = any(said < 0 for said in told)
    for at, run in enumerate(runs):
        if homes[at] and run.led == "origin":
            told[at] += _LIVES + 5.0
        elif kin[at] and away and run.led != "home":
            told[at] += _LIVES
    return told
