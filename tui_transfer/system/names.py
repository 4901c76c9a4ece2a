"""Gives names to files, and takes them away, also while something looks at them for an instant.

On Windows a file that somebody has open keeps its name: whatever looks through new files, against viruses or
for an index, has each open for an instant, and the system then refuses. So it is asked again for some
seconds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOKED_AT: Final = frozenset({5, 32, 33, 145})
"""ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION; ERROR_DIR_NOT_EMPTY of a folder in
which what was removed is still open."""
PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between two tries."""


def replace(file: Path, name: Path) -> None:
    """Gives a file a name, from another one that may bear it."""
    _patiently(lambda: file.replace(name))


def rename(file: Path, name: Path) -> None:
    """Gives a file a name that is free."""
    _patiently(lambda: file.rename(name))


def remove(file: Path) -> None:
    """Removes a file, if it is there."""
    _patiently(lambda: file.unlink(missing_ok=True))


def remove_folder(folder: Path) -> None:
    """Removes an empty folder."""
    _patiently(folder.rmdir)


def remove_tree(folder: Path) -> None:
    """Removes a folder and all that is in it."""
    import shutil  # loads every compression there is

    _patiently(lambda: shutil.rmtree(folder))


def _patiently(change: Callable[[], object]) -> None:
    """Makes a change, for which each of the above raises `OSError` where it cannot be made."""
    for pause in PAUSES:
        try:
            change()
        except OSError as error:
            if getattr(error, "winerror", None) not in _LOOKED_AT:
                raise
            time.sleep(pause)
        else:
            return
    change()
