"""The servers of the suite, and what is expected of the program on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import asyncssh

from tests.servers import oddities
from tests.servers.asyncssh_server import CODE, PASSWORD, Script, asyncssh_server
from tests.servers.conch import conch
from tests.servers.dropbear import dropbear
from tests.servers.erlang import erlang
from tests.servers.openssh import openssh
from tests.servers.proftpd import proftpd
from tests.servers.rclone import rclone
from tests.sharebox.conformance.target import Entry, Login, Row, Said, Target, Workshop

Runs = Callable[[Workshop], AbstractContextManager[Target]]
Files = Callable[[], type[asyncssh.SFTPServer]]

_ELSEWHERE: Final = {Row.FACTORS: "OpenSSH behind AuthenticationMethods is a server of its own"}
_ONLY_BOTH: Final = dict.fromkeys((Row.PASSWORD, Row.KEY), "nobody gets in by that alone")
_NO_FACTORS: Final = {Row.FACTORS: "it knows no login of several factors"}


def _target(server: Any, ports: dict[Login, int] | None = None) -> Target:
    """Of a server that says all of it under these names."""
    return Target(
        host=server.host,
        port=server.port,
        fingerprint=server.fingerprint,
        username=server.username,
        password=server.password,
        root=server.root,
        directory=server.directory,
        key_file=server.key_file,
        ports=ports or {},
    )


# --- Real servers ---


def _openssh(**options: Any) -> Runs:
    @contextmanager
    def run(workshop: Workshop) -> Iterator[Target]:
        with openssh(workshop.account(), **options) as server:
            yield _target(server)

    return run


def _with_both(make: Callable[[Workshop], AbstractContextManager[Any]]) -> Runs:
    """Of a server with a second port, where a key and a password are needed."""

    @contextmanager
    def run(workshop: Workshop) -> Iterator[Target]:
        with make(workshop) as server:
            yield _target(server, {Login.FACTORS: server.port_of_both})

    return run


def _alone(make: Callable[[], AbstractContextManager[Any]]) -> Runs:
    @contextmanager
    def run(workshop: Workshop) -> Iterator[Target]:
        with make() as server:
            yield _target(server)

    return run


# --- asyncssh, as it is and with one oddity each ---


def _asyncssh(
    files: Callable[[], type[asyncssh.SFTPServer]] = lambda: asyncssh.SFTPServer, **odd: Any
) -> Runs:
    """Of a server that lets in by a password, by a key, or by a conversation about a password and a code."""

    @contextmanager
    def run(workshop: Workshop) -> Iterator[Target]:
        key = asyncssh.generate_private_key("ssh-ed25519")
        key_file = workshop.folder / "key"
        key.write_private_key(key_file)
        key_file.chmod(0o600)
        served = workshop.folder / "served"
        root = served / "depot"
        root.mkdir(parents=True)
        script = Script(
            rounds=[
                ("", "", [("Mot de passe : ", False)], [PASSWORD]),
                ("Impact emploi", "Code envoyé au 06.", [("Votre code ? ", False)], [CODE]),
            ],
            public_key=key,
            **odd,
        )

        def admit(login: Login) -> None:
            script.methods = _METHODS[login]

        with asyncssh_server(served, script, files=files()) as server:
            yield Target(
                host=server.host,
                port=server.port,
                fingerprint=server.fingerprint,
                username=server.username,
                password=server.password,
                root=root,
                directory="/depot",
                key_file=key_file,
                admit=admit,
                code=CODE,
            )

    return run


_METHODS: Final[dict[Login, Sequence[str]]] = {
    Login.PASSWORD: ("password",),
    Login.KEY: ("publickey",),
    Login.FACTORS: ("keyboard-interactive",),
}


def _odd(files: type[asyncssh.SFTPServer]) -> Runs:
    return _asyncssh(lambda: files)


def _leaving_once() -> type[asyncssh.SFTPServer]:
    """Each server of it leaves once."""
    return type("_Leaves", (oddities.LeavesOnce,), {})


SERVERS: Final[Sequence[Entry]] = (
    Entry("OpenSSH, chroot", _openssh(chroot=True), without=_ELSEWHERE),
    Entry("OpenSSH, internal-sftp", _openssh(), without=_ELSEWHERE),
    Entry("OpenSSH, commands too", _openssh(allow_exec=True), without=_ELSEWHERE, verified="server-hash"),
    Entry(
        "OpenSSH, key and password",
        _openssh(chroot=True, options=["AuthenticationMethods publickey,password"]),
        without=_ONLY_BOTH,
    ),
    Entry("ProFTPD", _with_both(lambda workshop: proftpd())),
    Entry(
        "ProFTPD, archives only",
        _with_both(lambda workshop: proftpd(options=[r"PathAllowFilter \.7z$"])),
        temporary_names=False,
        manifest=False,
        said=None,
    ),
    Entry("dropbear", _with_both(lambda workshop: dropbear(workshop.account())), verified="server-hash"),
    Entry(
        "rclone, no cache",
        _alone(rclone),
        without=_NO_FACTORS,
        goes_on=False,
        said=Said(goes_on=False),
    ),
    Entry(
        "rclone, cache of writes",
        _alone(lambda: rclone(cache="writes")),
        without=_NO_FACTORS,
        goes_on=False,  # this version empties a file as soon as it is opened to be written to
        said=Said(goes_on=False),
    ),
    Entry("Twisted Conch", _with_both(lambda workshop: conch())),
    Entry("Erlang", _alone(erlang), without=_NO_FACTORS),
    Entry("asyncssh", _asyncssh()),
    Entry("folder unknown", _odd(oddities.FolderUnknown)),
    Entry(
        "reading refused",
        _odd(oddities.ReadingRefused),
        verified="size-only",
        code=13,
        goes_on=False,
        said=Said(goes_on=False),
    ),
    Entry("room told as 0", _odd(oddities.NoRoomKnown)),
    Entry("fsync refused", _odd(oddities.SyncRefused)),
    Entry("sizes come late", _odd(oddities.SizesComeLate)),
    Entry(
        "forward only",
        _odd(oddities.ForwardOnly),
        goes_on=False,
        said=Said(goes_on=False),
    ),
    Entry(
        "forward, always anew",
        _odd(oddities.ForwardAnew),
        goes_on=False,
        said=Said(goes_on=False),
    ),
    Entry(
        "emptied at opening",
        _odd(oddities.EmptiedAtOpening),
        goes_on=False,
        said=Said(goes_on=False),
    ),
    Entry("forward, and on", _odd(oddities.ForwardAndOn)),
    Entry("second session refused", _asyncssh(second_session="refused")),
    Entry("second session fatal", _asyncssh(second_session="fatal")),
    Entry(
        "names refused",
        _odd(oddities.NamesRefused),
        temporary_names=False,
        said=None,
    ),
    Entry(
        "names refused, archives only",
        _odd(oddities.ArchivesOnly),
        temporary_names=False,
        manifest=False,
        said=None,
    ),
    # Whether its words are heard is tested where nothing may overtake them: a reset on the line does.
    Entry("farewell in the middle", _asyncssh(_leaving_once), leaves=True),
)
