"""The command line of `.ci/bundle`."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundling import debian, linux, lock, places, windows


def main() -> None:
    """Builds what is asked for."""
    parser = argparse.ArgumentParser(prog=".ci/bundle", description=__doc__)
    parser.add_argument("what", choices=["windows", "linux", "lock"])
    parser.add_argument("--out", type=Path, default=places.ROOT / "dist", help="the folder to build in")
    parser.add_argument("--kept", type=Path, required=True, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.what == "lock":
        lock.write()
        return
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    if asked.what == "windows":
        made = [windows.build(out, asked.kept)]
    else:
        folder, archive = linux.build(out, asked.kept)
        made = [archive, debian.build(folder, out)]
    for file in made:
        print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")


main()
