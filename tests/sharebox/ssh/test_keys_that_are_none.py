"""What is no usable private key is named for what it is, with what to do about it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.sharebox.helpers import failure
from tests.sharebox.ssh.key_makers import PASSPHRASE, certify, pkcs8, run, ssh_key
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.fields import string
from tui_transfer.sharebox.ssh.keys import load_private_key

NEW_KEY = "ssh-keygen -t ed25519 -f {folder}/id_sharebox"
PRIVATE_WANTED = "Donnez dans « Fichier de clé » le fichier de la clé privée"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys of two kinds, and what was made of them."""
    folder = tmp_path_factory.mktemp("made")
    ssh_key(folder / "id")
    ssh_key(folder / "rsa", "rsa")
    certify(folder / "rsa", folder / "id", "exemple")
    return folder


def named(file: Path) -> TransferError:
    return failure(Problem.KEY_UNSUITABLE, lambda: load_private_key(file, None))


def write(folder: Path, content: str | bytes, name: str = "given") -> TransferError:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return named(file)


def expect(error: TransferError, said: str, advised: str, folder: Path) -> None:
    assert said in error.why
    assert advised.format(folder=folder) in error.advice
    assert "{" not in error.as_text()


class TestPublicHalves:
    def test_beside_the_private_one(self, made: Path) -> None:
        expect(named(made / "id.pub"), "moitié publique", "mettez {folder}/id dans", made)
        expect(named(made / "id-cert.pub"), "certificat de la clé", "mettez {folder}/id dans", made)

    def test_alone(self, made: Path, tmp_path: Path) -> None:
        public = (made / "id.pub").read_text()
        for content in (
            public,
            public.replace("\n", "\r\n"),
            f"# clé de l'Urssaf\n{public}",
            run("ssh-keygen", "-e", "-f", made / "id.pub"),
            run("ssh-keygen", "-e", "-m", "PKCS8", "-f", made / "rsa.pub"),
            run("ssh-keygen", "-e", "-m", "PEM", "-f", made / "rsa.pub"),
        ):
            expect(write(tmp_path, content, "id.pub"), "moitié publique", PRIVATE_WANTED, tmp_path)

    def test_lists(self, made: Path, tmp_path: Path) -> None:
        public = (made / "id.pub").read_text()
        for content in (public + public, f'from="192.0.2.1" {public}'):
            expect(write(tmp_path, content), "authorized_keys", PRIVATE_WANTED, tmp_path)
        for before in ("sharebox.example.org ", "[sharebox.example.org]:22 ", "|1|c2Vs|aGFjaGU= "):
            expect(write(tmp_path, before + public), "known_hosts", PRIVATE_WANTED, tmp_path)


class TestKindsOfKeys:
    def test_short_rsa(self, tmp_path: Path) -> None:
        expect(named(ssh_key(tmp_path / "id", "rsa-1024")), "RSA de 1024 bits", NEW_KEY, tmp_path)
        run("openssl", "genrsa", "-traditional", "-out", tmp_path / "pem", "2047")
        expect(named(tmp_path / "pem"), "RSA de 2047 bits", NEW_KEY, tmp_path)

    def test_dsa(self, tmp_path: Path) -> None:
        run("openssl", "dsaparam", "-genkey", "-out", tmp_path / "pem", "1024")
        expect(named(tmp_path / "pem"), "clé DSA", NEW_KEY, tmp_path)
        run("puttygen", "-t", "dsa", "-b", "1024", "--new-passphrase", "/dev/null", "-o", tmp_path / "ppk")
        expect(named(tmp_path / "ppk"), "clé DSA", NEW_KEY, tmp_path)

    @pytest.mark.parametrize(
        ("name", "said", "advised"),
        [
            ("ssh-dss", "clé DSA", NEW_KEY),
            ("sk-ssh-ed25519@openssh.com", "clé matérielle (FIDO)", "ssh-add {folder}/given"),
            ("sk-ecdsa-sha2-nistp256@openssh.com", "clé matérielle (FIDO)", 'key_file = "agent"'),
            ("ssh-xmss@openssh.com", "XMSS", NEW_KEY),
            ("\x1b]0;titre", "genre inconnu", NEW_KEY),
        ],
    )
    @pytest.mark.parametrize("cipher", [b"none", b"aes256-ctr"])
    def test_told_before_a_passphrase_is_asked(
        self, tmp_path: Path, name: str, said: str, advised: str, cipher: bytes
    ) -> None:
        public = string(string(name.encode()) + string(b"rest"))
        data = b"openssh-key-v1\0" + string(cipher) + string(b"bcrypt") + string(b"") + b"\0\0\0\1" + public
        body = run("openssl", "base64", given=data + string(b"secret")).decode()
        text = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}-----END OPENSSH PRIVATE KEY-----\n"
        expect(write(tmp_path, text), said, advised, tmp_path)

    @pytest.mark.parametrize(
        ("algorithm", "said"), [("x25519", "X25519"), ("x448", "X448"), ("ed448", "Ed448")]
    )
    def test_kinds_of_openssl(self, tmp_path: Path, algorithm: str, said: str) -> None:
        run("openssl", "genpkey", "-algorithm", algorithm, "-out", tmp_path / "pem")
        expect(named(tmp_path / "pem"), said, NEW_KEY, tmp_path)

    def test_a_curve_that_ssh_lacks(self, tmp_path: Path) -> None:
        run("openssl", "ecparam", "-name", "secp256k1", "-genkey", "-out", tmp_path / "pem")
        expect(named(tmp_path / "pem"), "courbe secp256k1", NEW_KEY, tmp_path)


