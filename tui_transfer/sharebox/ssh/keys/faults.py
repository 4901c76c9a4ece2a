"""Why a key cannot be used, and what a person can do about it."""

from __future__ import annotations

from typing import Final

FILE: Final = "{file}"
"""Stands in an advice for the file as a command line takes it."""
NEW: Final = "{new}"
"""Likewise for a new file beside it."""

NEW_KEY: Final = (
    f"Faites une nouvelle clé par « ssh-keygen -t ed25519 -f {NEW} », envoyez à l’Urssaf le contenu de son "
    f"fichier « .pub », et mettez {NEW} dans « Fichier de clé »."
)
ASK_AGAIN: Final = (
    "Demandez à qui vous a remis cette clé un fichier intact, en pièce jointe plutôt que collé dans un "
    "message."
)


class UnsuitableKeyError(Exception):
    """The file holds no key that this program can use.

    Args:
        reason: what it is, in French, for a sentence's end.
        advice: what to do, in French sentences; `FILE` and `NEW` may stand in it.
    """

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class PassphraseNeededError(Exception):
    """The key is encrypted, and no passphrase was given."""


class PassphraseWrongError(Exception):
    """The passphrase does not open it."""


def damaged(what: str) -> UnsuitableKeyError:
    """`what` is the kind of key, with its article: « la clé OpenSSH »."""
    return UnsuitableKeyError(f"{what} qu’il contient est incomplète ou abîmée", ASK_AGAIN)
