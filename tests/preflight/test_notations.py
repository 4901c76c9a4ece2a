"""Whatever a person pastes for a fingerprint is compared, as the programs that print it have it."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sharebox.ssh.key_makers import run, ssh_key
from tui_transfer.errors import Problem, TransferError
from tui_transfer.preflight.fingerprint import Presented, Verdict, accepted, compare

EQUAL, DIFFERENT, NOT_UNDERSTOOD = Verdict
KINDS = ("ed25519", "rsa", "ecdsa-256", "ecdsa-521")


class Key:
    """A server's key, made by ssh-keygen, and what it would be compared as."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.line = Path(f"{file}.pub").read_text().strip()
        kind, self.encoded, *_ = self.line.split()
        blob = base64.b64decode(self.encoded)
        self.listed = run("ssh-keygen", "-lf", f"{file}.pub").decode().strip()
        self.listed_md5 = run("ssh-keygen", "-E", "md5", "-lf", f"{file}.pub").decode().strip()
        self.sha256 = self.listed.split()[1]
        self.md5 = self.listed_md5.split()[1]
        self.hex = hashlib.sha256(blob).hexdigest()
        self.presented = Presented(self.sha256, self.md5.replace(":", "").replace("MD5", "MD5:"), kind)


@pytest.fixture(scope="module", params=KINDS)
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(ssh_key(tmp_path_factory.mktemp("key") / "id", request.param))


@pytest.fixture(scope="module", params=KINDS)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(ssh_key(tmp_path_factory.mktemp("other") / "id", request.param))


def notations(key: Key, folder: Path) -> list[str]:
    """All that is understood to be that key, by who prints it so."""
    bare = key.sha256.removeprefix("SHA256:")
    pairs = key.md5.removeprefix("MD5:")
    hashed = folder / "known_hosts"
    hashed.write_text(f"sharebox.example.org {key.line}\n")
    run("ssh-keygen", "-q", "-H", "-f", hashed)
    rfc4716 = run("ssh-keygen", "-e", "-f", f"{key.file}.pub").decode()
    kind, encoded, *_ = key.line.split()
    half = len(encoded) // 2
    return [
        key.sha256,
        bare,
        f"{key.sha256}=",
        f"{bare}=",
        f"sha256:{bare}",
        f"SHA-256 : {bare}",
        f"SHA256\xa0: {bare}",
        f"SHA256 {bare}",
        f"SHA256 du serveur {bare}",
        f"SHA256 Fingerprint={bare}",
        f" \u200b{key.sha256[:20]}\xa0{key.sha256[20:33]}\r\n{key.sha256[33:]}\n",
        f"{key.sha256[:20]}\n> {key.sha256[20:]}",
        f"« {key.sha256} ».",
        f"L’empreinte SHA256 de la clé ED25519 est : {key.sha256}, merci de vérifier.",
        key.listed,
        key.listed.replace(" ", "\xa0"),
        key.md5,
        pairs,
        pairs.upper(),
        pairs.replace(":", ""),
        pairs.replace(":", "-"),
        pairs.replace(":", " "),
        f"MD5: {pairs}",
        f"MD5 {pairs.replace(':', '')}",
        f"md5:{pairs[:20]}\n{pairs[20:]}",
        key.listed_md5,
        key.hex,
        key.hex.upper(),
        f"SHA256:{key.hex}",
        f"SHA256 Fingerprint={':'.join(key.hex[i : i + 2] for i in range(0, 64, 2)).upper()}",
        f"{key.hex[:32]}\n{key.hex[32:]}",
        f"sharebox.example.org IN SSHFP 4 2 {key.hex}",
        key.line,
        f"{kind} {encoded}",
        encoded,
        f"{kind} {encoded[:half]}\n{encoded[half:]}",
        f"{kind} {encoded[:half]}\n  {encoded[half:]} commentaire",
        f"sharebox.example.org,192.0.2.1 {key.line}",
        f"[sharebox.example.org]:2222 {key.line}",
        hashed.read_text(),
        f"# sharebox.example.org:22 SSH-2.0-OpenSSH_9.2p1\nsharebox.example.org {kind} {encoded}\n",
        rfc4716,
        f"{kind} 255 {bare}=",  # WinSCP
        f"{kind} 255 {key.sha256}",  # PuTTY
        f"The {kind.upper()} key fingerprint is {key.sha256}.",
        bare[-6:],
        f"  {bare[-12:]} ",
    ]


def test_every_notation(key: Key, tmp_path: Path) -> None:
    for text in notations(key, tmp_path):
        assert compare(key.presented, text).verdict is EQUAL, text


