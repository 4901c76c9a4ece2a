"""Freezes what the program writes today: `python -m tests.samples.freeze OUTPUT`. Needs root, sshd and tmux.

The program is driven from outside, by commands and at a terminal, so that whatever is kept was written by it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.cli.place import COMMAND, Place, blocks_packed, place_for
from tests.procedure.terminal import terminal
from tests.samples.bases import BASES, FOLDER, SQLITE, TEXT, installed, make_frozen_bases
from tests.servers.account import Account, system_account
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tests.servers.squid import squid

USERNAME = "exemple"
_STATEMENTS = 10
_ATTEMPTS = 20
_RATE = 60_000
"""Bytes a second on the line while a transfer is cut short."""


class Freezer:
    """Writes one sample after another below `output`; each method is a story that a person may have lived."""

    def __init__(self, output: Path, account: Account, scratch: Path) -> None:
        self.output = output
        self.account = account
        self.scratch = scratch

    def freeze(self) -> None:
        (self.output / "settings").mkdir()
        prerequisites = self.settings_by_keyboard()
        self.settings_of_the_demonstration()
        self.delivered_and_hashed_by_the_server()
        self.delivered_and_read_back()
        self.two_databases_through_a_proxy(prerequisites)
        self.delivered_but_not_verifiable()
        self.unknown_key()
        self.permission_refused()
        self.not_renamed()
        self.connection_lost_after_sealing()
        self.killed_in_the_middle()
        self.stopped_while_packing()
        self.never_started()

    # --- Settings ---

    def settings_by_keyboard(self) -> Path:
        """« Réglages » filled in at a first start, with the least and with everything; then the prerequisites
        ticked and bases added. Gives the file of the ticks.
        """
        home = self.scratch / "réglages"
        kept = home / "config.toml"
        with terminal(COMMAND, place_for(home, "").environment(), lines=40) as centre:
            centre.wait_for("Centre de maintenance")
            centre.press("g")
            centre.wait_for("Première utilisation")
            centre.fill("Association Exemple")
            centre.fill("sharebox.example.org")
            centre.press("Down")
            centre.fill("exemple")
            centre.press("F4")
            centre.wait_for("Enregistré")
            shutil.copyfile(kept, self.output / "settings" / "reglages-minimaux.toml")
            centre.press("Escape")
            centre.wait_for("Menu")
            centre.press("g")
            centre.wait_for("Gestionnaire")
            for text in ("Association d'Été", "depot.example.org", "2222", "été", "/arrivée", "~/clé"):
                centre.fill(text)
            centre.wait_for("La sortie de votre réseau")
            centre.press("Right")
            centre.wait_for("(•) HTTP ")
            centre.press("Enter")
            centre.wait_for("Votre service informatique la connaît")
            for text in ("proxy.example.org", "8080", "gestionnaire", "a@example.org; b@example.org"):
                centre.fill(text)
            for text in ("2/3/2022", "31/12/2099", "5", "7"):
                centre.fill(text)
            centre.wait_for("Les couleurs de l’écran")
            centre.press("Right", "Right")
            centre.wait_for("(•) contraste élevé")
            centre.press("Down", "Right")
            centre.wait_for("(•) non")
            centre.press("F4")
            centre.wait_for("Enregistré")
            centre.press("Escape")
            centre.wait_for("Menu")
            centre.press("p")
            centre.wait_for("Concernant vos données")
            for _ in range(_STATEMENTS):
                centre.press("Space", "Down")
            centre.press("Escape")
            centre.wait_for("Menu")
            centre.press("m")
            centre.wait_for("Maintenir", "Transfert")
            centre.press("t")
            for path, name in ((SQLITE, "Paie"), (FOLDER, "Bulletins 2021")):
                centre.press("a")
                centre.wait_for("Ajouter une base")
                centre.type(str(path))
                centre.press("Enter")
                centre.wait_for(f"Nom dans la liste {name}")
                centre.press("Enter")
                centre.wait_for(f"[✓] {name}")
            centre.press("q")
            centre.exit_status()
        shutil.copyfile(kept, self.output / "settings" / "reglages-complets.toml")
        return home / "prerequisites.json"

    def settings_of_the_demonstration(self) -> None:
        environment = place_for(self.scratch, "").environment(TMPDIR=str(BASES.parent))
        with subprocess.Popen(
            [*COMMAND, "demo", "--plain"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # that nobody answers its questions
            env=environment,
        ) as demo:
            assert demo.stdout
            assert any(b"Empreinte attendue" in line for line in demo.stdout), "it ended before it began"
            (kept,) = BASES.parent.glob("tui-transfer-demo-*/accueil/config.toml")
            shutil.copyfile(kept, self.output / "settings" / "demonstration.toml")
            demo.communicate(timeout=60)

    # --- Delivered ---

    def delivered_and_hashed_by_the_server(self) -> None:
        with openssh(self.account, allow_exec=True) as server, self._transfer("server-hash", server) as place:
            place.configure(server, {"Paie": SQLITE})
            assert place.run("run", "--yes").code == 0

    def delivered_and_read_back(self) -> None:
        """The key is accepted on the command line, and kept in the settings."""
        with openssh(self.account, chroot=True) as server, self._transfer("read-back", server) as place:
            place.configure(server, {"Bulletins": FOLDER}, key=None)
            assert place.run("run", "--yes", "--accept-host-key", server.fingerprint).code == 0
            shutil.copyfile(place.folder / "config.toml", self.output / "settings" / "cle-acceptee.toml")

    def two_databases_through_a_proxy(self, prerequisites: Path) -> None:
        with (
            openssh(self.account, chroot=True) as server,
            squid(allowed_ports=[server.port]) as proxy,
            self._transfer("two-databases", server) as place,
        ):
            place.configure(server, {"Paie": SQLITE, "Bulletins": FOLDER})
            shutil.copyfile(prerequisites, place.folder / "prerequisites.json")
            url = f"http://{proxy.host}:{proxy.port}"
            assert place.run("run", "--yes", "--proxy", url).code == 0

    def delivered_but_not_verifiable(self) -> None:
        with (
            openssh(self.account, chroot=True, denied=["read"]) as server,
            self._transfer("unverifiable", server) as place,
        ):
            place.configure(server, {"Paie": SQLITE})
            assert place.run("run", "--yes").code == 13

    # --- Blocked ---

    def unknown_key(self) -> None:
        with openssh(self.account, chroot=True) as server, self._transfer("unknown-key", server) as place:
            place.configure(server, {"Bulletins": FOLDER}, key=None)
            assert place.run("run", "--yes").code == 8

    def permission_refused(self) -> None:
        with openssh(self.account, chroot=True) as server, self._transfer("refused", server) as place:
            server.root.chmod(0o555)
            place.configure(server, {"Bulletins": FOLDER, "Paie": SQLITE})
            assert place.run("run", "--yes").code == 9

    def not_renamed(self) -> None:
        """All is sent; the whole archive and its manifest stay in the spool."""
        with (
            openssh(self.account, chroot=True, denied=["rename", "posix-rename"]) as server,
            self._transfer("not-renamed", server) as place,
        ):
            place.configure(server, {"Paie": SQLITE})
            assert place.run("run", "--yes").code == 9
            assert list(place.home.jobs.glob("*/spool/0/manifest.json"))

    # --- Interrupted ---

    def connection_lost_after_sealing(self) -> None:
        with (
            openssh(self.account, chroot=True) as server,
            relay(server.port) as link,
            self._transfer("connection-lost", server) as place,
        ):
            place.configure(server, {"Paie": SQLITE}, port=link.port)
            settings = place.folder / "config.toml"
            settings.write_text(settings.read_text() + "\n[transfer]\nretry_for = 0\n")
            link.rate = _RATE
            with place.started("run", "--yes") as view:
                wait_until(lambda: _is_sealed(place) and _arrived(server) > 20_000, what="a part of it")
                link.cut()
                assert view.wait(60) == 12

    def killed_in_the_middle(self) -> None:
        """Some blocks are packed, some of that has arrived, and nobody could say a last word."""

        def kill(place: Place, server: SshServer) -> None:
            wait_until(lambda: blocks_packed(place) >= 4 and _arrived(server) > 60_000, what="the middle")
            _kill_workers(place)

        self._cut_short("killed", {"Ancienne paie": TEXT, "Bulletins": FOLDER}, kill)

    def stopped_while_packing(self) -> None:
        """As by Ctrl+C: the worker is asked to end, and says so; a snapshot is there."""

        def stop(place: Place, _: SshServer) -> None:
            wait_until(lambda: blocks_packed(place) >= 1, what="a block")
            for worker in _workers(place):
                worker.terminate()

        self._cut_short("stopped", {"Paie": SQLITE}, stop)

    def _cut_short(
        self, name: str, databases: dict[str, Path], end: Callable[[Place, SshServer], None]
    ) -> None:
        """Repeats until the archive was not sealed when the worker ended: nothing stops it at that moment."""
        for _ in range(_ATTEMPTS):
            with (
                openssh(self.account, chroot=True) as server,
                relay(server.port) as link,
                self._transfer(name, server) as place,
            ):
                place.configure(server, databases, port=link.port)
                settings = place.folder / "config.toml"
                settings.write_text(settings.read_text() + "\n[transfer]\ncompression = 9\n")
                link.rate = _RATE
                with place.started("run", "--yes") as view:
                    end(place, server)
                    assert view.wait(60) == 12
                if not _is_sealed(place):
                    return
        raise AssertionError(f"{name}: always sealed first")

    def never_started(self) -> None:
        """The command is killed between the creation of the job and the first line of its worker."""
        for _ in range(_ATTEMPTS):
            with openssh(self.account, chroot=True) as server, self._transfer("created", server) as place:
                place.configure(server, {"Bulletins": FOLDER})
                with place.started("run", "--yes") as view:
                    wait_until(lambda: any(place.home.jobs.glob("*/job.json")), what="the job")
                    view.kill()
                    view.wait()
                    _kill_workers(place)
                if not any(place.home.jobs.glob("*/journal.jsonl")):
                    return
        raise AssertionError("it always started")

    @contextmanager
    def _transfer(self, name: str, server: SshServer) -> Iterator[Place]:
        """A home to run commands in; it and the drop folder are kept at the end, those of an attempt before
        replaced.
        """
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            place = place_for(Path(folder) / "home", server.password)
            place.folder.mkdir()
            yield place
            sample = self.output / "transfers" / name
            shutil.rmtree(sample, ignore_errors=True)
            shutil.copytree(place.folder, sample / "home")
            if any(place.home.jobs.glob("*/spool/*/archive.part")):
                shutil.copytree(server.root, sample / "sharebox")


def _is_sealed(place: Place) -> bool:
    journals = place.home.jobs.glob("*/journal.jsonl")
    return any('"archive.sealed"' in journal.read_text() for journal in journals)


def _arrived(server: SshServer) -> int:
    return max((part.stat().st_size for part in server.root.glob("*.part")), default=0)


def _workers(place: Place) -> list[psutil.Process]:
    """They are told the folder of their job, below a home that only this script has."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.startswith(str(place.home.jobs)) for word in process.info["cmdline"] or ())
    ]


def _kill_workers(place: Place) -> None:
    workers = _workers(place)
    for worker in workers:
        worker.kill()
    psutil.wait_procs(workers)


def main() -> None:
    """Makes the samples in a folder that does not exist yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("output", type=Path)
    output: Path = parser.parse_args().output.absolute()
    output.mkdir()
    make_frozen_bases(output / "bases")
    with (
        installed(output),
        system_account(USERNAME) as account,
        tempfile.TemporaryDirectory(prefix="tui-transfer-freeze-") as scratch,
    ):
        Freezer(output, account, Path(scratch)).freeze()
    here = bytes(Path.cwd())
    files = [path for path in output.rglob("*") if path.is_file()]
    assert not [path for path in files if here in path.read_bytes()], "they would fit this machine alone"


if __name__ == "__main__":
    main()
