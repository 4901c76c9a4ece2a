r"""Paths as the system takes them letter by letter, and as people read them.

Windows changes what it is given: it drops dots and spaces at the end of a name, takes `NUL` for a device in
any folder, and ends at 260 characters. A disk of a NAS or of Linux holds names that it lists and then cannot
find. With ``\\?\`` before it a path is taken as it is. Source: Microsoft, « Naming Files, Paths, and
Namespaces ».
"""

from __future__ import annotations

import ntpath
import os
import stat
import sys
from typing import Final

_AS_IT_IS: Final = "\\\\?\\"
_SHARE_AS_IT_IS: Final = "\\\\?\\UNC\\"
_DEVICE: Final = "\\\\.\\"


def extended(path: str) -> str:
    """A whole path of Windows, as Windows takes it letter by letter."""
    if path.startswith((_AS_IT_IS, _DEVICE)):
        return path
    path = ntpath.normpath(path)  # which Windows does no more, then
    return _SHARE_AS_IT_IS + path[2:] if path.startswith("\\\\") else _AS_IT_IS + path


def shortened(path: str) -> str:
    """An extended path of Windows as people write it."""
    if path.startswith(_SHARE_AS_IT_IS):
        return "\\\\" + path[len(_SHARE_AS_IT_IS) :]
    return path.removeprefix(_AS_IT_IS)


if sys.platform == "win32":

    def literal(path: str | os.PathLike[str]) -> str:
        """The path by which the system finds what bears exactly these names."""
        given = os.fspath(path)
        drive, rest = ntpath.splitdrive(given)
        if drive and rest[:1] not in {"\\", "/"} and not drive.startswith("\\"):
            given = os.path.abspath(given)  # noqa: PTH100 - from the current folder of that drive
        return extended(ntpath.join(os.getcwd(), given))  # noqa: PTH109 - `resolve` changes names

    def followed(path: str | os.PathLike[str]) -> str:
        """The path, as `literal` gives it, of what a link leads to; of all else its own.

        What merely lies behind a link, or on a drive that leads elsewhere, is not asked where it really is:
        not every file system answers that, and not every answer leads back to it.

        Raises:
            OSError: nothing is there, or nobody may look.
        """
        found = literal(path)
        is_link = stat.S_ISLNK(os.lstat(found).st_mode)
        return os.path.realpath(found, strict=True) if is_link else found

    def is_plain(path: str | os.PathLike[str]) -> bool:
        """Whether a library finds there what bears exactly these names, if it has Windows complete the path.

        Windows then changes names even behind ``\\\\?\\``, and may give those of something else.
        """
        return literal(os.path.abspath(readable(path))) == literal(path)  # noqa: PTH100 - asks Windows

    def readable(path: str | os.PathLike[str]) -> str:
        """The path as a person reads and writes it."""
        return shortened(os.fspath(path))

else:

    def literal(path: str | os.PathLike[str]) -> str:
        """The path by which the system finds what bears exactly these names."""
        return os.fspath(path)

    def followed(path: str | os.PathLike[str]) -> str:
        """The path of what links lead to, on the way there too.

        Raises:
            OSError: nothing is there, or nobody may look.
        """
        return os.path.realpath(path, strict=True)

    def is_plain(path: str | os.PathLike[str]) -> bool:
        """Whether a library finds there what bears exactly these names: always, but on Windows."""
        return True

    def readable(path: str | os.PathLike[str]) -> str:
        """The path as a person reads and writes it."""
        return os.fspath(path)
