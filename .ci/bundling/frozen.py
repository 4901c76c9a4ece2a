"""Makes folders, sums and archives whose bytes depend on nothing but what is in them."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

from bundling import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUMS: Final = "SHA256SUMS"
_UNIX: Final = 3
_FILE: Final = 0o100000


def sha256(file: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, always in the same order."""
    yield from sorted(
        (path for path in folder.rglob("*") if path.is_file()),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def write_sums(folder: Path) -> None:
    """Writes the sums of all that is in `folder`, as `sha256sum -c` reads them."""
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def zip_folder(folder: Path, archive: Path) -> None:
    """Zips `folder` under its own name."""
    # A zip's times have no zone, and steps of two seconds.
    date = places.moment().timetuple()[:6]
    with zipfile.ZipFile(archive, "w") as target:
        for path in files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), date)
            entry.create_system = _UNIX
            entry.external_attr = (_FILE | _mode(path)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes(), compresslevel=9)


def tar_folder(folder: Path, archive: Path) -> None:
    """Packs `folder` under its own name into a `.tar.gz`, owned by nobody in particular."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for path in files(folder):
            entry = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            entry.size = path.stat().st_size
            entry.mode = _mode(path)
            entry.mtime = places.epoch()
            with path.open("rb") as content:
                target.addfile(entry, content)


def _mode(path: Path) -> int:
    """Of the permissions only « may be run » is kept: the rest is the umask's of whoever builds."""
    return 0o755 if path.stat().st_mode & 0o100 else 0o644
