"""The one place where the simulation touches the program: what it replaces there, and what it calls.

Replaced, in simulated processes: the connection to a Sharebox (`connector.Sharebox`), `datetime.now`, block
sizes (so that small databases have several blocks) and what of an archive is looked at again, the journal's
`append` (which becomes a step). In the
driver, where the commands run: the start of a worker (`control.launch`), `datetime.now`, chance.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import secrets
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

from tests.simulation import clock
from tests.simulation.replacing import replace

# isort: split
import msgspec
import psutil

from tui_transfer.archive import blocks, header, reader, writer
from tui_transfer.cli import headless, upkeep
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control, journal
from tui_transfer.job.events import Delivered as Delivered
from tui_transfer.job.events import Event
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.orders import Orders
from tui_transfer.report import signature
from tui_transfer.report.message import make_message
from tui_transfer.report.receipt_check import check_receipt
from tui_transfer.report.receipts import ReceiptFiles, find_receipts
from tui_transfer.settings import config
from tui_transfer.settings.config import (
    HOME_VARIABLE,
    DatabaseSettings,
    Home,
    Manager,
    Settings,
    ShareboxSettings,
    TransferSettings,
)
from tui_transfer.settings.variables import ARCHIVE_PASSWORD_VARIABLE, SFTP_PASSWORD_VARIABLE
from tui_transfer.sharebox.delivery import places
from tui_transfer.sharebox.sftp.session import SftpLostError, SftpSession
from tui_transfer.sharebox.ssh.address import HostKey
from tui_transfer.sharebox.ssh.knowledge import Knowledge, KnownServers
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.worker import __main__ as worker
from tui_transfer.worker import (
    connector,
    courier,  # noqa: F401
    leftovers,  # noqa: F401
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from random import Random

    from tests.simulation.process import Channel, Inside
    from tui_transfer.job.control import Job
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.address import Address
    from tui_transfer.sharebox.ssh.credentials import Credentials
    from tui_transfer.system.cancellation import Cancellation

MANAGER: Final = "Association d'Été"
USERNAME: Final = "exemple"
PASSWORD: Final = "mot de passe"
PASSPHRASE: Final = "cascade-tulipe-marbre-volcan-sirop-jardin"
VERIFIED: Final = frozenset({"server-hash", "read-back"})
BLOCK_SIZES: Final = (1024, 1024, 2048, 4096)
BLOCK_SIZE: Final = 8192
DICTIONARY: Final = 1 << 16


def fingerprint(host: str) -> str:
    """The key of a simulated Sharebox."""
    return "SHA256:" + (host.encode().hex() * 4)[:43]


# What the program's modules are given in place of their own


class SimulatedConnection:
    """In place of `Connection`: all below SFTP is left out."""

    was_closed_here = False

    def __init__(
        self,
        inside: Inside,
        address: Address,
        number: int,
        cancellation: Cancellation,
    ) -> None:
        self.wait = cancellation.wait
        self.address = address
        self.knowledge = Knowledge()
        self.told: list[str] = []
        self.host_key = HostKey("ssh-ed25519", fingerprint(address.host))
        self.is_open = True
        self.inside = inside
        self.number = number
        self._channels: list[Channel] = []

    def recall(self, servers: KnownServers) -> None:
        self.knowledge = servers.recall(
            self.host_key.fingerprint, self.address.username, self.address.directory
        )

    def open_sftp(self) -> SftpSession:
        number = self.inside.ask_sharebox("channel", self.number) if self.is_open else None
        if not self.is_open:
            raise self.lost()
        if number is None:
            raise TransferError(
                Problem.SFTP_UNAVAILABLE, host=self.address.host, username=USERNAME, reason="refusé"
            )
        channel = self.inside.channel(number, self._ended)
        self._channels.append(channel)
        try:
            return SftpSession(cast("Any", channel))
        except SftpLostError as error:
            raise self.lost(error) from error

    def _ended(self) -> None:
        self.is_open = False

    def close(self) -> None:
        self.is_open = False
        for channel in self._channels:
            channel.close()
        self.inside.ask("close", self.number)

    def abort(self) -> None:
        self.was_closed_here = True
        self.close()

    def lost(self, error: Exception | None = None) -> TransferError:
        self.close()
        return TransferError(Problem.CONNECTION_LOST, reason="le serveur a fermé la connexion")


class SimulatedSharebox(Sharebox):
    """A `Sharebox` whose connection is simulated."""

    inside: Inside
    """Of this process."""

    @classmethod
    def connect(
        cls,
        address: Address,
        route: Route,
        credentials: Credentials,
        host_keys: tuple[str, ...],
        cancellation: Cancellation,
        servers: KnownServers | None = None,
    ) -> Self:
        number, trouble = cls.inside.ask_sharebox("connect", address.host)
        if trouble == "unreachable":
            raise TransferError(
                Problem.SHAREBOX_UNREACHABLE, host=address.host, port=address.port, reason="connexion refusée"
            )
        if trouble == "lost":
            raise TransferError(Problem.CONNECTION_LOST, reason="le serveur a fermé la connexion")
        connection = SimulatedConnection(cls.inside, address, number, cancellation)
        key = connection.host_key
        if key.fingerprint not in host_keys:
            problem = Problem.HOST_KEY_CHANGED if host_keys else Problem.HOST_KEY_UNKNOWN
            details = {"host": address.host, "fingerprint": key.fingerprint, "key_type": key.key_type}
            raise TransferError(problem, expected=", ".join(host_keys), **details)
        if credentials.password is None:
            raise TransferError(Problem.PASSWORD_NEEDED, username=address.username)
        if servers is not None:
            connection.recall(servers)
        try:
            return cls.open(cast("Any", connection))
        except BaseException:
            connection.close()
            raise

    def run(self, command: str, seconds: float) -> bytes | None:
        connection = cast("SimulatedConnection", self.connection)
        if not connection.is_open:
            raise connection.lost()
        alive, output = connection.inside.ask_sharebox("exec", connection.number, command)
        if not alive:
            raise connection.lost()
        told: bytes | None = output
        return told


def use_small_blocks() -> None:
    """Cuts databases into blocks of a few kilobytes, in this process and those that it forks."""
    for module in (blocks, reader, writer):
        replace(module, BLOCK_SIZE=BLOCK_SIZE, FIRST_SIZES=BLOCK_SIZES, _CHUNK=min(BLOCK_SIZES))
    # Dictionaries as large as real ones would cost more than all the rest.
    replace(header, BLOCK_SIZE=DICTIONARY, _HEADER_DICTIONARY=DICTIONARY)
    header._HEADER_FILTER["dict_size"] = DICTIONARY
    for settings in blocks._SETTINGS.values():
        settings["dict_size"] = DICTIONARY


def use_small_places() -> None:
    """Has little of a small archive looked at again, in this process and those that it forks."""
    replace(places, END_BYTES=512, PLACES=3, PLACE_BYTES=64)


def use_simulated_time() -> None:
    """Has every module of the program ask `clock` what time it is."""
    for name, module in list(sys.modules.items()):
        ours = name.startswith("tui_transfer.") and hasattr(module, "datetime")
        if ours and "datetime.now(" in inspect.getsource(module):
            replace(module, datetime=clock.SimulatedDatetime)


def prepare(inside: Inside) -> None:
    """Puts the simulation under the program, in a simulated process."""
    from tests.simulation import steps

    SimulatedSharebox.inside = inside
    replace(connector, Sharebox=SimulatedSharebox)
    steps.tell(inside.step)
    append = journal.Journal.append

    def told(self: journal.Journal, event: Event) -> None:
        inside.ask("journal", os.fspath(self.path), event.__struct_config__.tag, msgspec.json.encode(event))
        append(self, event)
        inside.ask("journaled")

    replace(journal.Journal, append=told)


# What the person does, and what a command tells


@dataclass(frozen=True)
class Told:
    """What a command said.

    Attributes:
        code: its exit status.
        finished: the `job.finished` of its JSON; empty where there was none.
        text: everything else.
        job: the folder's name of the job it was about; None for none.
    """

    code: int
    finished: Mapping[str, Any]
    text: str

    @property
    def job(self) -> str | None:
        return self.finished.get("job")


def home_at(folder: Path) -> Home:
    """The home that lies in a folder."""
    return Home.find({HOME_VARIABLE: str(folder)})


def configure(
    folder: Path,
    host: str,
    directory: str,
    bases: Mapping[str, Path],
    *,
    retry_for: int,
    compression: Any,
    encrypt: bool,
) -> None:
    """Writes the settings of a home."""
    config.save(
        home_at(folder).config_file,
        Settings(
            manager=Manager(name=MANAGER),
            sharebox=ShareboxSettings(
                host=host, username=USERNAME, directory=directory, host_key=fingerprint(host)
            ),
            databases=tuple(
                DatabaseSettings(name=name, path=str(path), active=True) for name, path in bases.items()
            ),
            transfer=TransferSettings(retry_for=retry_for, compression=compression, encrypt=encrypt),
        ),
    )


def change_sharebox(folder: Path, host: str, directory: str) -> None:
    """Has a home's settings name another destination."""
    file = home_at(folder).config_file
    settings = config.load(file)
    sharebox = msgspec.structs.replace(
        settings.sharebox, host=host, directory=directory, host_key=fingerprint(host)
    )
    config.save(file, msgspec.structs.replace(settings, sharebox=sharebox))


