"""Orders that nobody wants, as the command gives them: no promise breaks, and it counts them."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "tests.benchmarks.random_lives"]


def test_a_few_unwanted_orders_break_no_promise() -> None:
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
