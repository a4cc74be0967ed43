"""Rules that hold for whatever is drawn: a few drawings in the quick suite, all in the thorough."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

ONE_IN = 5


def for_all(*drawn: SearchStrategy[Any], many: int = 100) -> Callable[[Callable[..., None]], Any]:
    """The rule is a test of ``many`` drawings, and quickly of one in five of them."""

    def tested(rule: Callable[..., None]) -> Any:
        @pytest.mark.parametrize(
            "drawings",
            [
                pytest.param(many // ONE_IN, id="few"),
                pytest.param(many, id="many", marks=pytest.mark.thorough),
            ],
        )
        def test(drawings: int) -> None:
            settings(max_examples=drawings, deadline=None)(given(*drawn)(rule))()

        test.__doc__ = rule.__doc__
        return test

    return tested
