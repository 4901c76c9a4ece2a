"""The header in which a proxy says how one may identify oneself, as proxies write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_transfer.sharebox.proxy.challenges import Challenge, read_challenges


def read(*values: bytes) -> list[Challenge]:
    return read_challenges([(b"proxy-authenticate", value) for value in values])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"NTLM"], [Challenge("ntlm")]),
        ([b"Negotiate", b"NTLM"], [Challenge("negotiate"), Challenge("ntlm")]),
        ([b"Negotiate, NTLM"], [Challenge("negotiate"), Challenge("ntlm")]),
        ([b"NTLM TlRMTVNTUAAC=="], [Challenge("ntlm", "TlRMTVNTUAAC==")]),
        ([b"NTLM TlRMTVNTUAAC="], [Challenge("ntlm", "TlRMTVNTUAAC=")]),
        ([b'BASIC  Realm="a, b"'], [Challenge("basic", "", {"realm": "a, b"})]),
        ([rb'Basic realm="say \"hi\""'], [Challenge("basic", "", {"realm": 'say "hi"'})]),
        (
            [b'Digest realm="r", nonce="n=", qop="auth,auth-int" , stale=FALSE, Basic realm="r"'],
            [
                Challenge(
                    "digest", "", {"realm": "r", "nonce": "n=", "qop": "auth,auth-int", "stale": "FALSE"}
                ),
                Challenge("basic", "", {"realm": "r"}),
            ],
        ),
        ([b", ,NTLM,"], [Challenge("ntlm")]),
        ([b""], []),
    ],
)
def test_as_proxies_write_it(values: list[bytes], expected: list[Challenge]) -> None:
    assert read(*values) == expected


def test_other_headers_are_none() -> None:
    assert read_challenges([(b"www-authenticate", b"Basic"), (b"via", b"NTLM")]) == []


@given(st.binary(max_size=400))
def test_rubbish_is_passed_over(value: bytes) -> None:
    for challenge in read(value, b'Digest x="' + value, b'Basic realm="r"'):
        assert challenge.scheme
    assert read(b'Basic realm="r"', value)[0].scheme == "basic"


def test_the_longest_rubbish_takes_no_time() -> None:
    for piece in (b'"', b'\\"', b'a="', b"a=,", b'="\\', b"a ", b"  "):
        assert len(read(b"Digest " + piece * (16384 // len(piece)))) < 16384
