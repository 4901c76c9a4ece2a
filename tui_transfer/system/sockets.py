"""Options of sockets: they make a connection quicker, or its end known sooner, and it does without them."""

from __future__ import annotations

import contextlib
import socket


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
