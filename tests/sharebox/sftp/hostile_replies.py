"""Replies written by hand, altered in all ways, and what must hold whatever a server sends.

What is decoded is encoded again by an encoder that shares nothing with the decoder: only a reply all of whose
bytes were understood gives the same bytes.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.sharebox.sftp.errors import SftpProtocolError
from tui_transfer.sharebox.sftp.replies import (
    Attributes,
    Data,
    Expected,
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

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Told: TypeAlias = ServerLimits | FileSystem | FileHash

ASKED: Final = 64
"""Bytes that the read request asked for."""

REQUESTS: Final[dict[str, Expected]] = {
    "write": Expected(Status),
    "open": Expected(Handle),
    "read": Expected(Data, ASKED),
    "readdir": Expected(Names),
    "stat": Expected(Attributes),
    "limits": Expected(Extension),
    "statvfs": Expected(Extension),
    "check-file": Expected(Extension),
}
"""Every kind of request that is made, but the greeting: « init »."""

_INSIDE: Final[dict[str, Callable[[Extension], Told]]] = {
    "limits": decode_limits,
    "statvfs": decode_file_system,
    "check-file": lambda reply: decode_file_hash(reply, b"sha256", 32),
}

GRANTED, REFUSED, NO_REPLY = "granted", "refused", "no reply"


def judge(request: str, packet: bytes) -> str:
    """Decodes a packet as the answer to `request`, and checks what must hold if it is taken for one.

    Returns:
        GRANTED or REFUSED as the server answers, or NO_REPLY where it does not.
    """
    try:
        if request == "init":
            assert encode_version(decode_version(packet)) == packet
            return GRANTED
        number, reply = decode(packet)
        REQUESTS[request].check(reply)
        told = _INSIDE[request](reply) if isinstance(reply, Extension) else None
    except SftpProtocolError:
        return NO_REPLY
    assert encode(number, reply) == packet, f"another reply was understood: {packet.hex()}"
    if isinstance(reply, Status) and reply.code != 0:
        assert reply.text.isprintable()
        return REFUSED
    _check_grant(request, reply)
    assert told is None or encode_told(told) == packet[5:]
    return GRANTED


def _check_grant(request: str, reply: Reply) -> None:
    """Written out once more, so that the table alone is not believed."""
    match request:
        case "write":
            assert isinstance(reply, Status)
        case "open":
            assert isinstance(reply, Handle)
            assert 1 <= len(reply.handle) <= 256
        case "read":
            assert isinstance(reply, Data)
            assert 1 <= len(reply.data) <= ASKED
        case "readdir":
            assert isinstance(reply, Names)
        case "stat":
            assert isinstance(reply, Attributes)
        case _:
            assert isinstance(reply, Extension)


def judge_stream(request: str, stream: bytes, pieces: int) -> list[str]:
    """Judges the packets of a stream that comes in pieces of so many bytes, until one announces nonsense."""
    packets, given = PacketStream(), 0
    results: list[str] = []
    for at in range(0, len(stream), pieces):
        packets.feed(stream[at : at + pieces])
        while packets.has_next:
            try:
                packet = packets.next()
            except SftpProtocolError:
                assert not 0 < int.from_bytes(stream[given : given + 4]) <= 1 << 20
                return [*results, NO_REPLY]
            assert packet is not None
            assert stream[given : given + 4 + len(packet)] == frame(packet)
            given += 4 + len(packet)
            results.append(judge(request, packet))
    rest = stream[given:]
    assert packets.next() is None
    assert len(rest) < 4 + int.from_bytes(rest[:4]), "a whole packet was not given"
    return results


# The encoder


def frame(packet: bytes) -> bytes:
    """A packet with its length, as it comes over the wire."""
    return struct.pack(">I", len(packet)) + packet


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _pairs(pairs: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(string(name) + string(data) for name, data in pairs)


def encode_version(version: Version) -> bytes:
    return b"\x02\x00\x00\x00\x03" + _pairs(version.extensions)


def encode(number: int, reply: Reply) -> bytes:
    """The packet that says this."""
    kind, body = _encode_body(reply)
    return struct.pack(">BI", kind, number) + body


def _encode_body(reply: Reply) -> tuple[int, bytes]:
    match reply:
        case Status(code, message, language):
            texts = [string(text) for text in (message, language) if text is not None]
            return 101, struct.pack(">I", code) + b"".join(texts)
        case Handle(handle):
            return 102, string(handle)
        case Data(data):
            return 103, string(data)
        case Names(names):
            return 104, struct.pack(">I", len(names)) + b"".join(map(_encode_name, names))
        case Attributes():
            return 105, _encode_attributes(reply)
        case Extension(body):
            return 201, body


def _encode_name(name: Name) -> bytes:
    return string(name.filename) + string(name.longname) + _encode_attributes(name.attributes)


def _encode_attributes(attributes: Attributes) -> bytes:
    flags, body = attributes.idle_flags, b""
    if attributes.size is not None:
        flags, body = flags | 0x1, body + struct.pack(">Q", attributes.size)
    if attributes.owner is not None:
        flags, body = flags | 0x2, body + struct.pack(">II", *attributes.owner)
    if attributes.mode is not None:
        flags, body = flags | 0x4, body + struct.pack(">I", attributes.mode)
    if attributes.modified is not None:
        assert attributes.accessed is not None
        flags, body = flags | 0x8, body + struct.pack(">II", attributes.accessed, attributes.modified)
    if attributes.extended is not None:
        count = struct.pack(">I", len(attributes.extended))
        flags, body = flags | 0x80000000, body + count + _pairs(attributes.extended)
    return struct.pack(">I", flags) + body


def encode_told(told: Told) -> bytes:
    """The body of the answer to an extension."""
    match told:
        case ServerLimits(packet, read, write, handles):
            return struct.pack(">4Q", packet, read, write, handles)
        case FileHash(algorithm, digest, is_named):
            return (string(b"check-file") if is_named else b"") + string(algorithm) + digest
        case FileSystem():
            names = told.__dataclass_fields__
            return b"".join(struct.pack(">Q", getattr(told, name)) for name in names)


# What servers send, and what becomes of it

FILE: Final = Attributes(70_000, 0o100644, 1_646_200_000, 1_646_200_001, (1000, 100))
FOLDER: Final = Attributes(4096, 0o40755, 1_646_200_000, 1_646_200_001, (0, 0), ())
LISTED: Final = Names((Name(b"a.7z", b"-rw-r--r-- a.7z", FILE), Name(b".", b"", FOLDER)))
OPENSSH_LIMITS: Final = ServerLimits(262_144, 261_120, 261_120, 1019)
SPACE: Final = FileSystem(4096, 4096, 1000, 500, 400, 100, 50, 40, 7, 2, 255)
HASH: Final = FileHash(b"sha256", b"h" * 32, is_named=False)
NUMBER: Final = 0x01020304

EXAMPLES: Final[dict[str, tuple[str, bytes]]] = {
    "version": ("init", encode_version(Version(((b"fsync@openssh.com", b"1"), (b"vendor-id", b"\0\1"))))),
    "version without extensions": ("init", encode_version(Version())),
    "ok": ("write", encode(NUMBER, Status(0, b"Success", b"en"))),
    "ok without language": ("write", encode(NUMBER, Status(0, b""))),
    "ok alone": ("write", encode(NUMBER, Status(0))),
    "failure": ("write", encode(NUMBER, Status(4, "Quota dépassé".encode("latin-1"), b""))),
    "failure alone": ("open", encode(NUMBER, Status(4))),
    "code of a later version": ("write", encode(NUMBER, Status(15, b"Quota exceeded", b"en"))),
    "end of file": ("read", encode(NUMBER, Status(1, b"End of file", b""))),
    "handle": ("open", encode(NUMBER, Handle(b"\0\0\0\1"))),
    "longest handle": ("open", encode(NUMBER, Handle(b"h" * 256))),
    "data": ("read", encode(NUMBER, Data(b"d" * ASKED))),
    "short data": ("read", encode(NUMBER, Data(b"d"))),
    "names": ("readdir", encode(NUMBER, LISTED)),
    "no names": ("readdir", encode(NUMBER, Names(()))),
    "attributes": ("stat", encode(NUMBER, FILE)),
    "no attributes": ("stat", encode(NUMBER, Attributes())),
    "size alone": ("stat", encode(NUMBER, Attributes(5))),
    "extended attributes": ("stat", encode(NUMBER, replace(FILE, extended=((b"user.a", b"1"), (b"", b""))))),
    "flags without data": ("stat", encode(NUMBER, replace(FILE, idle_flags=0x30))),
    "limits": ("limits", encode(NUMBER, Extension(encode_told(OPENSSH_LIMITS)))),
    "space": ("statvfs", encode(NUMBER, Extension(encode_told(SPACE)))),
    "hash of ProFTPD": ("check-file", encode(NUMBER, Extension(encode_told(HASH)))),
    "hash of MINA": ("check-file", encode(NUMBER, Extension(encode_told(replace(HASH, is_named=True))))),
}
"""By name: the request, and a packet that answers it."""


def drawn(request: str, draw: random.Random) -> bytes:
    """A right answer to `request` with values drawn at random."""
    if request == "init":
        return encode_version(Version(_drawn_pairs(draw)))
    number = draw.getrandbits(32)
    if draw.random() < 0.1:
        return encode(number, _drawn_status(draw, draw.randint(1, 31)))
    return encode(number, _DRAWN[request](draw))


def _drawn_status(draw: random.Random, code: int = 0) -> Status:
    texts = draw.choice([(None, None), (_bytes(draw), None), (_bytes(draw), b"en"), (b"", b"")])
    return Status(code, *texts)


def _drawn_attributes(draw: random.Random) -> Attributes:
    has_times = draw.random() < 0.7
    return Attributes(
        draw.getrandbits(40) if draw.random() < 0.8 else None,
        draw.getrandbits(16) if draw.random() < 0.8 else None,
        draw.getrandbits(32) if has_times else None,
        draw.getrandbits(32) if has_times else None,
        (draw.getrandbits(16), draw.getrandbits(16)) if draw.random() < 0.7 else None,
        _drawn_pairs(draw) if draw.random() < 0.3 else None,
        draw.choice([0, 0, 0x10, 0x30]),
    )


def _drawn_names(draw: random.Random) -> Names:
    return Names(
        tuple(Name(_bytes(draw), _bytes(draw), _drawn_attributes(draw)) for _ in range(draw.randrange(4)))
    )


def _drawn_pairs(draw: random.Random) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((_bytes(draw), _bytes(draw)) for _ in range(draw.randrange(4)))


def _bytes(draw: random.Random) -> bytes:
    return draw.randbytes(draw.randrange(12))


def _numbers(draw: random.Random, count: int) -> Extension:
    return Extension(b"".join(struct.pack(">Q", draw.getrandbits(40)) for _ in range(count)))


_DRAWN: Final[dict[str, Callable[[random.Random], Reply]]] = {
    "write": _drawn_status,
    "open": lambda draw: Handle(draw.randbytes(draw.choice([1, 4, 16, 255, 256]))),
    "read": lambda draw: Data(draw.randbytes(draw.randint(1, ASKED))),
    "readdir": _drawn_names,
    "stat": _drawn_attributes,
    "limits": lambda draw: _numbers(draw, 4),
    "statvfs": lambda draw: _numbers(draw, 11),
    "check-file": lambda draw: Extension(
        encode_told(FileHash(b"sha256", draw.randbytes(32), draw.random() < 0.5))
    ),
}


def altered(packet: bytes, draw: random.Random) -> bytes:
    """The packet cut, lengthened, with bits turned, with a number in it replaced, or several of that."""
    changed = bytearray(packet)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        at = draw.randrange(len(changed) + 1)
        match draw.randrange(7):
            case 0:
                del changed[at:]
            case 1:
                changed += draw.randbytes(draw.randint(1, 8))
            case 2 if at < len(changed):
                changed[at] ^= 1 << draw.randrange(8)
            case 3 if at < len(changed):
                changed[at] = draw.choice([0, 1, 0x7F, 0x80, 0xFF])
            case 4:
                del changed[at : at + draw.randint(1, 5)]
            case 5:
                changed[at:at] = draw.choice([bytes(draw.randint(1, 5)), bytes(changed[:at][-9:])])
            case _:
                changed[at : at + 4] = struct.pack(">I", draw.choice(_ODD_NUMBERS))
    return bytes(changed)


_ODD_NUMBERS: Final = [
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    31,
    32,
    33,
    64,
    65,
    255,
    256,
    257,
    2**20,
    2**31 - 1,
    2**31,
    2**32 - 1,
]
