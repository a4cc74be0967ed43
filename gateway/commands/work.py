"""``huiyin work``: delivers, reminds, retries and catches up; any number may run."""

import asyncio
import gc
import signal

from gateway import observe
from gateway.commands.serve import require_ready
from gateway.settings import load
from gateway.state import State, settle, wire
from gateway.ticks import Ticks


def run() -> int:
    """Work until stopped."""
    observe.set_up()
    gc.disable()  # until all that stays is read, see ``settle``
    settings = load()
    rules = require_ready(settings)
    state = wire(settings, kind="work", rules=rules)
    settle()  # a pass through all that stays takes long, perhaps while others wait to write
    try:
        asyncio.run(_work(state))
    finally:
        state.close()
    return 0


async def _work(state: State) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    ticks = Ticks.of(state)
    ticks.start()
    await stopped.wait()
    await ticks.stop()
