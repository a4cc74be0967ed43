"""A disk that is really full: the provider is asked to repeat, and room is all that is needed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import processes
from tests.crash.killing import require_whole
from tests.crash.processes import SAID, Forked, sms

MEGABYTES = 24


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with very little room."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.thorough
def test_a_full_disk_makes_the_provider_repeat_and_needs_no_hand(
    small_disk: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template" / "huiyin.db"
    processes.prepare(f"sqlite:///{template}")
    url = processes.copy_database(template, small_disk)
    env = processes.environment(tmp_path, url)
    messages = [sms(f"+8619955{n:06d}", SAID[n % len(SAID)] + "很急" * 300) for n in range(40)]
    server = Forked.serve(env, tmp_path / "server.log")
    try:
        server.wait(120)
        assert server.post(messages[0])[0] == 200
        fill(small_disk / "ballast")
        answers = [server.post(message) for message in messages[1:30]]
        refused = [after for status, after in answers if status == 503]
        assert {status for status, _ in answers} <= {200, 503}, answers
        assert refused, "the disk must have been full"
        assert all(refused), "it says when to come again"
        (small_disk / "ballast").unlink()
        again = [server.post(message)[0] for message in messages]
        assert again == [200] * len(messages), "nobody had to do anything"
    finally:
        server.kill()
    require_whole(url, env, {message.sid for message in messages})


def fill(ballast: Path) -> None:
    """Leave no byte."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    assert shutil.disk_usage(ballast.parent).free < 4096
