"""A request number is read by people, over the telephone, in a dialect: slips are heard."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import numbers

DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))
SEQUENCES = st.integers(1, 99_999)
DAY = date(2026, 11, 22)


def test_a_number_names_its_day_and_its_place_in_the_day():
    assert re.fullmatch(r"HY20261122-00431-\d", numbers.number(DAY, 431))


@given(DAYS, SEQUENCES)
def test_a_number_is_understood_however_it_is_written(day, sequence):
    number = numbers.number(day, sequence)
    digits = "".join(c for c in number if c.isdecimal())
    for said in (number, number.lower(), digits, " ".join(digits), number.replace("-", " － ")):
        assert numbers.normal(said) == number


@given(DAYS, SEQUENCES, st.data())
def test_one_misread_digit_is_always_noticed(day, sequence, data):
    number = numbers.number(day, sequence)
    at = data.draw(st.sampled_from([i for i, c in enumerate(number) if c.isdecimal()]))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    assert numbers.normal(number[:at] + wrong + number[at + 1 :]) is None


@pytest.mark.parametrize("said", ["", "HY", "12345", "1234567890123", "进度", "HY20261122-00431-"])
def test_what_is_no_number_is_none(said):
    assert numbers.normal(said) is None


def test_a_day_may_have_more_than_ninety_nine_thousand_requests():
    number = numbers.number(DAY, 123_456)
    assert numbers.normal(number) == number
    assert number.startswith("HY20261122-123456-")


def test_a_code_is_six_digits_and_not_always_the_same():
    codes = {numbers.code() for _ in range(200)}
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert len(codes) > 190
