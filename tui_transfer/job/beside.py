"""The names of what lies beside an archive on the Sharebox.

Each is the archive's with an ending of its own, so whoever owns that name owns theirs.
"""

from __future__ import annotations

from typing import Final

LIST: Final = ".files.jsonl.xz"
"""The list of an archive's files, where it is too long for the manifest."""
SHA256: Final = ".sha256"
"""The archive's SHA-256, as `sha256sum -c` reads it."""
MANIFEST: Final = ".manifest.json"
SIGNATURE: Final = ".manifest.json.sig"
"""The manifest's SSH signature, as `ssh-keygen -Y verify` takes it."""
ENDINGS: Final = (LIST, SHA256, MANIFEST, SIGNATURE)
"""In the order of their arrival: later ones tell of earlier ones."""


def names_beside(archive: str) -> tuple[str, ...]:
    """The names of all that may lie beside an archive of that name."""
    return tuple(archive + ending for ending in ENDINGS)


def sha256_line(archive: str, sha256: str) -> str:
    """What `sha256sum -c` reads to check an archive in its folder; `sha256` is in hexadecimal."""
    return f"{sha256}  {archive}\n"
