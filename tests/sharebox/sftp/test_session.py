"""Sessions with servers of all kinds: real ones, one in memory that says what it was told to, and a whole
transfer to one whose replies are cut.
"""

from __future__ import annotations

import contextlib
import os
import random
import struct
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from paramiko import sftp as protocol

from tests.cli.place import Place, archives, place_for
from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.openssh import openssh
from tests.servers.proftpd import proftpd
from tests.sharebox.helpers import connect, failure, make_archive, send
from tests.sharebox.sftp.hostile_replies import (
    FILE,
    HASH,
    LISTED,
    SPACE,
    altered,
    encode,
    encode_told,
    frame,
    string,
)
from tests.sharebox.sftp.scripted_channel import (
    CONTENT,
    CONVERSATION,
    EXTENSIONS,
    ScriptedChannel,
    answers,
    converse,
)
from tui_transfer.errors import Problem
from tui_transfer.job.beside import names_beside
from tui_transfer.settings.config import TransferSettings
from tui_transfer.sharebox.delivery.evidence import Verification
from tui_transfer.sharebox.sftp import session
from tui_transfer.sharebox.sftp.replies import (
    Data,
    Extension,
    Handle,
    Reply,
    ServerLimits,
    Status,
    StatusCode,
)
from tui_transfer.sharebox.sftp.session import (
    CREATE,
    PACKET_BYTES,
    READ,
    WRITE,
    Limits,
    SftpError,
    SftpProtocolError,
    SftpSession,
)
from tui_transfer.sharebox.sftp.window import WriteWindow, read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.openssh import SshServer
    from tests.servers.proftpd import ProftpdServer

    RealServer = SshServer | ProftpdServer

LIMITS = Extension(encode_told(ServerLimits(0, 0, 0, 0)))
"""The first answer of a session in memory."""


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "faulty") as server:
        yield server


