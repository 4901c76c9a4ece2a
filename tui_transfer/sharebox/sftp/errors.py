"""How a request to an SFTP server fails."""

from __future__ import annotations


class SftpError(Exception):
    """A request that the server refused.

    Args:
        code: the status, one of `replies.StatusCode` or another that the server knows.
        text: the server's own words, fit to be shown.
    """

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code} {text}")


class SftpLostError(Exception):
    """The session is of no more use: it was closed, no answer came, or the answer made no sense."""


class SftpProtocolError(SftpLostError):
    """The server said something that is not SFTP; the message says what was wrong with it."""


class SftpNotOfferedError(SftpLostError):
    """The session ended before the server had greeted; the message is what it said instead, if anything."""
