"""Whether a person compared a host key's fingerprint with the one that they were given."""

from __future__ import annotations

from typing import Final

LEAST_SIGNS: Final = 6
"""The fewest last signs that count: 36 bits, which nobody types without having looked."""
_KIND: Final = "SHA256:"


def matches(presented: str, typed: str) -> bool:
    """Tells whether `typed` shows that the fingerprint `presented` was compared.

    It does if it is the whole fingerprint, as `ssh-keygen -l` writes it, with or without its `SHA256:`, or at
    least the last `LEAST_SIGNS` signs of it. Base64 tells capitals from small letters, and so does this.
    White space, which e-mails put in, and the padding that some programs leave on do not count.

    Args:
        presented: the server's fingerprint, `SHA256:` and 43 signs of Base64.
        typed: what the person typed or pasted.
    """
    shown, given = _bare(presented).removeprefix(_KIND), _bare(typed)
    if given.startswith(_KIND):
        return bool(shown) and given == _KIND + shown
    return len(given) >= LEAST_SIGNS and shown.endswith(given)


def _bare(fingerprint: str) -> str:
    return "".join(fingerprint.split()).rstrip("=")
