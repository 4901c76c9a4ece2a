"""Who runs this program, and where, as the system knows it; what the environment adds is kept apart."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.errors import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Account:
    """Who acts.

    Attributes:
        name: the account that this process runs under; the system's own word.
        sudo_user: `SUDO_USER`, who became that account: the environment's word, which anybody can set.
        logname: `LOGNAME`, who logged in: likewise.
        host: the machine's name.
    """

    name: str
    sudo_user: str | None
    logname: str | None
    host: str


def current(environment: Mapping[str, str] = os.environ) -> Account:
    """The account that this process runs under."""
    return Account(
        name=harmless(_name()),
        sudo_user=harmless(environment.get("SUDO_USER", "")) or None,
        logname=harmless(environment.get("LOGNAME", "")) or None,
        host=harmless(socket.gethostname()),
    )


if sys.platform == "win32":

    def _name() -> str:
        return os.getlogin()  # GetUserName, which asks no environment

else:
    import pwd

    def _name() -> str:
        number = os.getuid()
        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:  # an account that only has a number, as in some containers
            return f"compte {number}"
