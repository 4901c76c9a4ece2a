"""What a scenario is played in: home, databases, servers, terminal, all made for it and gone afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.place import COMMAND, Place, place_for
from tests.mounts import small_disk
from tests.procedure.terminal import terminal
from tests.scenarios.player import Player
from tests.servers.account import system_account
from tests.servers.openssh import openssh
from tests.servers.relay import relay
from tests.servers.squid import squid
from tui_transfer.job import control
from tui_transfer.preflight.statements import STATEMENTS, Ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.openssh import SshServer
    from tests.servers.relay import Relay
    from tests.servers.squid import SquidServer


@dataclass
class World:
    """A scenario's own.

    Attributes:
        folder: of everything that is made.
        pictures: where pictures go; None for nowhere.
        slow: whether somebody watches.
    """

    folder: Path
    pictures: Path | None
    slow: bool
    stack: ExitStack
    players: list[Player] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """The home, whose secrets a person types."""
        made = place_for(self.folder / "home", "")
        made.secrets.clear()
        return made

    def server(self, **options: Any) -> SshServer:
        """An sshd like a Sharebox: SFTP only, in a chroot."""
        account = self.stack.enter_context(system_account())
        return self.stack.enter_context(openssh(account, chroot=True, **options))

    def small_account(self, server: SshServer, size: str) -> None:
        """Gives the account no more room than that."""
        info = server.root.stat()
        options = f"size={size},uid={info.st_uid},gid={info.st_gid},mode=755"
        self.stack.enter_context(small_disk(server.root, options))

    def line(self, server: SshServer) -> Relay:
        """A line to the server that can be slowed down and cut."""
        return self.stack.enter_context(relay(server.port))

    def proxy(self, **options: Any) -> SquidServer:
        """A proxy that asks a password."""
        return self.stack.enter_context(squid(asks=["basic"], **options))

    def base(self, name: str = "paie.db", rows: int = 50_000) -> Path:
        """An SQLite base."""
        file = self.folder / "bases" / name
        file.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
            rows_of = ((f"salarié {number}", number / 7) for number in range(rows))
            connection.executemany("INSERT INTO paie VALUES (?, ?)", rows_of)
            connection.commit()
        return file

    def noise(self, size: int, name: str = "grosse.bin") -> Path:
        """A base that compression makes no smaller."""
        file = self.folder / "bases" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(os.urandom(size))
        return file

    def tick_all(self) -> None:
        """As somebody did before."""
        ticks = Ticks(self.place.home)
        for statement in STATEMENTS:
            ticks.set_ticked(statement.key, True)

    @contextmanager
    def centre(self) -> Iterator[Player]:
        """The Centre de maintenance in a terminal, and whoever sits there."""
        with terminal(COMMAND, self.place.environment()) as opened:
            if self.slow:
                print(f"To watch: {opened.tmux} -S {opened.socket} attach -r", flush=True)
            player = Player(opened, self.pictures, self.slow)
            if self.players:  # another window of the same story: its pictures go on
                player.steps = self.players[-1].steps
            self.players.append(player)
            opened.wait_for("Centre de maintenance")
            yield player


@contextmanager
def made_world(pictures: Path | None = None, *, slow: bool = False) -> Iterator[World]:
    """A world, which ends with all that was started in it."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="scenario-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        world = World(folder, pictures, slow, stack)
        stack.callback(_end_worker, world)
        yield world


def _end_worker(world: World) -> None:
    if (job := control.running_job(world.place.home)) is not None:
        control.stop(job)
