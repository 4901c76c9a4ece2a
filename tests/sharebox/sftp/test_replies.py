"""Replies whole, cut, lengthened, altered; `tests/benchmarks/fuzz_replies.py` judges ten million."""

from __future__ import annotations

import random
import struct
from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sharebox.sftp.hostile_replies import (
    ASKED,
    EXAMPLES,
    FILE,
    GRANTED,
    HASH,
    LISTED,
    NO_REPLY,
    NUMBER,
    OPENSSH_LIMITS,
    REFUSED,
    REQUESTS,
    SPACE,
    altered,
    drawn,
    encode,
    encode_told,
    encode_version,
    frame,
    judge,
    judge_stream,
    string,
)
from tui_transfer.sharebox.sftp.errors import SftpProtocolError
from tui_transfer.sharebox.sftp.replies import (
    LONGEST_PACKET,
    Attributes,
    Data,
    Extension,
    FileHash,
    FileSystem,
    Handle,
    Name,
    Names,
    PacketStream,
    Reply,
    ServerLimits,
    Status,
    Version,
    decode,
    decode_file_hash,
    decode_file_system,
    decode_limits,
    decode_version,
)

EVERY_EXAMPLE = pytest.mark.parametrize(("request_", "packet"), EXAMPLES.values(), ids=list(EXAMPLES))


def reply(packet: bytes) -> Reply:
    """What a packet says, as the answer to request NUMBER."""
    number, decoded = decode(packet)
    assert number == NUMBER
    return decoded


def body(kind: int, *parts: bytes) -> bytes:
    """A packet put together by hand."""
    return struct.pack(">BI", kind, NUMBER) + b"".join(parts)


class TestWhole:
    def test_there_is_an_example_of_every_kind(self) -> None:
        answers = [packet for request, packet in EXAMPLES.values() if request != "init"]
        assert {type(reply(packet)) for packet in answers} == set(get_args(Reply))

    @EVERY_EXAMPLE
    def test_is_a_reply_to_its_own_request_alone(self, request_: str, packet: bytes) -> None:
        assert judge(request_, packet) in (GRANTED, REFUSED)
        if judge(request_, packet) == GRANTED:
            granted_by = REQUESTS[request_].granted_by if request_ != "init" else None
            others = [name for name, other in REQUESTS.items() if other.granted_by is not granted_by]
            assert {judge(name, packet) for name in others} == {NO_REPLY}

    def test_holds_what_was_written(self) -> None:
        """The bytes as OpenSSH's sftp-server sends them."""
        attributes = bytes.fromhex("0000000f 0000000000011170 000003e8 00000064 000081a4 621f04c1 621f04c0")
        assert reply(body(105, attributes)) == FILE
        assert reply(body(101, bytes.fromhex("00000003 00000001 41 00000002 656e"))) == Status(3, b"A", b"en")
        assert reply(body(102, bytes.fromhex("00000004 00000001"))) == Handle(b"\0\0\0\1")
        assert reply(body(103, bytes.fromhex("00000002 6162"))) == Data(b"ab")
        version = bytes.fromhex("02 00000003 00000001 61 00000001 31")
        assert decode_version(version) == Version(((b"a", b"1"),))

    def test_of_extensions_holds_what_was_written(self) -> None:
        def numbers(count: int) -> Extension:
            return Extension(b"".join(struct.pack(">Q", number) for number in range(1, count + 1)))

        assert decode_limits(numbers(4)) == ServerLimits(packet=1, read=2, write=3, handles=4)
        told = decode_file_system(numbers(11))
        assert (told.block_size, told.fragment_size, told.blocks, told.free, told.available) == (
            1,
            2,
            3,
            4,
            5,
        )
        proftpd, mina = string(b"sha256") + b"h" * 32, string(b"check-file") + string(b"sha256") + b"h" * 32
        for whole in (proftpd, mina):
            assert decode_file_hash(Extension(whole), b"sha256", 32).digest == b"h" * 32


