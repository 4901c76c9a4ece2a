"""Finds the fingerprints of host keys in whatever a person pastes, in any usual notation.

These are SHA-256 in Base64 or hexadecimal digits, MD5, and keys themselves, as lines of `known_hosts`, of
`ssh-keyscan` and of `.pub` files have them; with words around, and with blanks and ends of lines inside.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from tui_transfer.sharebox.ssh.fields import Fields

SHA256: Final = "SHA256:"
MD5: Final = "MD5:"
LENGTH: Final = 43
"""Signs of Base64 that a SHA-256 has, without its padding."""

_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_HIDDEN: Final = re.compile("[\x00\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_FIELDS: Final = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ssh-dss": 4,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
}
"""How many strings follow the name of a public key."""
_LONGEST: Final = 1 << 16
"""Characters that are looked at."""
_LONGEST_KEY: Final = 4096
"""Signs of Base64; a key of RSA with 16,384 bits has 2,800."""

_KEY: Final = re.compile(r"(?<![A-Za-z0-9+/])AAAA[A-Z]3[A-Za-z0-9+/]|(?<![A-Za-z0-9+/])AAAA[A-Za-z0-9+/]2")
_LABEL: Final = re.compile(
    r"(?<![A-Za-z0-9])(SHA-?256|MD5)(?![A-Za-z0-9])(?:[\s_-]*fingerprint)?\s*[:=]?\s*", re.I
)
_PAIRS: Final = re.compile(
    r"(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{2}\s*:\s*){31}[0-9A-Fa-f]{2}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{2}\s*:\s*){15}[0-9A-Fa-f]{2}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z+/])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32})(?![0-9A-Za-z+/=])"
)
_BARE: Final = re.compile(rf"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{{{LENGTH}}}(?![A-Za-z0-9+/])")
_NAMED: Final = re.compile(r"(ed25519|ecdsa|rsa|dss|dsa)", re.I)


@dataclass(frozen=True)
class Found:
    """A fingerprint, or a key.

    Attributes:
        fingerprints: `SHA256:` and 43 signs, `MD5:` and 32 digits, or, of a key, both.
        kind: of the key, as `kind_of` has it; None where the text does not say it.
        marker: `@revoked` or `@cert-authority`, where the line has one.
    """

    fingerprints: tuple[str, ...]
    kind: str | None = None
    marker: str | None = None


@dataclass(frozen=True)
class Reading:
    """What was found, in the order of the notations, and whether something began like a fingerprint only."""

    found: tuple[Found, ...]
    has_fragment: bool


def kind_of(name: str) -> str | None:
    """`ED25519`, `ECDSA`, `RSA` or `DSA`: what stands somewhere in `name`, as people call it."""
    named = _NAMED.search(name)
    return named[1].upper().replace("DSS", "DSA") if named else None


def clean(text: str) -> str:
    """`text` without what nobody sees, and with plain blanks."""
    return re.sub(r"[^\S\n]", " ", "\n".join(_HIDDEN.sub("", text).splitlines()))


def read(text: str) -> Reading:
    """All that there is in `text`."""
    return _Reader(clean(text[:_LONGEST])).read()


def of_key(blob: bytes) -> tuple[str, str]:
    """The two fingerprints of a public key."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return SHA256 + digest, MD5 + hashlib.md5(blob, usedforsecurity=False).hexdigest()


