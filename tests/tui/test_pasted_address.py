"""Addresses as people paste them."""

from __future__ import annotations

import pytest

from tui_transfer.tui.pasted_address import PastedAddress, read_address

HOST = "sharebox.exemple.fr"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"sftp://{HOST}", PastedAddress(HOST, "sftp")),
        (f"sftp://{HOST}/", PastedAddress(HOST, "sftp")),
        (f"SFTP://compte@{HOST}:2222/a/2022", PastedAddress(HOST, "sftp", "2222", "compte", "/a/2022")),
        (f"  <sftp://compte@{HOST}:2222/depot>, ", PastedAddress(HOST, "sftp", "2222", "compte", "/depot")),
        (f"sftp://compte:secret@{HOST}", PastedAddress(HOST, "sftp", "", "compte", "", True)),
        (f"sftp://compte:se@c/ret@{HOST}/d", PastedAddress(HOST, "sftp", "", "compte", "/d", True)),
        (f"sftp://compte:12/ret@{HOST}", PastedAddress(HOST, "sftp", "", "compte", "", True)),
        (f"compte:secret@{HOST}", PastedAddress(HOST, "", "", "compte", "", True)),
        (f"sftp://a%40b;fingerprint=ssh-rsa@{HOST}", PastedAddress(HOST, "sftp", "", "a@b")),
        (f"{HOST}:22", PastedAddress(HOST, port="22")),
        (f"{HOST} : 22", PastedAddress(HOST, port="22")),
        (f"{HOST} 2222", PastedAddress(HOST, port="2222")),
        (f"{HOST}, port 2222", PastedAddress(HOST, port="2222")),
        (f"{HOST} sur le port 2222", PastedAddress(HOST, port="2222")),
        (f"compte@{HOST}", PastedAddress(HOST, username="compte")),
        (f"compte@{HOST}:/depot", PastedAddress(HOST, username="compte", directory="/depot")),
        (f"compte@{HOST}:depot", PastedAddress(HOST, username="compte", directory="depot")),
        (f"sftp -P 2222 compte@{HOST}", PastedAddress(HOST, port="2222", username="compte")),
        (f"ssh -p2222 -l compte {HOST}", PastedAddress(HOST, port="2222", username="compte")),
        ("sftp://[2001:db8::1]:2222/d", PastedAddress("2001:db8::1", "sftp", "2222", "", "/d")),
        ("http://proxy:8080", PastedAddress("proxy", "http", "8080")),
        ("socks5://moi@proxy.exemple.fr:1080/", PastedAddress("proxy.exemple.fr", "socks5", "1080", "moi")),
        (f"{HOST}/depot", PastedAddress(HOST, directory="/depot")),
    ],
)  # fmt: skip
def test_parts(text: str, address: PastedAddress) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize("text", ["", HOST, "192.0.2.7", "2001:db8::7", "un serveur", "a b c", "@", "://"])
def test_nothing_to_take_apart(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize(
    "text", [f"sftp://moi:s3cret@{HOST}:x/y", f"moi:s3cret@{HOST}:22:22", f"sftp://moi:s3/c:ret@{HOST}"]
)
def test_a_password_never_becomes_a_part(text: str) -> None:
    address = read_address(text)
    assert address is None or "ret" not in "".join((address.host, address.username, address.directory))
