"""Twilio's REST API, which the SMS and the voice channel call: our account, its client, and what a
refusal means."""

import asyncio
import importlib
import json
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from channels import ChannelSettings
from models.messages import Outbound, Unavailable, Undeliverable, Unsure

TIMEOUT = 10.0
"""Seconds that a call of the REST API may take; HUIYIN_TWILIO_TIMEOUT changes it."""

KEEP_SECONDS = 2.0
"""How long a connection to the API is kept without a call."""

# Twilio's error codes that no later try can change: the number is wrong, opted out, or cannot be
# reached in this way (https://www.twilio.com/docs/api/errors). All other refusals that are about
# us (authentication, suspension, our own number) or about load are tried again.
_FINAL = frozenset(
    {21210, 21211, 21214, 21215, 21217, 21219, 21265, 21401, 21407, 21408, 21421, 21604}
    | {21610, 21612, 21614, 21617, 21635, 21656, 13223, 13224, 13225, 13226, 13227, 63003, 63024}
)
_BUSY = frozenset({20429, 21611})  # too many requests; the queue of our number is full
_LATER = frozenset({401, 403, 404, 408, 409, 425, 429})


@dataclass(slots=True)
class _Kept:
    """The client of one loop, made when first needed, and how many use it now."""

    client: Any = None
    borrowers: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Our account at Twilio, from HUIYIN_TWILIO_*. Its ``repr`` shows no secret."""

    sid: str = field(repr=False)
    token: str = field(repr=False)
    number: str
    base: str
    timeout: float = TIMEOUT
    _open: "dict[asyncio.AbstractEventLoop, _Kept]" = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, settings: ChannelSettings, channel: str) -> "Account":
        """Raises ValueError naming the first setting that is missing."""
        env = settings.env
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
            if not env.get(name):
                raise ValueError(f"HUIYIN_{name} is not set, and the channel {channel} needs it")
        said = env.get("TWILIO_TIMEOUT") or TIMEOUT
        try:
            timeout = float(said)
        except ValueError:
            raise ValueError(f"HUIYIN_TWILIO_TIMEOUT: {said!r} is no number of seconds") from None
        return cls(
            sid=env["TWILIO_ACCOUNT_SID"],
            token=env["TWILIO_AUTH_TOKEN"],
            number=env["TWILIO_FROM"],
            base=env.get("TWILIO_API_BASE") or "https://api.twilio.com",
            timeout=timeout,
        )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """One client for all calls of the running loop inside, with connections that stay open: to
        greet the provider anew for each message costs more than the message. Made when needed."""
        loop = asyncio.get_running_loop()
        kept = self._open.setdefault(loop, _Kept())
        async with self._borrowed(loop, kept):
            yield

    @asynccontextmanager
    async def _borrowed(
        self, loop: asyncio.AbstractEventLoop, kept: "_Kept"
    ) -> AsyncIterator[None]:
        """Whoever is the last to let go closes the client: nobody's call ends with another's."""
        kept.borrowers += 1
        try:
            yield
        finally:
            kept.borrowers -= 1
            if not kept.borrowers:
                del self._open[loop]
                if kept.client is not None:
                    await kept.client.http_client.close()

    def _client(self, carrier: Any) -> Any:
        from twilio.rest import Client  # type: ignore[import-untyped]

        client = Client(self.sid, self.token, http_client=carrier)
        client.api.base_url = self.base
        return client

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Any]:
        """The client that is kept open, or one for this call alone."""
        loop = asyncio.get_running_loop()
        kept = self._open.get(loop)
        if kept is None:
            async with _carrier() as carrier:
                yield self._client(carrier)
            return
        async with self._borrowed(loop, kept):
            if kept.client is None:
                kept.client = self._client(_carrier())
            yield kept.client

    @asynccontextmanager
    async def api(self, headers: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        """Twilio's own client for a few calls, ``timeout`` seconds in all.

        Inside the block every failure becomes ``Undeliverable`` (refused for good) or
        ``Unavailable`` (away, busy, too slow, unreadable, or a fault of our account).
        """
        if _MODULES[-1] not in sys.modules:  # a second's work, once
            await asyncio.to_thread(_import_client)
        from aiohttp import ClientConnectorError, ClientError
        from twilio.base.exceptions import (  # type: ignore[import-untyped]
            TwilioException,
            TwilioRestException,
        )

        more = _HEADERS.set(headers or {})
        try:
            async with asyncio.timeout(self.timeout), self._lent() as client:
                yield client
        except TwilioRestException as error:
            raise _consequence(error.status, error.code) from None
        except ClientConnectorError as error:  # not even connected: it took nothing
            raise Unavailable(f"Twilio cannot be reached: {type(error).__name__}") from None
        except (TwilioException, ClientError, OSError, TimeoutError) as error:
            status = getattr(error.args[-1] if error.args else None, "status_code", None)
            reason = _refused(status) if status else f"did not answer: {type(error).__name__}"
            raise Unsure(f"Twilio {reason}") from None
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unsure(f"Twilio's answer is unreadable: {type(error).__name__}") from None
        finally:
            _HEADERS.reset(more)


def references(message: Outbound) -> dict[str, str]:
    """Headers that carry the idempotency key and the request number on an outbound call."""
    headers = {"I-Twilio-Idempotency-Token": message.key}
    if message.number:
        headers["X-Huiyin-Request"] = message.number
    return {
        name: value.encode("ascii", "replace").decode().replace("\n", "").replace("\r", "")
        for name, value in headers.items()
    }


def accepted(sid: object) -> str:
    """The provider's id of what it accepted; ``Unavailable`` when the answer holds none."""
    if not isinstance(sid, str) or not 0 < len(sid) <= 64:
        raise Unavailable("Twilio's answer holds no id")
    return sid


