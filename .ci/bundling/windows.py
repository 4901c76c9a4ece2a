"""The folder for Windows: it needs neither an administrator nor the network, and runs from a USB stick."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from bundling import embedded, frozen, places, sbom, wheels

if TYPE_CHECKING:
    from pathlib import Path

TARGET: Final = wheels.Target(
    embedded.PYTHON,
    ("win_amd64",),
    (
        ("os_name", "nt"),
        ("platform_machine", "AMD64"),
        ("platform_release", "10"),
        ("platform_system", "Windows"),
        ("platform_version", "10.0"),
        ("sys_platform", "win32"),
    ),
)
START: Final = "Transfert Urssaf.cmd"
READ_ME: Final = "Lisez-moi.txt"


def build(out: Path, kept: Path) -> Path:
    """Builds the folder and its zip in `out`, and gives the zip."""
    downloads = kept / "wheels"
    own = wheels.build_own(out)
    # The version is in the name: a new one, unzipped beside the old, is never mixed with it.
    version = own.name.split("-")[1]
    folder = out / f"Transfert Urssaf {version}"
    shutil.rmtree(folder, ignore_errors=True)
    embedded.lay_out(folder / "python", downloads)
    gathered = wheels.gather(TARGET, downloads)
    for wheel in [own, *gathered.values()]:
        wheels.unpack(wheel, folder / "lib")
    for name in (START, READ_ME):
        write_text(folder / name, (places.PARTS / "windows" / name).read_text(encoding="utf-8"))
    write_text(folder / "LICENSE.txt", (places.ROOT / "LICENSE").read_text(encoding="utf-8"))
    sbom.write(folder, own, gathered.values(), sbom.of_python(folder / "python"))
    frozen.write_sums(folder)
    archive = out / f"transfert-urssaf-{version}-windows-x64.zip"
    frozen.zip_folder(folder, archive)
    own.unlink()
    return archive


def write_text(file: Path, text: str) -> None:
    """Writes what Windows' own programs read: `cmd` loses its way where a line ends otherwise."""
    file.write_bytes(text.replace("\n", "\r\n").encode())