@contextmanager
def person(folder: Path, start: Callable[[Job, Orders], None]) -> Iterator[None]:
    """What commands do in the block, they do in the home at `folder`; `start` carries a worker out."""

    def launched(job: Job, orders: Orders, _attendance: object = None) -> int:
        lines = control.Follower(job).lines
        given = {"folder": os.fsencode(job.folder), "journal_lines": lines}
        start(job, msgspec.structs.replace(orders, **given))
        return 0

    before = os.environ.get(HOME_VARIABLE, "")
    os.environ |= {
        HOME_VARIABLE: str(folder),
        SFTP_PASSWORD_VARIABLE: PASSWORD,
        ARCHIVE_PASSWORD_VARIABLE: PASSPHRASE,
    }
    original = control.launch
    replace(control, launch=launched)
    try:
        yield
    finally:
        replace(control, launch=original)
        os.environ[HOME_VARIABLE] = before


def run() -> Told:
    """`tui-transfer run --yes --json`."""
    return _command(
        lambda: headless.run((), everything=False, yes=True, as_json=True, proxy=None, host_key=None)
    )


def resume(name: str | None) -> Told:
    """`tui-transfer resume [JOB] --json`."""
    return _command(lambda: headless.resume(name, stop=False, as_json=True, proxy=None, host_key=None))


