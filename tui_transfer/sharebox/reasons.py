"""What the operating system and the SFTP server say, in French words for a sentence's end."""

from __future__ import annotations

import errno
import socket
from typing import Final

_BY_NUMBER: Final[dict[int, str]] = {
    errno.ECONNREFUSED: "la connexion est refusée",
    errno.ECONNRESET: "la connexion a été coupée",
    errno.ECONNABORTED: "la connexion a été coupée",
    errno.EPIPE: "la connexion a été coupée",
    errno.ETIMEDOUT: "pas de réponse dans le délai",
    errno.ENETUNREACH: "le réseau est injoignable",
    errno.EHOSTUNREACH: "la machine est injoignable",
    errno.ENETDOWN: "le réseau est coupé",
    errno.EADDRNOTAVAIL: "cette adresse n'est pas utilisable",
    errno.ENOENT: "ce fichier n'existe pas",
    errno.ENOTDIR: "ce chemin ne mène pas à un fichier",
    errno.EISDIR: "c'est un dossier",
    errno.EACCES: "l'accès est refusé",
    errno.EPERM: "l'accès est refusé",
    errno.EIO: "erreur de lecture du disque",
}

_BY_STATUS: Final[dict[int, str]] = {
    1: "fin de fichier inattendue",
    2: "ce fichier n'existe pas",
    3: "accès refusé",
    4: "échec, sans autre précision",
    5: "demande jugée incorrecte",
    8: "opération non prise en charge",
}


def of_os_error(error: OSError) -> str:
    """Puts an error of the system or the network into words, without final full stop."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return "le service de noms (DNS) ne répond pas"
        return "ce nom de machine est inconnu"
    if isinstance(error, TimeoutError):
        return _BY_NUMBER[errno.ETIMEDOUT]
    known = _BY_NUMBER.get(error.errno) if error.errno is not None else None
    return known or error.strerror or str(error) or type(error).__name__


def of_sftp_status(code: int, text: str) -> str:
    """Puts an SFTP status (draft-ietf-secsh-filexfer-02, section 7) into words, with the server's own."""
    words = _BY_STATUS.get(code, f"code SFTP {code}")
    return f"{words} (« {text} »)" if text else words
