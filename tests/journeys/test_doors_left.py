"""A visit and a warning are somebody's who is there: who leaves or is moved takes no door along."""

from datetime import timedelta

import pytest

from gateway import accounts, doorsteps, offices, rounds, staffing
from models.outbox import Outgoing
from models.transaction import acting
from tests.journeys.test_as_12_shift_change import events
from tests.journeys.walkers import Walkers


@pytest.fixture
def county(state, now):
    """The county on Monday 5 October 2026, its rounds just planned."""
    now.forward(days=5)
    made = Walkers(state, now)
    made.reach_out()
    return made


def walker_of(county: Walkers) -> str:
    return next(one.holder for one in county.visits() if one.settled_at is None)


def close(county: Walkers, login: str) -> None:
    with acting(county.state.database, county.state.mint) as tx:
        accounts.disable(tx, login, county.now(), by="admin01", reason="离职")
    turn(county)


def turn(county: Walkers) -> int:
    state = county.state
    return rounds.run(state.database, state.mint, state.offices, county.now())


def shown(county: Walkers, login: str) -> set[int]:
    """The visits that somebody's page shows."""
    state = county.state
    with state.database.read() as session:
        found = doorsteps.day(session, county.actor(login), state.offices.current(), county.now())
    return {one.id for one in found.visits}


def told(county: Walkers, login: str) -> list[str]:
    return [
        one.text
        for one in county.every(Outgoing)
        if one.staff == login and one.phrase == "staff_outreach_due"
    ]


def test_the_doors_of_who_leaves_have_another_person_at_once_who_is_told(county: Walkers) -> None:
    left = walker_of(county)
    before = {one.id: one for one in county.visits(left)}
    close(county, left)
    after = {one.id: one for one in county.visits() if one.id in before}
    officers = county.state.offices.current().directory.officer
    assert before
    for one in after.values():
        assert one.holder in officers
        assert one.unit == officers[one.holder].unit
        assert one.id in shown(county, one.holder)
        was = before[one.id]
        assert (one.due_at, one.next_at, one.door) == (was.due_at, was.next_at, was.door)
    entries = events(county.state, "doors_handed_on")
    assert {one["was"] for one in entries} == {left}
    assert sum(one["count"] for one in entries) == len(before)
    for login in {one.holder for one in after.values()}:
        assert len(told(county, login)) == 1
    assert turn(county) == 0, "once"


def test_who_is_moved_elsewhere_is_shown_no_door_of_the_place_they_left(county: Walkers) -> None:
    moved = walker_of(county)
    before = shown(county, moved)
    state = county.state
    elsewhere = {"role": "bureau_officer", "unit": "civil_affairs", "area": ""}
    with acting(state.database, state.mint) as tx:
        staffing.transfer(tx, moved, elsewhere, "调动", county.actor("admin01"), county.now())
    state.offices.refresh()
    turn(county)
    assert before
    assert county.visits(moved) == []


def test_who_goes_through_another_grid_takes_no_door_along(county: Walkers) -> None:
    moved = walker_of(county)
    directory = county.state.offices.current().directory
    own = directory.officer[moved]
    grid = next(
        one.code
        for one in directory.places
        if one.kind == "grid" and one.code != own.area
        and not set(directory.ancestry(own.area)) & {one.parent}
    )  # fmt: skip
    before = {one.id for one in county.visits(moved)}
    state = county.state
    place = {"role": str(own.role), "unit": own.unit, "area": grid}
    with acting(state.database, state.mint) as tx:
        staffing.transfer(tx, moved, place, "换网格", county.actor("admin01"), county.now())
    state.offices.refresh()
    turn(county)
    assert before
    assert not before & {one.id for one in county.visits(moved)}


def test_a_door_that_stayed_shut_goes_to_whose_step_it_is(county: Walkers) -> None:
    visit = next(one for one in county.visits() if one.settled_at is None)
    county.door(visit.holder, visit, "nobody")
    for _ in range(3):
        now_at = county.visit(visit.id)
        if now_at.holder != visit.holder:
            break
        county.now.forward(hours=3)
        county.door(now_at.holder, now_at, "nobody")
    cadre = county.visit(visit.id).holder
    assert cadre != visit.holder
    close(county, visit.holder)
    assert county.visit(visit.id).holder == cadre, "it was theirs no more"
    close(county, cadre)
    follower = county.visit(visit.id).holder
    assert follower != cadre
    assert follower in county.state.offices.current().directory.officer


def test_what_is_done_stays_with_whom_it_was_done_by(county: Walkers) -> None:
    visit = next(one for one in county.visits() if one.settled_at is None)
    county.door(visit.holder, visit, "well")
    county.now.forward(minutes=5)
    close(county, visit.holder)
    assert county.visit(visit.id).holder == visit.holder
    assert county.visit(visit.id).settled_at <= county.now() - timedelta(minutes=5)


def test_where_nobody_leaves_no_door_moves(county: Walkers) -> None:
    before = {one.id: one.holder for one in county.visits()}
    assert turn(county) == 0
    with acting(county.state.database, county.state.mint) as tx:
        offices.changed(tx)
    turn(county)
    assert {one.id: one.holder for one in county.visits()} == before
