"""The signature beside the manifest, verified by OpenSSH with what the report tells and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import archives, arrived, place_for
from tests.programs import require
from tests.servers.openssh import openssh
from tui_transfer.job.beside import MANIFEST, SIGNATURE
from tui_transfer.report.public_key import PublicKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.place import Place
    from tests.servers.account import Account
    from tests.servers.faulty import FaultyServer


def openssh_says(place: Place, root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Does what the report asks for, in a copy of what arrived."""
    shutil.copytree(root, folder)
    text = place.run("report").out.replace("\xa0", " ")
    (line,) = re.findall(r"^\S+ namespaces=.*$", text, re.MULTILINE)
    (command,) = re.findall(r"^ssh-keygen .*$", text, re.MULTILINE)
    (folder / "allowed_signers").write_text(f"{line}\n")
    require("ssh-keygen")
    return subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_by_the_account_s_key(account: Account, base: Path, tmp_path: Path, kind: str) -> None:
    place = place_for(tmp_path / "home", "")
    place.secrets.clear()
    key = tmp_path / "id"
    require("ssh-keygen")
    with openssh(account, chroot=True, key_type=kind) as server:
        shutil.copy(server.key_file, key)
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "phrase secrète", "-f", key], check=True)
        key.with_suffix(".pub").write_bytes(server.key_file.with_suffix(".pub").read_bytes())
        place.configure(server, {"Base": base}, key_file=str(key))
        done = place.run("run", "--yes", "--json", TUI_TRANSFER_KEY_PASSPHRASE="phrase secrète")
        assert done.code == 0, done.err
        public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
        assert done.finished["databases"][0]["signed_by"] == public
        said = openssh_says(place, server.root, tmp_path / "reçu")
    assert said.returncode == 0, said.stdout + said.stderr
    assert PublicKey.from_line(public).fingerprint in said.stdout
    assert not (place.folder / "signing_key").exists()


def test_by_the_key_of_the_home(served: Place, server: FaultyServer, tmp_path: Path) -> None:
    assert served.run("run", "--yes").code == 0
    said = openssh_says(served, server.root, tmp_path / "reçu")
    assert said.returncode == 0, said.stdout + said.stderr
    (archive,) = archives(server.root)
    shutil.rmtree(tmp_path / "reçu")
    manifest = server.root / (archive.name + MANIFEST)
    manifest.write_bytes(manifest.read_bytes().replace(b'"format":', b'"format": '))
    assert openssh_says(served, server.root, tmp_path / "reçu").returncode != 0


def test_one_that_is_refused_its_name_is_told_and_left_out(served: Place, server: FaultyServer) -> None:
    server.faults.takes = lambda name: ".sig" not in name
    done = served.run("run", "--yes", "--json")
    assert done.code == 0, done.err
    (archive,) = archives(server.root)
    assert {path.name for path in server.root.iterdir()} == arrived(archive.name) - {archive.name + SIGNATURE}
    (item,) = done.finished["databases"]
    assert (list(item["refused"]), item["signed_by"]) == ([archive.name + SIGNATURE], "")
    text = served.run("report").out.replace("\xa0", " ")
    assert "Fichier de la signature refusé par Sharebox" in text
    assert "ssh-keygen" not in text


def test_it_is_made_once_however_often_it_is_sent(
    served: Place, server: FaultyServer, base: Path, tmp_path: Path
) -> None:
    """ECDSA makes another signature each time; what an earlier worker sent is taken for its own."""
    key = tmp_path / "id"
    require("ssh-keygen")
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key], check=True)
    served.configure(server, {"Base": base}, key_file=str(key))
    dropped: list[str] = []

    def once(name: str) -> bool:
        if dropped or not name.endswith(".sig"):
            return False
        dropped.append(name)
        return True

    server.faults.drop_at_rename = once
    done = served.run("run", "--yes", "--json")
    assert (done.code, len(dropped)) == (0, 1), done.err
    assert done.finished["databases"][0]["signed_by"].startswith("ecdsa-sha2-")
    said = openssh_says(served, server.root, tmp_path / "reçu")
    assert said.returncode == 0, said.stdout + said.stderr
