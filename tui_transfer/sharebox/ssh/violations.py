"""What a server does that no SSH server may do, or that is not safe: the connection ends with it."""

from __future__ import annotations

import paramiko


class ProtocolViolationError(paramiko.SSHException):
    """The server does not follow the protocol; the text says how, in French, where that is known."""


class TooShortError(paramiko.SSHException):
    """A key or a group has fewer bits than is safe; the text names it, in French."""


class UnprovenKeyError(paramiko.SSHException):
    """The server has shown a host key, and not proved that it is its own."""


class OldProtocolError(paramiko.SSHException):
    """The server speaks the protocol's first version alone, which is not safe."""


def as_lost(error: Exception) -> Exception:
    """The same as one of the errors that end a connection, for whoever waits on it.

    Whatever else is raised where messages are read comes of what the server sent: a text that is none, a
    number out of bounds, a list that is cut off.
    """
    if isinstance(error, (EOFError, OSError, _OWN)):
        return error
    violation = ProtocolViolationError()
    violation.__cause__ = error
    return violation


_OWN = (
    ProtocolViolationError,
    TooShortError,
    UnprovenKeyError,
    OldProtocolError,
    paramiko.AuthenticationException,
    paramiko.ssh_exception.IncompatiblePeer,
)
