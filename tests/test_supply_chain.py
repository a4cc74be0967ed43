"""What production installs is what was tested, file by file."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKED = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.+!-]+) --hash=sha256:[0-9a-f]{64}\Z")
LOCK = ROOT / "requirements.lock"


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def constrained() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("ascii").split()
    return {plain(name): version for name, _, version in (one.partition("==") for one in lines)}


def locked() -> dict[str, str]:
    lines = [line for line in LOCK.read_text("ascii").splitlines() if line[0] != "#"]
    found = [LOCKED.match(line) for line in lines]
    assert all(found), [line for line, one in zip(lines, found, strict=True) if one is None]
    return {plain(one["name"]): one["version"] for one in found if one}


def asked() -> dict[str, list[str]]:
    """The names that pyproject.toml asks for: of the product, and of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        group: [plain(re.match(r"[\w.-]+", one)[0]) for one in wanted]
        for group, wanted in groups.items()
    }


def test_every_part_that_is_asked_for_has_one_exact_version() -> None:
    exact = constrained()
    for group, names in asked().items():
        assert [name for name in names if name not in exact] == [], group


def test_the_constraints_are_in_order_and_name_nothing_twice() -> None:
    lines = (ROOT / "constraints.txt").read_text("ascii").split()
    assert lines == sorted(lines, key=str.lower)
    assert len(constrained()) == len(lines)


def test_the_lock_has_the_versions_of_the_constraints_and_a_hash_of_each() -> None:
    if not LOCK.exists():
        pytest.skip("requirements.lock is written by .ci/lock where the package index answers")
    exact, lock = constrained(), locked()
    assert {name: version for name, version in lock.items() if exact.get(name) != version} == {}
    assert [name for name in asked()[""] if name not in lock] == []
    groups = asked()
    tools = {name for group in ("dev", "audit", "schooling") for name in groups[group]}
    assert (tools - set(groups[""])) & set(lock) == set(), "no tool of ours goes into production"
