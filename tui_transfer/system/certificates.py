"""What is wrong with the certificate of a server, in French words for a sentence's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl

_WORDS: Final[dict[int, str]] = {
    9: "il n’est pas encore valable",
    10: "il est périmé",
    18: "il n’est signé que par lui-même",
    19: "son autorité n’est pas connue de cette machine",
    20: "son autorité n’est pas connue de cette machine",
    62: "il est établi pour un autre nom",
    64: "il est établi pour une autre adresse",
}
"""By OpenSSL's numbers of what it found wrong."""


def in_words(error: ssl.SSLCertVerificationError) -> str:
    """Puts what is wrong with a certificate into French, without final full stop."""
    return _WORDS.get(error.verify_code, error.verify_message)
