"""Private keys of every usual format, each made by the program that people make it with."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import paramiko
import pytest

from tests.sharebox.helpers import failure
from tests.sharebox.ssh.key_makers import (
    KINDS,
    PASSPHRASE,
    fingerprint,
    pkcs8,
    ppk,
    rewritten,
    run,
    ssh_key,
    variants,
)
from tui_transfer.errors import Problem
from tui_transfer.sharebox.ssh.keys import load_private_key

CIPHERS = [
    *(f"aes{bits}-{mode}" for bits in (128, 192, 256) for mode in ("ctr", "cbc")),
    "3des-cbc",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
]


@pytest.fixture(scope="module", params=KINDS)
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key of each kind, as ssh-keygen makes it."""
    return ssh_key(tmp_path_factory.mktemp("keys") / "id", request.param)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ssh_key(tmp_path_factory.mktemp("one") / "id", "ecdsa-256")


def expect(file: Path, original: Path, passphrase: str | None = None) -> None:
    """The file is read as that key, which can sign."""
    loaded = load_private_key(file, passphrase)
    assert loaded.fingerprint == fingerprint(original)
    signature = loaded.sign_ssh_data(b"data")
    signature.rewind()
    public = paramiko.PKey.from_type_string(loaded.get_name(), loaded.asbytes())
    assert public.verify_ssh_sig(b"data", signature)
    if passphrase is not None:
        failure(Problem.KEY_PASSPHRASE_NEEDED, lambda: load_private_key(file, None))
        failure(Problem.KEY_PASSPHRASE_WRONG, lambda: load_private_key(file, "fausse"))


class TestOpenSsh:
    def test_plain(self, key: Path) -> None:
        expect(key, key)

    @pytest.mark.parametrize("cipher", CIPHERS)
    def test_every_cipher(self, key: Path, tmp_path: Path, cipher: str) -> None:
        expect(rewritten(key, tmp_path / "id", PASSPHRASE, "-Z", cipher, "-a", "2"), key, PASSPHRASE)

    def test_every_cipher_that_there_is(self) -> None:
        """What this ssh-keygen offers is what was tried here."""
        assert set(run("ssh", "-Q", "cipher").decode().split()) == set(CIPHERS)

    def test_older_format(self, key: Path, tmp_path: Path) -> None:
        if "OPENSSH" in rewritten(key, tmp_path / "plain", "", "-m", "PEM").read_text():
            return  # a kind of key that the older format lacks
        expect(tmp_path / "plain", key)
        expect(rewritten(key, tmp_path / "locked", PASSPHRASE, "-m", "PEM"), key, PASSPHRASE)

    @pytest.mark.parametrize("cipher", [name for name in CIPHERS if "@" in name])
    def test_what_authenticates_is_looked_at(self, one: Path, tmp_path: Path, cipher: str) -> None:
        """Its last byte is of the code; all before it is as it was."""
        locked = rewritten(one, tmp_path / "id", PASSPHRASE, "-Z", cipher, "-a", "2")
        first, *lines, last, _ = locked.read_text().split("\n")
        data = bytearray(base64.b64decode("".join(lines)))
        data[-1] ^= 1
        locked.write_text("\n".join([first, base64.b64encode(data).decode(), last, ""]))
        failure(Problem.KEY_PASSPHRASE_WRONG, lambda: load_private_key(locked, PASSPHRASE))

    def test_derivation_without_end(self, one: Path, tmp_path: Path) -> None:
        locked = rewritten(one, tmp_path / "id", PASSPHRASE, "-a", "2")
        salt_then_rounds = b"\0\0\0\x18\0\0\0\x10"
        data = run(
            "openssl", "base64", "-d", given=b"\n".join(locked.read_bytes().split(b"\n")[1:-2]) + b"\n"
        )
        place = data.index(salt_then_rounds) + len(salt_then_rounds) + 16
        data = data[:place] + (1 << 31).to_bytes(4, "big") + data[place + 4 :]
        body = run("openssl", "base64", given=data).decode()
        locked.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}-----END OPENSSH PRIVATE KEY-----\n")
        error = failure(Problem.KEY_UNSUITABLE, lambda: load_private_key(locked, PASSPHRASE))
        assert "ssh-keygen -p -a 100 -f" in error.advice


