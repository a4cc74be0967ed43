"""``huiyin match``: which household is this? No database, no web."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from gateway.json_line import json_line
from triage.household_index import HouseholdIndex
from triage.household_lines import encoding_of, match_lines, read_registry


def run(registry: Path, file: Path) -> int:
    """Read the registry with a bar, then answer line by line. A bad line ends the run with its
    place."""
    with registry.open("rb") as raw:
        encoding = encoding_of(raw, str(registry))
        raw.seek(0)
        total = sum(piece.count(b"\n") for piece in iter(lambda: raw.read(1 << 20), b""))
    with registry.open(encoding=encoding, newline="") as lines:
        index = HouseholdIndex(
            track(
                read_registry(lines, str(registry)),
                "households",
                total=total,
                console=Console(stderr=True),
                disable=not sys.stderr.isatty(),
            )
        )
    source = "standard input" if str(file) == "-" else str(file)
    with _open(file) as queries:
        for result in match_lines(queries, source, index):
            sys.stdout.buffer.write(json_line(result))
            if queries is sys.stdin:
                sys.stdout.buffer.flush()  # somebody may be waiting for this answer
    sys.stdout.flush()
    return 0


@contextmanager
def _open(file: Path) -> Iterator[Iterator[str]]:
    if str(file) == "-":
        yield sys.stdin
        return
    with file.open(encoding="utf-8-sig") as lines:
        yield lines
