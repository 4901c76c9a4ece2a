"""The program that `tests.servers.conch` runs: an SFTP server of Twisted Conch on two ports of loopback.

Its standard input is a JSON object: `username`, `password`, `host_key` (file), `public_key` (text), `folder`
(of the account, as its home), `port` (by a password or a key), `port_of_both` (by a password and a key).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from twisted.conch import unix  # noqa: F401 - its SFTP server is found by the kind of account
from twisted.conch.avatar import ConchUser
from twisted.conch.checkers import InMemorySSHKeyDB, SSHProtocolChecker, SSHPublicKeyChecker
from twisted.conch.interfaces import ISFTPServer
from twisted.conch.ssh import factory, filetransfer, keys, session
from twisted.conch.unix import SFTPServerForUnixConchUser
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.python.components import registerAdapter
from twisted.python.filepath import FilePath
from zope.interface import implementer

from tests.servers.processes import LOOPBACK


class Account(ConchUser):  # type: ignore[misc]
    """An account whose files are those of the program's own user."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self.channelLookup[b"session"] = session.SSHSession
        self.subsystemLookup[b"sftp"] = filetransfer.FileTransferServer

    def getHomeDir(self) -> Any:  # noqa: N802 - so Conch names it
        return FilePath(self._folder)

    def _runAsUser(self, does: Any, *arguments: Any, **named: Any) -> Any:  # noqa: N802
        """Calls a function, or each of several with its arguments; gives what the last returned."""
        if callable(does):
            return does(*arguments, **named)
        result = None
        for function, *rest in does:
            result = function(*(rest[0] if rest else ()), **(rest[1] if len(rest) > 1 else {}))
        return result


@implementer(IRealm)
class Realm:
    """Gives everybody who was let in the same account."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def requestAvatar(self, username: object, mind: object, *interfaces: Any) -> Any:  # noqa: N802
        return interfaces[0], Account(self._folder), lambda: None


class Both(SSHProtocolChecker):  # type: ignore[misc]
    """Lets in who showed both a key and a password."""

    def areDone(self, avatarId: object) -> bool:  # noqa: N802, N803
        shown = {hasattr(credentials, "signature") for credentials in self.successfulCredentials[avatarId]}
        return shown == {True, False}


def main() -> None:
    """Runs until it is ended."""
    given = json.load(sys.stdin)
    registerAdapter(SFTPServerForUnixConchUser, Account, ISFTPServer)
    username = given["username"].encode()
    passwords = InMemoryUsernamePasswordDatabaseDontUse(**{given["username"]: given["password"].encode()})
    public_key = keys.Key.fromString(given["public_key"].encode())
    by_key = SSHPublicKeyChecker(InMemorySSHKeyDB({username: [public_key]}))
    both = Both()
    both.registerChecker(passwords)
    both.registerChecker(by_key)
    host_key = keys.Key.fromFile(given["host_key"])
    for port, checkers in ((given["port"], [passwords, by_key]), (given["port_of_both"], [both])):
        made = factory.SSHFactory()
        made.portal = Portal(Realm(given["folder"]), checkers)
        made.publicKeys = {host_key.sshType(): host_key.public()}
        made.privateKeys = {host_key.sshType(): host_key}
        reactor.listenTCP(port, made, interface=LOOPBACK)
    reactor.run()


if __name__ == "__main__":
    main()
