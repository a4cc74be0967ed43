"""Each step of each clock once, over kills and jumps; ``python -m tests.benchmarks.reminders``
does it at length."""

import random
from pathlib import Path

import pytest

from tests.crash import processes
from tests.crash.ticking import Trial


@pytest.mark.thorough
def test_two_tickers_that_are_killed_while_the_time_jumps_take_each_step_once(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'huiyin.db'}"
    processes.prepare(url)
    trial = Trial(url, tmp_path, random.Random(3))
    trial.fill(40)
    taken = trial.run(12)
    print(f"{trial.kills} kills, {dict(trial.jumps)}: {len(taken)} steps")
    assert len(taken) > 100
    assert set(taken.values()) == {1}
