"""What is read back while the rest is sent, and what of it is looked at again after the close."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.relay import Relay, relay
from tests.sharebox.helpers import Memory, Sent, Server, connect, failure, make_archive, send
from tui_transfer.archive.checksums import SpoolPart, damaged
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery import meanwhile, upload
from tui_transfer.sharebox.delivery.evidence import Verification
from tui_transfer.sharebox.delivery.exploration import find_out
from tui_transfer.sharebox.delivery.growing import GrowingFile, PlainReader
from tui_transfer.sharebox.delivery.meanwhile import Ranges
from tui_transfer.sharebox.delivery.places import END_BYTES, PLACE_BYTES, PLACES, bytes_read_after, to_look_at
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.sftp.window import ReadWindow, WriteWindow
from tui_transfer.sharebox.ssh.knowledge import KnownServers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.openssh import SshServer
    from tui_transfer.sharebox.ssh.knowledge import Abilities
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

SIZE = 4_000_000
MIDDLE = SIZE // 2
LOOKED_AT_AGAIN = 2 * END_BYTES + PLACES * PLACE_BYTES
SLOW = 1_000_000
"""Bytes a second: what comes back is seen to come while the rest is sent."""


@dataclass
class Place:
    """A server, what is known of it, and an archive."""

    server: Server
    archive: Path
    servers: KnownServers = field(default_factory=KnownServers)
    seen: list[DeliveryProgress] = field(default_factory=list)

    @contextlib.contextmanager
    def connection(self, port: int | None = None) -> Iterator[Sharebox]:
        with connect(self.server, port=port, servers=self.servers) as sharebox:
            find_out(sharebox)
            yield sharebox

    def send(self, memory: Memory | None = None, port: int | None = None) -> Sent:
        with self.connection(port) as sharebox:
            return self.send_over(sharebox, memory)

    def send_over(self, sharebox: Sharebox, memory: Memory | None = None) -> Sent:
        return send(sharebox, self.archive, on_progress=self.seen.append, memory=memory)

    def send_growing(self, memory: Memory | None = None) -> Sent:
        """The last byte is there only once nearly all that may be was read back: only the ends may not, and
        what does not fill a packet waits.
        """
        growing = GrowingFile(self.archive)
        growing.advance(SIZE - 1)

        def grow(progress: DeliveryProgress) -> None:
            self.seen.append(progress)
            if progress.read_back > SIZE - 2 * END_BYTES - (256 << 10):
                growing.finish(SIZE)

        with self.connection() as sharebox:
            return send(sharebox, growing, on_progress=grow, memory=memory)

    @property
    def abilities(self) -> Abilities:
        with self.connection() as sharebox:
            return sharebox.knowledge.abilities

    def read_while_sent(self) -> int:
        return max(at.read_back for at in self.seen if at.stage is DeliveryStage.SENDING)

    def read_after(self) -> int:
        return max(at.done for at in self.seen if at.stage is DeliveryStage.VERIFYING)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


@pytest.fixture
def place(ssh_server: SshServer, archive: Path) -> Place:
    return Place(ssh_server, archive)


@pytest.fixture
def link(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as line:
        yield line


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "faulty") as server:
        yield server


@pytest.fixture
def odd(faulty: FaultyServer, archive: Path) -> Place:
    return Place(faulty, archive)


def left(server: SshServer | FaultyServer) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in server.root.iterdir()}


class TestOnAServerThatShowsWhatItTakes:
    def test_most_is_read_while_the_rest_is_sent(
        self, place: Place, ssh_server: SshServer, link: Relay
    ) -> None:
        with place.connection(link.port) as sharebox:
            link.rate = SLOW
            before = link.answered
            sent = place.send_over(sharebox)
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, True)
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}
        # The ends wait until the close. On a busy machine one way is slower than the other.
        assert 0.5 * (SIZE - 2 * END_BYTES) < place.read_while_sent() <= SIZE - 2 * END_BYTES
        came = link.answered - before
        assert SIZE < came < 1.05 * (SIZE + place.read_after()) + 100_000, "read more than once"

    def test_what_comes_back_slowly_is_read_afterwards(
        self, place: Place, ssh_server: SshServer, link: Relay
    ) -> None:
        with place.connection(link.port) as sharebox:
            link.rate, link.rate_back = SLOW, SLOW // 8
            threading.Timer(3, lambda: setattr(link, "rate_back", None)).start()
            sent = place.send_over(sharebox)
        assert sent.read_meanwhile
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}

    def test_a_growing_archive_is_read_while_it_waits(self, place: Place, ssh_server: SshServer) -> None:
        """Whatever was acknowledged is read before more is there to be sent."""
        assert place.send_growing().read_meanwhile
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}

    def test_little_more_is_asked_for_than_is_being_sent(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Or answers would hold up the acknowledgements of what is sent."""
        sending: list[WriteWindow] = []
        asked: list[tuple[int, int, int]] = []

        class Sending(WriteWindow):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                sending.append(self)

        class Reading(ReadWindow):
            def ask(self, offset: int, length: int) -> None:
                super().ask(offset, length)
                asked.append((self._in_flight, sending[-1].in_flight or SIZE, self.packet))

        monkeypatch.setattr(upload, "WriteWindow", Sending)
        monkeypatch.setattr(meanwhile, "ReadWindow", Reading)
        assert place.send().verification is Verification.READ_BACK
        assert len(asked) > 10
        assert all(reads <= sends + 4 * packet for reads, sends, packet in asked)
        assert any(reads > sends for reads, sends, _ in asked), "an answer has its own way to go"

    def test_a_small_archive_is_read_as_a_whole(self, place: Place) -> None:
        make_archive(place.archive, 2 * END_BYTES)
        sent = place.send()
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, False)

    def test_where_there_is_a_hash_nothing_is_read(
        self, ssh_server_with_exec: SshServer, archive: Path
    ) -> None:
        place = Place(ssh_server_with_exec, archive)
        assert place.send().verification is Verification.SERVER_HASH
        assert place.read_while_sent() == 0
        assert place.abilities.reads_meanwhile is None

    @pytest.mark.parametrize("byte", [0, 20, END_BYTES - 1, SIZE - END_BYTES, SIZE - 1])
    def test_damage_after_the_reading_is_found_where_it_is_looked_for(
        self, place: Place, ssh_server: SshServer, byte: int
    ) -> None:
        """Byte by byte at the edges of what is looked at again."""
        part = ssh_server.root / "base.7z.part"

        def damage(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.VERIFYING and progress.done == 0:
                with part.open("r+b") as file:
                    file.seek(byte)
                    file.write(bytes([place.archive.read_bytes()[byte] ^ 1]))

        with place.connection() as sharebox:
            failure(Problem.CONTENT_MISMATCH, lambda: send(sharebox, place.archive, on_progress=damage))
        assert set(left(ssh_server)) == {"base.7z.part"}
        assert not place.abilities.keeps_what_it_shows


class TestResumed:
    def test_what_a_new_process_compares_is_not_read_twice(
        self, place: Place, ssh_server: SshServer, link: Relay
    ) -> None:
        memory = Memory()
        with place.connection(link.port) as sharebox:
            link.cut_after = link.sent + MIDDLE
            failure(Problem.CONNECTION_LOST, lambda: place.send_over(sharebox, memory))
        link.cut_after = None
        with place.connection(link.port) as sharebox:
            before = link.answered
            place.seen.clear()
            sent = place.send_over(sharebox, memory.resumed())
        assert sent.resumed_from > MIDDLE // 2
        assert sent.read_meanwhile
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}
        came = link.answered - before
        assert SIZE < came < 1.05 * (SIZE + LOOKED_AT_AGAIN) + 100_000, f"{came} came back"

    @pytest.mark.parametrize("lost", [True, False])
    def test_nothing_counts_that_was_read_over_another_connection(
        self, place: Place, ssh_server: SshServer, link: Relay, lost: bool
    ) -> None:
        """A server that broke down may have lost it: the process goes on where it was, and finds it out."""
        memory, byte = Memory(), END_BYTES + 300_000
        with place.connection(link.port) as sharebox:
            link.cut_after = link.sent + MIDDLE
            failure(Problem.CONNECTION_LOST, lambda: place.send_over(sharebox, memory))
        link.cut_after = None
        if lost:
            with (ssh_server.root / "base.7z.part").open("r+b") as file:
                file.seek(byte)
                file.write(b"?!")
        place.seen.clear()
        sent = place.send(memory, link.port)
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}
        checked = [at.done for at in place.seen if at.stage is DeliveryStage.CHECKING]
        assert (byte in range(min(checked), max(checked))) is lost, "it was sent again without a reason"
        assert sent.verification is Verification.READ_BACK
        assert place.abilities.keeps_what_it_shows, "the server is blamed for what was lost at a cut"

    @pytest.mark.parametrize("seed", range(6))
    def test_it_may_be_ended_at_any_moment(self, place: Place, ssh_server: SshServer, seed: int) -> None:
        """And goes on, in the same process or in another one."""
        draw, memory = random.Random(seed), Memory()
        for _ in range(3):
            cancelled, left_to_see = threading.Event(), [draw.randrange(1, 40)]

            def count(
                _: DeliveryProgress, ends: threading.Event = cancelled, seen: list[int] = left_to_see
            ) -> None:
                seen[0] -= 1
                if not seen[0]:
                    ends.set()

            with place.connection() as sharebox, contextlib.suppress(TransferError):
                send(sharebox, place.archive, on_progress=count, cancelled=cancelled, memory=memory)
            memory = draw.choice((memory, memory.resumed()))
        assert place.send(memory).verification is Verification.READ_BACK
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}

    def test_nothing_counts_either_where_it_was_cut_after_the_close(
        self, place: Place, ssh_server: SshServer, link: Relay
    ) -> None:
        memory = Memory()

        def cut(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.VERIFYING and progress.done:
                link.cut()

        with place.connection(link.port) as sharebox:
            failure(
                Problem.CONNECTION_LOST,
                lambda: send(sharebox, place.archive, on_progress=cut, memory=memory),
            )
        sent = place.send(memory, link.port)
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, False)
        assert place.read_after() == SIZE
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}


