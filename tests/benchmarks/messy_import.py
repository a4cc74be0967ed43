"""How an import of messy lines goes: what was spoiled is named, what was only untidy is read.

    python -m tests.benchmarks.messy_import [LINES]

A share of the lines of the invented registry is spoiled in one cell, another share is written
untidily as people do; prints whether exactly the spoiled cells were named, and the time it took.
"""

import csv
import io
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway import county, importing
from gateway.offices import Offices, Rules
from gateway.settings import Settings, utc_now
from gateway.state import open_database
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.benchmarks.invented_registry import County

KEY, SEED = "5a" * 32, 20261126
SPOILED, UNTIDY = 0.08, 0.3
HEAD = (
    "户编号", "户主姓名", "家庭成员", "联系电话", "详细地址", "区划", "救助类别", "户主身份证号",
    "户主出生日期", "状态",
)  # fmt: skip
LOST = ("110105194912310000", "11010519491231002", "110105491231002", "1.10105E+17")
FULL = ("11010519491231002x", " 11010519491231002X ", "１１０１０５１９４９１２３１００２Ｘ")
Cells = dict[str, str]
Change = Callable[[Cells, random.Random], str]


def _set(column: str, *values: str) -> Change:
    def change(cells: Cells, chance: random.Random) -> str:
        cells[column] = chance.choice(values)
        return column

    return change


def _wide(cells: Cells, _chance: random.Random) -> str:
    cells["联系电话"] = cells["联系电话"].translate({48 + n: 0xFF10 + n for n in range(10)})
    return ""


def _spaced(cells: Cells, _chance: random.Random) -> str:
    first = cells["联系电话"].split("；")[0]
    if len(first) != 11:
        return ""
    cells["联系电话"] = f" +86 {first[:3]}-{first[3:7]}-{first[7:]} "
    return ""


def _commas(cells: Cells, _chance: random.Random) -> str:
    cells["家庭成员"] = cells["家庭成员"].replace("；", "，") + "，"
    return ""


FAULTS: tuple[Change, ...] = (
    _set("户主姓名", ""),
    _set("联系电话", "1390000", "没有电话", "139000012345"),
    _set("区划", "不存在镇", "W99"),
    _set("救助类别", "贫困户甲", "低保；不知道"),
    _set(
        "户主身份证号", "110105194912310000", "11010519491231002", "110105491231002", "1.10105E+17"
    ),
    _set("户主出生日期", "1949-13-01", "去年", "2月30日"),
    _set("状态", "不清楚", "在的"),
    _set("详细地址", "", "路" * 900),
)
UNTIDINESS: tuple[Change, ...] = (
    _wide,
    _spaced,
    _commas,
    _set(
        "户主身份证号",
        "11010519491231002x",
        " 11010519491231002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
    ),
    _set("户主出生日期", "1949年12月31日", "1949/12/31", "19491231", "1949.12.31"),
    _set("救助类别", "低保、残疾人", "低保 ；特困", " 低保"),
    _set("区划", "W0101", "滨河街道", " W01 "),
    _set("状态", "在住", ""),
)


def table(lines: int) -> tuple[bytes, dict[int, str]]:
    """A file, and of its spoiled lines the column."""
    chance, spoiled = random.Random(SEED), {}
    sink = io.StringIO()
    writer = csv.DictWriter(sink, HEAD)
    writer.writeheader()
    for line, (one, _) in enumerate(County(lines).listed(), 2):
        cells = dict.fromkeys(HEAD, "") | {
            "户编号": one.household_id, "户主姓名": one.head_name, "详细地址": one.address,
            "家庭成员": "；".join(one.members), "联系电话": "；".join(one.phones),
        }  # fmt: skip
        draw = chance.random()
        if draw < SPOILED:
            spoiled[line] = chance.choice(FAULTS)(cells, chance)
        elif draw < SPOILED + UNTIDY:
            for change in chance.sample(UNTIDINESS, 2):
                change(cells, chance)
        writer.writerow(cells)
    return sink.getvalue().encode("gb18030"), spoiled


def _differences(found: dict[int, set[str]], spoiled: dict[int, str]) -> Iterator[str]:
    for line, column in spoiled.items():
        if column not in found.get(line, set()):
            yield f"missed {column}"
    for line, columns in found.items():
        for column in columns - {spoiled.get(line, "")}:
            yield f"false {column}"


def measure(lines: int) -> None:
    body, spoiled = table(lines)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), database_key=KEY, secret_key="benchmark-" * 4, channels="console"
        )
        database = open_database(settings)
        upgrade(database)
        mint = enlist(database, "benchmark", utc_now())
        with acting(database, mint) as tx:
            county.seed_demo(tx, "", utc_now())
        office = Offices(database, settings, Rules.load("national_baseline"), {}).current()
        codes = importing.codes_of(office)
        wall, cpu = time.perf_counter(), time.process_time()
        looked = importing.look("households", "messy.csv", body, codes)
        seen = time.perf_counter() - wall, time.process_time() - cpu
        wall, cpu = time.perf_counter(), time.process_time()
        _, written, _ = importing.write(database, mint, looked, codes, by="benchmark", now=utc_now)
        wrote = time.perf_counter() - wall, time.process_time() - cpu
        _, again, _ = importing.write(database, mint, looked, codes, by="benchmark", now=utc_now)
        database.close()
    found: dict[int, set[str]] = {}
    for one in looked.faults:
        found.setdefault(one.line, set()).add(one.column)
    print(f"{lines:,} lines, {len(spoiled):,} spoiled; {len(looked.faults):,} faults named")
    print(f"  differences: {dict(Counter(_differences(found, spoiled))) or 'none'}")
    print(f"  looked at in {seen[0]:.1f} s ({seen[1]:.1f} s CPU)")
    print(f"  {written:,} written in {wrote[0]:.1f} s ({wrote[1]:.1f} s CPU); again: {again:,}")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if sys.argv[1:] else 50_000)
