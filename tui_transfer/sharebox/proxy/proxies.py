"""The proxies that the system knows, to be proposed to a person."""

from __future__ import annotations

import os
from typing import Final, Literal
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, getproxies_environment

from tui_transfer.sharebox.proxy.routes import Proxy
from tui_transfer.system.platform import SETTINGS_NAME

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


def best_guess() -> tuple[Proxy, str] | None:
    """The first of `system_proxies`, and where it stands, in French; None where there is none."""
    environment, settings = getproxies_environment(), getproxies()
    for traffic in _BEST_FIRST:
        proxy = _parse(settings[traffic]) if traffic in settings else None
        if proxy is not None:
            name = next((name for name in os.environ if name.lower() == f"{traffic}_proxy"), "")
            return proxy, f"la variable {name}" if traffic in environment and name else SETTINGS_NAME
    return None


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
