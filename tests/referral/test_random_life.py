"""Random acts by random people at random times: the invariants of domain note 3b.2 always hold.

A hundred steps in the quick suite, three times as many in the thorough one; HUIYIN_TEST_STEPS asks
for more, HUIYIN_TEST_SEED for another beginning. ``python -m tests.benchmarks.random_lives`` lives
many lives.
"""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.state import State
from models.events import Event
from tests.conftest import Clock as Watch
from tests.referral.lives import Life, live

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "tests.benchmarks.random_lives"]
STEPS = int(os.environ.get("HUIYIN_TEST_STEPS", "300"))
SEED = int(os.environ.get("HUIYIN_TEST_SEED", "20261125"))
BEGINNING = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("steps", [STEPS // 3, pytest.param(STEPS, marks=pytest.mark.thorough)])
def test_random_acts_break_no_invariant(state: State, now: Watch, steps: int) -> None:
    now.at = BEGINNING
    life = Life(state, now, SEED)
    live(life, steps)
    assert life.done > steps * 0.05, "enough was done to mean something"
    assert life.refused > steps * 0.1
    known = state.offices.current().phrases
    assert life.keys <= known.keys(), "every refusal has its sentence"
    print(f"{steps} steps of seed {SEED}: {life.done} acts done, {life.refused} refused")


@pytest.mark.skipif(STEPS < 5000, reason="a life of 5,000 steps and more: HUIYIN_TEST_STEPS")
def test_every_act_is_done_at_least_once_in_a_long_life(state: State, now: Watch) -> None:
    now.at = BEGINNING
    life = Life(state, now, SEED + 1)
    live(life, STEPS)
    kinds = {event.kind for event in life.county.every(Event)}
    wanted = {
        "confirmed", "signed", "return_requested", "return_upheld", "return_refused", "arbitrated",
        "extended", "suspended", "went_on", "asked", "withdrawn", "welfare_check", "reopened",
        "refused", "rehandled", "closed", "succeeded", "brought_in", "part_submitted",
    }  # fmt: skip
    assert wanted <= kinds, f"never done: {sorted(wanted - kinds)}"


@pytest.mark.thorough
def test_a_few_unwanted_orders_break_no_promise() -> None:
    """Orders that nobody wants, as the command gives and counts them."""
    done = subprocess.run(
        [*COMMAND, "--referrals", "5", "--life", "60", "--seed", "3"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    counted = re.search(r"(\d+) acts done, .* (\d+) orders, .*; (\d+) lives broke", done.stdout)
    assert counted is not None, done.stdout
    acts, orders, broken = map(int, counted.groups())
    assert acts > 0
    assert orders >= 5
    assert broken == 0
