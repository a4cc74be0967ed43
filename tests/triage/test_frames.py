"""Words that mean danger together are found in any order, near each other, and judged."""

from pathlib import Path

import pytest

from triage.assess import Context, Signal, assess
from triage.policy import SignalPolicy, load_signals

ROW = """
[[signal]]
id = "D2.90"
all = ["{elder} + (青枝|绿叶) + 红果"]
within = 8
cite = "本县办法 第3条"
tag = "L"
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> SignalPolicy:
    directory: Path = tmp_path_factory.mktemp("signals")
    (directory / "signals.toml").write_text(ROW, "utf-8")
    return load_signals(directory)


def found(text: str, policy: SignalPolicy) -> list[Signal]:
    return [s for s in assess(text, Context(), policy).signals if s.rule == "D2.90"]


@pytest.mark.parametrize("text", ["奶奶青枝红果", "红果。绿叶,奶奶", "绿叶都给奶奶红果了"])
def test_the_parts_of_a_frame_stand_in_any_order(text: str, ours: SignalPolicy) -> None:
    assert [s.counts for s in found(text, ours)] == [True]


@pytest.mark.parametrize("text", ["奶奶红果", "奶奶青枝", "奶奶青枝,后来一家人又去了一趟镇上红果"])
def test_a_frame_needs_every_part_near(text: str, ours: SignalPolicy) -> None:
    assert found(text, ours) == []


def test_the_last_part_of_a_frame_is_what_is_denied(ours: SignalPolicy) -> None:
    assert [s.polarity for s in found("奶奶青枝没有红果", ours)] == ["negated"]


def test_what_stands_between_the_parts_of_a_phrase_may_deny_it() -> None:
    signals = assess("独居老人23位,没有走失", Context(), load_signals()).signals
    assert signals
    assert not any(s.counts for s in signals if s.cls == "D5")