def _refused(status: int, code: int | None = None) -> str:
    said = f"refused with status {status}" + (f" and code {code}" if code else "")
    if status != 401:
        return said
    return f"{said}: are HUIYIN_TWILIO_ACCOUNT_SID and HUIYIN_TWILIO_AUTH_TOKEN still right?"


def _consequence(status: int, code: int | None) -> Exception:
    reason = f"Twilio {_refused(status, code)}"
    if code in _FINAL:
        return Undeliverable(reason)
    if code in _BUSY or status in _LATER or not 400 <= status < 500:
        return Unavailable(reason)
    return Undeliverable(reason)


_MODULES = ("aiohttp", "twilio.rest", "twilio.rest.api", "twilio.http.async_http_client")


def _import_client() -> None:
    for module in _MODULES:
        importlib.import_module(module)


_HEADERS: ContextVar[Mapping[str, str]] = ContextVar("twilio_headers")
"""What the call that is under way adds to its headers."""


def _carrier() -> Any:
    """The SDK's own HTTP client, adding our headers: its API takes none per call."""
    from aiohttp import ClientSession, TCPConnector

    carrier = _carrier_class()(pool_connections=False)
    # As many connections as messages: one that waits for a connection could not say at its end
    # whether it was sent. Idle ones are given up before a provider would close them under us.
    carrier.session = ClientSession(connector=TCPConnector(limit=0, keepalive_timeout=KEEP_SECONDS))
    return carrier


@cache
def _carrier_class() -> Any:
    from twilio.http.async_http_client import (  # type: ignore[import-untyped]
        AsyncTwilioHttpClient,
    )

    class Carrier(AsyncTwilioHttpClient):  # type: ignore[misc]
        async def request(self, *args: Any, **kwargs: Any) -> Any:
            sent = {**(kwargs.get("headers") or {}), **_HEADERS.get({})}
            if auth := kwargs.pop("auth", None):  # aiohttp takes it as a header from now on
                sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
            return await super().request(*args, **{**kwargs, "headers": sent})

    return Carrier
