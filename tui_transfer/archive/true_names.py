"""The file of an encrypted archive that says which names its files have where they are stored.

The manifest beside an encrypted archive names no file: without this one, only the machine that packed it
would know them. It is made of the list of the database alone, so that a restart makes the same bytes.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.names import same_somewhere, told
from tui_transfer.archive.source import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.archive.source import Source

NAME: Final = "noms-d-origine.json"
_WITH_NUMBER: Final = "noms-d-origine-{}.json"
_ABOUT: Final = (
    "Noms que Windows ou macOS ne rendraient pas : stored_as est celui de l’archive, name celui d’origine, "
    "name_hex ses octets. À rendre du dernier au premier."
)
_MODE: Final = stat.S_IFREG | 0o600


@dataclass(frozen=True)
class TrueNames:
    """The file, before it is written.

    Attributes:
        item: how it stands in the archive, beside the database's own files; no file of a disk.
    """

    item: Item
    _renamed: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        """Of names in it. Where a folder is stored under another, that of what is in it is not told again."""
        return len(self._renamed)

    def content(self) -> Iterator[bytes]:
        """Its bytes, in pieces: a JSON document, with a line for each name. A folder comes before what is in
        it, so that all are given back from the last one to the first.
        """
        yield b'{"format":1,"about":' + msgspec.json.encode(_ABOUT) + b',"names":['
        for number, (true_name, stored) in enumerate(self._renamed):
            yield (b",\n" if number else b"\n") + msgspec.json.encode(told(true_name, stored))
        yield b"\n]}\n"


def true_names(source: Source) -> TrueNames | None:
    """The file for a database; None where every system gives all its names back."""
    renamed = tuple(
        (item.true_name, item.name)
        for item in source.items
        if item.true_name and _last(item.true_name) != _last(item.name)
    )
    if not renamed:
        return None
    at_the_root = {item.name.partition("/")[0] for item in source.items}
    newest = max(item.modified_ns for item in source.items)
    return TrueNames(Item(_free(at_the_root), "", _MODE, newest, None), renamed)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _free(taken: set[str]) -> str:
    """A name that no system takes for one of those."""
    name, number = NAME, 1
    while any(same_somewhere(name, other) for other in taken):
        number += 1
        name = _WITH_NUMBER.format(number)
    return name
