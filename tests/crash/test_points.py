"""Every named point of the way in and out is there: a process that cannot be made to die at one
says nothing about it."""

import importlib

import pytest

from tests.crash.points import SERVE, WORK


@pytest.mark.parametrize("name", [*SERVE, *WORK])
def test_where_a_process_is_to_die_is_in_the_code(name: str) -> None:
    point = {**SERVE, **WORK}[name]
    module, _, inner = point.owner.partition(":")
    owner = importlib.import_module(module)
    assert callable(getattr(getattr(owner, inner) if inner else owner, point.name))
