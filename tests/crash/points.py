"""The named points of the path at which a process can be made to die.

A process under test is forked, told a point and a count, and kills itself (SIGKILL: nothing is
flushed, nothing is tidied) when it comes there for that time. The functions are wrapped in that
process alone; between two points nothing is written or said.
"""

import importlib
import inspect
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """Before or after a call of ``owner.name``; ``module:Class`` for a method."""

    owner: str
    name: str
    after: bool = False


SERVE: Mapping[str, Point] = {
    "the signature holds, nothing is read": Point("gateway.intake:Intake", "read"),
    "read, not handed to the writer": Point("gateway.intake:Intake", "submit"),
    "handed to the writer": Point("gateway.intake:Intake", "submit", after=True),
    "the transaction is open": Point("gateway.recall", "load"),
    "the call is in the journal": Point("gateway.intake", "keep", after=True),
    "judged and opened": Point("gateway.intake", "open_request", after=True),
    "attached to its open request": Point("gateway.intake", "attach", after=True),
    "the contact is recorded": Point("gateway.intake", "record", after=True),
    "a receipt of the provider is applied": Point("gateway.conversations", "report", after=True),
    "nothing is sent to the database yet": Point("models.transaction:Transaction", "write"),
    "rows are in, the ledger is not": Point("models.transaction:Transaction", "_seal"),
    "all is in, not committed": Point("models.transaction:Transaction", "write", after=True),
    "committed, nobody knows": Point("gateway.hooks:Arrivals", "land"),
    "the answer is made, not sent": Point("gateway.hooks", "response"),
    "answered": Point("gateway.hooks:Hooks", "__call__", after=True),
}
"""On the way in, in the order in which a call passes them."""

WORK: Mapping[str, Point] = {
    "before a message is claimed": Point("models.outbox", "claim"),
    "messages are claimed": Point("gateway.delivery:Delivery", "_claim", after=True),
    "the provider is not called yet": Point("gateway.delivery:Delivery", "_send"),
    "the provider has taken it": Point("gateway.delivery:Delivery", "_send", after=True),
    "not settled yet": Point("gateway.delivery:Delivery", "_sent"),
    "settled, not committed": Point("models.outbox", "settle_sent", after=True),
    "settled": Point("gateway.delivery:Delivery", "_sent", after=True),
    "inside a sweep of the clocks": Point("gateway.sweeping:Sweep", "round"),
    "a comparison is not committed": Point("gateway.repeats", "write", after=True),
}
"""On the way out and in the recurring work."""


def arm(name: str, times: int) -> None:
    """Let this process die when it comes to the point for the so-manieth time."""
    point = {**SERVE, **WORK}[name]
    module, _, inner = point.owner.partition(":")
    owner = importlib.import_module(module)
    owner = getattr(owner, inner) if inner else owner
    trap = _Trap(times)
    setattr(owner, point.name, _wrapped(getattr(owner, point.name), trap, after=point.after))


class _Trap:
    def __init__(self, times: int) -> None:
        self._left = times
        self._guard = threading.Lock()

    def step(self) -> None:
        with self._guard:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _wrapped(function: Callable[..., Any], trap: _Trap, *, after: bool) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def later(*args: Any, **kwargs: Any) -> Any:
            if not after:
                trap.step()
            outcome = await function(*args, **kwargs)
            if after:
                trap.step()
            return outcome

        return later

    @wraps(function)
    def now(*args: Any, **kwargs: Any) -> Any:
        if not after:
            trap.step()
        outcome = function(*args, **kwargs)
        if after:
            trap.step()
        return outcome

    return now
