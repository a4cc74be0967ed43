"""Measure the facts on the real texts beside the project: people, places, onset, names, speed.

``python -m tests.benchmarks.measure_facts [--data DIR] [--half even|odd|all] [--show WHAT]``.
Help posts come without their headings (【姓名】 and the like), so that free text is left: glued
together, parted by a space or parted by a comma. ``--half`` takes the cases whose number is even
or odd, so that one half can be left alone while the other is worked on. The data is never copied
into the project; without it only the speed is measured.
"""

import argparse
import csv
import json
import random
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from triage.assess import Context, assess
from triage.facts import read_facts
from triage.policy import SignalPolicy, load_signals
from triage.text import fold

Row = dict[str, Any]
Facts = dict[str, Any]
Reader = Callable[[str], Facts]

HEADING = re.compile(r"【[^】]{0,20}】")
GLUES = {"glued": "", "space": " ", "comma": "，"}
NUMBER = re.compile(r"\d{1,3}")
DAY = re.compile(r"(\d{1,2})(?:月份?|[./\-])(\d{1,2})")
YEAR = re.compile(r"(?:20)?(?:19|20)[年./\-](?=\d)")
SPELT = str.maketrans("一二三四五六七八九", "123456789")
TYPES = (
    *("prov", "city", "district", "town", "community", "road", "roadno"),
    *("poi", "houseno", "cellno", "floorno", "roomno"),
)


@dataclass
class Tally:
    """How many were right, found and wanted."""

    right: float = 0
    found: float = 0
    wanted: float = 0
    missed: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, right: float, found: float, wanted: float, note: tuple[Any, ...] = ()) -> None:
        self.right += right
        self.found += found
        self.wanted += wanted
        if note and (right < found or right < wanted):
            self.missed.append(note)

    def __str__(self) -> str:
        precision = self.right / self.found if self.found else 0.0
        recall = self.right / self.wanted if self.wanted else 0.0
        return (
            f"precision {precision:.3f}  recall {recall:.3f}  "
            f"(right {self.right:.0f}, found {self.found:.0f}, wanted {self.wanted:.0f})"
        )


