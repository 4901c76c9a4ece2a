"""Carries a plan out: does what the person does, runs the processes, and lets happen what goes wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import signal
import socket
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.simulation import clock, disk, line, process, seams, steps
from tests.simulation.faults import REPLIES, Fault, Watch, deed
from tests.simulation.invariants import Invariants
from tests.simulation.plan import FOLDERS, HOSTS, Act
from tests.simulation.server import BrokenError, Deed, File, Request, Session
from tests.simulation.world import HomeFolder, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.invariants import Finding
    from tests.simulation.plan import Plan
    from tests.simulation.server import Server

ROUNDS: Final = 4
"""How often each job is resumed once the faults have stopped."""
_MOST_EVENTS: Final = 30_000
_LONGEST: Final = 3 * 86_400.0
"""Simulated seconds after which a process is taken never to end."""


class KilledError(Exception):
    """The process that asks is to die now."""


@dataclass
class Connection:
    """One connection of a process, with its sessions by the numbers of their channels."""

    server: Server
    sessions: dict[int, Session] = field(default_factory=dict)
    mute: bool = False
    open: bool = True


class Process:
    """A process of ours, as the driver sees it."""

    def __init__(self, home: HomeFolder, watch: Watch, job: str | None) -> None:
        self.home = home
        self.watch = watch
        self.job = job
        self.connections: dict[int, Connection] = {}
        self.arrivals: list[tuple[int, bytes | None]] = []
        self.held: list[tuple[int, bytes]] = []
        self.signal = 0
        self.doomed = False
        self.code: int | None = None
        self.asked = 0
        self.pid = 0
        self.line: tuple[str, Any] | None = None
        """The job and the event of the journal's line that is being written."""
        self.end: socket.socket

    @property
    def host(self) -> str:
        """The server that it is connected to, or was last."""
        return list(self.connections.values())[-1].server.host if self.connections else ""

    def reap(self) -> None:
        """Waits for its end, and notes how it ended."""
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        self.end.close()


