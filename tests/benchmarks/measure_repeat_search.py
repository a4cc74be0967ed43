"""Measure the search for repeats among many open requests, on SQLite or PostgreSQL.

``python -m tests.benchmarks.measure_repeat_search [--requests N] [--searches N] [--url URL]``.
Invented households of one county: 80 doors a street, namesakes, pasted words. Each search is one
contact of its own, half of them repeats in other writing; the time is that of the whole search:
keys, one indexed query, reading the candidates, comparing them, the reasons. CPU time of this
process, so that neighbours on the machine do not count; wall time beside it.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text
from sqlmodel import col

from gateway import repeats
from gateway.matters import Memory
from models.db import Database
from models.inserts import write
from models.journal import JournalEntry
from models.likenesses import RepeatKey
from models.migrations import upgrade
from models.people import Person
from models.requests import Contact, HelpRequest
from triage.assess import Context, assess
from triage.policy import load_signals
from triage.repeat_keys import hashed, keys
from triage.same_matter import shipped_scale

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许韩冯邓曹彭曾"
_GIVEN = "桂英秀兰建国志强淑珍玉梅海燕文斌春花德明丽华俊杰晓红永福"
_STREETS = (
    *("和平", "建设", "胜利", "人民", "中山", "解放", "文昌", "迎宾"),
    *("滨河", "朝阳", "幸福", "团结", "光明", "学府", "新华", "青年"),
)
_NEEDS = (
    "家里断粮两天了，老人没饭吃",
    "孩子高烧抽搐没钱看病",
    "房子着火了没地方住",
    "屋顶漏雨，想申请危房改造",
    "停水三天了，家里有卧床老人",
    "低保还没有批下来，材料交了一个月",
    "工地拖欠工资半年，没有钱过冬",
    "洪水进屋了，被困在二楼",
)
_SIGNALS = load_signals()


def household(at: int, chance: random.Random) -> dict[str, Any]:
    """The invented household of this number."""
    name = chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, 2))
    street = f"{_STREETS[at % len(_STREETS)]}{chance.choice('东西南北中')}路"
    return {
        "name": name,
        "street": street,
        "house": at // 80 % 400 + 1,
        "stair": chance.randint(1, 6),
        "room": chance.randint(1, 6) * 100 + chance.randint(1, 4),
        "phone": f"13{(at * 7_919_317 + 104_729_017) % 10**9:09}",
        "need": chance.choice(_NEEDS),
    }


def words(of: dict[str, Any], chance: random.Random, *, again: bool = False) -> str:
    """What it says; told ``again`` it is another person, in another writing."""
    if not again:
        return (
            f"我是{of['name']}，住{of['street']}{of['house']}号{of['stair']}单元{of['room']}，"
            f"{of['need']}，电话{of['phone']}"
        )
    way, door = chance.randrange(3), f"{of['street']}{of['house']}号"
    if way == 0:
        return f"{door}{of['stair']}-{of['room']}的{of['name']}，{of['need']}"
    if way == 1:
        return f"邻居{of['name'][0]}大妈住{door}{of['stair']}单元，{of['need']}"
    return f"帮转：{of['need']}，联系{of['phone']}"


def fill(connection: Connection, count: int) -> list[dict[str, Any]]:
    """Open requests with one contact and its keys each."""
    chance = random.Random(7)
    people: list[dict[str, Any]] = []
    rows: dict[Any, list[dict[str, Any]]] = {}
    for at in range(count):
        of = household(at, chance)
        people.append(of)
        said, when = words(of, chance), BEGIN + timedelta(seconds=at * 20)
        assessment = assess(said, Context(), _SIGNALS).as_json()
        for table, row in _rows(at + 1, said, when, assessment, of["phone"]):
            rows.setdefault(table, []).append(row)
        if len(rows[Person]) == 2000 or at == count - 1:
            for table in (Person, JournalEntry, HelpRequest, Contact, RepeatKey):
                write(connection, table.__table__, rows.pop(table))  # type: ignore[attr-defined]
    return people


def _rows(
    at: int, said: str, when: datetime, assessment: dict[str, Any], phone: str
) -> Iterator[tuple[Any, dict[str, Any]]]:
    yield Person, _full(Person, id=at, created_at=when)
    yield JournalEntry, _full(
        JournalEntry, id=at, channel="sms", digest=at.to_bytes(8, "big"), received_at=when, url="",
        headers={}, body=b"",
    )  # fmt: skip
    yield HelpRequest, _full(
        HelpRequest, id=at, number=f"HY-{at}", code="1", person_id=at, channel="sms",
        status="dispatched", track="standard", level="standard", route="RT-01", lead_bureau="b",
        first_unit="h", first_responder="o", holder_unit="h", holder_person="o",
        queue_key=f"3|{at:019}", received_at=when, policy="p",
    )  # fmt: skip
    contact = _full(
        Contact, id=at, journal_id=at, request_id=at, person_id=at, channel="sms",
        external_id=f"e{at}", sender=f"+86{phone}", text=said, said_at=when, received_at=when,
        assessment=assessment,
    )  # fmt: skip
    yield Contact, contact
    for one in {hashed(key) for key in keys(repeats.matter_of(_Row(contact)))}:
        yield RepeatKey, {"hash": one, "contact_id": at}


class _Row:
    """A row as a query gives it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _full(model: Any, **values: Any) -> dict[str, Any]:
    blank = {c.name: getattr(c.default, "arg", None) for c in model.__table__.columns}
    return {**blank, **values}