class _Reader:
    """Reads one notation after the other; what was understood is blanked for those that follow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._whole = text
        """As it came, for what else a line says."""
        self._found: list[Found] = []
        self._has_fragment = False

    def read(self) -> Reading:
        self._read_keys()
        self._read_labelled()
        self._read_digits()
        self._read_bare()
        return Reading(tuple(self._found), self._has_fragment)

    def _read_keys(self) -> None:
        while (begin := _KEY.search(self._text)) is not None:
            blob, end = _key_at(self._text, begin.start())
            if blob is None:
                self._has_fragment = True
            else:
                self._add(of_key(blob), begin.start(), Fields(blob).name())
            self._blank(begin.start(), end)

    def _read_labelled(self) -> None:
        while (label := _LABEL.search(self._text)) is not None:
            is_md5 = label[1].upper() == "MD5"
            fingerprint, end = _labelled_at(self._text, label.end(), is_md5=is_md5)
            if fingerprint is None:
                self._has_fragment = True
            else:
                self._add((fingerprint,), label.start())
            self._blank(label.start(), end)

    def _read_digits(self) -> None:
        compact = re.sub(r"[\s:-]", "", self._text)
        if re.fullmatch(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}", compact):
            self._add((_of_digits(compact),), 0)
            self._blank(0, len(self._text))
        while (pairs := _PAIRS.search(self._text)) is not None:
            self._add((_of_digits(pairs[0]),), pairs.start())
            self._blank(pairs.start(), pairs.end())

    def _read_bare(self) -> None:
        compact = "".join(self._text.split()).rstrip("=")
        if len(compact) == LENGTH and _BASE64.issuperset(compact):
            self._add((SHA256 + compact,), 0)
            return
        for token in _BARE.finditer(self._text):
            self._add((SHA256 + token[0],), token.start())

    def _add(self, fingerprints: tuple[str, ...], place: int, kind: str | None = None) -> None:
        begin = self._whole.rfind("\n", 0, place) + 1
        end = self._whole.find("\n", place)
        line = self._whole[begin : end if end >= 0 else None]
        marker = re.match(r"\s*(@revoked|@cert-authority)\b", line)
        named = re.search(r"\(([A-Z0-9]+)(?:-CERT)?\)|\b((?:ssh|ecdsa)-[a-z0-9-]+)\b", line)
        said = kind or (named[1] or named[2] if named else "")
        self._found.append(Found(fingerprints, kind_of(said), marker[1] if marker else None))

    def _blank(self, begin: int, end: int) -> None:
        """Nothing that stands there is read again. The places of the rest stay."""
        end = max(end, begin + 1)
        self._text = f"{self._text[:begin]}{'|' * (end - begin)}{self._text[end:]}"


def _signs_at(text: str, place: int, count: int) -> tuple[str, int]:
    """Up to `count` signs of Base64 from `place` on, without the blanks between them, and where they end."""
    signs = []
    end = place
    for index in range(place, len(text)):
        if text[index] in _BASE64:
            signs.append(text[index])
            end = index + 1
            if len(signs) == count:
                break
        elif not text[index].isspace() and text[index] != ">":  # a mail quotes lines by it
            break
    return "".join(signs), end


def _key_at(text: str, place: int) -> tuple[bytes | None, int]:
    """The public key that begins there, whose own fields tell its length; None where it is no whole one."""
    signs, end = _signs_at(text, place, _LONGEST_KEY)
    data = base64.b64decode(signs[: len(signs) // 4 * 4] + _padded(signs[len(signs) // 4 * 4 :]))
    fields = Fields(data)
    try:
        count = _FIELDS[fields.name()]
        for _ in range(count):
            fields.string()
    except (ValueError, KeyError):
        return None, end
    length = -(-fields.position * 4 // 3)
    return data[: fields.position], _signs_at(text, place, length)[1]


def _padded(rest: str) -> str:
    """The last signs, fewer than four, as Base64 has them; one alone says nothing."""
    return rest + "=" * (4 - len(rest)) if len(rest) > 1 else ""


def _labelled_at(text: str, place: int, *, is_md5: bool) -> tuple[str | None, int]:
    """The fingerprint after its label, and where it ends; None where it is none, or cut off."""
    count = 32 if is_md5 else 64
    digits = re.compile(rf"(?:[0-9A-Fa-f][\s:-]*){{{count - 1}}}[0-9A-Fa-f](?![0-9A-Za-z])").match(
        text, place
    )
    if digits is not None:
        return _of_digits(digits[0]), digits.end()
    signs, end = _signs_at(text, place, LENGTH)
    whole = _BARE.search(text, place)
    if not is_md5 and whole is not None and whole.start() < end:
        if whole.start() == place:
            return SHA256 + whole[0], whole.end()
        return None, place  # words stand between: it is found by itself
    following = text[end : end + 1]
    if is_md5 or len(signs) < LENGTH or (following in _BASE64 and following):
        return None, end
    return SHA256 + signs, end


def _of_digits(text: str) -> str:
    """The fingerprint that 32 or 64 hexadecimal digits, with whatever between them, are."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", text).lower()
    if len(digits) == 32:
        return MD5 + digits
    return SHA256 + binascii.b2a_base64(bytes.fromhex(digits), newline=False).decode().rstrip("=")
