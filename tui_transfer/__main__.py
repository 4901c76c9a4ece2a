"""`python -m tui_transfer`, the same as the command `tui-transfer`."""

from tui_transfer.cli.commands import main

main()
