"""Trials at single calls of the kernel, with the clients' own ledger beside them."""

import random
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.crash import processes, syscalls
from tests.crash.killing import Sender, require_whole
from tests.crash.processes import SAID, Forked, sms

POINT_SECONDS = 10.0
REST = 0.01


def die_at_each(url: str, folder: Path, points: Iterable[tuple[str, int]]) -> Counter[str]:
    """One death at each point (kind of call, how manieth); how many of each kind came about.
    Raises AssertionError for what is lost or doubled."""
    env = processes.environment(folder, url)
    log, ledger = folder / "server.log", folder / "ledger"
    fired: Counter[str] = Counter()
    server = Forked.serve(env, log)
    server.wait()
    try:
        with Sender(server, ledger, random.Random(1), rest=REST) as sender:
            for kind, nth in points:
                with suppress(RuntimeError), syscalls.dying(server, syscalls.KINDS[kind], nth):
                    end = time.monotonic() + POINT_SECONDS
                    while server.alive() and time.monotonic() < end:
                        time.sleep(0.005)
                fired[kind] += not server.alive()
                if not server.alive():
                    sender.server = server = Forked.serve(env, log)
                    server.wait()
            sender.drain()
            answered = set(ledger.read_text().split())
            assert answered == sender.sent
            assert set(sender.statuses) - {200, 503} <= _BROKEN_OFF, sender.statuses
    finally:
        server.kill()
    require_whole(url, env, answered)
    return fired


_BROKEN_OFF = {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected",
               "IncompleteRead", "BrokenPipeError"}  # fmt: skip


def fail_again_and_again(
    url: str, folder: Path, *, calls: str, error: str, every: str, times: int, seconds: float
) -> tuple[int, Counter[int | str]]:
    """The disk fails while clients post; how often, and what they were answered. Afterwards
    everything is taken by the same process, or by the next when it chose to end."""
    env = processes.environment(folder, url)
    log, ledger, seen = folder / "server.log", folder / "ledger", folder / "calls"
    server = Forked.serve(env, log)
    server.wait()
    failed = 0
    try:
        with Sender(server, ledger, random.Random(2), rest=REST) as sender:
            end = time.monotonic() + seconds
            while failed < times and time.monotonic() < end:
                with syscalls.failing(server, calls, error, every, seen):
                    time.sleep(2)
                failed += syscalls.injected(seen)
                if not server.alive():
                    sender.server = server = Forked.serve(env, log)
                    server.wait()
            sender.drain()
            answered = set(ledger.read_text().split())
            assert answered == sender.sent
            told = sender.statuses
            assert set(told) - {200, 503} <= _BROKEN_OFF, told
    finally:
        server.kill()
    require_whole(url, env, answered)
    return failed, told


def answer_after_sync(url: str, folder: Path, messages: int) -> list[bool]:
    """Of so many messages, one after the other, whether each was on the disk when it was answered
    with 2xx."""
    env = processes.environment(folder, url)
    seen = folder / "calls"
    server = Forked.serve(env, folder / "server.log")
    try:
        server.wait()
        with syscalls.watched(server, seen):
            for n in range(messages):
                message = sms(f"+8619977{n:06d}", SAID[n % len(SAID)])
                assert server.post(message)[0] == 200
    finally:
        server.kill()
    return list(syscalls.answers(seen))
