"""Which databases were ticked when the list was last seen, kept until they are transferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tui_transfer.settings.config import DatabaseSettings, Home

_NAME: Final = "choice.json"


class _Kept(msgspec.Struct, frozen=True):
    known: tuple[str, ...] = ()
    """The names of all that were in the list."""
    ticked: tuple[str, ...] = ()


class Choice:
    """The ticks of the list of databases in a home.

    Who ticks twelve of forty and is called away finds them ticked. Who transferred them does not: then, as at
    first, the active ones are ticked, or the only one there is.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE from `keep` and `forget`.
    """

    def __init__(self, home: Home) -> None:
        self._file = home.data / _NAME

    def ticked(self, databases: Sequence[DatabaseSettings]) -> set[str]:
        """The names that are ticked when the list is opened; what came into it since is as at first."""
        at_first = {item.name for item in databases if item.active or len(databases) == 1}
        kept = self._load()
        known, before = set(kept.known), set(kept.ticked)
        return {item.name for item in databases if item.name in (before if item.name in known else at_first)}

    def keep(self, databases: Sequence[DatabaseSettings], ticked: Collection[str]) -> None:
        """Remembers them."""
        names = [item.name for item in databases]
        kept = _Kept(tuple(names), tuple(name for name in names if name in ticked))
        if kept != self._load():
            write_private(self._file, msgspec.json.encode(kept))

    def forget(self) -> None:
        """They were transferred."""
        if self._load() != _Kept():
            write_private(self._file, msgspec.json.encode(_Kept()))

    def _load(self) -> _Kept:
        try:
            return from_json(read_file(self._file), _Kept)
        except (OSError, msgspec.DecodeError):
            return _Kept()  # one ticks again
