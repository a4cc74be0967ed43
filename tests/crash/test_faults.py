"""At single calls of the kernel: nothing acknowledged is lost, nothing is said before it is kept.

Some calls here; ``python -m tests.benchmarks.faults`` goes through all of them.
"""

from pathlib import Path

import pytest

from tests.crash import faults, processes, syscalls

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    """Tried when these tests run, not whenever tests are collected."""
    if why := syscalls.missing():
        pytest.skip(why)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The county in a database of its own."""
    address = f"sqlite:///{tmp_path / 'huiyin.db'}"
    processes.prepare(address)
    return address


def test_no_answer_of_2xx_comes_before_the_sync_of_its_message(url: str, tmp_path: Path) -> None:
    seen = faults.answer_after_sync(url, tmp_path, 20)
    assert len(seen) == 20
    assert all(seen)


def test_a_death_at_any_call_of_the_kernel_loses_and_doubles_nothing(
    url: str, tmp_path: Path
) -> None:
    points = [(kind, nth) for kind in syscalls.KINDS for nth in (1, 3)]
    fired = faults.die_at_each(url, tmp_path, points)
    assert set(fired) == set(syscalls.KINDS)
    assert fired.total() >= len(points) - 1, "the points must have been met"


@pytest.mark.parametrize(("calls", "error"), [(syscalls.WRITES, "ENOSPC"), (syscalls.SYNCS, "EIO")])
def test_what_the_disk_refused_is_not_acknowledged_and_comes_again(
    url: str, tmp_path: Path, calls: str, error: str
) -> None:
    failed, told = faults.fail_again_and_again(
        url, tmp_path, calls=calls, error=error, every="3+3", times=5, seconds=30
    )
    assert failed >= 5
    assert told[503]
    assert told[200]
