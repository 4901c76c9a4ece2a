"""The proxies that the system knows, to be proposed to a person."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from tui_transfer.sharebox.proxy.routes import Proxy

_BEST_FIRST: Final = ("https", "all", "http", "socks")
"""Kinds of traffic, as systems name them. What carries HTTPS makes tunnels already."""
_KINDS: Final[dict[str, tuple[Literal["http", "https", "socks5"], int]]] = {
    "http": ("http", 80),
    "https": ("https", 443),
    "socks": ("socks5", 1080),
    "socks5": ("socks5", 1080),
    "socks5h": ("socks5", 1080),
}
"""How a proxy's address begins: what it speaks, and where it listens if the address does not say."""


def system_proxies() -> list[Proxy]:
    """The proxies that the environment, Windows' registry or macOS' settings name, the best guess first.

    Names of users that stand in them are kept; passwords never.
    """
    settings = getproxies()
    found = (_parse(settings[traffic]) for traffic in _BEST_FIRST if traffic in settings)
    return list(dict.fromkeys(proxy for proxy in found if proxy is not None))


def _parse(address: str) -> Proxy | None:
    """Reads `proxy.example.org:3128`, with or without `http://` and a user before; else None."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.scheme not in _KINDS:
        return None
    kind, usual_port = _KINDS[parts.scheme]
    username = unquote(parts.username) if parts.username else None
    return Proxy(kind, parts.hostname, port or usual_port, username)
