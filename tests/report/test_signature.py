"""Signatures, held to OpenSSH's own verdict."""

from __future__ import annotations

import base64
import stat
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.programs import require
from tui_transfer.errors import Problem, TransferError
from tui_transfer.report import signature
from tui_transfer.report.home_key import home_key
from tui_transfer.report.public_key import NAMESPACE, PublicKey
from tui_transfer.report.signer import Signer
from tui_transfer.sharebox.ssh.keys import load_private_key

if TYPE_CHECKING:
    from pathlib import Path

    import paramiko

KINDS = (
    ("ed25519",),
    ("rsa", "-b", "2048"),
    ("ecdsa", "-b", "256"),
    ("ecdsa", "-b", "384"),
    ("ecdsa", "-b", "521"),
)
MESSAGE = "Manifeste signé : « à l’octet près »\n".encode()


@pytest.fixture(params=KINDS, ids=" ".join)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> paramiko.PKey:
    require("ssh-keygen")
    kind, *more = request.param
    file = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *more, "-N", "", "-f", file], check=True)
    return load_private_key(file, None)


def openssh_takes(
    folder: Path, made: bytes, message: bytes, key: PublicKey, *, namespace: str = NAMESPACE
) -> bool:
    """What `ssh-keygen -Y verify` says, on a line of allowed signers that the report would carry."""
    (folder / "m.sig").write_bytes(made)
    (folder / "allowed_signers").write_text(key.allowed_signer("association-exemple") + "\n")
    words: list[str | Path] = ["verify", "-f", folder / "allowed_signers", "-I", "association-exemple"]
    done = subprocess.run(
        ["ssh-keygen", "-Y", *words, "-n", namespace, "-s", folder / "m.sig"],
        input=message,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_openssh_verifies_what_is_signed_here(key: paramiko.PKey, tmp_path: Path) -> None:
    made = signature.sign(MESSAGE, key)
    public = PublicKey(key.asbytes())
    assert openssh_takes(tmp_path, made, MESSAGE, public)
    assert not openssh_takes(tmp_path, made, MESSAGE + b" ", public)
    assert not openssh_takes(tmp_path, made, MESSAGE, public, namespace="file")
    checked = subprocess.run(
        ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", tmp_path / "m.sig"],
        input=MESSAGE,
        capture_output=True,
        check=True,
    )
    assert public.fingerprint in checked.stdout.decode()
    assert signature.verify(made, MESSAGE) == public


def test_what_openssh_signs_is_verified_here(key: paramiko.PKey, tmp_path: Path) -> None:
    for options in ((), ("-O", "hashalg=sha256")):
        made = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-f", tmp_path / "id", "-n", NAMESPACE, *options],
            input=MESSAGE,
            capture_output=True,
            check=True,
        ).stdout
        assert signature.verify(made, MESSAGE).line == " ".join((tmp_path / "id.pub").read_text().split()[:2])
        with pytest.raises(signature.InvalidSignatureError):
            signature.verify(made, MESSAGE[:-1])
        with pytest.raises(signature.InvalidSignatureError):
            signature.verify(made.replace(b"\n", b"", 2), MESSAGE)


def test_what_was_signed_for_something_else_is_refused(key: paramiko.PKey, tmp_path: Path) -> None:
    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", tmp_path / "id", "-n", "git"],
        input=MESSAGE,
        capture_output=True,
        check=True,
    ).stdout
    with pytest.raises(signature.InvalidSignatureError):
        signature.verify(made, MESSAGE)


def test_no_byte_of_a_signature_can_be_changed_unseen(tmp_path: Path) -> None:
    made = signature.sign(MESSAGE, home_key(tmp_path))
    content = bytearray(base64.b64decode(b"".join(made.splitlines()[1:-1])))
    for position in range(len(content)):
        content[position] ^= 1
        lines = b"\n".join((made.splitlines()[0], base64.b64encode(content), made.splitlines()[-1]))
        content[position] ^= 1
        with pytest.raises(signature.InvalidSignatureError):
            signature.verify(lines, MESSAGE)


@pytest.mark.parametrize("content", [b"", b"\n", b"-----BEGIN SSH SIGNATURE-----", b"\xff" * 100])
def test_what_is_no_signature_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(signature.InvalidSignatureError):
        signature.verify(content, MESSAGE)


def test_a_cut_signature_is_none(tmp_path: Path) -> None:
    made = signature.sign(MESSAGE, home_key(tmp_path))
    for end in range(0, len(made) - 1, 7):
        with pytest.raises(signature.InvalidSignatureError):
            signature.verify(made[:end], MESSAGE)


class TestKeyOfTheHome:
    @pytest.mark.linux
    def test_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        first, second = home_key(home), home_key(home)
        assert first.asbytes() == second.asbytes()
        assert stat.S_IMODE((home / "signing_key").stat().st_mode) == 0o600
        public = PublicKey.from_line((home / "signing_key.pub").read_text())
        assert public.blob == first.asbytes()

    def test_openssh_signs_with_it(self, tmp_path: Path) -> None:
        require("ssh-keygen")
        key = home_key(tmp_path)
        made = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-f", tmp_path / "signing_key", "-n", NAMESPACE],
            input=MESSAGE,
            capture_output=True,
            check=True,
        ).stdout
        assert signature.verify(made, MESSAGE).blob == key.asbytes()

    def test_many_at_once_make_one(self, tmp_path: Path) -> None:
        made: set[bytes] = set()
        begin = threading.Barrier(8)

        def ask() -> None:
            begin.wait()
            made.add(home_key(tmp_path).asbytes())

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 1

    def test_what_is_no_key_any_more_is_set_aside(self, tmp_path: Path) -> None:
        first = home_key(tmp_path)
        damaged = (tmp_path / "signing_key").read_bytes()[:-60]
        (tmp_path / "signing_key").write_bytes(damaged)
        assert home_key(tmp_path).asbytes() != first.asbytes()
        assert (tmp_path / "signing_key.old").read_bytes() == damaged

    def test_a_key_that_cannot_be_read_is_not_replaced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home_key(tmp_path)
        before = (tmp_path / "signing_key").read_bytes()

        def refuse(*_: object) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("tui_transfer.report.home_key.read_file", refuse)
        with pytest.raises(TransferError) as raised:
            home_key(tmp_path)
        assert raised.value.problem is Problem.DISK_UNWRITABLE
        assert (tmp_path / "signing_key").read_bytes() == before


def test_the_account_s_key_signs_where_there_is_one(key: paramiko.PKey, tmp_path: Path) -> None:
    made = Signer(tmp_path / "home", lambda: key).sign(MESSAGE)
    assert signature.verify(made, MESSAGE).blob == key.asbytes()
    assert not (tmp_path / "home").exists()
    made = Signer(tmp_path / "home").sign(MESSAGE)
    assert signature.verify(made, MESSAGE).blob == home_key(tmp_path / "home").asbytes()