@pytest.fixture(scope="module", params=["openssh", "proftpd"])
def real(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    with contextlib.ExitStack() as stack:
        if request.param == "openssh":
            yield stack.enter_context(openssh(request.getfixturevalue("account"), chroot=True))
        else:
            yield stack.enter_context(proftpd())


class TestRealServers:
    """Whatever they answer is understood, refusals included."""

    def test_everything_that_is_asked(self, real: RealServer) -> None:
        content = b"a" * 70_000 + b"b"
        with connect(real) as sharebox:
            sftp = sharebox.sftp
            handle = sftp.open("/depot/é.part", READ | WRITE | CREATE)
            window = WriteWindow(sftp, handle, lambda *_: None)
            for at in range(0, len(content), sftp.limits.write):
                window.write(at, content[at : at + sftp.limits.write])
            window.drain()
            sftp.fsync(handle)
            assert sftp.fstat(handle).size == len(content)
            assert b"".join(read_ahead(sftp, handle, 1, len(content) + 5)) == content[1:]
            sftp.truncate(handle, 10)
            sftp.close(handle)
            sftp.rename("/depot/é.part", "/depot/é")
            found, folder = sftp.stat("/depot/é"), sftp.stat("/depot")
            assert found is not None
            assert folder is not None
            assert (found.size, found.is_folder, folder.is_folder) == (10, False, True)
            assert list(sftp.entries("/depot")) == ["é"]
            assert (sftp.free_bytes("/depot") or 0) > 1_000_000
            sftp.remove("/depot/é")
            assert sftp.stat("/depot/é") is None
            assert sftp.entries("/depot") == {}

    def test_a_folder_with_many_names(self, real: RealServer) -> None:
        expected = {f"{number} {'é' * 100}" for number in range(500)}
        for name in expected:
            (real.root / name).touch()
        with connect(real) as sharebox:
            names = sharebox.sftp.entries("/depot")
        for name in expected:
            (real.root / name).unlink()
        assert len(names) == len(expected)
        assert set(names) == expected

    @pytest.mark.parametrize(
        "refused",
        [
            lambda sftp: sftp.open("/depot/none", READ),
            lambda sftp: sftp.open("/none/a", WRITE | CREATE),
            lambda sftp: sftp.close(b"no handle"),
            lambda sftp: sftp.fstat(b"no handle"),
            lambda sftp: sftp.truncate(b"no handle", 1),
            lambda sftp: sftp.rename("/depot/none", "/depot/other"),
            lambda sftp: sftp.remove("/depot/none"),
            lambda sftp: sftp.entries("/depot/none"),
        ],
        ids=["open", "create", "close", "fstat", "truncate", "rename", "remove", "names"],
    )
    def test_refusals(self, real: RealServer, refused: Callable[[SftpSession], object]) -> None:
        with connect(real) as sharebox:
            with pytest.raises(SftpError) as raised:
                refused(sharebox.sftp)
            assert raised.value.code != StatusCode.OK
            assert raised.value.text
            assert sharebox.sftp.stat("/depot") is not None


class TestNonsense:
    """The session ends with it: nothing that follows is believed."""

    def test_all_goes_well_otherwise(self) -> None:
        assert converse(CONVERSATION) == "done"

    def test_whatever_is_altered_or_cut(self) -> None:
        draw, results = random.Random(20260302), Counter[str]()
        for at, answer in enumerate(CONVERSATION):
            for _ in range(25):
                script = [*CONVERSATION[:at], altered(answer, draw), *CONVERSATION[at + 1 :]]
                results[converse(script)] += 1
            for length in range(len(answer)):
                cut = [*CONVERSATION[:at], answer[:length]]
                assert converse(cut) == "lost"
        for result in ("done", "lost", "nonsense", "refused"):
            assert results[result] > results.total() / 100, results

    @pytest.mark.parametrize(
        "second",
        [
            pytest.param(frame(encode(2, Status(0, b"", b""))), id="ok in place of attributes"),
            pytest.param(frame(encode(2, Handle(b"h"))), id="another kind"),
            pytest.param(frame(encode(1, FILE)), id="the request before, once more"),
            pytest.param(frame(encode(3, FILE)), id="a request to come"),
            pytest.param(frame(encode(2, FILE)[:-1]), id="a byte missing"),
            pytest.param(frame(encode(2, FILE) + b"\0"), id="a byte too many"),
            pytest.param(frame(b""), id="nothing"),
            pytest.param(frame(b"\x69\0\0"), id="no number"),
            pytest.param(struct.pack(">I", (1 << 20) + 1), id="too long"),
        ],
    )
    def test_ends_the_session(self, second: bytes) -> None:
        channel = ScriptedChannel([*answers(LIMITS), second, frame(encode(3, FILE))])
        sftp = channel.open()
        with pytest.raises(SftpProtocolError, match=r"\w") as first:
            sftp.stat("/depot")
        with pytest.raises(SftpProtocolError) as again:
            sftp.stat("/depot")
        assert str(again.value) == str(first.value)
        with pytest.raises(SftpProtocolError):
            sftp.receive()
        assert len(channel.requests) == 3, "asked on"

    def test_a_packet_that_is_announced_too_long_is_not_waited_for(self) -> None:
        """Not even by whoever only looks whether there is an answer."""
        sftp = ScriptedChannel([*answers(LIMITS), b"\xff\xff\xff\xff"]).open()
        window = WriteWindow(sftp, b"h", lambda *_: None)
        window.write(0, b"data")
        with pytest.raises(SftpProtocolError, match="4294967295"):
            window.collect()

    def test_an_answer_that_came_already(self) -> None:
        answer = frame(encode(2, Status(0)))
        sftp = ScriptedChannel([*answers(LIMITS), answer + answer]).open()
        window = WriteWindow(sftp, b"h", lambda *_: None)
        window.write(0, b"data")
        with pytest.raises(SftpProtocolError, match="no request"):
            window.collect()

    def test_data_are_no_more_than_was_asked(self) -> None:
        exact, more = Data(CONTENT), Data(CONTENT + b"!")
        sftp = ScriptedChannel(answers(LIMITS, exact, more)).open()
        assert list(read_ahead(sftp, b"h", 0, len(CONTENT))) == [CONTENT]
        with pytest.raises(SftpProtocolError, match="of data"):
            list(read_ahead(sftp, b"h", 0, len(CONTENT)))

    def test_data_may_come_in_parts_and_end_early(self) -> None:
        channel = ScriptedChannel(answers(LIMITS, Data(CONTENT[:5]), Data(CONTENT[5:8]), Status(1)))
        assert list(read_ahead(channel.open(), b"h", 0, len(CONTENT))) == [CONTENT[:5], CONTENT[5:8]]
        asked = [struct.unpack(">QI", request[-12:]) for request in channel.requests[2:]]
        assert asked == [(0, 20), (5, 15), (8, 12)]

    @pytest.mark.parametrize(
        "greeting",
        [b"\x02\0\0\0\x02", b"\x02\0\0\0\x06", b"\x02\0\0\0", b"\x65" + bytes(8), b"\x02\0\0\0\x03\0"],
    )
    def test_greeting(self, greeting: bytes) -> None:
        with pytest.raises(SftpProtocolError):
            ScriptedChannel([frame(greeting)]).open()

    def test_a_server_that_lists_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "_MOST_NAMES", 10)
        channel = ScriptedChannel(answers(LIMITS, Handle(b"h"), *[LISTED] * 20))
        with pytest.raises(SftpProtocolError, match="names"):
            channel.open().entries("/depot")
        assert len(channel.requests) < 10


