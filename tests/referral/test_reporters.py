"""What a reporter may hear of a matter (N16): a phrase with a place for free words never as is."""

import pytest

from referral import reporters
from tests import shipped

BOOK = shipped.phrases()
FIXED = {
    "due",
    "hotline",
    "lines",
    "number",
    "responder",
    "responder_phone",
    "supervisor",
    "unit",
    "unit_phone",
}
"""What the software fills in by itself: numbers, times, names of units and of staff."""


@pytest.mark.parametrize("phrase", sorted({*reporters.AS_IT_IS, reporters.NEW_DATE}))
def test_what_a_reporter_hears_as_it_is_has_no_place_for_free_words(phrase: str) -> None:
    assert set(BOOK.parameters(phrase)) <= FIXED


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("phrase", ["extended", "suspended", "completed"])
def test_reasons_and_results_are_not_said_to_a_reporter(phrase: str, own: bool) -> None:
    assert reporters.said(phrase, own=own) is None


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("phrase", ["handed_over_later", "due_changed"])
def test_a_new_date_is_said_to_a_reporter_without_its_reason(phrase: str, own: bool) -> None:
    assert reporters.said(phrase, own=own) == reporters.NEW_DATE


def test_an_outcome_is_said_to_a_reporter_without_details() -> None:
    for phrase in ("reply_to_citizen", "refused_in_writing", "redirected"):
        assert reporters.said(phrase, own=False) == reporters.OUTCOME


def test_the_question_is_put_only_to_the_reporter_who_came_with_the_request() -> None:
    assert reporters.said("ask_for_more", own=True) == "ask_for_more"
    assert reporters.said("ask_for_more", own=False) is None
