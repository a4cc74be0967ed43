"""A stolen table of household keys says nothing about anybody's telephone, and finding goes on."""

import pytest

from gateway import registry, rekeying
from gateway.state import wire
from models.households import UNDER, HouseholdKey
from tests.conftest import process
from tests.gateway.test_households import rows, tick
from triage.household_keys import keys
from triage.household_matching import read_home
from triage.repeat_keys import hashed

CALLER = read_home(names=("贺芳",), phones=("19900000535",), address="滨江路18号院2号楼3单元301")


@pytest.fixture
def sealed(settings, now, channels):
    """A process that seals, with a register that was there before."""
    more = {"field_key": "3e" * 32, "field_encryption": "on"}
    with process(settings.model_copy(update=more), now, channels) as state:
        tick(state)
        assert all(one.hash for one in rows(state, HouseholdKey)), "none waits"
        yield state


def found(state):
    with state.database.read() as session:
        return [one.household_id for one in registry.search(session.connection(), CALLER)]


def tried_out(state):
    """Which keys of the table somebody finds who knows the telephone and no key."""
    return {hashed(key) for key in keys(CALLER)} & {one.hash for one in rows(state, HouseholdKey)}


def test_a_telephone_number_cannot_be_tried_out_on_the_stolen_table(sealed):
    assert found(sealed)[0] == "HH00001"
    assert tried_out(sealed) == set()


def test_a_new_key_outside_hashes_every_household_anew_and_none_is_lost(sealed, settings, now):
    before = {one.hash for one in rows(sealed, HouseholdKey) if one.hash > UNDER}
    more = {"field_key": "4f" * 32, "field_key_previous": "3e" * 32, "field_encryption": "on"}
    state = wire(settings.model_copy(update=more), kind="test", now=now, channels={})
    tick(state)
    after = [one.hash for one in rows(state, HouseholdKey) if one.hash != UNDER]
    assert not before & {*after}
    assert 0 not in after
    assert len({*after}) == len(before)
    assert found(state)[0] == "HH00001"
    state.close()


def test_a_rotated_data_key_leaves_the_register_as_it_is(sealed):
    before = rows(sealed, HouseholdKey)
    rekeying.rotate(sealed.database, sealed.mint, "aes-256-gcm", sealed.now)
    tick(sealed)
    assert rows(sealed, HouseholdKey) == before
    assert found(sealed)[0] == "HH00001"


def test_where_no_key_stands_outside_the_register_is_found_as_before(settings, now):
    more = {"field_key": "", "field_encryption": "off"}
    state = wire(settings.model_copy(update=more), kind="test", now=now, channels={})
    tick(state)
    assert found(state)[0] == "HH00001"
    assert tried_out(state)
    state.close()
