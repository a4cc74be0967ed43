"""Fetching what a message points at: from hosts we know, over https, without being led elsewhere.

The name is resolved once, every address it has must be a public one, and the connection goes to
the address that was checked, with the certificate of the name. Redirects are not followed, and
nothing of ours (cookie, key, referrer) goes along.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

MOST_BYTES = 5_000_000
SECONDS = 10.0
_CHUNK = 65_536

Resolve = Callable[[str], Iterable[str]]
Connect = Callable[[str, str, float], socket.socket]


class NotFetched(Exception):
    """It was not fetched; the message says why, without the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be fetched: the host by name and by the address that was checked."""

    host: str
    address: str
    path: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came, and what the other side calls it (to be believed by nobody)."""

    content: bytes
    content_type: str


def target(url: str, hosts: Iterable[str], *, resolve: Resolve | None = None) -> Target:
    """The place an address leads to. ``hosts`` are names, ``.example.cn`` with all below it.
    Raises ``NotFetched``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotFetched("the address cannot be read") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or port not in (None, 443):
        raise NotFetched("only https on its own port is fetched")
    if parts.username is not None or parts.password is not None:
        raise NotFetched("an address with a name or password in it is not fetched")
    if not host.isascii() or not _is_listed(host, hosts):
        raise NotFetched("the host is not on the list")
    found = [ipaddress.ip_address(one) for one in (resolve or _resolved)(host)]
    if not found or not all(_is_public(one) for one in found):
        raise NotFetched("the host has an address that is not public")
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    if any(ord(char) <= 32 or ord(char) > 126 for char in path + query):
        raise NotFetched("the address cannot be read")
    return Target(host, str(found[0]), path + query)


def fetch(
    url: str,
    hosts: Iterable[str],
    *,
    resolve: Resolve | None = None,
    connect: Connect | None = None,
    most: int = MOST_BYTES,
    seconds: float = SECONDS,
) -> Fetched:
    """What stands at the address, at most ``most`` bytes within ``seconds``. Raises
    ``NotFetched``. Call it from a thread."""
    place = target(url, hosts, resolve=resolve)
    ends = monotonic() + seconds
    line = http.client.HTTPSConnection(place.host, timeout=seconds)
    try:
        line.sock = (connect or _connected)(place.address, place.host, seconds)
        line.request("GET", place.path, headers={"accept-encoding": "identity"})
        answer = line.getresponse()
        if answer.status != 200:
            raise NotFetched(f"the host answered {answer.status}")
        content = bytearray()
        while chunk := answer.read(_CHUNK):
            content += chunk
            if len(content) > most:
                raise NotFetched(f"it is larger than {most} bytes")
            if monotonic() > ends:
                raise NotFetched("it took too long")
        return Fetched(bytes(content), answer.headers.get_content_type())
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(f"the host could not be reached: {type(error).__name__}") from error
    finally:
        line.close()


def _is_listed(host: str, hosts: Iterable[str]) -> bool:
    return any(
        host == one or (one.startswith(".") and host.endswith(one) and len(host) > len(one))
        for one in hosts
    )


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _resolved(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(one[4][0]) for one in found]


def _connected(address: str, host: str, seconds: float) -> socket.socket:
    plain = socket.create_connection((address, 443), timeout=seconds)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
