"""New keys under load and kills: nothing opens no more; ``python -m tests.benchmarks.rotation``."""

import random
from pathlib import Path

import pytest

from tests.crash import processes
from tests.crash.rotating import Trial


@pytest.mark.thorough
def test_keys_are_changed_while_everything_is_killed_and_the_new_one_alone_opens_all(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'huiyin.db'}"
    processes.prepare(url)
    trial = Trial(url, tmp_path, random.Random(5))
    taken = trial.run(4)
    print(f"{taken} kept; {dict(trial.kills)}, {trial.rotations} rotations; {trial.statuses}")
    assert taken > 20
    assert trial.rotations >= 2
