"""The runs of address parts in a text, from the province down to the flat. Pure, linear.

An address is read by its suffixes (镇, 路, 号楼), by the names of provinces and towns, and by the
words that cannot stand in one. The kinds of parts are those of Li et al., Neural Chinese Address
Parsing (NAACL 2019).
"""

import re

from triage.address_parts import (
    ADMIN,
    KIND,
    NUMBERED,
    OUTER,
    SHORT,
    STRONG,
    WEAK,
    Run,
    add_end,
    goes_on,
    kind_of_number,
    tail_parts,
)
from triage.marks import EDGES, Mark, marks

_HAN = r"\u3400-\u9fff"
_NUMBER = re.compile(
    r"(?:第?[a-z]?\d{1,5}(?:[\-—－~_、/]\d{1,5}){0,3}[a-z]?|[a-z]{1,2}"
    r"|第?[一二三四五六七八九十百零〇幺]{1,5}|[甲乙丙丁东南西北新老])$"
)
_PLAIN = re.compile(rf"[{_HAN}a-z0-9\-_]+")
_HAN_END = re.compile(rf"[{_HAN}]+$")
_LOOKED = 26  # characters between two parts of one address at most
_MOST = {"city": 3, "district": 3, "town": 4, "road": 5, "community": 5}
_NEEDS_A_RUN = frozenset(("soft", "floor", "room", "group", "phase", "assist", "number", "prov"))
_MAX_RUNS = 400
_CODED = re.compile(r"(?<![a-z0-9])[a-z]\d{0,2}$")  # A市, K8县: places made nameless
_NUMBER_FIRST = re.compile(r"[a-z]?\d{1,5}(?:[\-—]\d{1,5}){0,3}号?")


