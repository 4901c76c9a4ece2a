"""What a person gave to be known by on a Sharebox, and what the server said to it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.ssh.conversation import nobody
from tui_transfer.sharebox.ssh.keys import LoginKey, load_from_agent, load_from_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import paramiko

    from tui_transfer.sharebox.ssh.conversation import Ask

_MOST_UNANSWERED: Final = 2
"""How often a password is shown that nobody has accepted or refused."""


@dataclass
class Credentials:
    """What a person gave to be known by, and what became of it.

    It lasts as long as what it was given for, over all connections: what was refused is never shown again.

    Args:
        password: of the account.
        key_file: holds a private key.
        passphrase: of that file.
        use_agent: the keys of ssh-agent are shown instead.
        ask: asks a person what a server asks; nobody is there without it.
    """

    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    use_agent: bool = False
    ask: Ask = field(default=nobody, repr=False)
    password_accepted: bool = field(default=False, init=False)
    _password_refused: bool = field(default=False, init=False)
    _unanswered: int = field(default=0, init=False)
    """How often the password was shown without any answer since it was last accepted."""
    _keys: Sequence[LoginKey] | None = field(default=None, init=False, repr=False)
    _refused_keys: set[bytes] = field(default_factory=set, init=False)

    def load_keys(self) -> Sequence[LoginKey]:
        """The keys to show, in their order, read once; before the Sharebox is met: no connection is in vain.

        Raises:
            TransferError: KEY_UNREADABLE, KEY_UNSUITABLE, KEY_PASSPHRASE_NEEDED, KEY_PASSPHRASE_WRONG;
                AGENT_UNUSABLE.
        """
        if self._keys is None:
            if self.use_agent:
                self._keys = load_from_agent()
            else:
                self._keys = load_from_file(self.key_file, self.passphrase) if self.key_file else ()
        return self._keys

    @property
    def may_show_password(self) -> bool:
        """Whether there is a password that may be shown once more."""
        return (
            self.password is not None and not self._password_refused and self._unanswered < _MOST_UNANSWERED
        )

    def show_password(self) -> str:
        """The password, counted as shown."""
        self._unanswered += 1
        return self.password or ""

    def password_was(self, *, accepted: bool) -> None:
        """Keeps in mind what the server said to it."""
        self._unanswered = 0
        self.password_accepted = accepted
        self._password_refused = not accepted

    def change_password(self, new: str) -> None:
        """The server has taken a new one: it is the password from now on."""
        self.password = new
        self.password_was(accepted=True)

    def may_show(self, key: paramiko.PKey) -> bool:
        """Whether a key was not refused yet."""
        return shown(key) not in self._refused_keys

    def key_was_refused(self, key: paramiko.PKey) -> None:
        """It is not shown again."""
        self._refused_keys.add(shown(key))


def shown(key: paramiko.PKey) -> bytes:
    """What a server is shown of a key: its certificate, where it has one, or its public half."""
    certificate = getattr(key, "public_blob", None)
    return certificate.key_blob if certificate else key.asbytes()