class TestPem:
    @pytest.mark.parametrize("form", ["PEM", "DER"])
    def test_pkcs8(self, key: Path, tmp_path: Path, form: str) -> None:
        expect(pkcs8(key, tmp_path / "plain", "-nocrypt", "-outform", form), key)
        secret = ["-passout", f"pass:{PASSPHRASE}", "-outform", form]
        expect(pkcs8(key, tmp_path / "locked", *secret), key, PASSPHRASE)

    @pytest.mark.parametrize(
        "scheme",
        ["-v2 aes-128-cbc", "-v2 des3", "-scrypt", "-v1 PBE-SHA1-3DES"],
    )
    def test_schemes_of_pkcs8(self, key: Path, tmp_path: Path, scheme: str) -> None:
        locked = pkcs8(key, tmp_path / "id", *scheme.split(), "-passout", f"pass:{PASSPHRASE}")
        expect(locked, key, PASSPHRASE)

    @pytest.mark.parametrize("cipher", ["-aes128", "-aes256", "-des3"])
    def test_ciphers_of_the_older_format(self, key: Path, tmp_path: Path, cipher: str) -> None:
        if load_private_key(key, None).get_name() == "ssh-ed25519":
            return  # which the older format lacks
        plain, locked = pkcs8(key, tmp_path / "plain", "-nocrypt"), tmp_path / "locked"
        run("openssl", "pkey", "-traditional", "-in", plain, cipher, "-passout", f"pass:{PASSPHRASE}",
            "-out", locked)  # fmt: skip
        expect(locked, key, PASSPHRASE)

    @pytest.mark.parametrize("older", [True, False])
    def test_a_cipher_that_is_not_known_is_no_wrong_passphrase(
        self, one: Path, tmp_path: Path, older: bool
    ) -> None:
        plain, locked = pkcs8(one, tmp_path / "plain", "-nocrypt"), tmp_path / "locked"
        run("openssl", "pkey", *(["-traditional"] if older else []), "-in", plain, "-aria256", "-passout",
            f"pass:{PASSPHRASE}", "-out", locked)  # fmt: skip
        error = failure(Problem.KEY_UNSUITABLE, lambda: load_private_key(locked, PASSPHRASE))
        assert f"openssl pkey -in {locked} -out {tmp_path / 'id_sharebox'} -aes256" in error.advice

    def test_parameters_of_a_curve_first(self, tmp_path: Path) -> None:
        file = tmp_path / "id"
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-out", file)
        assert file.read_text().startswith("-----BEGIN EC PARAMETERS-----")
        assert load_private_key(file, None).get_name() == "ecdsa-sha2-nistp256"

    def test_beside_certificates(self, one: Path, tmp_path: Path) -> None:
        """As `openssl pkcs12 -nodes` writes them."""
        plain = pkcs8(one, tmp_path / "plain", "-nocrypt").read_text()
        other = (
            "Bag Attributes\n  localKeyID: 01\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        )
        (tmp_path / "id").write_text(f"{other}{plain}{other}")
        expect(tmp_path / "id", one)


class TestPutty:
    @pytest.mark.parametrize(
        "parameters",
        [
            "version=2",
            *(f"version=3,kdf={kind},memory=512,passes=3" for kind in ("argon2id", "argon2i", "argon2d")),
        ],
    )
    def test_every_version(self, key: Path, tmp_path: Path, parameters: str) -> None:
        expect(ppk(key, tmp_path / "plain.ppk", "", parameters), key)
        expect(ppk(key, tmp_path / "locked.ppk", PASSPHRASE, parameters), key, PASSPHRASE)

    def test_passphrase_in_the_code_page_of_windows(self, one: Path, tmp_path: Path) -> None:
        file, secret = tmp_path / "id.ppk", tmp_path / "secret"
        secret.write_bytes(PASSPHRASE.encode("cp1252"))
        run("puttygen", one, "-O", "private", "--new-passphrase", secret, "-o", file)
        expect(file, one, PASSPHRASE)

    @pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
    @pytest.mark.parametrize("version", [2, 3])
    def test_changed_by_hand(self, one: Path, tmp_path: Path, version: int, passphrase: str) -> None:
        """A public half that was exchanged is noticed, whatever else fits."""
        file = ppk(one, tmp_path / "id.ppk", passphrase, f"version={version}")
        text = file.read_text()
        file.write_text(text.replace("Comment: ", "Comment: autre "))
        expected = Problem.KEY_PASSPHRASE_WRONG if passphrase else Problem.KEY_UNSUITABLE
        failure(expected, lambda: load_private_key(file, passphrase or None))
        file.write_text(text.rsplit("\n", 2)[0])  # its last line is gone
        failure(Problem.KEY_UNSUITABLE, lambda: load_private_key(file, passphrase or None))

    def test_derivation_without_end(self, one: Path, tmp_path: Path) -> None:
        file = ppk(one, tmp_path / "id.ppk", PASSPHRASE, "version=3,memory=512,passes=3")
        for name, value in (("Memory: 512", "Memory: 4294967295"), ("Passes: 3", "Passes: 4294967295")):
            other = tmp_path / "other.ppk"
            other.write_text(file.read_text().replace(name, value))
            error = failure(Problem.KEY_UNSUITABLE, lambda other=other: load_private_key(other, PASSPHRASE))  # type: ignore[misc]
            assert "démesuré" in error.why


class TestText:
    @pytest.mark.parametrize("index", range(15))
    @pytest.mark.parametrize("form", ["openssh", "pem", "pkcs8", "ppk"])
    def test_whatever_became_of_it(self, one: Path, tmp_path: Path, form: str, index: int) -> None:
        made = {
            "openssh": lambda: one,
            "pem": lambda: rewritten(one, tmp_path / "made", PASSPHRASE, "-m", "PEM"),
            "pkcs8": lambda: pkcs8(one, tmp_path / "made", "-nocrypt"),
            "ppk": lambda: ppk(one, tmp_path / "made", PASSPHRASE, "version=3,memory=512,passes=3"),
        }[form]()
        file = tmp_path / "id"
        file.write_bytes(variants(made.read_text())[index])
        expect(file, one, PASSPHRASE if form in ("pem", "ppk") else None)

    @pytest.mark.parametrize(
        ("old", "new"),
        [("\n", " "), ("\n", "\\n"), ("\n", "\\r\\n"), ("-----", "—"), ("-----", "––-"), ("-----", "--")],
    )
    def test_whatever_a_program_made_of_lines_and_hyphens(
        self, one: Path, tmp_path: Path, old: str, new: str
    ) -> None:
        for number, source in enumerate((one, pkcs8(one, tmp_path / "made", "-nocrypt"))):
            file = tmp_path / f"id{number}"
            file.write_text(
                f"Bonjour,\nvoici la clé :\n\n{source.read_text().replace(old, new)}\n-- \nL'équipe"
            )
            expect(file, one)


class TestPlaces:
    def test_what_cannot_be_read(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for file, said in (
            (tmp_path / "absent", "n’existe pas"),
            (tmp_path, "un dossier porte ce nom"),
            (tmp_path / "pipe", "pas un fichier ordinaire"),
            (Path("/dev/zero"), "pas un fichier ordinaire"),
            (Path("~nobody-here/id"), "n’existe pas"),
        ):
            error = failure(Problem.KEY_UNREADABLE, lambda file=file: load_private_key(file, None))  # type: ignore[misc]
            assert said in error.why

    def test_in_the_folder_of_the_account(self, one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(one.parent))
        assert load_private_key(Path("~/id"), None).fingerprint == fingerprint(one)
