"""Load: prepared requests over kept-alive connections, from a process of its own.

``wrk`` where it is installed, else a small client of our own (which costs more of the machine).
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = 8
"""Each request in the file stands behind its length in bytes, eight digits."""

SCRIPT = """
local requests, at = {}, 0
function init(args)
  local file = io.open(args[1], "rb")
  local all, from = file:read("*a"), 1
  file:close()
  while from < #all do
    local size = tonumber(all:sub(from, from + 7))
    requests[#requests + 1] = all:sub(from + 8, from + 7 + size)
    from = from + 8 + size
  end
end
function request()
  at = at + 1
  if at > #requests then wrk.thread:stop(); at = #requests end
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"answers": %d, "seconds": %f, "p50": %f, "p99": %f, ' ..
    '"longest": %f, "refused": %d, "broken": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.status,
    e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a client saw; times in milliseconds. ``refused`` were answered with 400 or more."""

    answers: int
    seconds: float
    p50: float
    p99: float
    longest: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def drive(
    port: int, requests: Sequence[bytes], folder: Path, *, clients: int, seconds: int
) -> Result:
    """Send the requests once each, in order, until they or the seconds are used up."""
    file = folder / "requests"
    with file.open("wb") as out:
        for one in requests:
            out.write(b"%08d" % len(one) + one)
    if wrk := shutil.which("wrk"):
        script = folder / "requests.lua"
        script.write_text(SCRIPT)
        command = [wrk, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "20s"]
        command += ["-s", str(script), f"http://127.0.0.1:{port}/hook/sms", "--", str(file)]
    else:
        command = [sys.executable, "-m", __name__, str(port), str(file), str(clients), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    return Result(**json.loads(done.stdout.rpartition("RESULT ")[2]))


async def _client(port: int, requests: Sequence[bytes], clients: int, seconds: int) -> Result:
    todo, took, statuses = iter(requests), [], Counter[int]()
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in todo:
            begun = time.perf_counter()
            if begun > end:
                break
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r")[0])
            await reader.readexactly(length)
            took.append((time.perf_counter() - begun) * 1000)
            statuses[int(head[9:12])] += 1
        writer.close()

    begun = time.perf_counter()
    faults = await asyncio.gather(*(one() for _ in range(clients)), return_exceptions=True)
    took.sort()
    return Result(
        answers=len(took),
        seconds=time.perf_counter() - begun,
        p50=took[len(took) // 2],
        p99=took[int(len(took) * 0.99)],
        longest=took[-1],
        refused=sum(count for status, count in statuses.items() if status >= 400),
        broken=sum(fault is not None for fault in faults),
    )


def _main(port: int, file: Path, clients: int, seconds: int) -> None:
    content, requests, at = file.read_bytes(), [], 0
    while at < len(content):
        size = int(content[at : at + PREFIX])
        requests.append(content[at + PREFIX : at + PREFIX + size])
        at += PREFIX + size
    result = asyncio.run(_client(port, requests, clients, seconds))
    fields = {name: getattr(result, name) for name in Result.__slots__}
    print("RESULT " + json.dumps(fields))


if __name__ == "__main__":
    _main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
