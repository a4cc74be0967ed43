"""What sealing the fields costs a message: CPU of the whole path with and without, pass by pass.

python -m tests.benchmarks.measure_sealing [--messages 400] [--passes 5]

One process, an encrypted SQLite file each; a message is read, judged, written and committed.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from gateway.settings import Settings, utc_now
from gateway.state import wire
from tests.crash import processes
from tests.crash.processes import KEY, SAID
from tests.fakes import RecordingChannel, call

WAYS = {
    "open": {"field_encryption": "off"},
    "aes-256-gcm": {"field_encryption": "on"},
    "sm4-gcm": {"field_encryption": "on", "field_cipher": "sm4-gcm"},
}


def main() -> int:
    """Measure and print milliseconds of CPU a message, best pass, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--passes", type=int, default=5)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-sealing-"))
    template = folder / "template" / "huiyin.db"
    processes.prepare(f"sqlite:///{template}")
    spent: dict[str, list[float]] = {way: [] for way in WAYS}
    try:
        for number in range(given.passes):
            for way, more in WAYS.items():
                spent[way].append(_one(template, folder / f"{way}{number}", more, given.messages))
    finally:
        shutil.rmtree(folder)
    base = min(spent["open"])
    for way, times in spent.items():
        best = min(times)
        print(f"{way:<12} {best * 1000:.3f} ms CPU a message, {best / base:.3f} x open")
    return 0


def _one(template: Path, home: Path, more: dict[str, str], messages: int) -> float:
    url = processes.copy_database(template, home)
    settings = Settings(
        data_dir=home, database_url=url, database_key=KEY, secret_key="s" * 40,
        field_key="3e" * 32, channels="web", **more,
    )  # fmt: skip
    channel = RecordingChannel()
    state = wire(settings, kind="measure", channels={"recording": channel})
    calls = [
        call(f"m{n}", SAID[n % len(SAID)], f"+8619900{n % 350:06d}") for n in range(messages + 50)
    ]
    try:
        for raw in calls[:50]:
            state.intake.receive(channel, raw, utc_now()).result(20)
        begun = time.process_time()
        for future in [state.intake.receive(channel, raw, utc_now()) for raw in calls[50:]]:
            future.result(60)
        return (time.process_time() - begun) / messages
    finally:
        state.close()


if __name__ == "__main__":
    sys.exit(main())
