"""What is quick and what is thorough, by the rules of ``tests/split.py``."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import split


@dataclass(eq=False)
class Item:
    """As much of a collected test as the rules look at."""

    nodeid: str
    callspec: Any = None
    marks: set[str] = field(default_factory=set)

    @property
    def path(self) -> Path:
        return Path(self.nodeid.partition("::")[0])

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks.add(mark.name)


TESTS = Path(__file__).parent
FORKS = re.compile(r"tests\.gateway\.test_cli import .*huiyin|tests\.gateway(\.| import )commands")


def item(name: str, *marks: str, file: str = "tests/triage/test_x.py", **params: Any) -> Any:
    """One run of a test; parameters are their own indices."""
    spec = SimpleNamespace(params=params, indices=params) if params else None
    ends = "-".join(map(str, params.values()))
    return Item(f"{file}::{name}[{ends}]" if params else f"{file}::{name}", spec, set(marks))


def quick(items: list[Any]) -> list[Any]:
    """What is left for the quick suite."""
    split.mark(items)
    return [one for one in items if "thorough" not in one.marks]


def pair(name: str, **more: Any) -> list[Any]:
    """The two runs of a test on the databases."""
    return [item(name, database_url=url, **more) for url in ("sqlite", "postgresql")]


def test_a_test_for_both_databases_is_quick_on_one_and_each_database_gets_some() -> None:
    runs = [one for n in range(60) for one in pair(f"test_{n}", file=f"tests/gateway/test_{n}.py")]
    left = [one.callspec.params["database_url"] for one in quick(runs)]
    assert len(left) == 60
    assert 10 < left.count("postgresql") < 30


def test_what_is_about_the_databases_is_quick_on_both() -> None:
    assert len(quick(pair("test_writes", file="tests/models/test_db.py"))) == 2


def test_of_a_file_with_many_that_need_a_database_some_are_quick() -> None:
    many = [one for n in range(30) for one in pair(f"test_{n}")]
    without = [item(f"test_without_{n}") for n in range(30)]
    left = quick(many + without)
    assert len(left) == split.PER_FILE + 30
    assert [one for one in left if one.callspec is None] == without


def test_of_a_family_a_sample_is_quick_and_of_a_large_one_an_eighth() -> None:
    small, large = ([item("test_f", at=at) for at in range(n)] for n in (20, 400))
    assert len(quick(small)) == split.SAMPLE
    assert len(quick(large)) == 400 // split.ONE_IN
    one_by_one = [item(f"test_{at}") for at in range(20)]
    assert quick(one_by_one) == one_by_one, "what has no parameters is no family"


def test_the_same_are_quick_in_every_order() -> None:
    names = [one.nodeid for one in quick([item("test_f", at=at) for at in range(50)])]
    other = [one.nodeid for one in quick([item("test_f", at=at) for at in reversed(range(50))])]
    assert sorted(names) == sorted(other)


def test_beside_a_test_that_is_marked_quick_the_rest_of_the_file_is_thorough() -> None:
    day, beside = item("test_a_day", "quick"), item("test_a_slip")
    elsewhere = item("test_b", file="tests/triage/test_y.py")
    assert quick([day, beside, elsewhere]) == [day, elsewhere]
    assert len(quick([item("test_a_day", "quick", at=at) for at in range(4)])) == 1


def test_a_file_of_which_nothing_is_quick_stops_the_run_by_name() -> None:
    bare = [item("test_a", "thorough"), item("test_b", "thorough")]
    with pytest.raises(pytest.UsageError, match=r"tests/triage/test_x\.py: every test is thorough"):
        split.require_net(bare)
    split.require_net([*bare, item("test_c")])


def test_the_files_on_crashes_have_one_quick_test_together() -> None:
    disk = item("test_a", "thorough", file="tests/crash/test_disk.py")
    split.require_net([disk, item("test_b", file="tests/crash/test_kill.py")])
    with pytest.raises(pytest.UsageError, match="tests/crash/"):
        split.require_net([disk])


def test_one_worker_has_all_files_of_a_dear_beginning() -> None:
    first, second = "tests/crash/test_kill.py::test_a", "tests/gateway/test_cli.py::test_b"
    assert split.together(first) == split.together(second) == "forked"
    assert split.together("tests/browser/test_desk.py::test_c") == "browser"
    assert split.together("tests/triage/test_x.py::test_d") == ""


def test_every_file_that_runs_commands_is_among_those_that_fork() -> None:
    files = list((TESTS / "gateway").glob("test_*.py"))
    forking = {f"tests/gateway/{f.name}" for f in files if FORKS.search(f.read_text("utf-8"))}
    assert forking == {name for name in split.FORKED if name.startswith("tests/gateway/")}


def test_long_files_begin_first_and_the_others_stay_as_they_were_shuffled() -> None:
    shuffled = [item("test_a"), item("test_b", file="tests/gateway/test_cli.py"), item("test_c")]
    shuffled.append(item("test_d", file="tests/browser/test_desk.py"))
    last, second, then, first = shuffled
    split.order(shuffled)
    assert shuffled == [first, second, last, then]


def test_every_place_that_the_split_names_is_there() -> None:
    named = {name.partition("::")[0] for name in (*split.LONG, *split.ON_BOTH)}
    assert {name for name in named if not list(TESTS.parent.glob(f"{name}*"))} == set()
