"""Answers a Digest challenge (RFC 7616): proves that one knows a password without telling it."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""Strongest first. MD5 is what most proxies know; it is theirs to choose."""
_SESSION: Final = "-SESS"


def strength(parameters: Mapping[str, str]) -> int:
    """How good a challenge is: 0 for one that cannot be answered, more for stronger ones."""
    name = _algorithm(parameters).removesuffix(_SESSION)
    known = "realm" in parameters and "nonce" in parameters and _can_protect(parameters)
    return len(_HASHES) - list(_HASHES).index(name) if known and name in _HASHES else 0


def answer(
    parameters: Mapping[str, str],
    username: str,
    password: str,
    method: str,
    uri: str,
    *,
    client_nonce: str | None = None,
) -> bytes | None:
    """The value of Proxy-Authorization for one request.

    Args:
        parameters: of the challenge, as `read_challenges` gives them.
        username: letters outside ASCII go as UTF-8, whether or not the proxy says that it expects this.
        password: likewise.
        method: of the request.
        uri: its target, as it stands in the request.
        client_nonce: for the RFC's examples; otherwise drawn at random.

    Returns:
        None where the challenge asks what is unknown here, or the name cannot be written in a header.
    """
    if not strength(parameters) or any(ord(letter) < 32 or ord(letter) == 127 for letter in username):
        return None
    algorithm, realm, nonce = _algorithm(parameters), parameters["realm"], parameters["nonce"]
    cnonce = client_nonce or secrets.token_urlsafe(24)
    plain_hash = _HASHES[algorithm.removesuffix(_SESSION)]

    def digest(*parts: str) -> str:
        return plain_hash(_bytes(":".join(parts)))

    secret = digest(username, realm, password)
    if algorithm.endswith(_SESSION):
        secret = digest(secret, nonce, cnonce)
    request = digest(method, uri)
    fields = _name_fields(username, digest(username, realm), parameters)
    fields |= {"realm": _quoted(realm), "nonce": _quoted(nonce), "uri": _quoted(uri)}
    if "qop" in parameters:
        response = digest(secret, nonce, _COUNT, cnonce, "auth", request)
        fields |= {"qop": "auth", "nc": _COUNT, "cnonce": _quoted(cnonce)}
    else:  # the older form, of RFC 2069
        response = digest(secret, nonce, request)
    fields["response"] = _quoted(response)
    for name, write in (("algorithm", str), ("opaque", _quoted)):
        if name in parameters:
            fields[name] = write(parameters[name])
    return _bytes("Digest " + ", ".join(f"{name}={value}" for name, value in fields.items()))


_COUNT: Final = "00000001"
"""A nonce serves once: each challenge is answered by one request."""


def _algorithm(parameters: Mapping[str, str]) -> str:
    return parameters.get("algorithm", "MD5").upper()


def _can_protect(parameters: Mapping[str, str]) -> bool:
    offered = parameters.get("qop")
    return offered is None or "auth" in [word.strip().lower() for word in offered.split(",")]


def _name_fields(username: str, hashed: str, parameters: Mapping[str, str]) -> dict[str, str]:
    if parameters.get("userhash", "").lower() == "true":
        return {"username": _quoted(hashed), "userhash": "true"}
    if not username.isascii() and parameters.get("charset", "").upper() == "UTF-8":
        return {"username*": "UTF-8''" + quote(username, safe="")}
    return {"username": _quoted(username)}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
