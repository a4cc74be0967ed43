"""A whole registry, and two who change one household from their own copies of it."""

import pytest

from gateway import import_households, importing, registry
from gateway.held_keys import HeldKeys
from models.households import Household, HouseholdKey
from models.transaction import acting
from tests.gateway.test_household_keys import CALLER, found
from tests.gateway.test_households import rows, tick
from tests.gateway.test_importing import GOOD, HEAD, codes, look, read_in
from triage.household_matching import read_home

MORE = "".join(
    f"N{at},甘小霖,甘雨,139000012{at:02},柳湾镇柳湾村9组{at}号,W0101,低保,,在住\n"
    for at in range(1, 40)
)
VERSIONED = "户编号,户主姓名,详细地址,联系电话,版本\n"
DOOR = "滨江路18号院2号楼3单元301"


def written(state, many):
    looked = look(state, HEAD + MORE)
    importing.write(
        state.database, state.mint, looked, codes(state), by="op01", now=state.now, many=many
    )
    new = [one for one in rows(state, HouseholdKey) if one.household_id.startswith("N")]
    return {(one.hash, one.household_id) for one in new}


def test_a_whole_registry_has_the_keys_that_each_household_would_have_had(state):
    at_the_end = written(state, many=1)
    with state.database.read() as session:
        connection = session.connection()
        ids = [f"N{at}" for at in range(1, 40)]
        one_by_one = {
            (key, home.id)
            for home in registry.households(connection, ids)
            for key in registry.hashes_of(connection, home.home())
        }
        query = read_home(names=("甘小霖",), phones=("13900001207",), address="")
        matches = registry.search(connection, query)
    assert at_the_end == one_by_one, "none waits, none is missing"
    assert matches[0].household_id == "N7"


def test_a_run_that_ends_before_the_keys_are_written_loses_no_household(state):
    looked = look(state, HEAD + GOOD)
    held = HeldKeys()
    reads = list(importing.lines(looked, codes(state)))
    with acting(state.database, state.mint) as tx:
        import_households.write(tx, [one.values for one in reads], state.now(), held)
    assert len(held) > 4
    tick(state)  # the process that held them is gone
    query = read_home(names=("甘小霖",), phones=("13900001234",), address="")
    with state.database.read() as session:
        assert registry.search(session.connection(), query)[0].household_id == "N1"


def test_two_who_change_one_household_offline_are_both_heard_and_the_second_is_told(state):
    first = f"HH00001,贺芳,{DOOR},19900001111,1\n"
    second = f"HH00001,贺芳,{DOOR},19900002222,1\n"
    assert read_in(state, VERSIONED + first)[1:] == (1, 0)
    looked = look(state, VERSIONED + second)
    importing.compare(state.database, looked, codes(state), "op01")
    (fault,) = looked.faults
    assert (fault.line, fault.column, fault.key) == (2, "版本", "import.fault.overtaken")
    assert fault.params == {"version": "2"}
    assert read_in(state, VERSIONED + second)[1:] == (0, 0), "nor by who did not look"
    (home,) = [one for one in rows(state, Household) if one.id == "HH00001"]
    assert home.version == 2
    assert found(state)[0] == "HH00001"
    assert CALLER.phones
    again = f"HH00001,贺芳,{DOOR},19900002222,2\n"
    assert read_in(state, VERSIONED + again)[1:] == (1, 0)


@pytest.mark.parametrize("version", ["", "1"])
def test_a_line_for_the_version_that_stands_is_written(state, version):
    assert read_in(state, f"{VERSIONED}HH00001,贺芳,{DOOR},,{version}\n")[1] == 1
