"""One mechanism slows every kind of guessing; its numbers are rows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway import guessing
from gateway.guessing import Measure, measures
from gateway.state import State
from models.access import Attempt
from models.transaction import acting
from referral.casework import Refusal
from tests.conftest import Clock

QUARTER = timedelta(minutes=15)


def kept(state: State) -> int:
    with state.database.read() as session:
        return session.scalar(select(func.count()).select_from(Attempt)) or 0


@pytest.mark.parametrize("measure", measures().values(), ids=lambda one: one.kind)
def test_every_measure_has_free_tries_a_pause_that_ends_and_a_source(measure: Measure) -> None:
    assert measure.free > 0
    assert timedelta(0) < measure.first_pause <= measure.longest_pause <= QUARTER
    assert measure.within >= measure.longest_pause, "what is forgotten makes nobody wait"
    assert measure.source
    assert measure.tag in ("V", "P")


@pytest.mark.parametrize("measure", measures().values(), ids=lambda one: one.kind)
def test_after_the_free_tries_each_next_one_waits_twice_as_long(
    measure: Measure, state: State, now: Clock
) -> None:
    what = [(measure.kind, "somebody")]
    for _ in range(measure.free):
        assert guessing.attempt(state, what, now())
    pause, gone = measure.first_pause, timedelta(0)
    while gone + pause < measure.within:
        tried = guessing.attempt(state, what, now())
        assert tried.wait == pause
        assert guessing.attempt(state, what, now()).wait == pause, "hammering adds nothing"
        assert guessing.attempt(state, [(measure.kind, "another")], now())
        now.forward(seconds=pause.total_seconds())
        assert guessing.attempt(state, what, now()), "the pause ends by itself"
        gone += pause
        pause = min(2 * pause, measure.longest_pause)
    now.forward(seconds=measure.within.total_seconds())
    assert guessing.attempt(state, what, now()), "after a time nothing is held against anybody"


def test_who_waits_at_one_measure_uses_up_no_other(state: State, now: Clock) -> None:
    for _ in range(measures()["sign_in"].free):
        guessing.attempt(state, [("sign_in", "op01")], now())
    before = kept(state)
    both = [("sign_in", "op01"), ("sign_in_from", "10.0.0.1")]
    tried = guessing.attempt(state, both, now())
    assert (bool(tried), kept(state)) == (False, before)
    with pytest.raises(Refusal) as refused:
        tried.require()
    assert (refused.value.status, refused.value.params) == (429, {"minutes": "1"})


def test_what_was_right_was_no_guess(state: State, now: Clock) -> None:
    for _ in range(3 * measures()["sign_in"].free):
        tried = guessing.attempt(state, [("sign_in", "op01")], now()).require()
        with acting(state.database, state.mint) as tx:
            guessing.forgive(tx, tried)
    assert kept(state) == 0


def test_tries_at_once_are_counted_one_by_one(state: State, now: Clock) -> None:
    what = [("bind_sender", "somebody")]
    with ThreadPoolExecutor(12) as pool:
        tried = list(pool.map(lambda _: bool(guessing.attempt(state, what, now())), range(12)))
    assert tried.count(True) == measures()["bind_sender"].free


def test_nothing_is_kept_longer_than_the_longest_measure(state: State, now: Clock) -> None:
    guessing.attempt(state, [("sign_in", "op01")], now())
    now.forward(minutes=61)
    guessing.attempt(state, [("sign_in", "op02")], now())
    assert kept(state) == 1
