"""How long `huiyin import households` takes, on the embedded database.

    python -m tests.benchmarks.measure_import [LINES ...]

Prints, for each size, the seconds (wall and processor) to look at every cell and to write, and the
size of the database. The lines are those of the invented registry.
"""

import csv
import io
import resource
import sys
import tempfile
import time
from pathlib import Path

from gateway import county, importing
from gateway.offices import Offices, Rules
from gateway.settings import Settings, utc_now
from gateway.state import open_database
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.benchmarks.invented_registry import County

KEY = "5a" * 32
EACH = 100_000


def table(lines: int) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(("户编号", "户主姓名", "家庭成员", "联系电话", "详细地址"))
    for one, _ in County(lines).listed():
        writer.writerow(
            (one.household_id, one.head_name, "；".join(one.members), "；".join(one.phones),
             one.address)
        )  # fmt: skip
    return sink.getvalue().encode()


class Course:
    """Says every hundred thousand lines what they took and what the process holds."""

    def __init__(self) -> None:
        self._lines, self._cpu, self._wall = 0, time.process_time(), time.perf_counter()

    def __call__(self, lines: int) -> None:
        before, self._lines = self._lines, self._lines + lines
        if before // EACH != self._lines // EACH:
            cpu, wall = time.process_time(), time.perf_counter()
            print(
                f"          {self._lines:>9,}: {cpu - self._cpu:6.1f} s CPU, "
                f"{wall - self._wall:6.1f} s, process {held():,.0f} MiB",
                flush=True,
            )
            self._cpu, self._wall = cpu, wall


def held() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(lines: int) -> None:
    body = table(lines)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), database_key=KEY, secret_key="benchmark-" * 4, channels="console"
        )
        database = open_database(settings)
        upgrade(database)
        mint = enlist(database, "benchmark", utc_now())
        rules = Rules.load("national_baseline")
        with acting(database, mint) as tx:
            county.seed_demo(tx, "", utc_now())
        office = Offices(database, settings, rules, {}).current()
        codes = importing.codes_of(office)
        wall, cpu = time.perf_counter(), time.process_time()
        looked = importing.look("households", "registry.csv", body, codes)
        seen_wall, seen_cpu = time.perf_counter() - wall, time.process_time() - cpu
        wall, cpu = time.perf_counter(), time.process_time()
        _, written, _ = importing.write(
            database, mint, looked, codes, by="benchmark", now=utc_now, advance=Course()
        )
        wrote_wall, wrote_cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(file.stat().st_size for file in Path(folder).glob("huiyin.db*")) / 2**20
        print(
            f"{lines:>9,} lines: looked at in {seen_wall:6.1f} s ({seen_cpu:.1f} s CPU), "
            f"{written:,} written in {wrote_wall:6.1f} s ({wrote_cpu:.1f} s CPU), "
            f"{len(looked.faults)} faults, database {size:.0f} MiB, process {held():.0f} MiB"
        )
        database.close()


if __name__ == "__main__":
    for given in [int(one) for one in sys.argv[1:]] or [20_000]:
        measure(given)
