"""Looking at what is on the Sharebox under a name: by stat; where that is forbidden, in its folder's list."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paramiko import sftp as protocol

from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery.evidence import Look
from tui_transfer.sharebox.sftp.session import Attributes, SftpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_FORBIDS: Final = frozenset({protocol.SFTP_PERMISSION_DENIED, protocol.SFTP_OP_UNSUPPORTED})


def is_forbidden(error: SftpError) -> bool:
    """Whether the account may not do that at all. Whatever else a server refuses, it may do another time."""
    return error.code in _FORBIDS


def is_missing(error: SftpError) -> bool:
    """Whether the server refused because there is no such file."""
    return error.code == protocol.SFTP_NO_SUCH_FILE


def in_words(sharebox: Sharebox, operation: str, path: str, refusal: SftpError) -> TransferError:
    """What a person is told of a refusal; the arguments are those of `Sharebox.refusals`."""
    try:
        with sharebox.refusals(operation, path):
            raise refusal
    except TransferError as error:
        return error


@dataclass(frozen=True)
class Sighting:
    """What was seen under a name: `attributes` of what is there, or the `refusal` to tell; neither, where
    nothing is there.
    """

    attributes: Attributes | None = None
    refusal: SftpError | None = None

    @property
    def is_something(self) -> bool:
        """Whether something was seen there."""
        return self.attributes is not None

    @property
    def is_nothing(self) -> bool:
        """Whether it was seen that nothing is there."""
        return self.attributes is None and self.refusal is None

    def look(self, size: Callable[[], int]) -> Look:
        """The same as evidence. `size` gives the bytes that were sent, and is asked where that matters."""
        if self.refusal is not None:
            return Look.FORBIDDEN if is_forbidden(self.refusal) else Look.UNCLEAR
        if self.attributes is None:
            return Look.ABSENT
        if self.attributes.size is None:
            return Look.UNCLEAR
        return Look.RIGHT if self.attributes.size == size() else Look.WRONG


def find(sharebox: Sharebox, path: str) -> Sighting:
    """Looks at what is at `path`.

    Raises:
        TransferError: CONNECTION_LOST.
    """
    with sharebox.refusals("accès à", path):
        try:
            return Sighting(sharebox.sftp.stat(path))
        except SftpError as error:
            return _find_listed(sharebox, path, error) if is_forbidden(error) else Sighting(refusal=error)


def _find_listed(sharebox: Sharebox, path: str, refusal: SftpError) -> Sighting:
    """Looks for `path` in the list of its folder. Where it is not in there nothing is known: a server that
    hides one may hide the other.
    """
    folder, name = posixpath.split(path)
    try:
        found = sharebox.sftp.entries(folder).get(name)
    except SftpError:
        found = None
    return Sighting(refusal=refusal) if found is None else Sighting(found)