class TestDamaged:
    @EVERY_EXAMPLE
    def test_cut_at_every_byte_it_is_none(self, request_: str, packet: bytes) -> None:
        """But where a text or an extension ends that servers leave out: then it says the same without it."""
        results = {length: judge(request_, packet[:length]) for length in range(len(packet))}
        taken = {length: result for length, result in results.items() if result != NO_REPLY}
        assert taken == dict.fromkeys(_shorter_forms(packet), judge(request_, packet))

    @EVERY_EXAMPLE
    @pytest.mark.parametrize("trailing", [1, 2, 3, 5, 9, 100])
    def test_with_bytes_after_its_end_it_is_none(self, request_: str, packet: bytes, trailing: int) -> None:
        for value in (0, 1, 0xFF):
            assert judge(request_, packet + bytes([value]) * trailing) == NO_REPLY

    @EVERY_EXAMPLE
    def test_any_bit_turned_leaves_another_whole_reply_or_none(self, request_: str, packet: bytes) -> None:
        for at in range(8 * len(packet)):
            turned = bytearray(packet)
            turned[at // 8] ^= 1 << at % 8
            judge(request_, bytes(turned))

    @EVERY_EXAMPLE
    def test_any_number_in_it_made_huge(self, request_: str, packet: bytes) -> None:
        for at in range(1, len(packet) - 3):
            judge(request_, packet[:at] + b"\xff\xff\xff\xff" + packet[at + 4 :])

    def test_altered_at_random(self) -> None:
        draw, results = random.Random(20260302), Counter[str]()
        for request in ("init", *REQUESTS):
            for _ in range(150):
                packet = drawn(request, draw)
                assert judge(request, packet) != NO_REPLY
                for _ in range(10):
                    results[judge(request, altered(packet, draw))] += 1
                stream = altered(frame(packet) + frame(packet), draw)
                judge_stream(request, stream, draw.randint(1, len(stream) + 1))
        # The alterations reach beyond the first check.
        for result in (GRANTED, REFUSED, NO_REPLY):
            assert results[result] > results.total() / 50, results


def _shorter_forms(packet: bytes) -> list[int]:
    """Where a packet may end as well."""
    if packet[0] == 2:
        extensions = decode_version(packet).extensions
        return [len(encode_version(Version(extensions[:count]))) for count in range(len(extensions))]
    match reply(packet):
        case Status(code, message, language):
            forms = [Status(code)] * (message is not None) + [Status(code, message)] * (language is not None)
            return [len(encode(NUMBER, form)) for form in forms]
        case _:
            return []


_texts = st.binary(max_size=20)
_uint32, _uint64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
_pairs = st.lists(st.tuples(_texts, _texts), max_size=3).map(tuple)
_times = st.tuples(_uint32, _uint32) | st.just((None, None))
_attributes = st.builds(
    lambda size, mode, times, *others: Attributes(size, mode, *times, *others),
    st.none() | _uint64,
    st.none() | _uint32,
    _times,
    st.none() | st.tuples(_uint32, _uint32),
    st.none() | _pairs,
    st.sampled_from([0, 0x10, 0x20, 0x30]),
)
_replies: st.SearchStrategy[Reply] = st.one_of(
    st.builds(Status, _uint32, st.none()),
    st.builds(Status, _uint32, _texts, st.none() | _texts),
    st.builds(Handle, st.binary(min_size=1, max_size=256)),
    st.builds(Data, st.binary(min_size=1)),
    _attributes,
    st.builds(Names, st.lists(st.builds(Name, _texts, _texts, _attributes), max_size=4).map(tuple)),
    st.builds(Extension, st.binary()),
)


class TestAnything:
    @settings(derandomize=True, database=None, deadline=None)
    @given(_uint32, _replies)
    def test_that_can_be_said_is_understood(self, number: int, said: Reply) -> None:
        assert decode(encode(number, said)) == (number, said)

    @settings(derandomize=True, database=None, deadline=None)
    @given(_pairs)
    def test_that_can_be_announced_is_understood(self, extensions: tuple[tuple[bytes, bytes], ...]) -> None:
        assert decode_version(encode_version(Version(extensions))) == Version(extensions)

    @settings(derandomize=True, database=None, deadline=None, max_examples=300)
    @given(
        st.sampled_from(["init", *REQUESTS]), st.sampled_from([2, 101, 102, 103, 104, 105, 201]), st.binary()
    )
    def test_else_is_none(self, request_: str, kind: int, rest: bytes) -> None:
        judge(request_, bytes([kind]) + rest)
        judge_stream(request_, rest, 7)


WRONG = {
    "an empty status": body(101),
    "a status cut in its code": body(101, b"\0\0\0"),
    "data that announce 32 bytes and hold 5": body(103, struct.pack(">I", 32), b"short"),
    "no data": body(103, string(b"")),
    "an empty handle": body(102, string(b"")),
    "a handle of 257 bytes": body(102, string(b"h" * 257)),
    "a count of names that do not follow": body(104, struct.pack(">I", 2**32 - 1)),
    "a count of attributes that do not follow": body(105, struct.pack(">II", 0x80000000, 2**32 - 1)),
    "an attribute that nobody knows": body(105, struct.pack(">I", 0x40)),
    "a request": body(3, string(b"/"), bytes(8)),
    "a second greeting": encode_version(Version()),
    "nothing": b"",
    "no number": b"\x65\0\0\0",
}


class TestRefused:
    """What a decoder that is not strict would take."""

    @pytest.mark.parametrize("packet", WRONG.values(), ids=list(WRONG))
    def test_reply(self, packet: bytes) -> None:
        with pytest.raises(SftpProtocolError, match=r"\w"):
            decode(packet)

    @pytest.mark.parametrize(
        ("version", "said"), [(0, "0"), (2, "2"), (4, "4"), (6, "6"), (2**32 - 1, "4294967295")]
    )
    def test_version(self, version: int, said: str) -> None:
        with pytest.raises(SftpProtocolError, match=f"version {said} instead of 3"):
            decode_version(struct.pack(">BI", 2, version))

    def test_more_data_than_was_asked(self) -> None:
        assert judge("read", encode(NUMBER, Data(b"d" * ASKED))) == GRANTED
        assert judge("read", encode(NUMBER, Data(b"d" * (ASKED + 1)))) == NO_REPLY

    @pytest.mark.parametrize("request_", [name for name in REQUESTS if name != "write"])
    def test_ok_in_place_of_what_was_asked(self, request_: str) -> None:
        assert judge(request_, EXAMPLES["ok"][1]) == NO_REPLY

    @pytest.mark.parametrize(
        "hash_",
        [
            replace(HASH, algorithm=b"md5"),
            replace(HASH, digest=b"h" * 31),
            replace(HASH, digest=b"h" * 64),
            replace(HASH, algorithm=b"check-file", is_named=True),
            FileHash(b"", b"", is_named=False),
        ],
    )
    def test_hash(self, hash_: FileHash) -> None:
        with pytest.raises(SftpProtocolError):
            decode_file_hash(Extension(encode_told(hash_)), b"sha256", 32)

    @pytest.mark.parametrize("length", [0, LONGEST_PACKET + 1, 2**31, 2**32 - 1])
    def test_length_of_a_packet_at_once(self, length: int) -> None:
        """Before the packet is there: nobody waits for it, nor keeps it."""
        packets = PacketStream()
        packets.feed(struct.pack(">I", length))
        assert packets.has_next
        with pytest.raises(SftpProtocolError, match=f"a packet of {length} bytes"):
            packets.next()

    def test_names_are_as_many_as_a_packet_holds(self) -> None:
        many = Names(tuple(replace(LISTED.names[0], filename=b"%d" % number) for number in range(15_000)))
        packet = encode(NUMBER, many)
        assert len(packet) <= LONGEST_PACKET
        assert reply(packet) == many


class TestText:
    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("Quota dépassé".encode(), "Quota dépassé"),
            ("Quota dépassé".encode("latin-1"), "Quota dépassé"),
            (b"Disk full\r\n", "Disk full"),
            (b"\x1b]0;title\x07\x1b[31mred", "]0;title [31mred"),
            ("left \u202egnihtyna\u202c, \x9b31m, \u2028 end".encode(), "left gnihtyna , 31m, end"),
            (b"\xff\xfe\x00", "ÿþ"),
            (b"", ""),
            (b"long " * 1000, "long " * 99 + "long"),
        ],
    )
    def test_is_shown_on_one_line_and_obeyed_by_no_terminal(self, sent: bytes, shown: str) -> None:
        assert Status(4, sent).text == shown

    def test_may_be_missing(self) -> None:
        assert Status(4).text == ""


class TestFreeSpace:
    def test_is_what_this_account_may_use(self) -> None:
        assert SPACE.free_bytes == 4096 * 400
        assert replace(SPACE, available=0).free_bytes == 0

    @pytest.mark.parametrize(
        "nonsense",
        [
            FileSystem(*[0] * 11),
            replace(SPACE, fragment_size=0),
            replace(SPACE, blocks=0, available=0),
            replace(SPACE, available=1001),
        ],
    )
    def test_is_not_taken_from_nonsense(self, nonsense: FileSystem) -> None:
        assert nonsense.free_bytes is None


def test_limits_of_openssh_are_read() -> None:
    assert decode_limits(Extension(encode_told(OPENSSH_LIMITS))) == OPENSSH_LIMITS
