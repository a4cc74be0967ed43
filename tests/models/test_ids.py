"""Ids are unique for ever and grow within a process."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from models.ids import Mint
from models.processes import enlist
from tests.conftest import WEDNESDAY


def test_ids_of_one_process_grow_and_never_repeat_over_threads():
    mint = Mint(1)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda _: [mint() for _ in range(2_000)], range(8)))
    assert len(set(chain.from_iterable(parts))) == 16_000
    assert all(part == sorted(part) for part in parts)


def test_ids_of_two_processes_never_meet():
    one, other = Mint(1), Mint(2)
    assert max(one() for _ in range(1_000)) < min(other() for _ in range(1_000))


def test_an_id_names_its_process_and_fits_64_bits():
    last = Mint(2**31 - 1)
    assert last() >> 32 == 2**31 - 1
    assert last() < 2**63


@pytest.mark.parametrize("process", [0, -1, 2**31])
def test_a_process_number_outside_its_range_is_refused(process):
    with pytest.raises(ValueError, match="outside"):
        Mint(process)


def test_every_start_of_a_process_gets_a_number_of_its_own(database):
    firsts = [enlist(database, "test", WEDNESDAY)() >> 32 for _ in range(3)]
    assert len(set(firsts)) == 3
    assert firsts == sorted(firsts)
