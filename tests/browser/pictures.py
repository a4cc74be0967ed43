"""The pictures of the guides: who sees which page, in which window. ``test_pictures`` makes each
in a real browser; ``python -m tests.browser.pictures`` keeps them under docs/guide/pictures."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/guide"
KEPT = GUIDES / "pictures"
KEEP = "HUIYIN_KEEP_PICTURES"
"""The environment variable under which the pictures are kept in the repository."""

WIDE = {"width": 1100, "height": 720}
SMALL = {"width": 390, "height": 720}
LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Picture:
    """``path`` may name {number}, an order that waits for the bureau, and {urgent}, a request that
    waits for the desk. ``login`` "" is a citizen."""

    login: str
    path: str
    small: bool = False


PICTURES = {
    "citizen-help": Picture("", "/help", small=True),
    "citizen-status": Picture("", "/status", small=True),
    "operator-desk": Picture("dispatch01", "/desk"),
    "operator-case": Picture("dispatch01", "/desk/{urgent}"),
    "bureau-inbox": Picture("civil_affairs.1", "/inbox"),
    "bureau-order": Picture("civil_affairs.1", "/inbox/{number}"),
    "grid-field": Picture("grid_w010101", "/field", small=True),
    "supervisor-board": Picture("super01", "/board"),
    "supervisor-changes": Picture("super01", "/admin/changes"),
    "administrator-first": Picture("admin01", "/admin"),
    "administrator-clocks": Picture("admin01", "/admin/clocks?at=2026-09-30T16:40"),
    "administrator-rule": Picture("admin01", "/admin/rule?kind=clock&subject=CLK-SIGN"),
}


def files() -> list[str]:
    """The names of all files that are made."""
    return [f"{name}-{language}.png" for name in PICTURES for language in LANGUAGES]


if __name__ == "__main__":
    sys.exit(
        subprocess.call(
            [
                sys.executable,
                "-m",
                "pytest",
                "-n",
                "0",
                "-q",
                "-m",
                "browser",
                "tests/browser/test_pictures.py::test_every_picture_is_made",
            ],
            cwd=ROOT,
            env={**os.environ, KEEP: "1"},
        )
    )
