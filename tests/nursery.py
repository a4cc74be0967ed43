"""Where the processes of tests come from: forked from one that is warm already (tests/warmed.py).

A session has one fork server, and what is named first is all that it ever prepares; so whoever
forks asks here.
"""

import multiprocessing
from multiprocessing.context import ForkServerContext

WARM = "tests.warmed"


def nursery() -> ForkServerContext:
    """The context whose processes have done the imports and read the rules."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    return context


def grow_up() -> None:
    """Called first in such a process: what it starts itself, it starts as it would by itself. A
    forked one inherits the fork server's way, which imports everything anew for a ``Pool``."""
    multiprocessing.set_start_method(None, force=True)
