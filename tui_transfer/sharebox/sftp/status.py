"""What an SFTP server says, in French words for a sentence's end."""

from __future__ import annotations

from typing import Final

_BY_STATUS: Final[dict[int, str]] = {
    1: "fin de fichier inattendue",
    2: "ce fichier n'existe pas",
    3: "accès refusé",
    4: "échec, sans autre précision",
    5: "demande jugée incorrecte",
    8: "opération non prise en charge",
}


def in_words(code: int, text: str) -> str:
    """Puts an SFTP status (draft-ietf-secsh-filexfer-02, section 7) into words, with the server's own."""
    words = _BY_STATUS.get(code, f"code SFTP {code}")
    return f"{words} (« {text} »)" if text else words
