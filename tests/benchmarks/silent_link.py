"""Takes the real limits of silent links, and looks for false alarms on slow ones with long pauses.

    python -m tests.benchmarks.silent_link [dead] [slow]

`dead` (a minute): everything vanishes in each phase of a transfer; how long until it was noticed?
`slow` (some six minutes): transfers at 64 kbit/s whose link pauses for 20 s after every 10 s, each at other
moments, with new keys after every 128 KiB; how many connections were given up?

The socket option TCP_USER_TIMEOUT, which not every system has, is hidden from the program.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from paramiko.common import MSG_KEXINIT

from tests.servers.account import system_account
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import LOOPBACK
from tests.servers.relay import relay
from tests.sharebox.helpers import connect, make_archive, open_tunnel, send
from tui_transfer.errors import TransferError
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.proxy.routes import Direct, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    import paramiko

RATE = 8_000
PAUSE, BETWEEN = 20.0, 10.0
TRANSFERS = 8
SLOW_SIZE = 400_000
FAST_SIZE = 6_000_000


def main() -> None:
    """Runs what the arguments name; both without any."""
    del socket.TCP_USER_TIMEOUT
    wanted = sys.argv[1:] or ["dead", "slow"]
    with system_account() as account, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "dead" in wanted:
            with openssh(account, chroot=True, options=["RekeyLimit 1M"]) as server:
                measure_dead(server, folder)
        if "slow" in wanted:
            with openssh(account, chroot=True, options=["RekeyLimit 128K", "LoginGraceTime 0"]) as server:
                measure_slow(server, folder)


def measure_dead(server: SshServer, folder: Path) -> None:
    """Prints the seconds until each phase's silence was noticed."""
    archive = folder / "fast"
    make_archive(archive, FAST_SIZE)
    with relay(server.port) as link:
        connect(server, port=link.port).close()
        said = link.answered
    phases: dict[str, Callable[[], float]] = {
        "connection": _no_answer,
        "CONNECT exchange": lambda: _mute_proxy("http"),
        "SOCKS exchange": lambda: _mute_proxy("socks5"),
        "banner": lambda: _while_connecting(server, 0),
        "key exchange": lambda: _while_connecting(server, int(said * 0.3)),
        "authentication": lambda: _while_connecting(server, int(said * 0.8)),
        "sending": lambda: _at_stage(server, archive, DeliveryStage.SENDING, FAST_SIZE // 8),
        "verifying": lambda: _at_stage(server, archive, DeliveryStage.VERIFYING, FAST_SIZE // 8),
        "publishing": lambda: _at_stage(server, archive, DeliveryStage.PUBLISHING, FAST_SIZE),
        "changing keys": lambda: _at_new_keys(server, archive),
    }
    with ThreadPoolExecutor(len(phases)) as pool:
        running = {phase: pool.submit(measure) for phase, measure in phases.items()}
        for phase, future in running.items():
            print(f"{phase:20} noticed after {future.result():5.1f} s", flush=True)


def measure_slow(server: SshServer, folder: Path) -> None:
    """Prints how many connections on slow links with pauses were given up."""
    archive = folder / "slow"
    content = make_archive(archive, SLOW_SIZE)
    with ThreadPoolExecutor(TRANSFERS) as pool:
        offsets = [(PAUSE + BETWEEN) * number / TRANSFERS for number in range(TRANSFERS)]
        results = list(pool.map(lambda offset: _slow_transfer(server, archive, offset), offsets))
    pauses, alarms = sum(count for count, _ in results), [alarm for _, alarm in results if alarm]
    arrived = sum(path.read_bytes() == content for path in server.root.glob("slow*.7z"))
    keys = server.log().count("SSH2_MSG_NEWKEYS sent")
    print(f"{TRANSFERS} transfers at {RATE * 8} bit/s, {arrived} arrived")
    print(f"{pauses} pauses of {PAUSE:.0f} s, {keys} key exchanges, {len(alarms)} false alarms", *alarms)


def _slow_transfer(server: SshServer, archive: Path, first_pause: float) -> tuple[int, str]:
    """Gives the number of pauses, and why the connection was given up, if it was."""
    done = threading.Event()
    pauses = 0

    def pause() -> None:
        nonlocal pauses
        wait = first_pause
        while not done.wait(wait):
            link.silence()
            pauses += 1
            done.wait(PAUSE)
            link.resume()
            wait = BETWEEN

    with relay(server.port) as link:
        link.rate = RATE
        pauser = threading.Thread(target=pause)
        pauser.start()
        try:
            with connect(server, port=link.port) as sharebox:
                send(sharebox, archive, f"slow{first_pause:.0f}.7z")
        except TransferError as error:
            return pauses, f"{first_pause:.1f} s: {error}"
        finally:
            done.set()
            pauser.join()
    return pauses, ""


def _no_answer() -> float:
    """Nobody takes a connection where the queue of those who wait is full."""
    with socket.create_server((LOOPBACK, 0), backlog=0) as full:
        address = full.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            return _seconds(lambda: open_tunnel(Direct(), *address))


def _mute_proxy(kind: str) -> float:
    with socket.create_server((LOOPBACK, 0)) as mute:
        proxy = Proxy("http" if kind == "http" else "socks5", *mute.getsockname())
        return _seconds(lambda: open_tunnel(proxy, LOOPBACK, 22))


def _while_connecting(server: SshServer, silent_after: int) -> float:
    with relay(server.port) as link:
        link.silent_after = silent_after
        return _seconds(lambda: connect(server, port=link.port))


def _at_stage(server: SshServer, archive: Path, stage: DeliveryStage, done: int) -> float:
    since: list[float] = []

    def swallow(progress: DeliveryProgress) -> None:
        if progress.stage is stage and progress.done >= done and not since:
            link.swallow()
            since.append(time.monotonic())

    with relay(server.port) as link, connect(server, port=link.port) as sharebox:
        _seconds(lambda: send(sharebox, archive, f"{stage}.7z", on_progress=swallow))
        return time.monotonic() - since[0]


def _at_new_keys(server: SshServer, archive: Path) -> float:
    with relay(server.port) as link:
        sharebox = connect(server, port=link.port)
        read = sharebox.connection.packetizer.read_message

        def read_and_swallow() -> tuple[int, paramiko.Message]:
            kind, message = read()
            if kind == MSG_KEXINIT:
                link.swallow()
            return kind, message

        sharebox.connection.packetizer.read_message = read_and_swallow  # type: ignore[method-assign]
        with sharebox:
            return _seconds(lambda: send(sharebox, archive, "keys.7z"))


def _seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    try:
        call()
    except TransferError:
        return time.monotonic() - started
    raise AssertionError("nothing was noticed")


if __name__ == "__main__":
    main()
