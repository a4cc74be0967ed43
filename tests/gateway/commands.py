"""Commands in processes of their own that need not import everything again.

A process is forked from one that has done the imports; it gets its arguments, its environment and
its three streams as files, and ends with the exit status of ``gateway.__main__.main``.
"""

import importlib
import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

MODULES = (
    "gateway.__main__",
    "gateway.commands.backup",
    "gateway.commands.check",
    "gateway.commands.duplicates",
    "gateway.commands.export",
    "gateway.commands.keys_rotate",
    "gateway.commands.learn",
    "gateway.commands.migrate",
    "gateway.commands.replay",
    "gateway.commands.person",
    "gateway.commands.restore",
    "gateway.commands.rules_diff",
    "gateway.commands.suggest",
    "gateway.commands.tokens",
    "gateway.commands.triage",
    "gateway.commands.users",
    "gateway.commands.prove",
    "gateway.commands.verify_clocks",
    "gateway.commands.verify_fields",
    "gateway.commands.verify_intake",
    "gateway.commands.verify_ledger",
    "gateway.commands.verify_proof",
    "gateway.commands.verify_rosters",
    "tests.gateway.commands",
)


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
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(MODULES))
    process = context.Process(target=_main, args=(arguments, env, list(names.values())))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"{arguments} did not end within {seconds} s")
    found = [names[name].read_text("utf-8") for name in ("stdout", "stderr")]
    return Ended(process.exitcode or 0, *found)


def _main(arguments: list[str], env: dict[str, str], streams: list[Path]) -> None:
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
