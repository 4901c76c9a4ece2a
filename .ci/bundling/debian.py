"""The Debian package: the folder for Linux under /opt, manual and menu entry where they are looked for."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from bundling import frozen, places
from bundling.linux import PROGRAM

_OPT: Final = f"opt/{PROGRAM}"
_CONTROL: Final = """\
Package: {program}
Version: {version}
Architecture: all
Section: misc
Priority: optional
Maintainer: {program} <{program}@example.org>
Installed-Size: {size}
Depends: python3 (>= 3.11)
Recommends: xdg-utils
Description: remet à l’Urssaf les bases d’Impact emploi
 Compresse les bases, les transfère vers Sharebox, vérifie ce qui est arrivé et prépare le
 compte rendu. Réglages, transferts et reçus restent quand le paquet est supprimé.
"""


def build(folder: Path, out: Path) -> Path:
    """Builds the package of the folder for Linux."""
    version = folder.name.split("-")[2]
    package = out / f"{PROGRAM}_{version}_all.deb"
    with tempfile.TemporaryDirectory(dir=out) as name:
        root = Path(name, "root")
        _lay_out(folder, root)
        size = sum(-(-path.stat().st_size // 1024) for path in frozen.files(root))
        _write_control(root, _CONTROL.format(program=PROGRAM, version=version, size=size))
        _settle_modes(root)
        subprocess.run(
            [
                *["dpkg-deb", "--root-owner-group", "-Zzstd", "-z12"],
                *["--build", str(root), str(package)],
            ],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(places.epoch())},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return package


def _lay_out(folder: Path, root: Path) -> None:
    shutil.copytree(folder, root / _OPT)
    (root / "usr").mkdir()
    (root / _OPT / "share").rename(root / "usr" / "share")
    (root / _OPT / "Lisez-moi.txt").unlink()  # it speaks of a folder that one unpacks
    (root / _OPT / frozen.SUMS).unlink()
    frozen.write_sums(root / _OPT)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / PROGRAM).symlink_to(f"/{_OPT}/{PROGRAM}")
    entry = f"{PROGRAM}.desktop"
    _copy(places.PARTS / "linux" / entry, root / "usr" / "share" / "applications" / entry)
    _copy(places.ROOT / "LICENSE", root / "usr" / "share" / "doc" / PROGRAM / "copyright")


def _write_control(root: Path, control: str) -> None:
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(root)}\n"
        for path in frozen.files(root)
        if not path.is_symlink()
    ]
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(control, encoding="utf-8")
    (folder / "md5sums").write_text("".join(sums), encoding="utf-8")  # what `dpkg --verify` reads
    for script in ("postinst", "prerm"):
        _copy(places.PARTS / "debian" / script, folder / script)
        (folder / script).chmod(0o755)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _settle_modes(root: Path) -> None:
    """Modes are the umask's of whoever builds: everybody may read, and what could be run still can."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