class TestExtensions:
    """Nonsense there does no harm: the server is one that does not tell."""

    @pytest.mark.parametrize(
        ("told", "limits"),
        [
            (ServerLimits(262_144, 261_120, 261_120, 10), Limits(96_000, 96_000)),
            (ServerLimits(0, 0, 0, 0), Limits(96_000, 96_000)),
            (ServerLimits(34_000, 20_000, 10_000, 0), Limits(20_000, 10_000)),
            (ServerLimits(1, 1, 1023, 1), Limits(PACKET_BYTES, PACKET_BYTES)),
            (ServerLimits(2**64 - 1, 2**64 - 1, 2**63, 0), Limits(96_000, 96_000)),
            (ServerLimits(34_000, 0, 2**64 - 1, 0), Limits(32_976, 32_976)),  # more than a packet holds
            (ServerLimits(2_048, 100_000, 100_000, 0), Limits(1_024, 1_024)),
        ],
    )
    def test_limits(self, told: ServerLimits, limits: Limits) -> None:
        assert ScriptedChannel(answers(Extension(encode_told(told)))).open().limits == limits

    @pytest.mark.parametrize(
        "answer",
        [
            Extension(b""),
            Extension(bytes(31)),
            Extension(bytes(33)),
            Status(8, b"Unsupported"),
            Status(4),
            Status(0),
            Handle(b"h"),
        ],
    )
    def test_without_their_answer_defaults_hold(self, answer: Reply) -> None:
        sftp = ScriptedChannel(answers(answer, FILE)).open()
        assert sftp.limits == Limits()
        assert sftp.stat("/depot") == FILE

    @pytest.mark.parametrize(
        "answer",
        [
            Extension(b""),
            Extension(bytes(88)),
            Extension(encode_told(SPACE) + b"\0"),
            Extension(encode_told(replace(SPACE, fragment_size=0))),
            Extension(encode_told(replace(SPACE, blocks=0))),
            Extension(encode_told(replace(SPACE, free=SPACE.blocks + 1))),
            Extension(encode_told(replace(SPACE, available=SPACE.free + 1))),
            Extension(encode_told(replace(SPACE, available=2**64 - 1))),  # less than none
            Extension(b"\xff" * 88),
            Extension(encode_told(replace(SPACE, fragment_size=2**63))),
            Status(4),
            Status(0),
            FILE,
            Data(b"d"),
        ],
    )
    def test_space_is_unknown(self, answer: Reply) -> None:
        sftp = ScriptedChannel(answers(LIMITS, answer, FILE)).open()
        assert sftp.free_bytes("/depot") is None
        assert sftp.stat("/depot") == FILE

    @pytest.mark.parametrize(
        "answer",
        [
            Extension(b""),
            Extension(b"h" * 32),
            Extension(string(b"md5") + b"h" * 32),
            Extension(string(b"sha256") + b"h" * 31),
            Extension(string(b"sha256") + string(b"h" * 32)),
            Extension(struct.pack(">I", 2**32 - 1) + b"sha256"),
            Status(0),
            Handle(b"h"),
        ],
    )
    def test_hash_is_unknown(self, answer: Reply) -> None:
        sftp = ScriptedChannel(answers(LIMITS, answer, FILE)).open()
        with contextlib.suppress(SftpError):
            assert sftp.sha256("/depot/a") is None
        assert sftp.stat("/depot") == FILE

    def test_hash(self) -> None:
        sftp = ScriptedChannel(answers(LIMITS, Extension(encode_told(HASH)))).open()
        assert sftp.sha256("/depot/a") == HASH.digest.hex()

    @pytest.mark.parametrize(
        ("answer", "is_full"),
        [
            *((Status(code, b"no"), False) for code in range(1, 14)),
            (Status(4), False),
            (Extension(b""), False),
            (Handle(b"h"), False),
            (Status(4, b"No space left on device"), True),
            (Status(4, "Quota dépassé".encode()), True),
            (Status(14), True),
            (Status(15, b"no"), True),
        ],
        ids=str,
    )
    def test_fsync_is_asked_for_until_it_is_refused(self, answer: Reply, is_full: bool) -> None:
        channel = ScriptedChannel(answers(LIMITS, Status(0), answer, FILE))
        sftp = channel.open()
        sftp.fsync(b"h")
        could_sync = sftp.can_sync
        with pytest.raises(SftpError) if is_full else contextlib.nullcontext():
            sftp.fsync(b"h")
        assert (could_sync, sftp.can_sync) == (True, False)
        sftp.fsync(b"h")
        assert len(channel.requests) == 4
        assert sftp.stat("/depot") == FILE

    def test_fsync_is_not_asked_of_others(self) -> None:
        channel = ScriptedChannel(answers(extensions=EXTENSIONS[2:]))
        sftp = channel.open()
        assert not sftp.can_sync
        sftp.fsync(b"h")
        assert len(channel.requests) == 1


