"""Where the web processes listen, and whose word about a caller's address they take."""

import socket
from typing import Any

from gateway.settings import BadSettings, Settings


def proxies(settings: Settings) -> dict[str, Any]:
    """Whose word about the caller's address is taken: by default nobody's."""
    trusted = settings.trusted_proxies
    return {"proxy_headers": bool(trusted), "forwarded_allow_ips": trusted or "127.0.0.1"}


def require_free(host: str, port: int) -> None:
    """Raise ``BadSettings`` where nobody can listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSettings(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            ) from None
