"""Whether a person compared a host key's fingerprint with the one that they were given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.errors import Problem, TransferError
from tui_transfer.preflight import notations

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_SIGNS: Final = 6
"""The fewest last signs that count: 36 bits, which nobody types without having looked."""
_REVOKED: Final = "@revoked"
_AUTHORITY: Final = "@cert-authority"
_REFUSE: Final = "Si c’est celle que vous avez reçue, refusez et signalez-le."


class Verdict(StrEnum):
    """What a comparison gives."""

    EQUAL = "equal"
    DIFFERENT = "different"
    """It is the fingerprint of another key: the server may be another."""
    NOT_UNDERSTOOD = "not-understood"
    """It is no fingerprint, or a part of one: nothing is known of the server."""


@dataclass(frozen=True)
class Comparison:
    """The verdict, and why, in French sentences for who typed; empty where they are equal."""

    verdict: Verdict
    explanation: str = ""

    def next_step(self, contact: str | None = None) -> str:
        """What to do now that it is another key, in French; empty where it is none.

        `contact` is whom the settings name for help.
        """
        if self.verdict is not Verdict.DIFFERENT:
            return ""
        return (
            f"N’acceptez pas. Appelez {contact or 'l’Urssaf'}, et lisez au téléphone l’empreinte présentée. "
            "Rien n’a été envoyé."
        )


@dataclass(frozen=True)
class Presented:
    """The key that a server presents.

    Attributes:
        fingerprint: `SHA256:` and 43 signs of Base64.
        md5: `MD5:` and 32 digits; empty where it is not known.
        key_type: as the key names itself; empty where it is not known.
    """

    fingerprint: str
    md5: str = ""
    key_type: str = ""

    @classmethod
    def of(cls, details: Mapping[str, str]) -> Self:
        """The key that the details of HOST_KEY_UNKNOWN tell of."""
        return cls(details.get("fingerprint", ""), details.get("md5", ""), details.get("key_type", ""))

    def is_in(self, found: notations.Found) -> bool:
        """Whether that is its own."""
        own = {self.fingerprint, self.md5} - {""}
        return not own.isdisjoint(found.fingerprints)


def compare(presented: Presented, given: str) -> Comparison:
    """Tells whether `given`, typed or pasted, shows that the key `presented` was compared.

    It does where one of the fingerprints or keys in it, in any notation that `notations` reads, is that
    key's; or where it is at least the last `LEAST_SIGNS` signs of the fingerprint, and nothing else. Base64
    tells capitals from small letters, and so does this.
    """
    if not presented.fingerprint.removeprefix(notations.SHA256):
        return Comparison(Verdict.NOT_UNDERSTOOD, "Le serveur n’a présenté aucune clé.")
    reading = notations.read(given)
    revoked = [found for found in reading.found if found.marker == _REVOKED]
    if any(presented.is_in(found) for found in revoked):
        return Comparison(
            Verdict.DIFFERENT, "Cette clé est marquée « @revoked » : elle ne vaut plus. Refusez."
        )
    usable = [found for found in reading.found if found.marker is None]
    if any(presented.is_in(found) for found in usable):
        return Comparison(Verdict.EQUAL)
    if usable:
        return _different(presented, usable)
    if reading.found:
        what = "d’une autorité (@cert-authority)" if not revoked else "d’une clé révoquée (@revoked)"
        return Comparison(Verdict.NOT_UNDERSTOOD, f"C’est la ligne {what}, et non la clé de ce serveur.")
    if reading.has_fragment:
        return Comparison(
            Verdict.NOT_UNDERSTOOD, "L’empreinte collée est incomplète : collez-la entière, telle que reçue."
        )
    return _compare_end(presented.fingerprint, "".join(notations.clean(given).split()).rstrip("="))


def matches(presented: str | Presented, given: str) -> bool:
    """Whether `compare` finds them equal; a text is the fingerprint `SHA256:…`."""
    key = Presented(presented) if isinstance(presented, str) else presented
    return compare(key, given).verdict is Verdict.EQUAL


def accepted(text: str) -> tuple[str, ...]:
    """The fingerprints that a person accepts before the server was met, `SHA256:…` or `MD5:…`.

    Raises:
        TransferError: USAGE where there is no whole one in `text`.
    """
    usable = [found.fingerprints[0] for found in notations.read(text).found if found.marker is None]
    if not usable:
        reason = f"« {text} » n’est pas l’empreinte d’une clé de serveur."
        advice = (
            "Attendu : SHA256: suivi de 43 caractères, tel que ssh-keygen -l l’affiche, une empreinte MD5, "
            "ou une ligne de known_hosts."
        )
        raise TransferError(Problem.USAGE, reason=reason, advice=advice)
    return tuple(dict.fromkeys(usable))


def _different(presented: Presented, usable: list[notations.Found]) -> Comparison:
    kinds = {found.kind for found in usable}
    own = notations.kind_of(presented.key_type)
    if own is not None and None not in kinds and own not in kinds:
        received = ", ".join(sorted(filter(None, kinds)))
        return Comparison(
            Verdict.DIFFERENT,
            f"Vous avez reçu l’empreinte d’une clé {received} ; ce serveur présente une clé {own}. "
            "Demandez l’empreinte de celle-ci à l’Urssaf.",
        )
    folded = presented.fingerprint.casefold()
    if any(folded == fingerprint.casefold() for found in usable for fingerprint in found.fingerprints):
        return Comparison(Verdict.DIFFERENT, "Presque : les majuscules et les minuscules comptent aussi.")
    if not presented.md5 and all(found.fingerprints[0].startswith(notations.MD5) for found in usable):
        return Comparison(
            Verdict.NOT_UNDERSTOOD,
            "Une empreinte MD5 ne peut pas être comparée ici : demandez celle en SHA256.",
        )
    return Comparison(Verdict.DIFFERENT, "Ce n’est pas l’empreinte affichée : la clé est une autre.")


def _compare_end(fingerprint: str, given: str) -> Comparison:
    """Compares the last signs; `given` has no blanks."""
    shown = fingerprint.removeprefix(notations.SHA256)
    if len(given) < LEAST_SIGNS:
        reason = f"Il faut au moins les {LEAST_SIGNS} derniers signes de l’empreinte reçue."
    elif shown.endswith(given):
        return Comparison(Verdict.EQUAL)
    elif shown.casefold().endswith(given.casefold()):
        reason = "Presque : les majuscules et les minuscules comptent aussi."
    elif shown.startswith(given):
        reason = "Ce sont les premiers signes : il faut les derniers, ou toute l’empreinte."
    else:
        reason = f"Ce n’est pas l’empreinte affichée, ni sa fin. {_REFUSE}"
    return Comparison(Verdict.NOT_UNDERSTOOD, reason)
