"""The command line: commands, transfers without a screen, plain lines, upkeep, support."""
