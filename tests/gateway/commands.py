"""Commands in processes of their own that need not import everything again.

A process is forked from one that is warm (tests/nursery.py); it gets its arguments, its environment
and its three streams as files, and ends with the exit status of ``gateway.__main__.main``.
"""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.nursery import grow_up, nursery


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def run(
    arguments: list[str], *, env: dict[str, str], folder: Path, given: str, seconds: float = 60
) -> Ended:
    """``huiyin arguments`` in a process of its own; ``folder`` takes its streams."""
    names = {name: folder / name for name in ("stdin", "stdout", "stderr")}
    names["stdin"].write_bytes(given.encode())
    process = nursery().Process(target=_main, args=(arguments, env, list(names.values())))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"{arguments} did not end within {seconds} s")
    found = [names[name].read_text("utf-8") for name in ("stdout", "stderr")]
    return Ended(process.exitcode or 0, *found)


def _main(arguments: list[str], env: dict[str, str], streams: list[Path]) -> None:
    grow_up()
    os.environ.clear()
    os.environ.update(env)
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(os.dup(number), mode, encoding="utf-8", closefd=True)
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    sys.argv = ["huiyin", *arguments]
    try:
        importlib.import_module("gateway.__main__").main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