def test_every_notation_of_another_key(key: Key, other: Key, tmp_path: Path) -> None:
    for text in notations(other, tmp_path):
        comparison = compare(key.presented, text)
        assert comparison.verdict is not EQUAL, text
        assert comparison.explanation
        if len(text.strip()) > 12:
            assert comparison.verdict is DIFFERENT, text


def test_one_of_several_is_enough(key: Key, other: Key) -> None:
    """`ssh-keyscan` gives all keys of a server, and a list may have several servers."""
    for texts in ((key.line, other.line), (other.line, key.line), (other.listed, key.listed_md5)):
        assert compare(key.presented, "\n".join(texts)).verdict is EQUAL


def test_what_ssh_keyscan_prints(key: Key) -> None:
    lines = f"# localhost:22 SSH-2.0-x\nlocalhost {key.line}\n# localhost:22 SSH-2.0-x\n"
    assert compare(key.presented, lines).verdict is EQUAL


def test_marked_lines(key: Key, other: Key) -> None:
    revoked = compare(key.presented, f"@revoked * {key.line}")
    assert (revoked.verdict, "@revoked" in revoked.explanation) == (DIFFERENT, True)
    assert compare(key.presented, f"{key.line}\n@revoked * {key.line}").verdict is DIFFERENT
    assert compare(key.presented, f"@revoked * {other.line}\nhost {key.line}").verdict is EQUAL
    authority = compare(key.presented, f"@cert-authority *.example.org {key.line}")
    assert (authority.verdict, "autorité" in authority.explanation) == (NOT_UNDERSTOOD, True)


def test_another_kind_of_key_is_said(tmp_path: Path) -> None:
    one, another = Key(ssh_key(tmp_path / "one")), Key(ssh_key(tmp_path / "another", "rsa"))
    for text in (another.line, another.listed, another.listed_md5):
        comparison = compare(one.presented, text)
        assert comparison.verdict is DIFFERENT
        assert "une clé RSA ; ce serveur présente une clé ED25519" in comparison.explanation


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda key: key.sha256[:-1], "incomplète"),
        (lambda key: f"{key.sha256[:-3]} commentaire", "incomplète"),
        (lambda key: key.md5[:-3], "incomplète"),
        (lambda key: key.line.split()[0] + " " + key.encoded[:30], "incomplète"),
        (lambda key: key.sha256[7:20], "premiers signes"),
        (lambda key: key.sha256[-5:], "au moins les 6"),
        (lambda key: key.sha256[-8:].swapcase(), "majuscules"),
        (lambda key: "", "au moins les 6"),
        (lambda key: "je ne sais pas", "ni sa fin"),
        (lambda key: "SHA1:" + "ab:" * 19 + "ab", "ni sa fin"),
    ],
)
def test_what_is_not_understood(key: Key, cut: object, said: str) -> None:
    comparison = compare(key.presented, cut(key))  # type: ignore[operator]
    assert comparison.verdict is NOT_UNDERSTOOD
    assert said in comparison.explanation


def test_letters_in_the_wrong_case(key: Key) -> None:
    comparison = compare(key.presented, key.sha256[:7] + key.sha256[7:].swapcase())
    assert (comparison.verdict, "majuscules" in comparison.explanation) == (DIFFERENT, True)


def test_md5_where_it_is_not_known(key: Key) -> None:
    comparison = compare(Presented(key.sha256), key.md5)
    assert (comparison.verdict, "SHA256" in comparison.explanation) == (NOT_UNDERSTOOD, True)


def test_accepted_before_the_server_was_met(key: Key, other: Key, tmp_path: Path) -> None:
    for text in notations(key, tmp_path)[:-2]:
        assert set(accepted(text)) <= {key.sha256, key.presented.md5}
    assert accepted(f"{key.line}\n{other.line}\n{key.listed}") == (key.sha256, other.sha256)
    for text in ("", "oui", key.sha256[:-1], key.sha256[-6:], f"@revoked * {key.line}"):
        with pytest.raises(TransferError) as caught:
            accepted(text)
        assert caught.value.problem is Problem.USAGE


@given(st.text(st.characters(codec="utf-8")) | st.text("AB3NzaCabcdef0123456789+/=: \n>|@SHMD5-"))
@example("AAAAB3NzaC1yc2E")
@example("AAAA" + "A" * 40)
def test_nothing_by_chance(text: str) -> None:
    presented = Presented("SHA256:vEyG0pyn1T4jEYhUQu3UnqLcGTc9Ww7bgkHqXzDR8nM", "MD5:" + "0f" * 16, "ssh-rsa")
    assert compare(presented, text).verdict is not EQUAL
