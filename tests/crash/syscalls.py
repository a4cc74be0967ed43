"""What the kernel is asked for: a process dies, or is told that the disk has failed, at exactly one
of its calls. By ``strace`` from outside, so that nothing of ours is changed to be tested.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.crash.processes import Server

SYNCS = "fsync,fdatasync"
WRITES = "pwrite64,pwritev,ftruncate"
ANSWERS = "write,writev,sendto,sendmsg"

KINDS = {"sync": SYNCS, "write to the database": WRITES, "write to anybody": ANSWERS}
_INJECTED = re.compile(r"\(INJECTED")
_SYNCED = re.compile(r"f(?:data)?sync\(\d+<[^>]*-wal>\) += 0")
_UNSYNCED = re.compile(r"f(?:data)?sync\(\d+<[^>]*-wal> <unfinished")
_RESUMED = re.compile(r"<\.\.\. f(?:data)?sync resumed>\) += 0")
_OK = re.compile(r'(?:write|writev|sendto|sendmsg)\(.*"HTTP/1\.1 200')


def missing() -> str:
    """Why a process cannot be watched here; empty when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with subprocess.Popen(["sleep", "9"]) as probe:
        try:
            with _attached(probe.pid, Path("/dev/null"), ["-e", "trace=none"]):
                return ""
        except RuntimeError as error:
            return f"processes may not be watched here: {error}"
        finally:
            probe.kill()


@contextmanager
def dying(server: Server, calls: str, nth: int) -> Iterator[None]:
    """SIGKILL comes when one thread enters the nth of these calls, before it is done."""
    inject = f"inject={calls}:signal=SIGKILL:when={nth}"
    with _attached(server.pids()[0], Path("/dev/null"), ["-e", f"trace={calls}", "-e", inject]):
        yield


@contextmanager
def failing(server: Server, calls: str, error: str, every: str, log: Path) -> Iterator[None]:
    """These calls fail with ``error``, ``every`` so often (``3+5``: the third, then each fifth)."""
    inject = f"inject={calls}:error={error}:when={every}"
    with _attached(server.pids()[0], log, ["-e", f"trace={calls}", "-e", inject]):
        yield


@contextmanager
def watched(server: Server, log: Path) -> Iterator[None]:
    """Syncs and answers are written into ``log`` in their order."""
    calls = ["-yy", "-s", "40", "-e", f"trace={SYNCS},{ANSWERS}"]
    with _attached(server.pids()[0], log, calls):
        yield


def injected(log: Path) -> int:
    """How many calls were made to fail."""
    return len(_INJECTED.findall(log.read_text(errors="replace")))


def answers(log: Path) -> Iterator[bool]:
    """Of each answer of 200, whether a sync of the log had come back since the one before."""
    synced, waits = False, False
    for line in log.read_text(errors="replace").splitlines():
        if _SYNCED.search(line) or (waits and _RESUMED.search(line)):
            synced, waits = True, False
        elif _UNSYNCED.search(line):
            waits = True
        elif _OK.search(line):
            yield synced
            synced = False


@contextmanager
def _attached(pid: int, log: Path, options: list[str]) -> Iterator[None]:
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", str(log), *options, "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(said.strip())
        time.sleep(0.05)  # the other threads are seized after the first
        yield
    finally:
        with suppress(ProcessLookupError):
            tracer.terminate()
        tracer.communicate()
