"""Which proxies are given a password that others on the network may read, and how that is said."""

from __future__ import annotations

from typing import Final, Literal

_WARNINGS: Final = {
    "http": "le mot de passe passe en clair jusqu’au proxy, s’il ne connaît que « Basic »",
    "socks5": "le mot de passe passe en clair jusqu’au proxy : SOCKS5 ne le chiffre pas",
}


def clear_text_warning(kind: Literal["http", "https", "socks5"]) -> str | None:
    """What a person is to know before they give a password to a proxy of this kind, as a French sentence.

    An HTTP proxy says only once it is asked whether it takes a proof of the password in place of it.

    Returns:
        None where the connection to the proxy is enciphered.
    """
    warning = _WARNINGS.get(kind)
    return f"Attention, {warning}." if warning else None