class TestFallback:
    """Where it cannot be done, or shows something else, the whole is read after the close."""

    @pytest.mark.parametrize("when", ["found out", "later"])
    @pytest.mark.parametrize(
        "fault",
        [
            {"refuse_open": True},
            {"show_open": lambda data: 4},
            {"show_open": lambda data: 1},
            {"show_open": lambda data: bytes(len(data))},
        ],
        ids=["refuses to open", "refuses to read", "shows nothing", "shows zeros"],
    )
    def test_is_read_back_afterwards(
        self, odd: Place, faulty: FaultyServer, fault: dict[str, object], when: str
    ) -> None:
        if when == "later":
            assert odd.abilities.reads_meanwhile
        for name, value in fault.items():
            setattr(faulty.faults, name, value)
        sent = odd.send()
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, False)
        assert odd.read_after() == SIZE
        assert left(faulty) == {"base.7z": odd.archive.read_bytes()}
        assert odd.abilities.reads_meanwhile is False
        assert odd.abilities.keeps_what_it_shows

    def test_short_answers_are_asked_for_again(self, odd: Place, faulty: FaultyServer) -> None:
        faulty.faults.show_open = lambda data: data[:10_000]
        assert odd.send_growing().read_meanwhile
        assert left(faulty) == {"base.7z": odd.archive.read_bytes()}

    def test_a_server_that_breaks_at_it_is_asked_once(self, odd: Place, faulty: FaultyServer) -> None:
        faulty.faults.drop_at_open = True
        for _ in range(2):  # a command, then this
            with connect(faulty, servers=odd.servers) as sharebox:
                failure(Problem.CONNECTION_LOST, lambda: find_out(sharebox))
                blamed = sharebox.knowledge.blames()
            if blamed:
                break
        assert blamed
        assert odd.send().verification is Verification.READ_BACK
        assert odd.abilities.reads_meanwhile is False

    def test_damage_on_this_disk_after_the_sending_is_no_damage_there(
        self, place: Place, ssh_server: SshServer
    ) -> None:
        """What was sent was as written; the hash of that tells."""
        opened: list[Damaged] = []

        class Damaged(PlainReader):
            def read(self, offset: int, length: int) -> bytes:
                if self is not opened[0]:  # which is sent from
                    raise damaged(place.archive, SpoolPart.ARCHIVE, "essai")
                return super().read(offset, length)

        def reader(path: Path) -> Damaged:
            opened.append(Damaged(path))
            return opened[-1]

        file = GrowingFile(place.archive, reader)
        file.finish(SIZE)
        with place.connection() as sharebox:
            sent = send(sharebox, file)
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, False)
        assert left(ssh_server) == {"base.7z": place.archive.read_bytes()}


