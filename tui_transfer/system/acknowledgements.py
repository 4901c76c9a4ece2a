"""Whether the other end of a TCP connection is there, as far as the systems of both ends know."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from typing import Final, Protocol

from tui_transfer.system import sockets


class Acknowledgements(Protocol):
    """Whether the system at the other end of a TCP connection is there, though its program says nothing.

    A program that is busy is thus told from a link that is dead. At the other end may be a proxy: its system
    acknowledges also where what lies behind it is dead.
    """

    def are_missing(self) -> bool:
        """Whether the other end's system was asked, or sent something, and did not answer for half a minute.
        To be called again and again: what was not looked at is taken for well.
        """

    def wait_for_program(self, seconds: float | None) -> None:
        """Has the system not end the connection when the other end's program takes nothing more in, though
        its system is there, for so long; None: as it was set up.
        """


def acknowledgements(link: socket.socket) -> Acknowledgements | None:
    """What the system knows of the other end of a connection that was tuned.

    Args:
        link: the connection. Where it only leads to the socket that is on the network, its attribute
            `network` is that.

    Returns:
        None where the system does not tell, or would not notice a dead link in time.
    """
    network: socket.socket = getattr(link, "network", link)
    try:
        return _of_system(network)
    except (OSError, AttributeError):  # the system lacks an option, or Python's `socket` its name
        return None


if sys.platform == "linux":
    _RETRANSMITS_AND_PROBES: Final = struct.Struct("2xBB")
    """Of `tcp_info`, `linux/tcp.h`: how often something was sent again, or asked, without an answer."""

    class _Told:
        """Linux tells what was not acknowledged.

        While the program at the other end is busy, its system may have no room for what is sent. Linux then
        asks again and again whether there is some, at growing intervals of up to two minutes; a link that
        dies meanwhile is noticed that much later. TCP_USER_TIMEOUT counts that time although every question
        is answered, so that it has to be lengthened.
        """

        def __init__(self, link: socket.socket) -> None:
            self._link = link
            self._option = socket.TCP_USER_TIMEOUT
            self._well = time.monotonic()
            """When nothing was unanswered."""
            self._waits = link.getsockopt(socket.IPPROTO_TCP, self._option)
            self._read()

        def are_missing(self) -> bool:
            now = time.monotonic()
            if not self._is_unanswered():
                self._well = now
            return now - self._well > sockets.DEAD_AFTER_SECONDS

        def wait_for_program(self, seconds: float | None) -> None:
            milliseconds = self._waits if seconds is None else int(seconds * 1000)
            with contextlib.suppress(OSError):  # the connection may have ended
                self._link.setsockopt(socket.IPPROTO_TCP, self._option, milliseconds)

        def _is_unanswered(self) -> bool:
            try:
                return any(self._read())
            except OSError:  # the connection has ended
                return True

        def _read(self) -> tuple[int, int]:
            told = self._link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RETRANSMITS_AND_PROBES.size)
            retransmits, probes = _RETRANSMITS_AND_PROBES.unpack(told)
            return retransmits, probes

    def _of_system(link: socket.socket) -> Acknowledgements:
        return _Told(link)

else:
    _TCP_MAXRT: Final = 5
    """Windows, `ws2ipdef.h`: seconds for which what is not acknowledged is sent again."""
    _TCP_RXT_CONNDROPTIME: Final = 0x80
    """macOS, `netinet/tcp.h`: the same."""

    class _Ended:
        """Windows and macOS end the connection themselves, and whoever reads or writes it is told."""

        def are_missing(self) -> bool:
            return False

        def wait_for_program(self, seconds: float | None) -> None:
            """What they end a connection for is a missing acknowledgement alone."""

    def _of_system(link: socket.socket) -> Acknowledgements:
        """Has the system end a connection on which something is not acknowledged for half a minute."""
        if sys.platform == "win32":
            idle, limit = socket.TCP_KEEPIDLE, _TCP_MAXRT
        else:
            idle, limit = socket.TCP_KEEPALIVE, _TCP_RXT_CONNDROPTIME
        for option in (idle, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
            link.getsockopt(socket.IPPROTO_TCP, option)  # this system has it: it was set
        link.setsockopt(socket.IPPROTO_TCP, limit, sockets.DEAD_AFTER_SECONDS)
        return _Ended()
