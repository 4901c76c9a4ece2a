"""The answers to Digest challenges, by the examples of the RFCs and by hand."""

from __future__ import annotations

import hashlib

import pytest

from tui_transfer.sharebox.proxy import digest
from tui_transfer.sharebox.proxy.challenges import read_challenges

RFC_7616 = {
    "realm": "http-auth@example.org",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    "qop": "auth, auth-int",
}
RFC_7616_CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_2069 = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}


def fields(answer: bytes | None) -> dict[str, str]:
    """An answer is written like a challenge."""
    assert answer is not None
    (read,) = read_challenges([(b"proxy-authenticate", answer)])
    assert read.scheme == "digest"
    return dict(read.parameters)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = RFC_7616 | {"algorithm": algorithm}
    made = fields(
        digest.answer(
            challenge,
            "Mufasa",
            "Circle of Life",
            "GET",
            "/dir/index.html",
            client_nonce=RFC_7616_CLIENT_NONCE,
        )
    )
    assert made == {
        "username": "Mufasa",
        "realm": RFC_7616["realm"],
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": RFC_7616["nonce"],
        "nc": "00000001",
        "cnonce": RFC_7616_CLIENT_NONCE,
        "qop": "auth",
        "response": response,
        "opaque": RFC_7616["opaque"],
    }


def test_example_of_rfc_2069_as_corrected() -> None:
    made = fields(digest.answer(RFC_2069, "Mufasa", "CircleOfLife", "GET", "/dir/index.html"))
    assert made["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert not {"qop", "nc", "cnonce", "algorithm"} & made.keys()


def test_session_variant_by_hand() -> None:
    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    challenge = {"realm": "r", "nonce": "n", "qop": "auth", "algorithm": "SHA-256-sess"}
    made = fields(digest.answer(challenge, "u", "p", "CONNECT", "a.test:22", client_nonce="c"))
    secret = sha(sha("u:r:p") + ":n:c")
    assert made["response"] == sha(f"{secret}:n:00000001:c:auth:{sha('CONNECT:a.test:22')}")


def test_client_nonce_is_never_the_same() -> None:
    made = {fields(digest.answer(RFC_7616, "u", "p", "CONNECT", "a.test:22"))["cnonce"] for _ in range(50)}
    assert len(made) == 50


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"username": "Hélène"}),
        ({"charset": "UTF-8"}, {"username*": "UTF-8''H%C3%A9l%C3%A8ne"}),
        (
            {"userhash": "true", "charset": "UTF-8"},
            {"username": hashlib.md5("Hélène:r".encode()).hexdigest(), "userhash": "true"},
        ),
    ],
)
def test_names_with_accents(more: dict[str, str], expected: dict[str, str]) -> None:
    challenge = {"realm": "r", "nonce": "n", **more}
    answer = digest.answer(challenge, "Hélène", "p", "CONNECT", "a.test:22")
    assert answer is not None
    if (
        "username*" in expected
    ):  # an extended value is no parameter of a challenge, so it is looked for as it is
        assert b"username*=UTF-8''H%C3%A9l%C3%A8ne," in answer
    else:
        assert expected.items() <= fields(answer).items()


def test_realm_in_other_bytes_than_utf_8_comes_back_as_it_was() -> None:
    raw = b'Digest realm="Acc\xe8s", nonce="n"'
    (challenge,) = read_challenges([(b"proxy-authenticate", raw)])
    answer = digest.answer(challenge.parameters, "u", "p", "CONNECT", "a.test:22")
    assert answer is not None
    assert b'realm="Acc\xe8s"' in answer
    secret = hashlib.md5(b"u:Acc\xe8s:p").hexdigest()
    request = hashlib.md5(b"CONNECT:a.test:22").hexdigest()
    assert hashlib.md5(f"{secret}:n:{request}".encode()).hexdigest().encode() in answer


@pytest.mark.parametrize(
    "challenge",
    [
        {"nonce": "n"},
        {"realm": "r"},
        {"realm": "r", "nonce": "n", "algorithm": "SHA-512-256"},
        {"realm": "r", "nonce": "n", "qop": "auth-int"},
    ],
)
def test_what_cannot_be_answered(challenge: dict[str, str]) -> None:
    assert digest.strength(challenge) == 0
    assert digest.answer(challenge, "u", "p", "CONNECT", "a.test:22") is None


def test_a_name_cannot_add_a_header() -> None:
    challenge = {"realm": "r", "nonce": "n"}
    assert digest.answer(challenge, "u\r\nX-Injected: 1", "p", "CONNECT", "a.test:22") is None
    quoted = digest.answer(challenge, 'u", uri="x', "p", "CONNECT", "a.test:22")
    assert fields(quoted)["username"] == 'u", uri="x'


def test_the_stronger_hash_is_stronger() -> None:
    weak = RFC_7616 | {"algorithm": "MD5"}
    strong = RFC_7616 | {"algorithm": "sha-256"}
    assert digest.strength(strong) > digest.strength(weak) > 0
    assert digest.strength(RFC_2069) == digest.strength(weak)
