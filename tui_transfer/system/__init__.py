"""What the operating system does for us: files, locks, processes, and what it says. The one room that knows
Windows from Linux."""
