"""The host keys that the settings pin: one, or those of several servers behind one name."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

FINGERPRINT: Final = r"\ASHA256:[A-Za-z0-9+/]{43}\Z"

Fingerprint = Annotated[
    str, Meta(pattern=FINGERPRINT, description="une empreinte « SHA256:… » telle que ssh-keygen -l l’affiche")
]
HostKeys = Annotated[
    str | Annotated[tuple[Fingerprint, ...], Meta(min_length=1)],
    Meta(
        description="une empreinte « SHA256:… » telle que ssh-keygen -l l’affiche, ou une liste d’empreintes",
        extra={"typed": "des empreintes « SHA256:… », séparées par des virgules"},
    ),
]
"""One key, or those of several servers behind one name.

The one is looked at by `convert`: msgspec 0.22 crashes where a text with a pattern may also be a list.
"""


def fingerprints(host_key: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """What stands for no key, one or several, as a sequence, each once."""
    if host_key is None:
        return ()
    return (host_key,) if isinstance(host_key, str) else tuple(dict.fromkeys(host_key))


def are_fingerprints(host_key: object) -> bool:
    """Whether it is what the key `sharebox.host_key` may hold, or nothing."""
    try:
        msgspec.convert([host_key] if isinstance(host_key, str) else host_key, tuple[Fingerprint, ...] | None)
    except msgspec.ValidationError:
        return False
    return True


def written(found: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """The same as it is written: an older version of the program reads what has one key."""
    return found[0] if len(found) == 1 else (found or None)
