"""Opens a file for itself alone, says « held », and keeps it until its input ends."""

import sys

assert sys.platform == "win32"

import _winapi  # noqa: E402

EXCLUSIVE = 0  # no sharing
handle = _winapi.CreateFile(sys.argv[1], _winapi.GENERIC_READ, EXCLUSIVE, 0, _winapi.OPEN_EXISTING, 0, 0)
print("held", flush=True)
sys.stdin.read()
_winapi.CloseHandle(handle)