EMPTY_STATUS = {
    "write": (protocol.CMD_WRITE, lambda body: body[:4]),
    "close": (protocol.CMD_CLOSE, lambda body: body[:4]),
    "fsync": (protocol.CMD_EXTENDED, lambda body: body[:4]),
    "rename": (protocol.CMD_RENAME, lambda body: body[:4]),
}
OTHERS = {
    "data that announce 32 bytes and hold 5": (
        protocol.CMD_READ,
        lambda body: body[:4] + struct.pack(">I", 32) + b"short",
    ),
    "data that announce all and hold half": (protocol.CMD_READ, lambda body: body[: len(body) // 2]),
    "no data": (protocol.CMD_READ, lambda body: body[:4] + bytes(4)),
    "a handle cut": (protocol.CMD_OPEN, lambda body: body[:-1]),
    "attributes cut": (protocol.CMD_STAT, lambda body: body[:-4]),
    "ok with more": (protocol.CMD_WRITE, lambda body: body + b"\0"),
    "ok to another request": (protocol.CMD_WRITE, lambda body: b"\xff\xff\xff\xff" + body[4:]),
}


class TestTransfers:
    """The whole program, and a server that answers one kind of request so."""

    @pytest.mark.parametrize(
        ("request_", "change"),
        [*EMPTY_STATUS.values(), *OTHERS.values()],
        ids=[*(f"an empty status to {name}" for name in EMPTY_STATUS), *OTHERS],
    )
    def test_succeed_only_once_the_server_makes_sense(
        self, faulty: FaultyServer, tmp_path: Path, request_: int, change: Callable[[bytes], bytes]
    ) -> None:
        place = _place(faulty, tmp_path)
        faulty.faults.change_reply = lambda asked, reply, body: change(body) if asked == request_ else body
        result = place.run("run", "--yes", "--json")
        assert result.code == 12, result.err
        assert result.finished["status"] == "blocked"
        assert "la réponse du serveur est incompréhensible" in result.out
        assert list(place.job().spool.iterdir()), "the archive is not kept"
        faulty.faults.change_reply = lambda asked, reply, body: body
        assert place.run("resume", "--json").code == 0
        (archive,) = archives(faulty.root)
        arrived = {path.name for path in faulty.root.iterdir()}
        assert arrived <= {archive.name, *names_beside(archive.name)}, "something is left"
        assert f"{archive.name}.manifest.json" in arrived
        assert archive.read_bytes()[:6] == b"7z\xbc\xaf\x27\x1c"

    @pytest.mark.parametrize(
        "texts", [b"", string(b"Success"), string("Réussi".encode("latin-1")) + string(b"fr")], ids=repr
    )
    def test_succeed_whatever_texts_the_server_adds(
        self, faulty: FaultyServer, tmp_path: Path, texts: bytes
    ) -> None:
        """None as Cisco's servers, no language, a code page."""
        faulty.faults.change_reply = lambda asked, reply, body: (
            body[:8] + texts if reply == protocol.CMD_STATUS else body
        )
        assert _place(faulty, tmp_path).run("run", "--yes", "--json").code == 0
        assert len(archives(faulty.root)) == 1

    @pytest.mark.parametrize("code", [StatusCode.OP_UNSUPPORTED, StatusCode.FAILURE])
    def test_succeed_where_syncing_is_announced_and_not_supported(
        self, faulty: FaultyServer, tmp_path: Path, code: int
    ) -> None:
        unsupported = struct.pack(">I", code) + string(b"no") + string(b"")
        asked_for: list[int] = []

        def refuse(asked: int, reply: int, body: bytes) -> bytes:
            if asked != protocol.CMD_EXTENDED:
                return body
            asked_for.append(asked)
            return body[:4] + unsupported

        faulty.faults.change_reply = refuse
        archive = tmp_path / "archive"
        content = make_archive(archive, 1_000_000)
        with connect(faulty) as sharebox:
            assert send(sharebox, archive).verification is Verification.READ_BACK
            assert not sharebox.sftp.can_sync
        assert (faulty.root / "base.7z").read_bytes() == content
        assert len(asked_for) == 1

    def test_tell_what_the_server_says_on_one_clean_line(self, faulty: FaultyServer, tmp_path: Path) -> None:
        words = b"Quota d\xe9pass\xe9\r\n\x1b[2Jvide"
        refusal = struct.pack(">I", StatusCode.FAILURE) + string(words) + string(b"")
        faulty.faults.change_reply = lambda asked, reply, body: (
            body[:4] + refusal if asked == protocol.CMD_WRITE else body
        )
        make_archive(tmp_path / "archive", 1000)
        with connect(faulty) as sharebox:
            error = failure(Problem.SHAREBOX_FULL, lambda: send(sharebox, tmp_path / "archive"))
        assert "« Quota dépassé [2Jvide »" in error.why


def _place(server: FaultyServer, folder: Path) -> Place:
    """A home with one base, that does not wait long for the server."""
    base = folder / "base.db"
    base.write_bytes(os.urandom(200_000))
    place = place_for(folder / "home", server.password)
    place.configure(server, {"Base": base})
    place.change(transfer=TransferSettings(retry_for=0))
    return place
