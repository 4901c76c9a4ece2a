"""Options of sockets: they make a connection quicker, or its end known sooner, and it does without them."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

DEAD_AFTER_SECONDS: Final = 30
"""Without an acknowledgement for so long a link is dead."""
_ASKED_AFTER_SECONDS: Final = 10
_ASKED_EVERY_SECONDS: Final = 5


def set_option(link: socket.socket, level: int, name: str, value: int) -> None:
    """Sets an option where the system has it; what a system lacks or refuses costs that, and nothing else.

    Args:
        link: the socket.
        level: to which protocol the option belongs, such as `socket.IPPROTO_TCP`.
        name: as the module `socket` calls it, where it knows it: `TCP_NODELAY`.
        value: the number to set.
    """
    if (number := getattr(socket, name, None)) is not None:
        with contextlib.suppress(OSError):
            link.setsockopt(level, number, value)


def tune(link: socket.socket) -> None:
    """Has small packets leave at once, and a dead link be noticed within half a minute: the other end's
    system is asked for a sign of life when nothing was heard from it.
    """
    times = (DEAD_AFTER_SECONDS - _ASKED_AFTER_SECONDS) // _ASKED_EVERY_SECONDS
    for level, option, value in (
        (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", DEAD_AFTER_SECONDS * 1000),  # Linux only
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", _ASKED_AFTER_SECONDS),
        (socket.IPPROTO_TCP, "TCP_KEEPALIVE", _ASKED_AFTER_SECONDS),  # so macOS calls the one before
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", _ASKED_EVERY_SECONDS),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", times),
    ):
        set_option(link, level, option, value)
