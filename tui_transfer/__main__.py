"""The command `tui-transfer`, and `python -m tui_transfer`."""

from __future__ import annotations

import sys

_TRANSFERS = ("run", "resume")


def main() -> None:
    """Runs a command; one that transfers has its worker load beside it."""
    if sys.argv[1:2] and sys.argv[1] in _TRANSFERS:
        from tui_transfer.job import worker_process

        worker_process.prepare()
    from tui_transfer.cli import commands

    commands.main()


if __name__ == "__main__":
    main()
