"""The ladders by which clocks were started: a later rule never moves the reminders of a running
clock. One row a ladder and version of the rules; rows are added, never changed."""

from typing import Any

from sqlmodel import SQLModel

from models.columns import document, operational


class Ladder(SQLModel, table=True):
    """``policy`` is the stamp that the clock carries, ``steps`` are [at, who, act]."""

    policy: str = operational(primary_key=True)
    name: str = operational(primary_key=True)
    steps: list[Any] = document(operational)