def purge(folder: Path) -> Told:
    """`tui-transfer purge --yes`."""
    return _command(lambda: upkeep.purge(home_at(folder), (), None, yes=True, local=False))


def _command(body: Callable[[], int]) -> Told:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = int(body())
        except TransferError as error:  # as the console script does
            print(error.as_text())
            code = int(error.exit_code)
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    lines = buffer.getvalue().decode().splitlines()
    last = lines[-1] if lines else ""
    finished = json.loads(last) if last.startswith('{"type":"job.finished"') else {}
    return Told(code, finished, "\n".join(lines) + err.getvalue())


def work(orders: bytes) -> None:
    """The worker's own entry, in a simulated process. Ends it."""
    sys.stdin = io.TextIOWrapper(io.BytesIO(orders))
    worker.main()


def clean(folder: Path) -> int:
    """`purge`, in a simulated process: it connects."""
    return purge(folder).code


# What the program tells of a job


@dataclass(frozen=True)
class JobView:
    """A job of a home as its folder tells."""

    name: str
    folder: Path
    archives: tuple[str, ...]
    state: Any
    failure: TransferError | None
    running: bool

    @property
    def succeeded(self) -> bool:
        return str(self.state.status) == "succeeded"


def jobs(folder: Path) -> list[JobView]:
    """Every job of a home that can be read."""
    found = []
    for job in control.list_jobs(home_at(folder)):
        try:
            follower = control.Follower(job)
        except TransferError as error:
            found.append(JobView(job.id, job.folder, (), None, error, False))
            continue
        found.append(
            JobView(
                job.id,
                job.folder,
                tuple(item.archive for item in job.spec.databases),
                follower.state,
                follower.failure,
                follower.running,
            )
        )
    return found


def names(folder: Path) -> set[str]:
    """The names of the jobs of a home, readable or not."""
    return {entry.name for entry in control.list_entries(home_at(folder))}


def has_line(folder: Path, job: str, event: Event) -> bool:
    """Whether an event is in the journal of a job."""
    try:
        return event in JournalReader(home_at(folder).jobs / job / control.JOURNAL_NAME).read()
    except TransferError:
        return False


def message(state: Any) -> str:
    """The report of a job."""
    return make_message(state).body


def altered_receipts(folder: Path) -> dict[str, str]:
    """Of the receipts that a home keeps, those that are not as they were signed, and what is said of each."""
    home, found = home_at(folder), {}
    for job in find_receipts(home, ""):
        file = ReceiptFiles.of(home.receipts, job).content
        said = [one.said for one in check_receipt(home, file) if one.altered]
        if said:
            found[job] = " ".join(said)
    return found


def signs(made: bytes, message: bytes) -> bool:
    """Whether a signature is one of that message."""
    try:
        signature.verify(made, message)
    except signature.InvalidSignatureError:
        return False
    return True


def decode_event(data: bytes) -> Event:
    """An event of the journal."""
    event: Event = msgspec.json.decode(data, type=Event)
    return event


def draw_from(draw: Random) -> None:
    """Has what the driver's process names be named by the seed; nothing looks at other processes."""
    replace(os, urandom=draw.randbytes)
    replace(secrets, token_bytes=lambda count=None: draw.randbytes(count or 32))
    replace(psutil, process_iter=lambda *_: iter(()))


def paragraphs(text: str, names: Sequence[str]) -> list[str]:
    """Of a report, what is said of each base."""
    found = []
    sections = text.split("\n\n")
    for name in names:
        own = [section for section in sections if section.partition("\n")[0].endswith(name)]
        found.append("\n\n".join(own))
    return found
