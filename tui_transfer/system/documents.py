"""Where the person at this machine keeps documents, and looks for them."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def documents_folder() -> Path:
    """The folder that the system calls « Documents »; the account's own folder where there is none, as on
    most servers.

    On Linux it is what xdg-user-dirs says; where that names no folder that is there, it is not made.
    """
    folder = platformdirs.user_documents_path()
    return folder if folder.is_dir() else Path.home()
