"""The folder for Linux, which runs with the system's Python, and its archive.

A wheel is laid where all who need it look, and nobody else: `any` where each Python takes the same one, the
folder of a machine where each Python there does, or else that of one Python on one machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING, Final

from bundling import frozen, places, sbom, wheels

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PYTHONS: Final = ((3, 11), (3, 12), (3, 13), (3, 14))
MACHINES: Final = ("x86_64", "aarch64")
GLIBC: Final = 28
"""The oldest 2.x that the wheels must run with: Debian 10's, so that those of 12 and 13 do as well."""
PROGRAM: Final = "tui-transfer"


def build(out: Path, kept: Path) -> tuple[Path, Path]:
    """Builds the folder and its `.tar.gz` in `out`, and gives both."""
    own = wheels.build_own(out)
    version = own.name.split("-")[1]
    folder = out / f"{PROGRAM}-{version}-linux"
    shutil.rmtree(folder, ignore_errors=True)
    gathered = {
        (machine, python): set(wheels.gather(target(machine, python), kept / "wheels").values())
        for machine in MACHINES
        for python in PYTHONS
    }
    everything = sorted(set().union(*gathered.values()))
    wheels.unpack(own, folder / "lib" / "any")
    for wheel in everything:
        takers = {key for key, taken in gathered.items() if wheel in taken}
        for place in _places(takers):
            wheels.unpack(wheel, folder / "lib" / place)
    for name in (PROGRAM, "Lisez-moi.txt"):
        text = (places.PARTS / "linux" / name).read_text(encoding="utf-8")
        (folder / name).write_text(_filled(text), encoding="utf-8")
    (folder / PROGRAM).chmod(0o755)
    shutil.copyfile(places.ROOT / "LICENSE", folder / "LICENSE")
    _write_manual(folder)
    sbom.write(folder, own, everything)
    frozen.write_sums(folder)
    archive = out / f"{folder.name}.tar.gz"
    frozen.tar_folder(folder, archive)
    own.unlink()
    return folder, archive


def search_path(folder: Path, kind: str) -> str:
    """Where a Python of this kind (« cpython-311-x86_64-linux-gnu ») finds modules, as the start says it."""
    machine = kind.split("-", 2)[2]
    return os.pathsep.join(str(folder / "lib" / name) for name in ("any", machine, kind))


def own_kind() -> str:
    """The kind of the Python that runs this."""
    return EXTENSION_SUFFIXES[0].removeprefix(".").removesuffix(".so")


def target(machine: str, python: tuple[int, int]) -> wheels.Target:
    """A Python on a machine, by what its wheels are called."""
    numbers = range(GLIBC, 4, -1)
    platforms = [f"manylinux_2_{number}_{machine}" for number in numbers]
    older = [f"{name}_{machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")]
    markers = {
        "os_name": "posix",
        "platform_machine": machine,
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "sys_platform": "linux",
    }
    return wheels.Target(python, (*platforms, *older), tuple(markers.items()))


def _places(takers: set[tuple[str, tuple[int, int]]]) -> Iterable[str]:
    if len(takers) == len(MACHINES) * len(PYTHONS):
        return ["any"]
    found = []
    for machine in MACHINES:
        pythons = [python for python in PYTHONS if (machine, python) in takers]
        if len(pythons) == len(PYTHONS):
            found.append(_triplet(machine))
        else:
            found += [f"cpython-{''.join(map(str, python))}-{_triplet(machine)}" for python in pythons]
    return found


def _triplet(machine: str) -> str:
    return f"{machine}-linux-gnu"


def _filled(text: str) -> str:
    """What is covered, in words that cannot differ from what is."""
    *first, last = [".".join(map(str, python)) for python in PYTHONS]
    covered = {
        "VERSIONS": f"{', '.join(first)} ou {last}",
        "MACHINES": " ou ".join(MACHINES),
        "GLIBC": f"2.{GLIBC}",
    }
    return re.sub(r"@(\w+)@", lambda match: covered[match[1]], text)


def _write_manual(folder: Path) -> None:
    """Has the man page and the completions made, with the modules of the bundle itself."""
    path = os.pathsep.join([search_path(folder, own_kind()), str(places.ROOT / ".ci")])
    subprocess.run(
        [sys.executable, "-B", "-m", "bundling.manual", str(folder / "share")],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
