"""What waits is written together; one bad job takes none of its neighbours along."""

import threading
from concurrent.futures import wait
from itertools import chain

import pytest
from sqlalchemy import select

from models.counters import Counter
from models.db import Busy
from models.writer import QUEUE_LIMIT, Writer


class Steps:
    """Counts; a job named "bad" cannot be worked, one named "worse" cannot be kept either."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def work(self, tx, jobs):
        self.batches.append(list(jobs))
        self.begun.set()
        if "first" in jobs:
            self.go_on.wait(10)
        results = [tx.count(f"job:{job}") for job in jobs]
        if {"bad", "worse"} & set(jobs):
            raise ValueError("cannot be worked")
        return results

    def rescue(self, tx, job, error):
        if job == "worse":
            raise OSError("cannot be kept")
        tx.count(f"rescued:{job}")
        return -1


@pytest.fixture
def steps():
    return Steps()


@pytest.fixture
def writer(database, mint, steps):
    found = Writer(database, mint, work=steps.work, rescue=steps.rescue, batch=10)
    yield found
    steps.go_on.set()
    found.close()


def counted(database) -> dict[str, int]:
    with database.read() as session:
        rows = session.scalars(select(Counter)).all()
    return {row.name: row.value for row in rows if row.name.partition(":")[0] in ("job", "rescued")}


def test_jobs_that_wait_share_one_transaction_in_their_order(database, writer, steps):
    first = writer.submit("first")
    steps.begun.wait(10)
    others = [writer.submit(f"n{number}") for number in range(25)]
    steps.go_on.set()
    assert [future.result(10) for future in (first, *others)] == [1] * 26
    assert [len(batch) for batch in steps.batches] == [1, 10, 10, 5]
    assert list(chain.from_iterable(steps.batches)) == [
        "first",
        *(f"n{number}" for number in range(25)),
    ]
    assert len(counted(database)) == 26


def test_a_bad_job_is_rescued_alone_and_its_neighbours_are_written_once(database, writer, steps):
    writer.submit("first")
    steps.begun.wait(10)
    futures = {job: writer.submit(job) for job in ("a", "bad", "b")}
    steps.go_on.set()
    assert {job: future.result(10) for job, future in futures.items()} == {
        "a": 1,
        "bad": -1,
        "b": 1,
    }
    assert counted(database) == {"job:first": 1, "job:a": 1, "job:b": 1, "rescued:bad": 1}


def test_a_job_that_cannot_even_be_kept_tells_its_caller(database, writer, steps):
    steps.go_on.set()
    with pytest.raises(OSError, match="cannot be kept"):
        writer.submit("worse").result(10)
    assert writer.submit("after").result(10) == 1
    assert counted(database) == {"job:after": 1}


def test_a_result_is_given_after_the_commit(database, writer, steps):
    steps.go_on.set()
    for number in range(20):
        writer.submit(f"n{number}").result(10)
        assert f"job:n{number}" in counted(database)


def test_a_caller_that_stops_waiting_cancels_nothing_and_stops_nobody(database, writer, steps):
    first = writer.submit("first")
    steps.begun.wait(10)
    gone = writer.submit("gone")
    assert not first.cancel()
    assert not gone.cancel()
    steps.go_on.set()
    assert writer.submit("after").result(10) == 1
    assert {"job:first", "job:gone"} <= set(counted(database))


def test_closing_finishes_what_waits(database, mint, steps):
    writer = Writer(database, mint, work=steps.work, rescue=steps.rescue, batch=10)
    futures = [writer.submit(job) for job in ("first", "a", "b")]
    steps.go_on.set()
    writer.close()
    assert all(future.done() for future in futures)
    assert len(counted(database)) == 3


@pytest.mark.thorough
def test_a_full_queue_is_busy_and_accepts_nothing_by_half(writer, steps):
    first = writer.submit("first")
    steps.begun.wait(10)
    waiting = [writer.submit(f"n{number}") for number in range(QUEUE_LIMIT)]
    with pytest.raises(Busy):
        writer.submit("one too many")
    steps.go_on.set()
    wait([first, *waiting], 60)
    assert writer.submit("later").result(10) == 1
    assert "one too many" not in chain.from_iterable(steps.batches)


def test_a_database_that_is_away_says_busy_to_every_waiting_caller(database, mint, steps):
    gate = threading.Event()

    def work(tx, jobs):
        gate.wait(10)
        raise Busy("away")

    writer = Writer(database, mint, work=work, rescue=steps.rescue)
    futures = [writer.submit(job) for job in "abc"]
    gate.set()
    for future in futures:
        with pytest.raises(Busy):
            future.result(10)
    writer.close()
    assert counted(database) == {}


def test_a_batch_is_made_ready_outside_the_transaction_and_what_that_raises_is_told(
    database, mint, steps
):
    def ready(jobs):
        with database.write():  # would wait for ever inside a transaction of this process
            steps.batches.append(["ready", *jobs])
        if "bad" in jobs:
            raise Busy("the rules are away")

    writer = Writer(database, mint, work=steps.work, rescue=steps.rescue, ready=ready)
    assert writer.submit("a").result(10) == 1
    with pytest.raises(Busy, match="away"):
        writer.submit("bad").result(10)
    assert writer.submit("b").result(10) == 1
    writer.close()
    assert steps.batches == [["ready", "a"], ["a"], ["ready", "bad"], ["ready", "b"], ["b"]]
    assert set(counted(database)) == {"job:a", "job:b"}
