"""Where a secret comes from when nobody types it: a variable, a file named by one, systemd's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors
from tui_transfer.system.files import printable, read_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX: Final = "TUI_TRANSFER_"
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
_LONGEST: Final = 4096


def given_secret(variable: str, environment: Mapping[str, str]) -> str | None:
    """The secret in `variable`; else in the file that `variable` with `_FILE` names; else in the file of
    systemd's `$CREDENTIALS_DIRECTORY` that bears the variable's name, in small letters without the program's
    (`smtp_password`). An empty one is none.

    Raises:
        TransferError: SECRET_FILE_UNREADABLE, or SECRET_UNFIT where a variable holds what is no UTF-8.
    """
    if value := environment.get(variable):
        return _text(value, variable)
    if named := environment.get(f"{variable}_FILE"):
        return _first_line(Path(named), f"{variable}_FILE")
    if folder := environment.get(_CREDENTIALS):
        file = Path(folder) / variable.removeprefix(_PREFIX).lower()
        if file.exists():
            return _first_line(file, _CREDENTIALS)
    return None


def _text(value: str, variable: str) -> str:
    """`value`, which the system gives with a lone surrogate for each byte that is no text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        details = {
            "variable": variable,
            "reason": "n’est pas du texte en UTF-8",
            "advice": f"Donnez-le en UTF-8, ou dans un fichier en UTF-8 que désigne {variable}_FILE.",
        }
        raise TransferError(Problem.SECRET_UNFIT, **details) from None
    return value


def _first_line(file: Path, variable: str) -> str | None:
    try:
        content = read_file(file, _LONGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = os_errors.in_words(error) if isinstance(error, OSError) else "il n’est pas en UTF-8"
        details = {"file": printable(file), "variable": variable, "reason": reason}
        raise TransferError(Problem.SECRET_FILE_UNREADABLE, **details) from None
    line, _, rest = content.partition("\n")
    if rest.strip():
        details = {"file": printable(file), "variable": variable, "reason": "il a plusieurs lignes"}
        raise TransferError(Problem.SECRET_FILE_UNREADABLE, **details)
    return line.removesuffix("\r") or None
