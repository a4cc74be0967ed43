"""What the SMS and voice channels share: Twilio's signature, its forms, and its REST API."""

import asyncio
import hmac
import importlib
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from twilio.request_validator import (  # type: ignore[import-untyped]
    RequestValidator,
    get_signature_algorithm,
)

from channels import ChannelSettings
from models.messages import Forged, Outbound, Raw, Unavailable, Undeliverable, Unreadable, Unsure

TIMEOUT = 10.0
"""Seconds that a call of the REST API may take; HUIYIN_TWILIO_TIMEOUT changes it."""

HANDLE = re.compile(r"(?:[a-z]{2,12}:)?\+?[0-9]{3,20}\Z")
"""A telephone number or short code as Twilio writes it, or "whatsapp:+…"."""

_FORM = "application/x-www-form-urlencoded"
_ESCAPED = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_MOST_FIELDS = 500  # Twilio sends some thirty; a body of a million separators is not worth a sort
_CACHED_BODY = 16_384

# Twilio's error codes that no later try can change: the number is wrong, opted out, or cannot be
# reached in this way (https://www.twilio.com/docs/api/errors). All other refusals that are about
# us (authentication, suspension, our own number) or about load are tried again.
_FINAL = frozenset(
    {21210, 21211, 21214, 21215, 21217, 21219, 21265, 21401, 21407, 21408, 21421, 21604}
    | {21610, 21612, 21614, 21617, 21635, 21656, 13223, 13224, 13225, 13226, 13227, 63003, 63024}
)
_BUSY = frozenset({20429, 21611})  # too many requests; the queue of our number is full
_LATER = frozenset({401, 403, 404, 408, 409, 425, 429})


class Form:
    """A decoded form body. Of a repeated name the first value counts; signing counts all."""

    __slots__ = ("_values", "faulty")

    def __init__(self, body: bytes) -> None:
        values: dict[str, list[str]] = {}
        self.faulty = body.count(b"&") > _MOST_FIELDS
        words = body.decode("latin-1").replace("+", " ")  # one character for each byte
        for pair in () if self.faulty else words.split("&"):
            if not pair:
                continue
            name, _, value = pair.partition("=")
            values.setdefault(self._text(name), []).append(self._text(value))
        self._values = values

    def _text(self, words: str) -> str:
        if "%" not in words and words.isascii():
            return words
        # A run of escapes at once: Chinese words are nothing else, and one by one they cost more
        # than the signature. What is no escape stays as it stands, as in urllib.
        plain = _ESCAPED.sub(_unescaped, words.encode("latin-1"))
        try:
            return plain.decode()
        except UnicodeDecodeError:
            self.faulty = True
            return plain.decode(errors="replace")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str:
        """The first value of the name, or "" when it is absent."""
        values = self._values.get(name)
        return values[0] if values else ""

    def signed(self, url: str) -> str:
        """What Twilio signs: the address, then name and value of every field, sorted."""
        parts = [url]
        for name in sorted(self._values):
            values = self._values[name]
            for value in values if len(values) == 1 else sorted(set(values)):
                parts += (name, value)
        return "".join(parts)


def _unescaped(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


@lru_cache(maxsize=32)
def _cached(body: bytes) -> Form:
    return Form(body)


def form(raw: Raw) -> Form:
    """The fields of a call; the few calls under way are decoded once for all methods. Pure."""
    return _cached(raw.body) if len(raw.body) <= _CACHED_BODY else Form(raw.body)


def readable(raw: Raw) -> Form:
    """The fields of a call, or ``Unreadable`` when its body is not a form in UTF-8 at all."""
    kind = raw.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if kind != _FORM:
        raise Unreadable(f"expected a body of {_FORM}")
    fields = form(raw)
    if fields.faulty:
        raise Unreadable("the form is not readable as UTF-8, or has too many fields")
    return fields


def digest(raw: Raw) -> bytes:
    """SHA-256 of what was signed. Twilio signs names and values without separators, so a captured
    body can be re-cut and its signature still fits: the digest stays the same."""
    return sha256(form(raw).signed(raw.url).encode(errors="replace")).digest()


def check_signature(raw: Raw, validator: RequestValidator) -> Form:
    """Raise ``Forged`` unless Twilio signed exactly this address and these fields."""
    header = raw.headers.get("x-twilio-signature", "")
    if not header:
        raise Forged("no signature")
    given = header.encode(errors="replace")
    fields = form(raw)
    base = fields.signed("")
    algorithm = get_signature_algorithm(raw.headers.get("x-twilio-webhooks-signature-settings"))
    for address in _addresses(raw.url):
        try:
            computed: str = validator.compute_signature(address + base, {}, algorithm)
        except ValueError:  # an algorithm that we do not know
            break
        if hmac.compare_digest(computed.encode(), given):
            return fields
    raise Forged("the signature does not fit")


@lru_cache(maxsize=64)
def _addresses(url: str) -> tuple[str, ...]:
    """The address with and without its port: Twilio's own library accepts both."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with_port = urlunsplit(parts._replace(netloc=f"{host}:{port}"))
    without = urlunsplit(parts._replace(netloc=host))
    return tuple(dict.fromkeys((url, without, with_port)))


def dialable(number: str) -> str:
    """The number as Twilio dials it: one without a country is a Chinese one, as people write it
    ("0572-1234567", "139 0001 0002"). Short codes and handles of other kinds stay as they are."""
    digits = re.sub(r"[ ()\u2010-\u2014-]", "", number)
    if re.fullmatch(r"1[3-9][0-9]{9}", digits):
        return f"+86{digits}"
    if re.fullmatch(r"0[1-9][0-9]{8,10}", digits):
        return f"+86{digits[1:]}"
    return digits if re.fullmatch(r"\+?[0-9]+", digits) else number


def with_reference(url: str, message: Outbound) -> str:
    """The address for receipts, naming the message's key and request; no personal data."""
    if not url:
        return ""
    named = dict(parse_qsl(urlsplit(url).query))
    wanted = {"key": message.key} | ({"number": message.number} if message.number else {})
    missing = {name: value for name, value in wanted.items() if name not in named}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(missing)}" if missing else url


