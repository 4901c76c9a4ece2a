"""The file for whoever helps: journals, logs, settings and versions, of which nothing personal is left."""

from __future__ import annotations

import importlib.metadata
import io
import json
import locale
import os
import platform
import re
import sys
import tomllib
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tomli_w

from tui_transfer import __version__, french
from tui_transfer.errors import TransferError
from tui_transfer.job import audit, history
from tui_transfer.preflight.here import check_here
from tui_transfer.report.message import describe_job
from tui_transfer.report.redaction import Redactor
from tui_transfer.settings import config
from tui_transfer.system.files import open_regular, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import Home, Settings

_LONGEST_LOG: Final = 1 << 20
_RULE: Final = (
    "Noms, comptes, serveurs, chemins et tout autre mot qui n’est pas du programme y sont remplacés par des "
    "numéros (#1, #2…), toujours le même pour le même mot."
)
ALL_THAT_IS_LEFT_OUT: Final = "Aucun mot de passe, aucune base, aucune archive."
_README: Final = """\
Fichier préparé par tui-transfer {version} le {moment} pour une demande d’aide.

{rule}
Restent : dates, tailles, durées, empreintes SHA-256, versions, et les messages du programme.
Il ne contient aucun mot de passe, aucune base et aucune archive.
"""


Check = Callable[["Settings", Callable[[str], object]], object]
"""Looks at something, and says each line that tells what it found."""


class Bundle:
    """What would be in the file. It is all read when this is made, which may take seconds.

    Args:
        home: where everything is.
        look: says what is to be checked besides what is found here: the connection, say.
    """

    def __init__(self, home: Home, look: Check | None = None) -> None:
        self._now = datetime.now().astimezone()
        self._entries = dict(_entries(home, self._now, look))

    @property
    def lines(self) -> list[str]:
        """What is in it, in French: a line for each file, then what was replaced, and what is not there."""
        sizes = [f"  {name} : {french.size(len(content))}" for name, content in self._entries.items()]
        return [*sizes, f"{_RULE} {ALL_THAT_IS_LEFT_OUT}"]

    def save(self, file: Path | None = None) -> tuple[Path, int]:
        """Writes it, by default to a name with the time, in the current folder; gives where, and its size.

        Raises:
            TransferError: DISK_FULL, DISK_UNWRITABLE.
        """
        path = (file or Path(self._name)).absolute()
        content = _zip(self._entries, self._now)
        write_private(path, content)
        return path, len(content)

    def save_in(self, folder: Path) -> tuple[Path, int]:
        """The same, under its own name in that folder."""
        return self.save(folder / self._name)

    @property
    def _name(self) -> str:
        return f"tui-transfer-aide-{self._now:%Y%m%d-%H%M%S}.zip"


def _zip(entries: dict[str, bytes], now: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _entries(home: Home, now: datetime, look: Check | None) -> Iterator[tuple[str, bytes]]:
    """The files of the bundle: name and content."""
    redactor = Redactor()
    readme = _README.format(version=__version__, moment=french.moment(now), rule=_RULE)
    yield "LISEZ-MOI.txt", readme.encode()
    yield "versions.txt", _versions().encode()
    yield "config.toml", _settings(home, redactor).encode()
    yield "controles.txt", _checks(home, redactor, look).encode()
    jobs = list(history.read_all(home))
    yield "transferts.txt", _jobs(jobs, redactor).encode()
    for name, _ in jobs:
        for part, read in _PARTS.items():
            text = _read(home.jobs / name / part, redactor)
            if text is not None:
                yield f"transferts/{redactor.value(name)}/{part}", read(text, redactor).encode()


# What is in it


def _versions() -> str:
    libraries = sorted(
        re.split(r"[^\w.-]", requirement)[0]
        for requirement in importlib.metadata.requires("tui-transfer") or ()
    )
    lines = {
        "tui-transfer": __version__,
        "Python": platform.python_version(),
        "Système": platform.platform(),
        "Processeurs": os.cpu_count(),
        "Encodage": f"{getattr(sys.__stdout__, 'encoding', 'aucun')}, {locale.getpreferredencoding(False)}",
        "TERM": os.environ.get("TERM", ""),
        "tmux": "oui" if os.environ.get("TMUX") else "non",
        "SSH": "oui" if os.environ.get("SSH_CONNECTION") else "non",
        **{name: importlib.metadata.version(name) for name in libraries},
    }
    return "".join(f"{name} : {value}\n" for name, value in lines.items())


def _settings(home: Home, redactor: Redactor) -> str:
    try:
        settings = config.load(home.config_file)
    except TransferError as error:
        return "".join(f"# {line}\n" for line in redactor.text(error.as_text()).splitlines())
    return tomli_w.dumps(redactor.value(tomllib.loads(config.render(settings))))


def _checks(home: Home, redactor: Redactor, look: Check | None) -> str:
    lines: list[str] = []
    try:
        settings = config.load(home.config_file)
        check_here(settings, home, lines.append)
        if look is not None:
            look(settings, lines.append)
    except TransferError as error:
        lines.append(error.as_text())
    return redactor.text("".join(f"{line}\n" for line in lines))


def _jobs(jobs: Sequence[tuple[str, Follower | TransferError]], redactor: Redactor) -> str:
    lines = []
    for name, found in jobs:
        if isinstance(found, TransferError):
            said = redactor.text(f"{found.problem} {found.as_text()}")
        else:
            count = french.count(audit.verify(found.job), "ligne")
            said = f"{describe_job(found)}, journal sans défaut visible ({count})"
        lines.append(f"{redactor.value(name)} : {said}\n")
    return "".join(lines) or "Aucun transfert.\n"


def _read(file: Path, redactor: Redactor) -> str | None:
    """The end of the file; None where there is none, or why it cannot be read."""
    try:
        with open_regular(file) as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _LONGEST_LOG))
            return stream.read().decode("utf-8", "replace").replace("\ufffd", "?")
    except FileNotFoundError:
        return None
    except OSError as error:
        return redactor.text(str(error))


def _json(text: str, redactor: Redactor) -> str:
    try:
        return _dumps(redactor.value(json.loads(text)), indent=2) + "\n"
    except (ValueError, RecursionError):  # damaged, which is what somebody wants to see
        return redactor.text(text)


def _dumps(value: object, indent: int | None = None) -> str:
    """Half of a character, which JSON can hold, cannot be written."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "replace").decode()


def _json_lines(text: str, redactor: Redactor) -> str:
    return "".join(f"{_json_line(line, redactor)}\n" for line in text.splitlines())


def _json_line(line: str, redactor: Redactor) -> str:
    try:
        return _dumps(redactor.value(json.loads(line)))
    except (ValueError, RecursionError):
        return redactor.text(line)


def _log(text: str, redactor: Redactor) -> str:
    return redactor.log(text)


_PARTS: Final[dict[str, Callable[[str, Redactor], str]]] = {
    "job.json": _json,
    "journal.jsonl": _json_lines,
    "worker.log": _log,
}
"""The files of a job that go into the bundle, and how each is redacted; never its spool."""
