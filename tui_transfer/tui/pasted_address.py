"""An address as people have it, in a mail or another program, taken apart for the fields of a form.

For instance `sftp://compte@sharebox.exemple.fr:2222/depot`, `sharebox.exemple.fr:2222`, or what is typed into
a shell. A password in it is told, and given to nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_AROUND: Final = " \t\"'<>«»()[],;"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\s*")
_COMMAND: Final = re.compile(r"(?:sftp|ssh|scp)\s+(.+)", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:/@\[\]]+)(?::(?P<port>[0-9]{1,5})(?![0-9]))?(?P<path>:?/.*|:[^/0-9].*|:)?"
)
_IPV6: Final = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
_SAID: Final = re.compile(
    r"(?P<host>[^\s,;:/@]+)(?:\s*[,;]\s*|\s+)(?:sur\s+)?(?:le\s+)?(?:port\s*[:=n°]*\s*)?(?P<port>[0-9]{1,5})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PastedAddress:
    """What an address says; an empty text, or None, for what it does not.

    Attributes:
        host: without brackets; empty where it cannot be told from a password, which then is all there was.
        scheme: in small letters; empty where the address has none.
        port: as it is written.
        username: of the account.
        directory: where to go there.
        had_password: there was one, which is not kept.
    """

    host: str
    scheme: str = ""
    port: str = ""
    username: str = ""
    directory: str = ""
    had_password: bool = False


def read_address(text: str) -> PastedAddress | None:
    """Takes an address apart; None where there is nothing to take apart, as of a mere name of a server."""
    text = " ".join(text.split()).strip(_AROUND) if not text.lstrip().startswith("[") else text.strip()
    port = ""
    if (command := _COMMAND.fullmatch(text)) is not None:
        text, port = _of_command(command[1])
    if (said := _SAID.fullmatch(text)) is not None and "." in said["host"]:
        return PastedAddress(said["host"], port=said["port"])
    scheme = ""
    if (named := _SCHEME.match(text)) is not None:
        scheme, text = named[1].lower(), text[named.end() :]
    text = re.sub(r"\s*([:@/])\s*", r"\1", text)
    userinfo, place = _parted(text)
    name, colon, _ = userinfo.partition(":")
    found = None if _IPV6.fullmatch(place) else _PLACE.fullmatch(place)
    if found is None:
        return PastedAddress("", had_password=True) if colon else None
    directory = unquote((found["path"] or "").removeprefix(":"))
    address = PastedAddress(
        found["host"].strip("[]"),
        scheme,
        found["port"] or port,
        unquote(name.partition(";")[0]),
        "" if directory == "/" else directory,
        bool(colon),
    )
    return address if address != PastedAddress(text) else None


def _parted(text: str) -> tuple[str, str]:
    """The account, with what may be its password, and the place.

    A password may hold any sign, and no part of it is to be seen in another field: where there may be one,
    everything before the last « @ » belongs to the account.
    """
    before, at, _ = text.partition("@")
    authority = text if ":" in before and at else text.partition("/")[0]
    userinfo, at, _ = authority.rpartition("@")
    return userinfo, text[len(userinfo) + len(at) :]


def _of_command(words: str) -> tuple[str, str]:
    """The destination and the port that `sftp -P 2222 compte@serveur` names."""
    port, user, place = "", "", ""
    rest = iter(words.split())
    for word in rest:
        if found := re.fullmatch(r"-(?:P|p|oPort=|o=?Port=)([0-9]*)", word):
            port = found[1] or next(rest, "")
        elif word == "-l":
            user = next(rest, "")
        elif word in {"-i", "-o", "-F", "-J", "-b"}:
            next(rest, "")
        elif not word.startswith("-"):
            place = place or word
    return (f"{user}@{place}" if user and "@" not in place else place), port
