"""What the SMS and voice channels share: Twilio's signature and its forms."""

import hmac
import re
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from twilio.request_validator import (  # type: ignore[import-untyped]
    RequestValidator,
    get_signature_algorithm,
)

from models.messages import Forged, Outbound, Raw, Unreadable

HANDLE = re.compile(r"(?:[a-z]{2,12}:)?\+?[0-9]{3,20}\Z")
"""A telephone number or short code as Twilio writes it, or "whatsapp:+…"."""

_FORM = "application/x-www-form-urlencoded"
_ESCAPED = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_MOST_FIELDS = 500  # Twilio sends some thirty; a body of a million separators is not worth a sort
_CACHED_BODY = 16_384


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
