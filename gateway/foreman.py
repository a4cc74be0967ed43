"""Who begins the web processes, and begins one anew when it ends.

A process that takes no call itself has imported and read everything; each web process is forked
from it. So one that was killed is back in the time that its database takes, callers wait in the
socket meanwhile instead of being refused, and several share what never changes.
"""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from uvicorn_worker import UvicornWorker

from gateway import figures

HUNG_AFTER_SECONDS = 60
"""A process whose loop stands still for so long is ended and begun anew."""
GRACE_SECONDS = 5
"""What is being answered may take so long to end."""
OPTIONS: dict[str, Any] = {
    "server_header": False,
    "access_log": False,
    "timeout_graceful_shutdown": GRACE_SECONDS,
}
"""How each process serves, in uvicorn's words."""
_SIGNS = "/dev/shm"  # noqa: S108  # nosec B108
"""Where a process shows that it lives: in memory, since a full disk must stop no sign; in files of
mode 600 without a name."""
_PR_SET_PDEATHSIG = 1


def run(
    build: Callable[[], FastAPI], *, host: str, port: int, workers: int, more: dict[str, Any]
) -> None:
    """Serve until stopped; ``build`` is called once in each process, ``more`` goes to uvicorn."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    worker = type("_Worker", (_Worker,), {"CONFIG_KWARGS": _Worker.CONFIG_KWARGS | more})
    signs = _SIGNS if os.access(_SIGNS, os.W_OK) else None
    with figures.shared(signs):
        _Foreman(
            build,
            bind=address,
            workers=workers,
            worker_class=worker,
            timeout=HUNG_AFTER_SECONDS,
            graceful_timeout=GRACE_SECONDS + 1,
            post_fork=_end_with_the_foreman,
            logger_class=_Log,
            loglevel="warning",
            control_socket_disable=True,
            worker_tmp_dir=signs,
        ).run()


class _Foreman(BaseApplication):  # type: ignore[misc]  # untyped
    def __init__(self, build: Callable[[], FastAPI], **options: Any) -> None:
        self._build, self._options = build, options
        super().__init__()

    def load_config(self) -> None:
        """Nothing but what we say: no file, no environment, no command line."""
        config: Config = self.cfg
        for name, value in self._options.items():
            config.set(name, value)

    def load(self) -> FastAPI:
        return self._build()


class _Worker(UvicornWorker):  # type: ignore[misc]
    CONFIG_KWARGS: dict[str, Any] = UvicornWorker.CONFIG_KWARGS | OPTIONS


class _Log(Logger):  # type: ignore[misc]
    """Our own log has what it says too."""

    def setup(self, _cfg: Config) -> None:
        self.error_log.setLevel(logging.WARNING)
        self.error_log.handlers = logging.getLogger().handlers
        self.error_log.propagate = False


def _end_with_the_foreman(foreman: Any, _worker: Any) -> None:
    """A process whose foreman was killed takes no more calls: the next foreman begins others."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != foreman.pid:  # it was quicker
        os.kill(os.getpid(), signal.SIGKILL)