def posts(data: Path, half: str) -> Iterator[Row]:
    with (data / "help_posts/wuhan_2020.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            even = zlib.crc32(row["case_id"].encode()) % 2 == 0
            if half == "all" or even == (half == "even"):
                yield row


def ages_of(typed: str) -> Counter[int]:
    """The ages as people typed them: 72岁69岁, 67/72, and 7139 for two people."""
    runs = re.findall(r"\d+", typed)
    whole = [n for r in runs for n in ([r[:2], r[2:]] if len(r) == 4 else [r])]
    return Counter(int(n) for n in whole if 0 < int(n) < 120)


def days_of(typed: str) -> list[tuple[int, int]]:
    """Month and day of the dates of a text, whatever the writing."""
    typed = YEAR.sub("", re.sub(r"二十([一二三四五六七八九])", r"2\1", typed).translate(SPELT))
    return [(int(m), int(d)) for m, d in DAY.findall(typed) if 0 < int(m) < 13 and 0 < int(d) < 32]


def bare(typed: str) -> str:
    return re.sub(r"[\s,，、。.;；:：()（）·]", "", typed)


def core_of(city: str) -> str:
    """The innermost of what stands in the city's field, without its suffix."""
    city = re.sub(r"^.*?(?:省|自治区)", "", bare(city))
    first = re.match(r"(.{2,4}?)(?:市|地区|$)", city)
    core = first[1] if first else city[:4]
    for province in ("湖北", "湖南", "河南", "山东", "江苏", "浙江", "广东", "安徽", "江西"):
        if core.startswith(province) and len(core) > len(province) + 1:
            core = core[len(province) :]
    return core[:3] if len(core) > 3 else core


def cover(text: str, parts: list[str]) -> set[int]:
    """The places in a text where any of the parts stands."""
    places: set[int] = set()
    for part in parts:
        begin = text.find(part) if part else -1
        while begin >= 0:
            places.update(range(begin, begin + len(part)))
            begin = text.find(part, begin + 1)
    return places


def measure_posts(rows: list[Row], read: Reader, glue: str, show: str) -> None:
    tally = {
        name: Tally()
        for name in ("names", "ages", "city", "address chars", "address 80%", "onset", "pairs")
    }
    for row in rows:
        text = HEADING.sub(GLUES[glue], row["text"])
        facts = read(text)
        _people(tally, row, facts, text)
        _places(tally, row, facts, text)
        _onset(tally, row, facts, text)
    print(f"\nhelp posts, headings removed, {glue} (n={len(rows)})")
    for name, counted in tally.items():
        print(f"  {name:14} {counted}")
    if show in tally:
        _print(tally[show].missed)


def _people(tally: dict[str, Tally], row: Row, facts: Facts, text: str) -> None:
    names = {person["name"] for person in facts["people"] if person["name"]}
    patients = set(row["patients"])
    if patients:
        right = len(names & patients)
        tally["names"].add(right, len(names), len(patients), (names, patients, text[:120]))
    wanted = ages_of(row["age"])
    if wanted:
        found = Counter(p["age"] for p in facts["people"] if p["age"] is not None)
        right = (wanted & found).total()
        note = (dict(found), dict(wanted), text[:120])
        tally["ages"].add(right, found.total(), wanted.total(), note)
    if len(patients) == 1 and wanted.total() == 1:
        pair = (next(iter(patients)), next(iter(wanted)))
        both = {(p["name"], p["age"]) for p in facts["people"] if p["name"] and p["age"]}
        tally["pairs"].add(pair in both, len(both), 1)


def _places(tally: dict[str, Tally], row: Row, facts: Facts, text: str) -> None:
    place, parts = facts["place"] or "", facts.get("address") or {}
    if row["city"]:
        core = core_of(row["city"])
        found = parts.get("city", "") if parts else place
        if row["city"].find("省") < 0 and not found:
            found = parts.get("district", "")
        right = core in bare(place)
        tally["city"].add(right, bool(found or right), 1, (core, place, parts, text[:120]))
    if row["address"] and row["address"] in text:
        wanted = cover(text, [row["address"]])
        allowed = wanted | cover(text, [row["city"]]) | cover(text, [bare(row["city"])])
        got = cover(text, [place])
        note = (place, row["address"], text[:120])
        share = len(got & wanted) / len(wanted)
        allowed_part = len(got & allowed)
        tally["address chars"].right += len(got & wanted)
        tally["address chars"].wanted += len(wanted)
        tally["address chars"].found += len(got) - allowed_part + len(got & wanted)
        tally["address 80%"].add(share >= 0.8, bool(place), 1, note)


def _onset(tally: dict[str, Tally], row: Row, facts: Facts, text: str) -> None:
    typed = row["onset"]
    wanted = days_of(typed)
    duration = re.search(r"\d+|[一二两三四五六七八九十半]+", typed) if not wanted else None
    if not wanted and not (duration and re.search(r"[天日周月年]", typed)):
        return
    since = facts.get("since")
    quote = since["quote"] if since else ""
    if wanted:
        right = any(day in wanted for day in days_of(quote))
    else:
        right = bool(quote) and (bare(quote) in bare(typed) or bare(typed) in bare(quote))
    tally["onset"].add(right, bool(quote), 1, (quote, typed, text[:140]))


def measure_addresses(data: Path, name: str, read: Reader, show: str) -> None:
    chars, whole = Tally(), 0
    typed: dict[str, Tally] = {kind: Tally() for kind in TYPES}
    longest: list[tuple[Any, ...]] = []
    with (data / f"address/parsing_{name}.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        text, facts = row["text"], read(row["text"])
        place, parts = facts["place"] or "", facts.get("address") or {}
        unwanted = cover_spans(row, ("person", "otherinfo", "redundant"))
        wanted = set(range(len(text))) - unwanted
        got = cover(text, [place])
        chars.right += len(got & wanted)
        chars.wanted += len(wanted)
        chars.found += len(got & wanted) + len(got - set(range(len(text))))
        whole += len(wanted - got) == 0
        if wanted - got:
            longest.append((text, place))
        gold: dict[str, list[str]] = {}
        for span in row["spans"]:
            if span["type"] != "road" or not span["value"].endswith("组"):  # ours: group
                gold.setdefault(span["type"], []).append(span["value"])
        for kind in TYPES:
            value = parts.get(kind)
            values = gold.get(kind, [])
            right = value is not None and any(_same(value, one) for one in values)
            note = (kind, value, values, text)
            typed[kind].add(right, value is not None, bool(values), note)
    print(f"\naddresses, parsing_{name} (n={len(rows)})")
    print(f"  characters     {chars}")
    print(f"  taken whole    {whole / len(rows):.3f}")
    for kind, counted in typed.items():
        print(f"  {kind:14} {counted}")
    if show == "place":
        _print(longest)
    if show in typed:
        _print(typed[show].missed)


def cover_spans(row: Row, kinds: tuple[str, ...]) -> set[int]:
    return {i for s in row["spans"] if s["type"] in kinds for i in range(s["start"], s["end"])}


def _same(found: str, wanted: str) -> bool:
    """A part is right with or without its suffix (3幢 and 3, 杭州市 and 杭州)."""
    ends = "省市区县镇乡村号幢栋座楼层室单元#"
    return found == wanted or found.rstrip(ends) == wanted.rstrip(ends) != ""


def measure_letters(data: Path, read: Reader, show: str) -> None:
    """Names in letters to an office, whose writers were made nameless: most names are false."""
    csv.field_size_limit(10_000_000)
    letters, with_name, with_place = 0, 0, 0
    names: list[tuple[Any, ...]] = []
    places: list[tuple[Any, ...]] = []
    for file in ("messages", "inbox", "replies"):
        with (data / f"tipdm_c/{file}.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                text = f"{row['title']}。{row['text']}"
                facts = read(text)
                letters += 1
                found = [p["name"] for p in facts["people"] if p["name"]]
                with_name += bool(found)
                with_place += bool(facts["place"])
                for one in found:
                    at = text.find(one)
                    names.append((one, text[max(0, at - 14) : at + 14].replace("\n", " ")))
                if facts["place"]:
                    at = text.find(facts["place"])
                    around = text[max(0, at - 10) : at + len(facts["place"]) + 10]
                    places.append((facts["place"], around.replace("\n", " ")))
    print(f"\nletters (n={letters})")
    print(f"  letters in which a name is read  {with_name} ({with_name / letters:.2%})")
    print(f"  names read                       {len(names)}")
    print(f"  letters in which a place is read {with_place} ({with_place / letters:.2%})")
    if show in ("letters", "letter-places"):
        _print(names if show == "letters" else places, limit=100)


def speed(policy: SignalPolicy, texts: list[str]) -> None:
    """CPU time of the facts alone beside folding and scanning the same texts, best of five."""
    samples = [text[:400] for text in texts if len(text) >= 60][:2000]
    characters = sum(map(len, samples))
    prepared = [(text, folded := fold(text), policy.matcher.scan(folded)) for text in samples]

    def facts() -> None:
        for text, folded, scan in prepared:
            read_facts(text, folded, scan, place=None)

    def scans() -> None:
        for text in samples:
            policy.matcher.scan(fold(text))

    for name, run in (("facts", facts), ("fold and scan", scans)):
        best = min(_took(run) for _ in range(5))
        print(f"speed: {name}: {best / characters * 1e8:.1f} µs CPU per 100 characters")


def _took(run: Callable[[], None]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _print(notes: list[tuple[Any, ...]], limit: int = 60) -> None:
    random.Random(7).shuffle(notes)
    for note in notes[:limit]:
        print("   -", *note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("/work/shared/data"))
    parser.add_argument("--half", choices=("even", "odd", "all"), default="all")
    parser.add_argument("--only", choices=("posts", "addresses", "train", "letters", "speed"))
    parser.add_argument("--glue", choices=tuple(GLUES))
    parser.add_argument("--show", default="", help="what was missed: names, address 80%%, road, …")
    chosen = parser.parse_args()
    policy = load_signals()

    def read(text: str) -> Facts:
        return assess(text, Context(), policy).facts.as_json()

    def wants(part: str) -> bool:
        return chosen.only in (None, part)

    if not chosen.data.is_dir():
        speed(
            policy,
            ["我妈七十二岁,住石桥镇柳树村三组,断粮两天了,家里还有两个孩子,电话13800138000。" * 3]
            * 300,
        )
        return
    rows = list(posts(chosen.data, chosen.half))
    if wants("posts"):
        for glue in GLUES if chosen.glue is None else (chosen.glue,):
            measure_posts(rows, read, glue, chosen.show)
    if wants("addresses"):
        measure_addresses(chosen.data, "dev", read, chosen.show)
    if chosen.only == "train":
        measure_addresses(chosen.data, "train", read, chosen.show)
    if wants("letters"):
        measure_letters(chosen.data, read, chosen.show)
    if wants("speed"):
        speed(policy, [row["text"] for row in rows])


if __name__ == "__main__":
    main()