def reference(raw: Raw) -> str | None:
    """The key of our message that its address for receipts names."""
    return dict(parse_qsl(raw.query)).get("key")


@dataclass(frozen=True, slots=True)
class Account:
    """Our account at Twilio, from HUIYIN_TWILIO_*. Its ``repr`` shows no secret."""

    sid: str = field(repr=False)
    token: str = field(repr=False)
    number: str
    base: str
    timeout: float = TIMEOUT

    @classmethod
    def of(cls, settings: ChannelSettings, channel: str) -> "Account":
        """Raises ValueError naming the first setting that is missing."""
        env = settings.env
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
            if not env.get(name):
                raise ValueError(f"HUIYIN_{name} is not set, and the channel {channel} needs it")
        return cls(
            sid=env["TWILIO_ACCOUNT_SID"],
            token=env["TWILIO_AUTH_TOKEN"],
            number=env["TWILIO_FROM"],
            base=env.get("TWILIO_API_BASE") or "https://api.twilio.com",
            timeout=float(env.get("TWILIO_TIMEOUT") or TIMEOUT),
        )

    @asynccontextmanager
    async def api(self, headers: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        """Twilio's own client for a few calls, ``timeout`` seconds in all.

        Inside the block every failure becomes ``Undeliverable`` (refused for good) or
        ``Unavailable`` (away, busy, too slow, unreadable, or a fault of our account).
        """
        await asyncio.to_thread(_import_client)
        from aiohttp import ClientConnectorError, ClientError
        from twilio.base.exceptions import (  # type: ignore[import-untyped]
            TwilioException,
            TwilioRestException,
        )
        from twilio.rest import Client  # type: ignore[import-untyped]

        try:
            async with asyncio.timeout(self.timeout), _carrier(dict(headers or {})) as carrier:
                client = Client(self.sid, self.token, http_client=carrier)
                client.api.base_url = self.base
                yield client
        except TwilioRestException as error:
            raise _consequence(error.status, error.code) from None
        except ClientConnectorError as error:  # not even connected: it took nothing
            raise Unavailable(f"Twilio cannot be reached: {type(error).__name__}") from None
        except (TwilioException, ClientError, OSError, TimeoutError) as error:
            raise Unsure(f"Twilio did not answer: {type(error).__name__}") from None
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unsure(f"Twilio's answer is unreadable: {type(error).__name__}") from None


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


def _consequence(status: int, code: int | None) -> Exception:
    reason = f"Twilio refused with status {status} and code {code}"
    if code in _FINAL:
        return Undeliverable(reason)
    if code in _BUSY or status in _LATER or not 400 <= status < 500:
        return Unavailable(reason)
    return Undeliverable(reason)


def _import_client() -> None:
    for module in ("aiohttp", "twilio.rest", "twilio.rest.api", "twilio.http.async_http_client"):
        importlib.import_module(module)


def _carrier(headers: dict[str, str]) -> Any:
    """The SDK's own HTTP client, adding our headers: its API takes none per call."""
    from twilio.http.async_http_client import (  # type: ignore[import-untyped]
        AsyncTwilioHttpClient,
    )

    class Carrier(AsyncTwilioHttpClient):  # type: ignore[misc]
        async def request(self, *args: Any, **kwargs: Any) -> Any:
            sent = {**(kwargs.get("headers") or {}), **headers}
            if auth := kwargs.pop("auth", None):  # aiohttp takes it as a header from now on
                sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
            return await super().request(*args, **{**kwargs, "headers": sent})

    return Carrier()
