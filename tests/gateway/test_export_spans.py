"""The rows of a day or a month are written as somebody means who names it."""

from datetime import UTC, datetime

import pytest

from gateway.commands import export
from gateway.commands.export import time_of


@pytest.mark.parametrize(
    ("said", "begins", "over"),
    [
        ("2026-10", datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("2026-12", datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        ("2024-02", datetime(2024, 1, 31, 16, tzinfo=UTC), datetime(2024, 2, 29, 16, tzinfo=UTC)),
        (
            "2026-10-31",
            datetime(2026, 10, 30, 16, tzinfo=UTC),
            datetime(2026, 10, 31, 16, tzinfo=UTC),
        ),
    ],
)
def test_a_month_or_a_day_is_the_whole_of_it_in_china(
    said: str, begins: datetime, over: datetime
) -> None:
    assert time_of("--since", said) == begins
    assert time_of("--until", said, end=True) == over


def test_a_time_is_the_time_itself() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    for end in (False, True):
        assert time_of("--until", "2026-11-22T08:00:00+08:00", end=end) == at
    assert time_of("--until", "", end=True) is None


@pytest.mark.parametrize("said", ["2026-13", "2026-02-30", "2026-11-22T08:00", "1826-10", "Oct"])
def test_what_is_none_is_refused_in_words(said: str) -> None:
    with pytest.raises(ValueError, match="2026-11-22T08:00:00"):
        time_of("--since", said)


def test_a_span_that_ends_before_it_begins_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="is not before --until 2026-10"):
        export.run(
            what="requests", fmt="csv", since="2026-11", until="2026-10",
            output=tmp_path / "o.csv",
        )  # fmt: skip
    assert not (tmp_path / "o.csv").exists()
