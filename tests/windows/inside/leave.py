"""Starts a command, reads its first bytes through a pipe, leaves, and says as JSON how the command ended."""

import json
import subprocess
import sys

with subprocess.Popen(
    sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
) as command:
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.read(1)
    command.stdout.close()
    said = command.stderr.read()
print(json.dumps({"code": command.returncode, "said": said.decode(errors="replace")}))
