"""What is heard before SSH begins: a server's identification, lines before it, or something else altogether.

A server may send lines before the one that begins with « SSH- » (RFC 4253, section 4.2). One that is too busy
says so in such a line, and closes; another protocol is known by how its first line begins.
"""

from __future__ import annotations

import re
from typing import Final

from tui_transfer.errors import decoded, harmless

LONGEST: Final = 1 << 16
"""Bytes, over all lines. An identification has at most 255 (RFC 4253); some servers write more."""
MOST_LINES: Final = 1024
_LONGEST_SHOWN: Final = 600
_SSH: Final = b"SSH-"
_BINARY_WITHIN: Final = 128
_BINARY: Final = (
    ("TLS", re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")),
    ("MySQL", re.compile(rb"..\x00[\x00-\x01](?:\x0a[\x20-\x7e]+\x00|\xff)", re.DOTALL)),
    ("Telnet", re.compile(rb"\xff[\xfa-\xfe]")),
)
"""How what is no text begins, which may never end a line."""
_TEXT: Final = (
    ("HTTP", re.compile(rb"\s*(?:HTTP/\d|<!doctype html|<html)", re.IGNORECASE)),
    ("FTP", re.compile(rb"220[ -].*ftp", re.IGNORECASE)),
    ("SMTP", re.compile(rb"220[ -].*smtp", re.IGNORECASE)),
    ("FTP ou SMTP", re.compile(rb"[2-5]\d\d[ -]")),
    ("POP3", re.compile(rb"\+OK\b")),
    ("IMAP", re.compile(rb"\* (?:OK|BYE|PREAUTH)\b")),
    ("VNC", re.compile(rb"RFB \d{3}\.\d{3}")),
    ("Redis", re.compile(rb"-(?:ERR|DENIED|NOAUTH)\b")),
)


class NoIdentificationError(Exception):
    """What is heard is not how an SSH server begins."""


class Greeting:
    """What a server has said so far, up to its identification.

    Attributes:
        identification: the line itself, without its end; None while it was not heard.
    """

    def __init__(self) -> None:
        self.identification: bytes | None = None
        self._said = bytearray()
        self._line_begins = 0
        self._lines = 0

    def hear(self, byte: bytes) -> bool:
        """Takes the next byte; tells whether the identification is complete.

        Raises:
            NoIdentificationError: it is another protocol, or too much.
        """
        self._said += byte
        if byte == b"\n":
            line = bytes(self._said[self._line_begins :]).rstrip(b"\r\n")
            if line.startswith(_SSH):
                self.identification = line
                del self._said[self._line_begins :]
                return True
            self._line_begins = len(self._said)
            self._lines += 1
        is_new = byte == b"\n" or len(self._said) <= _BINARY_WITHIN
        if is_new and (protocol := self.other_protocol) is not None:
            raise NoIdentificationError(protocol)
        if self.is_endless:
            raise NoIdentificationError("too much")
        return False

    @property
    def other_protocol(self) -> str | None:
        """What speaks, where it is known and not SSH."""
        said = bytes(self._said[:LONGEST])
        for name, pattern in _BINARY:
            if pattern.match(said):
                return name
        if b"\n" in said or len(said) > _BINARY_WITHIN:
            return self._text_protocol(said)
        return None

    def protocol_at_end(self) -> str | None:
        """The same, once nothing more is to come: a last line needs no end then."""
        return self.other_protocol or self._text_protocol(bytes(self._said))

    @staticmethod
    def _text_protocol(said: bytes) -> str | None:
        return next((name for name, pattern in _TEXT if pattern.match(said)), None)

    @property
    def has_begun(self) -> bool:
        """Whether an identification has begun, complete or not."""
        return self.identification is not None or bytes(self._said[self._line_begins :]).startswith(_SSH)

    @property
    def is_endless(self) -> bool:
        """Whether more was said than anybody has to say before an identification."""
        return len(self._said) >= LONGEST or self._lines >= MOST_LINES

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said, not even a line before the identification."""
        return not self._said.strip()

    @property
    def text(self) -> str:
        """What was said before the identification, in one line; empty where that is no text."""
        said = bytes(self._said[: self._line_begins] if self.has_begun else self._said).strip()
        shown = harmless(decoded(said[:_LONGEST_SHOWN]))
        if shown.count("\N{REPLACEMENT CHARACTER}") * 4 > len(shown):
            return ""
        return shown if len(said) <= _LONGEST_SHOWN else f"{shown}…"

    @property
    def software(self) -> str:
        """The identification as it can be shown."""
        return harmless(decoded((self.identification or b"")[:255]))
