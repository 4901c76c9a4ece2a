"""Sockets that are files, by which programs of one machine talk to each other."""

from __future__ import annotations

import socket
import sys


def connect(path: str, seconds: float) -> socket.socket:
    """A connection to the program that listens at `path`, with this limit on each wait.

    Raises:
        OSError: nobody listens there, or this system has no such sockets.
    """
    if sys.platform == "win32":
        raise OSError("no such sockets here")
    else:  # noqa: RET506 - what mypy leaves out on Windows
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.settimeout(seconds)
            link.connect(path)
        except BaseException:
            link.close()
            raise
        return link
