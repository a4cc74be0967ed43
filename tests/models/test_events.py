"""The ledger shows any later change, and nothing but a change breaks it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import GENESIS, Event, first_broken, seal

AT = datetime(2026, 11, 21, 19, 10, 0, 1, tzinfo=UTC)
ENTRY = {
    "seq": 7,
    "at": AT,
    "number": "HY20261122-00431-8",
    "kind": "dispatched",
    "by": "op01",
    "detail": '{"lead":"civil_affairs"}',
}


def chain(count: int) -> list[Event]:
    events, previous = [], GENESIS
    for seq in range(1, count + 1):
        entry = {**ENTRY, "seq": seq, "previous": previous}
        previous = seal(previous, entry)
        events.append(Event(**entry, hash=previous))
    return events


def test_a_whole_chain_is_unbroken():
    assert first_broken(chain(20), GENESIS) is None
    assert first_broken([], GENESIS) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", AT + timedelta(microseconds=1)),
        ("number", None),
        ("kind", "closed"),
        ("by", "op02"),
        ("detail", '{"lead":"health"}'),
        ("seq", 99),
        ("previous", GENESIS),
        ("hash", "0" * 64),
    ],
)
@pytest.mark.parametrize("where", [1, 10, 19])
def test_a_change_of_any_field_is_found_where_it_was_made(field, value, where):
    events = chain(20)
    setattr(events[where], field, value)
    assert first_broken(events, GENESIS) is events[where]


def test_an_entry_taken_out_or_moved_is_found():
    events = chain(5)
    assert first_broken([*events[:2], *events[3:]], GENESIS) is events[3]
    assert first_broken([events[1], events[0], *events[2:]], GENESIS) is events[1]
    assert first_broken(events[1:], GENESIS) is events[1]


@given(minutes=st.integers(-14 * 60, 14 * 60))
def test_the_same_instant_in_any_zone_has_the_same_seal(minutes):
    elsewhere = AT.astimezone(timezone(timedelta(minutes=minutes)))
    assert seal(GENESIS, {**ENTRY, "at": elsewhere}) == seal(GENESIS, ENTRY)


def test_the_seal_is_the_one_that_was_published():
    """A changed form would break every ledger that exists."""
    assert seal(GENESIS, ENTRY) == (
        "5ab030cc98b5971e8a8e1a3e0210beb3a1e94bf1d9ebe889196bf70be7936b1b"
    )
