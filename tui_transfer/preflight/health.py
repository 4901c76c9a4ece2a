"""Whether a database looks like itself: neither empty, nor much smaller than when it was last handed over."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.archive.companions import main_of
from tui_transfer.archive.source import SourceKind
from tui_transfer.errors import TransferError
from tui_transfer.job import control

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tui_transfer.archive.source import Summary
    from tui_transfer.settings.config import Home

Delivered = tuple[int, "datetime | None"]
"""Bytes that were handed over, and when."""

_SHRUNK: Final = 0.5
"""Below this part of what was handed over last, a person should look."""
_MOST_JOBS: Final = 500
"""Of the newest jobs that are read to find what was handed over last."""


def why_empty(path: Path, look: Summary) -> str:
    """What there is instead of data, in French; empty where there are data."""
    if look.kind is SourceKind.FOLDER:
        if not look.files:
            return "ce dossier ne contient aucun fichier"
        return "" if look.size else "ce dossier ne contient que des fichiers vides"
    if not look.size:
        return "ce fichier est vide (0 octet)"
    with suppress(OSError):
        if not look.log and not (main := main_of(path)).stat().st_size:
            return f"{main.name} est vide (0 octet)"
    return ""


def describe_ailments(
    databases: Sequence[tuple[str, Path]], looks: Sequence[Summary | TransferError], home: Home
) -> list[str]:
    """A French sentence for each database that is not as one would expect it."""
    before = last_delivered([path for _, path in databases], home)
    sentences = []
    for (name, path), look in zip(databases, looks, strict=True):
        if isinstance(look, TransferError):  # told by another check
            continue
        if empty := why_empty(path, look):
            sentences.append(f"« {name} » : {empty}.")
        elif (last := before.get(path)) and look.size < _SHRUNK * last[0]:
            size, when = last
            at = f", le {french.day(french.at_this_machine(when))}" if when else ""
            sentences.append(
                f"« {name} » ne pèse que {french.size(look.size)} ; elle en pesait {french.size(size)} à sa "
                f"dernière remise{at}."
            )
    return sentences


def last_delivered(paths: Sequence[Path], home: Home) -> Mapping[Path, Delivered]:
    """What was handed over of each database the last time, as far as the jobs of this home tell."""
    wanted = {os.path.realpath(main_of(path)): path for path in paths}
    found: dict[Path, Delivered] = {}
    try:
        entries = control.list_entries(home)
    except TransferError:
        return found
    for entry in islice(entries, _MOST_JOBS):
        if len(found) == len(wanted):
            break
        with suppress(TransferError):  # a damaged job is told where jobs are listed
            if isinstance(entry.job, TransferError):
                continue
            state = control.Follower(entry.job).state
            for item in state.databases:
                path = wanted.get(os.path.realpath(item.path))
                if path is not None and item.delivered and item.size:
                    found.setdefault(path, (item.size, item.delivered_at))
    return found
