"""What a server puts beside what was sent: files named like an archive, and not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.delivery.part import PART
from tui_transfer.sharebox.sftp.session import READ, SftpError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tui_transfer.sharebox.ssh.sharebox import Sharebox

LARGEST: Final = 1 << 20
"""Bytes of an answer; what is longer is none."""
MOST: Final = 20
"""Answers that are looked at in one folder: who puts more there means something else."""
_LONGEST_NAME: Final = 240
_SUFFIX: Final = ".7z"


def find_answers(sharebox: Sharebox, ours: Mapping[str, Collection[str]]) -> Iterator[tuple[str, bytes]]:
    """Gives each answer that is in the drop folder: its name there, of which nothing is promised but that it
    begins like an archive's, and its content.

    Args:
        sharebox: where to look. Where it lists nothing there is none; what it does not let read is none.
        ours: by the name of each archive that was sent, the names of what was sent with it.

    Raises:
        TransferError: CONNECTION_LOST, INTERRUPTED.
    """
    directory = sharebox.address.directory
    with sharebox.refusals("liste de", directory):
        try:
            entries = sharebox.sftp.entries(directory)
        except SftpError:
            return
    sent = {name for archive, beside in ours.items() for name in (archive, *beside)}
    sent |= {name + PART for name in sent}
    names = sorted(
        name
        for name, like in entries.items()
        if name not in sent
        and "/" not in name
        and len(name) <= _LONGEST_NAME
        and not like.is_folder
        and (like.size or 0) <= LARGEST
        and any(_begins_like(name, archive) for archive in ours)
    )
    for name in names[:MOST]:
        content = _read(sharebox, name)
        if content is not None:
            yield name, content


def _begins_like(name: str, archive: str) -> bool:
    stem = archive.removesuffix(_SUFFIX)
    return name.startswith(stem) and not name[len(stem) : len(stem) + 1].isalnum()


def _read(sharebox: Sharebox, name: str) -> bytes | None:
    """The content of a file; None where it may not be read, or is longer than was said."""
    path = sharebox.path(name)
    with sharebox.refusals("lecture de", path):
        try:
            handle = sharebox.sftp.open(path, READ)
            content = b"".join(read_ahead(sharebox.sftp, handle, 0, LARGEST + 1))
            sharebox.sftp.close(handle)
        except SftpError:
            return None
    return content if len(content) <= LARGEST else None
