"""A test client whose event loop stays open from one request to the next."""

from contextlib import ExitStack
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette import testclient


class _Loop:
    """The one loop of this session, in a thread of its own, begun at the first request."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def portal(self) -> BlockingPortal:
        if self._portal is None:
            self._portal = self._stack.enter_context(start_blocking_portal("asyncio"))
        return self._portal

    def close(self) -> None:
        self._portal = None
        self._stack.close()


LOOP = _Loop()


class TestClient(testclient.TestClient):
    """Starlette's own begins and ends a thread and a loop at each request, which costs twice what
    most requests do. Nothing of an application starts or stops by it."""

    __test__ = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.portal = LOOP.portal()
