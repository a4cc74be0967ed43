"""Where: the runs of address parts in a text, from the province down to the flat. Pure, linear.

An address is read by its suffixes (镇, 路, 号楼), by the names of provinces and towns, and by the
words that cannot stand in one. The kinds of parts are those of Li et al., Neural Chinese Address
Parsing (NAACL 2019).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.marks import EDGES, Mark, marks

_HAN = r"\u3400-\u9fff"
_NUMBER = re.compile(
    r"(?:第?[a-z]?\d{1,5}(?:[\-—－~_、/]\d{1,5}){0,3}[a-z]?|[a-z]{1,2}"
    r"|第?[一二三四五六七八九十百零〇幺]{1,5}|[甲乙丙丁东南西北新老])$"
)
_PLAIN = re.compile(rf"[{_HAN}a-z0-9\-_]+")
_HAN_TAIL = re.compile(rf"[{_HAN}]+$")
_STRONG = re.compile(r"[。!?;\n:●“”\"【】\[\]…*<>=|@#~]")
_WEAK = re.compile(r"[ ,、()·\u200b]+")
_DATE = re.compile(r"(?:19|20)\d\d[年.\-/]|\d{1,2}[月.]\d|\d{1,2}月|正月|[一二三四五六七八九十]{1,2}月")
_TAIL = re.compile(
    rf"([{_HAN}a-z]{{0,10}}?)(?:[\-_ ]?([a-z]?\d{{1,5}}(?:[\-—－_]\d{{1,5}}){{0,3}}#?))?$"
)
_ROOM = re.compile(r"[ ,\-_—－]{0,2}(\d{1,5}(?:[\-—－_]\d{1,5}){0,3})(?![\d月年.:%℃岁个人天号])#?")
_SHORT = 8  # characters of a name without a suffix
_LOOKED = 26  # characters between two parts of one address at most
_MOST = {"city": 3, "district": 3, "town": 4, "road": 5, "community": 5}
_NUMBERED = frozenset(("house", "number", "cell", "floor", "room", "group", "phase"))
_NEEDS_A_RUN = frozenset(("soft", "floor", "room", "group", "phase", "assist", "number", "prov"))
_KIND = {
    "house": "houseno",
    "cell": "cellno",
    "floor": "floorno",
    "room": "roomno",
    "org": "poi",
    "soft": "poi",
    "phase": "poi",
}
_INNER = frozenset(("poi", "soft", "org", "road", "community"))
_OUTER = frozenset(("city", "district", "town", "community", "road", "poi", "org", "soft"))
_WEIGHT = {
    "prov": 1,
    "city": 1,
    "district": 2,
    "devzone": 2,
    "town": 2,
    "community": 3,
    "group": 2,
    "road": 3,
    "roadno": 2,
    "poi": 3,
    "houseno": 2,
    "cellno": 1,
    "floorno": 1,
    "roomno": 2,
    "assist": 1,
}
_ADMIN = frozenset(("prov", "city", "district"))
_LED = {"home": 4, "origin": -5, "lead": 0.5}
_MAX_RUNS = 400


@dataclass(slots=True)
class Run:
    """Address parts that stand together: (kind, start, end) each, offsets of the folded text."""

    start: int
    end: int
    parts: list[tuple[str, int, int]] = field(default_factory=list)
    led: str = ""
    weak: bool = False  # it ends with an office or a shop, which is more often spoken of than lived in

    def score(self) -> float:
        """How much of an address it is: each kind counts once."""
        kinds = {kind for kind, _, _ in self.parts}
        return sum(_WEIGHT[kind] for kind in kinds) + _LED.get(self.led, 0) - 2 * self.weak

    def add(self, kind: str, start: int, end: int) -> None:
        self.parts.append((kind, start, end))
        self.end = end


@dataclass(frozen=True, slots=True)
class Address:
    """The place a text names: its span, and its parts by kind (prov city district … roomno)."""

    start: int
    end: int
    parts: Mapping[str, tuple[int, int]]


def read_address(flat: str) -> Address | None:
    """The address that a folded text names most exactly, the one where somebody lives or is before
    others; None when it names none. Never raises; time linear in the text."""
    runs = _Reader(flat).read()
    best = max(runs, key=lambda run: (run.score(), -run.start), default=None)
    if best is None or best.score() < 1:
        return None
    parts: dict[str, tuple[int, int]] = {}
    for kind, start, end in best.parts:
        parts.setdefault(kind, (start, end))
    if not _ADMIN & parts.keys():
        for run in runs:
            if run.led != "origin" and all(kind in _ADMIN for kind, _, _ in run.parts):
                for kind, start, end in run.parts:
                    parts.setdefault(kind, (start, end))
    return Address(best.start, best.end, parts)


class _Reader:
    """One walk over the marks of a text."""

    def __init__(self, flat: str) -> None:
        self._flat = flat
        self._runs: list[Run] = []
        self._run: Run | None = None
        self._from = 0  # where what belongs to no word yet begins
        self._led = ("", 0)

    def read(self) -> list[Run]:
        found = marks(self._flat)
        for place, mark in enumerate(found):
            start, end, kind = mark
            if kind in EDGES:
                if self._run is not None:
                    self._close(start, stopped=True)
                self._from = end
                self._led = (kind, end)
            elif len(self._runs) > _MAX_RUNS:
                break
            elif kind[0] == "=":
                after = found[place + 1] if place + 1 < len(found) else None
                if not self._is_body(mark, after):
                    self._name(start, end, kind[1:])
            elif not _goes_on(mark, found[place + 1] if place + 1 < len(found) else None):
                self._suffix(mark)
        self._close(len(self._flat), stopped=False)
        return self._runs

    def _open(self, start: int) -> Run:
        led, at = self._led
        near = led and not _WEAK.sub("", self._flat[at:start]).strip(":是为")
        self._run = Run(start, start, led=led if near and start - at < 6 else "")
        return self._run

    def _is_body(self, mark: Mark, after: Mark | None) -> bool:
        """Whether the name of a town is only part of another name: 南京 in 南京东路, 金华 in 金华府."""
        flat = self._flat
        start, end, kind = mark
        if flat[end - 1] in "省市区县州盟":
            return False
        if after is not None and after[0] - end <= 1 and after[2] in _OUTER - {"city", "district"}:
            return after[2] != "town" and not (after[0] > end and after[2] == "soft")
        run = self._run
        if run is not None:
            return run.end < start and flat[start - 1].isalnum()
        return kind == "=district" and start > self._from and "\u3400" <= flat[start - 1] <= "\u9fff"

    def _name(self, start: int, end: int, kind: str) -> None:
        """A town that stands by its own name."""
        run = self._run
        if run is not None:
            gap = self._flat[run.end : start]
            if len(gap) > _SHORT or _WEAK.sub("", gap).strip("-"):
                self._close(start, stopped=False)
                run = None
            elif kind == "prov" and any(part[0] not in _ADMIN for part in run.parts):
                self._close(start, stopped=False)
                run = None
        if run is None:
            run = self._open(start)
        run.add(kind, start, end)
        self._from = end

    def _suffix(self, mark: Mark) -> None:
        flat, run = self._flat, self._run
        start, _, kind = mark
        begin = max(run.end if run else 0, self._from)
        if start - begin > _LOOKED:
            if run is not None:
                self._close(start, stopped=False)
                run = None
            begin = start - _LOOKED
        region = flat[begin : start]
        if not region.isalnum():
            strong = None
            for strong in _STRONG.finditer(region):
                pass
            if strong is not None:
                if run is not None:
                    self._close(begin + strong.start(), stopped=False)
                    run = None
                begin += strong.end()
                region = region[strong.end() :]
            pieces = [(m.start(), m.end()) for m in _PLAIN.finditer(region)]
            if not pieces:
                pieces = [(len(region), len(region))]
            elif pieces[-1][1] < len(region):
                pieces.append((len(region), len(region)))
            if run is None:
                begin += pieces[-1][0]
            elif any(last - first > _SHORT for first, last in pieces[:-1]):
                self._close(start, stopped=False)
                run = None
                begin += pieces[-1][0]
            else:
                for first, last in pieces[:-1]:
                    self._pending(run, begin + first, begin + last)
                begin += pieces[-1][0]
        if kind in _NUMBERED:
            self._numbered(mark, run, begin)
        else:
            self._named(mark, run, begin)

    def _pending(self, run: Run, start: int, end: int) -> None:
        """A short piece between two parts: the name of a building without a suffix, or a room."""
        before = run.parts[-1][0] if run.parts else ""
        for kind, first, last in _tail(self._flat[start:end], start, before):
            run.add(kind, first, last)

    def _named(self, mark: Mark, run: Run | None, begin: int) -> None:
        start, end, kind = mark
        body = self._flat[begin:start]
        if run is None and kind in _NEEDS_A_RUN:
            return
        if not body:
            if run is not None and run.end == start and kind in _MOST and kind != "road":
                run.parts[-1] = (kind, run.parts[-1][1], end)
                self._from = run.end = end
            elif run is not None and run.end == start and kind in ("assist", "org", "poi", "soft"):
                last = run.parts[-1]
                if kind == "assist" or last[0] != "poi":
                    run.add("assist" if kind == "assist" else "poi", start, end)
                else:
                    run.parts[-1] = ("poi", last[1], end)
                run.end = end
                self._from = end
                run.weak = kind == "org"
            return
        if kind == "soft" and body.isdigit() and run is not None:
            word = self._flat[start : end]
            if word in ("门", "弄"):
                run.add("cellno" if word == "门" else "roadno", begin, end)
                self._from = end
                return
        if kind == "soft" and len(body) > 4 or kind == "assist" and end - start == 1:
            return
        if kind in ("district", "city") and _NUMBER.fullmatch(body):
            if run is None:
                return
            kind = "poi"  # C区, 一区, 东区
        most = _MOST.get(kind, _SHORT)
        if run is None:
            begin = self._begin(kind, begin, start)
            if begin == start:
                return
        elif run is not None and len(body) > most + 2:
            if kind in ("district", "city", "town") or len(body) > 14:
                self._close(start, stopped=True)
                run = None
                begin = start - most
            elif kind in ("road", "community") and (room := _NUMBER_FIRST.match(body)):
                self._pending(run, begin, begin + room.end())
                begin += room.end()
        if run is None:
            if kind in ("road", "community", "poi", "org") and end - begin < 3:
                return
            run = self._open(begin)
        elif kind == "assist" and begin < start:
            self._pending(run, begin, start)
            begin = start
        run.weak = kind == "org"
        have = {part[0] for part in run.parts}
        if kind == "city" and self._flat[start : end] == "市" and "prov" not in have:
            kind = "district" if "city" in have or len(body) > 1 else "city"
        elif kind == "city" and "city" in have:
            kind = "district"
        run.add(_KIND.get(kind, kind), begin, end)
        self._from = end

    def _begin(self, kind: str, begin: int, start: int) -> int:
        """Where the name before the first suffix of an address begins."""
        begin = max(begin, start - _MOST.get(kind, _SHORT))
        if kind not in _MOST or _CODED.fullmatch(self._flat, begin, start):
            return begin
        han = _HAN_TAIL.search(self._flat, begin, start)
        return han.start() if han else start

    def _numbered(self, mark: Mark, run: Run | None, begin: int) -> None:
        flat = self._flat
        start, end, suffix = mark
        number = _NUMBER.search(flat[begin:start])
        if number is None:
            return
        first = begin + number.start()
        if flat[first - 1 : first] in ("月", "年", "日", "第") or first == start:
            return
        name = flat[begin:first]
        if run is None:
            if suffix in _NEEDS_A_RUN and len(name) < 2:
                return
            if suffix in ("floor", "room", "group", "phase") or not flat[first].isalnum():
                return
            if len(name) > _SHORT:
                begin = first - _SHORT
                name = flat[begin:first]
            if suffix == "number" and not _HAN_TAIL.search(name):
                return
            run = self._open(begin)
        elif len(name) > 12:
            self._close(start, stopped=True)
            return
        if name.strip("-"):
            self._pending(run, begin, first)
        last = run.parts[-1][0] if run.parts else ""
        if suffix == "number" and last in ("", "prov", "city"):
            return
        kind = _number_kind(suffix, last)
        pieces = re.split(r"[\-—－_]", flat[first:start])
        if kind == "roomno" and len(pieces) > 1 and last not in ("houseno", "cellno"):
            at = first
            kinds = ("houseno", "roomno") if len(pieces) == 2 else ("houseno", "cellno", "roomno")
            for part, piece in zip(kinds, pieces[:3], strict=False):
                run.add(part, at, at + len(piece))
                at += len(piece) + 1
            run.parts[-1] = (run.parts[-1][0], run.parts[-1][1], end)
            run.end = end
        else:
            run.add(kind, first, end)
        run.weak = False
        self._from = end

    def _close(self, upto: int, *, stopped: bool) -> None:
        """End the run. What follows up to the next mark may be a name without a suffix, when
        nothing but a stop or a date comes after it, or the number of the flat."""
        run, self._run = self._run, None
        if run is None or not run.parts:
            return
        begin = run.end
        rest = self._flat[begin : min(upto, begin + _LOOKED)]
        if all(part[0] in _ADMIN for part in run.parts) and (gap := _GAP.match(rest)):
            begin += gap.end()
            rest = rest[gap.end() :]
        cut = len(rest)
        for pattern in (_STRONG, _WEAK, _DATE):
            if match := pattern.search(rest, 0, cut):
                cut = match.start()
        if cut and (cut < len(rest) or not stopped) and cut <= _SHORT + 6:
            for kind, first, last in _tail(rest[:cut], begin, run.parts[-1][0]):
                run.add(kind, first, last)
        elif (room := _ROOM.match(rest)) and not _DATE.match(room[1]):
            if run.parts[-1][0] in ("houseno", "cellno", "floorno"):
                for kind, first, last in _tail(room[1], begin + room.start(1), run.parts[-1][0]):
                    run.add(kind, first, last)
        self._runs.append(run)


_GAP = re.compile(r"[ ,、]{1,2}(?=[\u3400-\u9fff]{2})")
_CODED = re.compile(r"[a-z]\d{0,2}")  # A市, K8县: places made nameless
_NUMBER_FIRST = re.compile(r"[a-z]?\d{1,5}(?:[\-—]\d{1,5}){0,3}号?")


def _goes_on(mark: Mark, after: Mark | None) -> bool:
    """Whether a suffix is itself part of a longer name: 桥 in 石桥镇, 车站 in 车站路."""
    return after is not None and after[0] == mark[1] and mark[2] in _INNER and after[2] in _OUTER


def _number_kind(kind: str, last: str) -> str:
    if kind == "number":
        if last == "road":
            return "roadno"
        return "roomno" if last in ("houseno", "cellno", "floorno") else "houseno"
    return _KIND.get(kind, kind)


def _tail(tail: str, start: int, last: str) -> list[tuple[str, int, int]]:
    """What a piece without a suffix is: the name of a building, then numbers of house and flat."""
    match = _TAIL.match(tail)
    if match is None or (not match[1] and not match[2]):
        return []
    found: list[tuple[str, int, int]] = []
    if match[1]:
        found.append(("poi", start, start + match.end(1)))
        last = "poi"
    if match[2]:
        at = start + match.start(2)
        numbers = re.split(r"[\-—－_]", match[2].rstrip("#"))
        if len(numbers) > 1:
            kinds = ["houseno", "cellno", "roomno"] if len(numbers) > 2 else ["houseno", "roomno"]
            if last in ("houseno", "cellno"):
                kinds = kinds[1:]
        else:
            kinds = [
                "roadno"
                if last == "road"
                else "roomno"
                if last in ("houseno", "cellno", "floorno")
                else "houseno"
            ]
        for kind, number in zip(kinds, numbers, strict=False):
            found.append((kind, at, at + len(number)))
            at += len(number) + 1
        found[-1] = (found[-1][0], found[-1][1], start + match.end(2))
    return found
