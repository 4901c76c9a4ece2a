"""The keys with which a person is let in: from a file of any usual format, or from ssh-agent.

`loading` gives what a login offers; `document`, `openssh`, `pem`, `putty` and `certificate` read, and
`recognition` says what a file is that holds no usable key.
"""

from tui_transfer.sharebox.ssh.keys.loading import (
    LoginKey,
    load_from_agent,
    load_from_file,
    load_private_key,
)

__all__ = ["LoginKey", "load_from_agent", "load_from_file", "load_private_key"]