def searches(connection: Connection, people: list[dict[str, Any]], count: int) -> None:
    """Search for fresh contacts and print what it cost."""
    chance = random.Random(11)
    cpu, wall, hits, wanted = [], [], 0, 0
    scale = shipped_scale()
    for at in range(count):
        again = at % 2 == 0
        of = chance.choice(people) if again else household(len(people) + at, chance)
        said = words(of, chance, again=again)
        row = _Row(
            {
                **_full(Contact, id=-1 - at, request_id=-1, sender="", text=said, channel="phone"),
                "assessment": assess(said, Context(), _SIGNALS).as_json(),
                "said_at": BEGIN + timedelta(days=30),
                "track": "standard",
            }
        )
        memory = Memory()  # nothing is remembered: the worst case
        began, clock = time.process_time(), time.perf_counter()
        hashes = [hashed(key) for key in keys(memory.matter(row))]
        found = repeats.search(connection, memory, row, hashes, scale)
        cpu.append(time.process_time() - began)
        wall.append(time.perf_counter() - clock)
        if again:
            wanted += 1
            hits += any(other.request_id == people.index(of) + 1 for other, _ in found)
    print(f"searches {count}: CPU {_spread(cpu)}; wall {_spread(wall)}")
    print(f"repeats in other writing that were found: {hits} of {wanted}")


def _spread(times: list[float]) -> str:
    cut = statistics.quantiles(times, n=100)
    return f"p50 {cut[49] * 1e3:.2f} ms, p99 {cut[98] * 1e3:.2f} ms, most {max(times) * 1e3:.2f} ms"


def main() -> None:
    """Fill, search, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--url", default="", help="an empty database; SQLite in a folder if none")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(chosen.url or f"sqlite:///{Path(folder) / 'search.db'}")
        upgrade(database)
        began = time.process_time()
        with database.write() as connection:
            people = fill(connection, chosen.requests)
        print(f"{len(people)} open requests written in {time.process_time() - began:.0f} s CPU")
        with database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("ANALYZE"))
            count = connection.execute(select(col(RepeatKey.hash))).fetchall()
            print(f"keys: {len(count) / len(people):.1f} a contact")
        with database.read() as session:
            searches(session.connection(), people, chosen.searches)
        database.close()


if __name__ == "__main__":
    main()
