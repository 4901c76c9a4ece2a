"""The manifest that lies beside an archive on the Sharebox: what is in it, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tui_transfer import __version__

if TYPE_CHECKING:
    from tui_transfer.archive.writer import Archive
    from tui_transfer.job.spec import DatabaseSpec, JobSpec


def manifest_name(archive: str) -> str:
    """The manifest's name on the Sharebox, for an archive of that name."""
    return f"{archive}.manifest.json"


def make_manifest(spec: JobSpec, database: DatabaseSpec, archive: Archive) -> bytes:
    """Every source file with its size (bytes) and SHA-256, the archive's, and the program's version: as JSON.

    A line for each file, to be read and compared with the usual tools, and no spaces: of thousands of small
    files it is a good part of what is sent.
    """
    files = (
        msgspec.json.encode({"name": entry.name, "size": entry.size, "sha256": entry.sha256})
        for entry in archive.entries
    )
    content = {
        "format": 1,
        "program": f"tui-transfer {__version__}",
        "job": spec.id,
        "manager": spec.manager,
        "database": database.name,
        "created_at": spec.created_at,
        "archive": {"name": database.archive, "size": archive.size, "sha256": archive.sha256},
        "files": msgspec.Raw(b"[\n" + b",\n".join(files) + b"\n]"),
    }
    return msgspec.json.encode(content) + b"\n"
