"""Counters that several web processes count together. They share one address, so a scrape of
``/metrics`` meets any of them: each keeps what it counted in a file in memory, and whichever is
asked adds all of them up, also those that have ended. Else every other scrape would look like a
start anew, and an alarm on how fast a counter grows would fire, or not, by chance."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

_NAME = "huiyin-figures-"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared(place: str | None) -> Iterator[None]:
    """What processes that are forked meanwhile count is told together; ``place`` is where files
    lie in memory."""
    mine = os.getpid()
    _clear(Path(place or tempfile.gettempdir()))
    folder = tempfile.mkdtemp(prefix=f"{_NAME}{mine}-", dir=place)
    before = os.environ.get(_FOLDER), values.ValueClass
    os.environ[_FOLDER] = folder
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if os.getpid() == mine:  # a forked process that ends comes by here too
            shutil.rmtree(folder, ignore_errors=True)
            os.environ.pop(_FOLDER)
            if before[0] is not None:
                os.environ[_FOLDER] = before[0]
            values.ValueClass = before[1]


def _clear(place: Path) -> None:
    """Take away what a foreman left behind that was killed."""
    for folder in place.glob(f"{_NAME}*"):
        pid = folder.name.removeprefix(_NAME).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (ValueError, OSError):
            continue  # not of this form, or it lives


def told(registry: CollectorRegistry) -> bytes:
    """The counters as Prometheus text: of all processes where they are shared, else of this one."""
    if _FOLDER not in os.environ:
        return generate_latest(registry)
    together = CollectorRegistry()
    MultiProcessCollector(together, os.environ[_FOLDER])  # type: ignore[no-untyped-call]
    return generate_latest(together)