class Simulation:
    """One plan, carried out in the empty folder `root`."""

    def __init__(self, plan: Plan, root: Path, *, verbose: bool = False) -> None:
        self.plan = plan
        self.world = World(plan, root)
        self.invariants = Invariants(self.world)
        self.events = 0
        self.happened: list[Fault] = []
        self._verbose = verbose
        self._draw = random.Random(plan.seed + 1)
        self._numbers = count(1)
        self._trace = hashlib.sha256()
        self._watch: Watch = Watch(())
        self._beside = False
        self._power = any(fault.what == "power" for act in plan.acts for fault in act.faults)

    def run(self) -> list[Finding]:
        """Does all of it; gives what was found."""
        clock.use(self.world.clock)
        seams.draw_from(random.Random(self.plan.seed + 2))
        steps.tell(self._own_step)
        try:
            for act in self.plan.acts:
                self._act(act)
            self._peace()
        finally:
            steps.tell(None)
            clock.use(None)
        return self.invariants.findings

    @property
    def trace(self) -> str:
        """Tells one course of events from another."""
        return self._trace.hexdigest()[:16]

    def say(self, *words: object) -> None:
        """Tells what happens, where somebody wants to know."""
        if self._verbose:
            print(f"{self.world.ticks:6} {self.world.clock.now:12.3f}", *words, file=sys.__stdout__)

    # What the person does

    def _act(self, act: Act) -> None:
        self.say("ACT", act.what, [str(fault) for fault in act.faults], "beside" if act.beside else "")
        home = self.world.homes[0]
        draw = random.Random(act.seed)
        self._watch, self._beside = Watch(act.faults), act.beside
        match act.what:
            case "run":
                self._command(home, "run", seams.run)
            case "run refused":
                self._run_refused(home)
            case "resume":
                self._command(home, "resume", lambda: seams.resume(None))
            case "resume each":
                self._resume_each(home)
            case "purge":
                self._purge(home)
            case "settings":
                home.moved = True
                seams.change_sharebox(home.folder, draw.choice(HOSTS), draw.choice(FOLDERS))
                home.disk.sync_all()
            case "turn clock":
                self._turn_clock(draw)
            case "change base":
                draw.choice(self.world.bases).change()
            case "remove base":
                draw.choice(self.world.bases).remove()
        self.happened += self._watch.happened
        self._watch, self._beside = Watch(()), False

    def _turn_clock(self, draw: random.Random) -> None:
        self.world.clock.turned += draw.choice((-2 * 86_400, -3600, -1, 3600, 2 * 86_400))
        self.say("the clock shows", self.world.clock.wall)

    def _run_refused(self, home: HomeFolder) -> None:
        """A `run` that comes to nothing: a base is not there."""
        base = self.world.bases[0]
        was_there = base.present
        base.remove()
        self._command(home, "run", seams.run)
        if was_there:
            base.restore()

    def _resume_each(self, home: HomeFolder) -> None:
        for job in self.invariants.jobs(home):
            if not job.succeeded:
                self._resume(home, job.name)

    def _resume(self, home: HomeFolder, name: str) -> None:
        self._command(home, "resume each", lambda: seams.resume(name))

    def _command(self, home: HomeFolder, what: str, command: Callable[[], seams.Told]) -> None:
        before = seams.names(home.folder)
        unfinished = self.invariants.unfinished(home)
        with seams.person(home.folder, lambda job, orders: self._start(home, job.folder, orders.encode())):
            told = command()
        home.made += sorted(seams.names(home.folder) - before)
        self.say(what, "->", told.code, told.finished.get("problem", ""), told.job or "")
        if what == "run":
            home.refused = told.job is None
        self.invariants.after_command(home, what, told, unfinished, self._watch.happened)

    def _start(self, home: HomeFolder, job: Path, orders: bytes) -> None:
        """Carries a worker out, and that of the second home beside it where it is its turn."""
        processes = [self._fork(home, self._watch, job.name, lambda: seams.work(orders))]
        if self._beside and home is self.world.homes[0]:
            self._beside = False
            second = self.world.second_home()
            watch = Watch(())

            def start(job: Path, orders: bytes) -> None:
                processes.append(self._fork(second, watch, job.name, lambda: seams.work(orders)))
                self._serve(processes)

            before = seams.names(second.folder)
            with seams.person(second.folder, lambda job, orders: start(job.folder, orders.encode())):
                told = seams.run()
            second.made += sorted(seams.names(second.folder) - before)
            self.invariants.after_command(second, "run", told, set(), [])
        if any(one.code is None for one in processes):
            self._serve(processes)

    def _purge(self, home: HomeFolder) -> None:
        before = seams.names(home.folder)
        one = self._fork(home, self._watch, None, lambda: seams.clean(home.folder))
        self._serve([one])
        gone = before - seams.names(home.folder)
        home.purged |= gone
        self.say("purge ->", one.code, sorted(gone))
        self.invariants.after_purge(home, gone, one.code)

    def _peace(self) -> None:
        """The faults stop: every job is gone on with until it ends, or names what it needs."""
        self.say("PEACE")
        self._watch = Watch(())
        if self.plan.restores:
            for base in self.world.bases:
                base.restore()
        for home in self.world.homes:
            for _ in range(ROUNDS):
                unfinished = [job for job in self.invariants.jobs(home) if not job.succeeded and job.state]
                if not unfinished:
                    break
                for job in unfinished:
                    self._resume(home, job.name)
        self.invariants.at_the_end()
        if self.plan.purges:
            for home in self.world.homes:
                self._purge(home)

    # Processes

    def _fork(self, home: HomeFolder, watch: Watch, job: str | None, body: Callable[[], object]) -> Process:
        one = Process(home, watch, job)
        habits = process.Habits(
            seed=self._draw.randrange(1 << 30),
            restless=self.plan.restless,
            cores=self.plan.cores,
            latency=self.plan.latency,
            started=self.world.clock.now,
            turned=self.world.clock.turned,
        )
        one.end, theirs = line.pair()
        one.pid = os.fork()
        if one.pid == 0:
            one.end.close()
            process.fork(theirs, home.folder, habits, seams.prepare, body)
        theirs.close()
        return one

    def _serve(self, processes: list[Process]) -> None:
        """Answers processes until all of them have ended; one at a time runs."""
        waiting = {one.pid: (one, line.hear(one.end)) for one in processes if one.code is None}
        while waiting:
            pids = sorted(waiting)
            pid = pids[0] if len(pids) == 1 else pids[self._draw.randrange(len(pids))]
            one, question = waiting.pop(pid)
            if question is None:
                self._ended(one)
                continue
            try:
                value = self._handle(one, question)
                if one.doomed:
                    raise KilledError
            except KilledError:
                os.kill(pid, signal.SIGKILL)
                self._ended(one)
                continue
            arrivals, one.arrivals = tuple(one.arrivals), []
            number, one.signal = one.signal, 0
            line.answer(one.end, line.Answer(value, arrivals, number, self.world.clock.turned))
            try:
                waiting[pid] = one, line.hear(one.end)
            except TimeoutError:
                self.invariants.find("I4", "hangs", "the process computes for ever")
                os.kill(pid, signal.SIGKILL)
                self._ended(one)

    def _ended(self, one: Process) -> None:
        one.reap()
        self._check_last_line(one)
        for connection in one.connections.values():
            self._close(connection)
        self.say("ended with", one.code)
        if one.code in (96, 97):
            self.invariants.find("I4", "crashes", f"a process ended with {one.code}")

    def _handle(self, one: Process, question: tuple[Any, ...]) -> Any:
        what, *words, now = question
        self.world.ticks += 1
        self.events += 1
        one.asked += 1
        self.world.clock.now = max(self.world.clock.now, now)
        if one.asked > _MOST_EVENTS or now > _LONGEST + self.world.clock.now:
            self.invariants.find("I4", "never ends", f"{one.asked} events")
            raise KilledError
        return getattr(self, f"_on_{what}")(one, *words)

    # What processes ask

    def _on_connect(self, one: Process, host: str) -> tuple[int, str]:
        self.say("connect", host)
        trouble = ""
        for fault in self._due(one, "event", "request", "connect"):
            trouble = "unreachable" if fault.what == "refuse" else "lost"
        number = next(self._numbers)
        if trouble:
            return 0, trouble
        one.connections[number] = Connection(self.world.servers[host])
        return number, ""

    def _on_channel(self, one: Process, number: int) -> int | None:
        connection = one.connections[number]
        if not connection.open or len(connection.sessions) >= connection.server.character.sessions:
            return None
        channel = next(self._numbers)
        connection.sessions[channel] = Session(
            connection.server, lambda request: self._decide(one, connection, request)
        )
        return channel

    def _on_send(self, one: Process, channel: int, data: bytes, taken: int) -> None:
        connection = next(item for item in one.connections.values() if channel in item.sessions)
        if not connection.open:
            return
        session = connection.sessions[channel]
        self.invariants.before_request(session, taken, data)
        try:
            for answer, held in session.feed(data):
                if held or one.held:
                    one.held.append((channel, answer))
                else:
                    one.arrivals.append((channel, answer))
        except BrokenError as broken:
            if broken.args[0]:
                one.arrivals.append((channel, broken.args[0]))
            self._break(one, connection)

    def _on_idle(self, one: Process, deadline: float) -> None:
        if one.held:
            one.arrivals += one.held
            one.held = []
        elif deadline > self.world.clock.now + _LONGEST:
            self.invariants.find("I4", "never ends", "it waits for days")
            raise KilledError

    def _on_stuck(self, one: Process, names: list[str]) -> None:
        if one.held:
            one.arrivals += one.held
            one.held = []
            return
        self.invariants.find("I4", "stuck", f"every thread waits for another: {names}")
        raise KilledError

    def _on_exec(self, one: Process, number: int, command: str) -> tuple[bool, bytes | None]:
        connection = one.connections[number]
        for fault in self._due(one, "event", "request", "exec"):
            if fault.what.startswith("cut"):
                self._break(one, connection)
        return connection.open, connection.server.hash_by_command(command) if connection.open else None

    def _on_close(self, one: Process, number: int) -> None:
        self._close(one.connections[number])

    def _on_step(self, one: Process, name: str, path: str) -> int:
        self.say("step", name, path.removeprefix(str(one.home.folder)))
        if name == "fsync" and self._power:
            one.home.disk.sync(Path(path))
        refusals = [
            fault
            for fault in self._due(one, "event", "step", f"{name} here", f"{name} {Path(path).name}")
            if fault.what == "refuse disk"
        ]
        return refusals[0].draw.choice((errno.ENOSPC, errno.EIO)) if refusals else 0

    def _on_journal(self, one: Process, path: str, kind: str, event: bytes) -> None:
        """A line is about to be written; a kill may come before it is on the disk, or before that is told."""
        self.say("journal", event.decode()[:160])
        one.line = Path(path).parent.name, seams.decode_event(event)
        self._due(one, "event", "journal", f"journal {kind}")

    def _on_journaled(self, one: Process) -> None:
        if one.line is not None:
            self.invariants.after_event(one.home, one.line[0], one.host, one.line[1])
            one.line = None

    def _check_last_line(self, one: Process) -> None:
        """The line that was being written when the process ended counts where it is read later."""
        if one.line is not None and seams.has_line(one.home.folder, *one.line):
            self._on_journaled(one)

    def _on_crash(self, one: Process, text: str) -> None:
        self.say(text)
        self.invariants.find("I4", "crashes", text.strip().splitlines()[-1])
        raise KilledError

    def _own_step(self, name: str, path: str) -> None:
        """A step of the commands, which run in the driver itself."""
        if name == "fsync" and self._power:
            for home in self.world.homes:
                if path.startswith(str(home.folder)):
                    home.disk.sync(Path(path))

    # What goes wrong

    def _decide(self, one: Process, connection: Connection, request: Request) -> Deed | None:
        names = ["event", "request", request.name]
        if request.subject:
            names.append(f"{request.name} {request.subject}")
        self.say(request.name, request.path, request.target, f"{request.offset}+{len(request.data)}")
        due = self._due(one, *names)
        if not connection.open:
            return Deed(breaks="before")
        if connection.mute:
            return Deed(mute=True)
        for fault in due:
            chosen = deed(fault)
            connection.mute = chosen.mute
            return chosen
        return None

    def _due(self, one: Process, *names: str) -> list[Fault]:
        """Lets happen what happens at an event; gives the faults that are a matter of the answer."""
        answers = []
        self._trace.update(f"{names}\n".encode())
        for fault in one.watch.due(*names):
            self.say("FAULT", fault)
            if fault.what in REPLIES or fault.what == "refuse disk":
                answers.append(fault)
            else:
                self._happen(one, fault)
        return answers

    def _happen(self, one: Process, fault: Fault) -> None:
        draw = fault.draw
        match fault.what:
            case "kill":
                one.doomed = True
                if draw.random() < 0.5:
                    raise KilledError
            case "terminate":
                one.signal = int(signal.SIGTERM)
            case "power":
                os.kill(one.pid, signal.SIGKILL)
                one.home.disk.cut_power(draw)
                one.home.cut = True
                raise KilledError
            case "turn clock":
                self._turn_clock(draw)
            case "change base":
                draw.choice(self.world.bases).change()
            case "remove base":
                draw.choice(self.world.bases).remove()
            case "break down":
                for connection in one.connections.values():
                    if connection.open:
                        self._break(one, connection)
                        connection.server.break_down()
            case "plant there":
                self._plant(one, draw)
            case "remove there" | "change there" | "shorten there":
                self._meddle_there(fault.what, draw)
            case _:
                self._meddle_here(one.home, fault.what, draw)

    def _plant(self, one: Process, draw: random.Random) -> None:
        """Somebody puts a file of their own under a name that is to be ours."""
        names = [name for job in self.invariants.jobs(one.home) for name in job.archives]
        if not names:
            return
        name = draw.choice(names) + draw.choice(("", "", ".manifest.json", ".part"))
        server = self.world.servers[one.host or HOSTS[0]]
        path = f"{draw.choice(FOLDERS)}/{name}"
        if path not in server.files:
            content = bytearray(draw.randbytes(draw.choice((0, 10, 5000))))
            final = not path.endswith(".part")
            server.files[path] = File(content, server.seconds(), bytes(content), final)
            server.touch("outsider", "plant", path)
            self.world.planted.add((server.host, path))
            self.say("planted", path)

    def _meddle_there(self, what: str, draw: random.Random) -> None:
        files = list(self.world.files())
        if not files:
            return
        server, path = draw.choice(files)
        self.say(what, path)
        file, position = server.files[path], 0
        if what == "remove there":
            del server.files[path]
        elif what == "shorten there":
            position = draw.randint(0, len(file.content))
            del file.content[position:]
        elif file.content:
            position = draw.randrange(len(file.content))
            file.content[position] ^= 1 << draw.randrange(8)
        if what != "remove there" and draw.random() < 0.5:
            file.modified = server.seconds()
        server.touch("outsider", what, path, concerned=range(position, position + 1))

    def _meddle_here(self, home: HomeFolder, what: str, draw: random.Random) -> None:
        hits = self.plan.hits
        files = [path for path in home.spool_files() if hits in ("", path.name)]
        if not hits and draw.random() < 0.1:
            files = sorted(home.folder.glob("jobs/*/job*"))
            home.damaged |= {path.parent.name for path in files[:1]}
            files = files[:1]
        if not files:
            return
        path = draw.choice(files)
        self.say(what, path.relative_to(home.folder))
        match what:
            case "flip here":
                disk.flip(path, draw)
            case "empty here":
                disk.empty(path)
            case "shorten here":
                disk.shorten(path, draw)
            case "remove here":
                path.unlink()

    def _break(self, one: Process, connection: Connection) -> None:
        """The connection is lost: both sides find out."""
        one.arrivals += [(channel, None) for channel in connection.sessions]
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        if connection.open:
            connection.open = False
            for session in connection.sessions.values():
                session.close()
