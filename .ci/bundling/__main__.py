"""The command line of `.ci/bundle`."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundling import lock, places, windows


def main() -> None:
    """Builds what is asked for."""
    parser = argparse.ArgumentParser(prog=".ci/bundle", description=__doc__)
    parser.add_argument("what", choices=["windows", "lock"])
    parser.add_argument("--out", type=Path, default=places.ROOT / "dist", help="the folder to build in")
    parser.add_argument("--kept", type=Path, required=True, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.what == "lock":
        lock.write()
        return
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    archive = windows.build(out, asked.kept)
    print(f"{archive} ({archive.stat().st_size / 1e6:.1f} MB)")


main()