class TestOtherFormats:
    def test_putty_1(self, tmp_path: Path) -> None:
        text = "PuTTY-User-Key-File-1: ssh-rsa\nEncryption: none\nComment: x\n"
        expect(write(tmp_path, text), "PuTTY de la version 1", "puttygen {folder}/given -O", tmp_path)

    def test_the_first_version_of_ssh(self, tmp_path: Path) -> None:
        run("puttygen", "-t", "rsa1", "-b", "2048", "--new-passphrase", "/dev/null", "-o", tmp_path / "id")
        expect(named(tmp_path / "id"), "SSH 1", NEW_KEY, tmp_path)

    def test_ssh_com(self, made: Path, tmp_path: Path) -> None:
        run("puttygen", made / "rsa", "-O", "private-sshcom", "-o", tmp_path / "id")
        command = "puttygen {folder}/id -O private-openssh-new -o {folder}/id_sharebox"
        expect(named(tmp_path / "id"), "ssh.com", command, tmp_path)
        run(*command.format(folder=tmp_path).split())
        load_private_key(tmp_path / "id_sharebox", None)

    def test_what_tls_uses(self, made: Path, tmp_path: Path) -> None:
        key, certificate = pkcs8(made / "rsa", tmp_path / "key", "-nocrypt"), tmp_path / "certificate"
        run("openssl", "req", "-x509", "-key", key, "-subj", "/CN=x", "-out", certificate)
        expect(named(certificate), "certificat X.509", PRIVATE_WANTED, tmp_path)
        run("openssl", "x509", "-in", certificate, "-outform", "DER", "-out", tmp_path / "der")
        expect(named(tmp_path / "der"), "certificat X.509", PRIVATE_WANTED, tmp_path)
        run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x", "-out", tmp_path / "csr")
        expect(named(tmp_path / "csr"), "demande de certificat", PRIVATE_WANTED, tmp_path)
        secret = f"pass:{PASSPHRASE}"
        run("openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-passout", secret,
            "-out", tmp_path / "id.pfx")  # fmt: skip
        command = "openssl pkcs12 -in {folder}/id.pfx -nodes -nocerts -out {folder}/id_sharebox"
        expect(named(tmp_path / "id.pfx"), "PKCS#12", command, tmp_path)
        run(*command.format(folder=tmp_path).split(), "-passin", secret)
        load_private_key(tmp_path / "id_sharebox", None)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("", "il est vide"),
            ("\n \r\n", "il est vide"),
            (b"\xff\xfe", "il est vide"),
            ("ceci n’est pas une clé", "ce n’est pas une clé privée"),
            (bytes(range(256)), "ce n’est pas une clé privée"),
            ("De : Urssaf\nObjet : clé\n\nVoici votre clé en pièce jointe.\n", "texte d’un message"),
            ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----\n", "GPG"),
            (b"PK\x03\x04\x14", "archive ZIP ou un document"),
            (b"%PDF-1.7", "PDF"),
            (b"{\\rtf1", "RTF"),
            (b"\xfe\xed\xfe\xed\0\0", "JKS"),
            ("Host sharebox\n  IdentityFile ~/.ssh/id\n", "configuration d’OpenSSH"),
            ("SHA256:" + "a" * 43, "empreinte"),
            ("256 SHA256:" + "a" * 43 + " x (ED25519)", "empreinte"),
            ("<!DOCTYPE html><html>", "page web"),
            ('{"kty": "OKP"}', "JWK"),
        ],
    )
    def test_other_files(self, tmp_path: Path, content: str | bytes, said: str) -> None:
        assert said in write(tmp_path, content).why


class TestDamage:
    def test_a_mail_that_holds_a_public_half(self, made: Path, tmp_path: Path) -> None:
        assert "message" in write(tmp_path, f"Objet : clé\n\n{(made / 'id.pub').read_text()}").why

    @pytest.mark.parametrize("kind", ["id", "rsa"])
    def test_parts(self, made: Path, tmp_path: Path, kind: str) -> None:
        text = (made / kind).read_text()
        lines = text.splitlines(keepends=True)
        for content, said in (
            (text[:-40], "a été coupée"),
            ("".join(lines[1:]), "le début ou la fin"),
            ("".join(lines[:2] + lines[3:]), "incomplète ou abîmée"),
            (text.replace("b3BlbnN", "b3B!bnN"), "incomplète ou abîmée"),
            (text.replace("b3BlbnN", "b3BlbnO"), "incomplète ou abîmée"),
        ):
            assert said in write(tmp_path, content).why

    def test_every_cut_and_every_changed_byte_is_told(self, made: Path, tmp_path: Path) -> None:
        """Nothing is raised that nobody thought of."""
        file = tmp_path / "id"
        for original in (made / "id", pkcs8(made / "id", tmp_path / "pem", "-nocrypt")):
            content = original.read_bytes()
            for place in range(0, len(content), 7):
                for changed in (content[:place], content[:place] + b"Q" + content[place + 1 :]):
                    file.write_bytes(changed)
                    with contextlib.suppress(TransferError):
                        load_private_key(file, None)
