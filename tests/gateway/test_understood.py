"""What a request says was understood."""

from itertools import combinations

import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway.state import State
from models.requests import HelpRequest
from tests.gateway.people import said


@pytest.mark.parametrize(
    "text",
    [
        "我父亲一个人住，家里断粮两天了，摔了一跤下不了床",
        "房顶被大风掀了，今晚没地方住，青山镇青山村",
    ],
)
def test_each_part_of_the_words_is_named_once(state: State, text: str) -> None:
    number = said(state, "one", text).number
    with state.database.read() as session:
        summary = session.scalars(
            select(col(HelpRequest.summary)).where(col(HelpRequest.number) == number)
        ).one()
    quotes = summary.partition("：")[2].split("、")
    assert quotes
    assert all(quote in text for quote in quotes)
    for one, other in combinations(quotes, 2):
        assert text.index(one) + len(one) <= text.index(other) or (
            text.index(other) + len(other) <= text.index(one)
        )


def test_who_writes_english_reads_no_chinese_marks_in_what_was_understood(state: State) -> None:
    number = said(
        state, "one", "We have no food for two days, please help, Linjiang community"
    ).number
    with state.database.read() as session:
        summary = session.scalars(
            select(col(HelpRequest.summary)).where(col(HelpRequest.number) == number)
        ).one()
    assert ": no food" in summary
    assert not set("：、") & set(summary)