def read_runs(flat: str) -> list[Run]:
    """All address-like runs of a folded text, in its order. Never raises; time linear in the
    text."""
    return _Reader(flat).read()


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
            elif place + 1 == len(found) or not goes_on(mark, found[place + 1]):
                self._suffix(mark)
        self._close(len(self._flat), stopped=False)
        return self._runs

    def _open(self, start: int) -> Run:
        led, at = self._led
        near = led and not WEAK.sub("", self._flat[at:start]).strip(":是为")
        self._run = Run(start, start, led=led if near and start - at < 6 else "")
        return self._run

    def _is_body(self, mark: Mark, after: Mark | None) -> bool:
        """Whether the name of a town is only part of another name: 南京 in 南京东路."""
        flat = self._flat
        start, end, kind = mark
        if flat[end - 1] in "省市区县州盟":
            return False
        if after is not None and after[0] - end <= 1 and after[2] in OUTER - {"city", "district"}:
            if after[2] == "town":
                return kind == "=district" and after[0] == end
            return after[0] == end or after[2] != "soft"
        run = self._run
        if run is not None:
            return run.end < start and flat[start - 1].isalnum()
        return (
            kind == "=district" and start > self._from and "\u3400" <= flat[start - 1] <= "\u9fff"
        )

    def _name(self, start: int, end: int, kind: str) -> None:
        """A town that stands by its own name."""
        run = self._run
        if run is not None:
            gap = self._flat[run.end : start]
            if len(gap) > SHORT or WEAK.sub("", gap).strip("-"):
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
        region = flat[begin:start]
        if not region.isalnum():
            if strong := list(STRONG.finditer(region)):
                if run is not None:
                    self._close(begin + strong[0].start(), stopped=False)
                    run = None
                begin += strong[-1].end()
                region = region[strong[-1].end() :]
            pieces = [(m.start(), m.end()) for m in _PLAIN.finditer(region)]
            if not pieces:
                pieces = [(len(region), len(region))]
            elif pieces[-1][1] < len(region):
                pieces.append((len(region), len(region)))
            if run is None:
                begin += pieces[-1][0]
            elif any(last - first > SHORT for first, last in pieces[:-1]):
                self._close(start, stopped=False)
                run = None
                begin += pieces[-1][0]
            else:
                for first, last in pieces[:-1]:
                    self._pending(run, begin + first, begin + last)
                begin += pieces[-1][0]
        while begin < start and flat[begin] in "-_":
            begin += 1
        if kind in NUMBERED:
            self._numbered(mark, run, begin)
        else:
            self._named(mark, run, begin)

    def _pending(self, run: Run, start: int, end: int) -> None:
        """A short piece between two parts: the name of a building without a suffix, or a room."""
        before = run.parts[-1][0] if run.parts else ""
        for kind, first, last in tail_parts(self._flat[start:end], start, before):
            run.add(kind, first, last)

    def _named(self, mark: Mark, run: Run | None, begin: int) -> None:
        start, end, kind = mark
        if kind == "assist" and self._flat[start] == "路" and start > begin:
            kind = "road"  # 人民路口
        body = self._flat[begin:start]
        if run is None and kind in _NEEDS_A_RUN:
            if kind == "assist" and self._from == begin == self._led[1] and 1 < len(body) < 9:
                run = self._open(begin)  # 在老粮站后头
                run.add("poi", begin, start)
                run.add("assist", start, end)
                self._from = end
            return
        if not body:
            self._bare(mark, run)
            return
        if kind == "soft" and body.isdigit() and run is not None:
            word = self._flat[start:end]
            if word in ("门", "弄"):
                run.add("cellno" if word == "门" else "roadno", begin, end)
                self._from = end
                return
        if (kind == "soft" and len(body) > 4) or (kind == "assist" and end - start == 1):
            return
        if kind in ("district", "city") and _NUMBER.fullmatch(body):
            if run is None:
                return
            kind = "poi"  # C区, 一区, 东区
        most = _MOST.get(kind, SHORT)
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
        if run is not None and len(body) == 1 and kind in ("road", "community", "town"):
            last = run.parts[-1]
            if run.end == begin and last[0] == "poi" and last[2] - last[1] < 5:
                begin = last[1]  # 环城 and 西路
                run.parts.pop()
        if run is None:
            if kind in ("road", "community", "poi", "org") and end - begin < 3:
                return
            run = self._open(begin)
        elif kind == "assist" and begin < start:
            self._pending(run, begin, start)
            begin = start
        run.weak = kind == "org"
        if kind == "city" and self._flat[start] == "市" and not _CODED.match(body):
            kind = "district"  # the names of all prefectures are known
        run.add(KIND.get(kind, kind), begin, end)
        self._from = end

    def _bare(self, mark: Mark, run: Run | None) -> None:
        """A suffix with nothing before it: the other half of a name, or a word by itself."""
        start, end, kind = mark
        if run is not None and run.end == start and kind in ADMIN and run.parts[-1][0] in ADMIN:
            run.parts[-1] = (run.parts[-1][0], run.parts[-1][1], end)
            self._from = run.end = end
        elif run is not None and run.end == start and kind in ("assist", "org", "poi"):
            last = run.parts[-1]
            if kind == "assist" or last[0] != "poi":
                run.add("assist" if kind == "assist" else "poi", start, end)
            else:
                run.parts[-1] = ("poi", last[1], end)
            run.end = end
            self._from = end
            run.weak = kind == "org"
        elif kind == "devzone":
            if run is not None and run.end < start:
                self._close(start, stopped=False)
                run = None
            (run or self._open(start)).add(kind, start, end)
            self._from = end

    def _begin(self, kind: str, begin: int, start: int) -> int:
        """Where the name before the first suffix of an address begins."""
        begin = max(begin, start - _MOST.get(kind, SHORT))
        if kind not in _MOST:
            return begin
        if coded := _CODED.search(self._flat, begin, start):
            return coded.start()
        han = _HAN_END.search(self._flat, begin, start)
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
            if len(name) > SHORT:
                begin = first - SHORT
                name = flat[begin:first]
            if suffix == "number" and not _HAN_END.search(name):
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
        kind = kind_of_number(suffix, last)
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
        add_end(run, self._flat[run.end : min(upto, run.end + _LOOKED)], stopped=stopped)
        self._runs.append(run)