class TestServerThatKeepsAnother:
    """It serves reads from what was written, and keeps something else once the file is closed."""

    @pytest.mark.parametrize(
        "keep",
        [
            lambda content: content[: END_BYTES - 1] + b"?" + content[END_BYTES:],
            lambda content: content[:-1] + bytes([content[-1] ^ 1]),
            lambda content: content[:-1],
            lambda content: content + b"?",
            lambda content: content[: SIZE // 4] + bytes(SIZE // 2) + content[SIZE * 3 // 4 :],
        ],
        ids=["first megabyte", "last megabyte", "shorter", "longer", "half"],
    )
    def test_is_found_and_read_as_a_whole_from_then_on(
        self, odd: Place, faulty: FaultyServer, keep: Callable[[bytes], bytes]
    ) -> None:
        assert odd.abilities.reads_meanwhile
        faulty.faults.keep = lambda name, content: keep(content) if name == "base.7z.part" else content
        failure(Problem.CONTENT_MISMATCH, odd.send_growing)
        assert "base.7z" not in left(faulty)
        faulty.faults.keep = None
        odd.seen.clear()
        sent = odd.send(Memory().resumed())
        assert (sent.verification, sent.read_meanwhile) == (Verification.READ_BACK, False)
        assert odd.read_after() == SIZE
        assert left(faulty) == {"base.7z": odd.archive.read_bytes()}

    def test_what_an_earlier_connection_sent_is_sent_again_before_the_server_is_blamed(
        self, odd: Place, faulty: FaultyServer
    ) -> None:
        """Over the same connection; from then on all is read as a whole."""
        assert odd.abilities.reads_meanwhile
        memory = Memory()
        memory.resume_state.same_until = MIDDLE
        (faulty.root / "base.7z.part").write_bytes(bytes(32) + odd.archive.read_bytes()[32:MIDDLE])
        faulty.faults.keep = lambda name, content: content[:40] + b"?!" + content[42:]
        failure(Problem.CONTENT_MISMATCH, lambda: odd.send_growing(memory))
        assert len({at.total for at in odd.seen if at.stage is DeliveryStage.VERIFYING}) == 2, "sent twice"
        faulty.faults.keep = None
        odd.seen.clear()
        sent = odd.send(memory.resumed())
        assert (sent.read_meanwhile, odd.read_after()) == (False, SIZE)
        assert left(faulty) == {"base.7z": odd.archive.read_bytes()}

    def test_is_remembered_when_all_else_is_found_out_anew(self, odd: Place, tmp_path: Path) -> None:
        odd.servers = KnownServers(tmp_path / "servers")
        with odd.connection() as sharebox:
            sharebox.knowledge.learn(keeps_what_it_shows=False)
            sharebox.knowledge.begin_anew()
            find_out(sharebox)
        (file,) = (tmp_path / "servers").iterdir()
        text = file.read_text()
        found_out = text[text.index('"found_out"') :].split('"')[3]
        file.write_text(text.replace(found_out, "2020-01-01T00:00:00+01:00"))
        odd.servers = KnownServers(tmp_path / "servers")
        with odd.connection() as sharebox:
            abilities = sharebox.knowledge.abilities
            assert abilities.reads_meanwhile
            assert not abilities.keeps_what_it_shows
            assert bytes_read_after(sharebox.knowledge) is None


class TestPlaces:
    def test_what_was_not_read_and_both_ends_are_always_looked_at(self) -> None:
        same = Ranges([range(32, 2_000_000), range(2_500_000, SIZE - 10)])
        for _ in range(100):
            parts = to_look_at(SIZE, same)
            for certain in (range(END_BYTES), range(2_000_000, 2_500_000), range(SIZE - END_BYTES, SIZE)):
                assert not parts.gap(certain.start, certain.stop)
            assert len(parts) <= 2 * END_BYTES + 500_000 + PLACES * PLACE_BYTES

    @pytest.mark.parametrize("size", [0, 1, 32, 4096, END_BYTES, 2 * END_BYTES + 1])
    def test_of_a_small_file(self, size: int) -> None:
        parts = to_look_at(size, Ranges([range(size)]))
        assert len(parts) >= min(size, 2 * END_BYTES)
        assert not parts.gap(0, min(size, END_BYTES))
        assert list(parts)[-1:] in ([], [range(list(parts)[-1].start, size)] if size else [])

    @pytest.mark.parametrize(("share", "found"), [(0.01, 0.47), (0.05, 0.96), (0.10, 0.999)])
    def test_find_a_difference_as_often_as_is_said(
        self, share: float, found: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draw, size = random.Random(4), 1 << 40
        monkeypatch.setattr(os, "urandom", draw.randbytes)
        begin = size // 3
        differing = range(begin, begin + int(share * size))
        times = 1000
        hits = sum(
            any(
                part.start < differing.stop and differing.start < part.stop
                for part in to_look_at(size, Ranges([range(size)]))
            )
            for _ in range(times)
        )
        assert hits / times == pytest.approx(found, abs=0.05)


def test_ranges_are_joined_and_have_gaps() -> None:
    draw = random.Random(5)
    for _ in range(200):
        ranges, there = Ranges(), set[int]()
        for _ in range(draw.randrange(8)):
            start = draw.randrange(40)
            part = range(start, start + draw.randrange(12))
            ranges.add(part)
            there |= set(part)
        parts = list(ranges)
        assert [byte for part in parts for byte in part] == sorted(there)
        assert all(one.stop < other.start for one, other in pairwise(parts))
        assert len(ranges) == len(there)
        assert {byte for gap in ranges.gaps(60) for byte in gap} == set(range(60)) - there
        assert all((byte in ranges) is (byte in there) for byte in range(60))
