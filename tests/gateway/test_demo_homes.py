"""The demonstration shows whose household a case is about: some linked, some still proposed."""

from gateway import demo_cases, demo_homes
from models.households import Belonging
from tests.gateway.test_households import rows


def test_some_invented_cases_are_linked_to_households_and_others_wait(state):
    office = state.offices.current()
    for call in demo_cases.calls(office, state.now()):
        state.intake.submit(call).result(20)
    linked = demo_homes.live(state, state.now())
    found = rows(state, Belonging)
    confirmed = [one for one in found if one.state == "confirmed"]
    assert len(confirmed) == linked >= 4
    assert len({one.household_id for one in confirmed}) == linked
    assert len([one for one in found if one.state == "proposed"]) >= 4
    assert all(one.findings for one in found), "each says why"
