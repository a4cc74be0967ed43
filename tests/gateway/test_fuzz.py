"""A little of what ``python -m tests.benchmarks.fuzz`` does for hours: no call breaks anything."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sheets import BadSheet, read_table
from tests.fuzzing.calls import Call, ask
from tests.fuzzing.house import House, opened
from tests.fuzzing.running import Run
from tests.fuzzing.words import spoiled
from tests.gateway.test_importing import book

FEW, MANY = (40, 2), (400, 8)
"""How many calls, on forms and links of how many pages of each person."""


@pytest.mark.parametrize(
    ("inputs", "pages"), [FEW, pytest.param(*MANY, marks=pytest.mark.thorough)]
)
def test_no_call_is_answered_with_a_fault_or_leaves_one_in_the_log(
    sqlite_template: Path, tmp_path: Path, inputs: int, pages: int
) -> None:
    found = Run(sqlite_template, pages=pages).round(tmp_path / "house", "quick", inputs)
    assert found.broken == []
    assert found.inputs == inputs
    assert len(found.operations) > inputs // 4, "many routes must have been called"
    assert found.statuses[200] > inputs // 20, "and some must have done something"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(sqlite_template, tmp_path_factory.mktemp("house")) as house:
        yield house


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from((b"/help", b"/status", b"/api/v1/contacts", b"/hook/sms", b"/hook/x")),
    query=st.binary(max_size=60),
    kind=st.sampled_from((b"application/json", b"application/x-www-form-urlencoded", b"", b"\xff")),
    body=st.binary(max_size=300),
)
def test_no_bytes_from_a_stranger_break_what_everybody_may_call(
    house: House, path: bytes, query: bytes, kind: bytes, body: bytes
) -> None:
    call = Call("stranger", "POST", path, query, ((b"content-type", kind),), body)
    answer = asyncio.run(ask(house.app, call))
    assert answer.broke is None
    assert 200 <= answer.status < 500
    assert house.faults.seen == []


def test_a_spoiled_spreadsheet_is_refused_in_words_or_read() -> None:
    """Found by the long run: a sheet whose compressed part was cut was answered with a fault."""
    whole = book([["户主姓名", "住址"], ["王小明", "柳湾村3组"]] * 40)
    known = {"户主姓名": "head_name", "住址": "address"}
    assert list(read_table("户.xlsx", whole, known, "填报").rows)
    chance, refused = Random("sheets"), 0
    for _ in range(600):
        try:
            table = read_table("户.xlsx", spoiled(chance, whole), known, "填报")
            list(table.rows)
        except BadSheet:
            refused += 1
    assert 100 < refused < 600
