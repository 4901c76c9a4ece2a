"""Why a server was not reached directly, as far as it is known: the advice begins with the likeliest."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors
from tui_transfer.system.waiting import result_of

if TYPE_CHECKING:
    from tui_transfer.system.cancellation import Cancellation

USUAL_PORT: Final = 22
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_NO_NETWORK: Final = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN})
_MAY_BE_THE_PORT: Final = frozenset({"refused", "silent"})
_SECONDS: Final = 3.0


def unreachable(host: str, port: int, error: OSError) -> TransferError:
    """The failure to connect to `host` at `port`.

    Its detail `cause` is « name » (the resolver knows no such name), « refused » (that machine refuses this
    port), « silent » (no answer) or « network » (nothing is reached from here); absent where none is known.
    """
    details: dict[str, object] = {"host": host, "port": port, "reason": os_errors.in_words(error)}
    if (cause := _cause(error)) is not None:
        details["cause"] = cause
    return TransferError(Problem.SHAREBOX_UNREACHABLE, **details)


def explained(failure: TransferError, cancellation: Cancellation) -> TransferError:
    """The same, with the cause « other-port » where an SSH server answers at the usual port of that machine.

    One connection to one port is made for it, and closed after the first bytes: what a person is told first
    is then known, and not guessed. Not for each of many tries.

    Raises:
        TransferError: INTERRUPTED.
    """
    host, port = failure.details.get("host", ""), failure.details.get("port", "")
    if failure.details.get("cause") not in _MAY_BE_THE_PORT or port == str(USUAL_PORT):
        return failure
    with suppress(OSError):
        begins = result_of(partial(_first_bytes, host), cancellation, seconds=2 * _SECONDS)
        if begins == b"SSH-":
            return TransferError(
                failure.problem, **(failure.details | {"cause": "other-port", "other_port": str(USUAL_PORT)})
            )
    return failure


def _cause(error: OSError) -> str | None:
    if isinstance(error, socket.gaierror):
        return "name" if error.errno in _NO_SUCH_NAME else "network"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "silent"
    return "network" if error.errno in _NO_NETWORK else None


def _first_bytes(host: str) -> bytes:
    with socket.create_connection((host, USUAL_PORT), _SECONDS) as link:
        link.settimeout(_SECONDS)
        return link.recv(4, socket.MSG_WAITALL)
