"""What must hold, whatever went wrong.

I1  Nothing is called verified that was not byte for byte there when its evidence was taken. No answer that is
    none, by the protocol's own rules, is taken for one.
I2  Nothing that is complete on the Sharebox is changed, replaced or removed.
I3  No base is lost: the bases are untouched, and until a whole copy was verified there, the spool stays here.
I4  Every job ends or names what it needs, once the faults have stopped.
I5  What commands and reports say is so.

What an outsider does to a file after its evidence was taken is outside of all of them: it is counted apart.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from tests.simulation import seams
from tests.simulation.plan import FOLDERS, HOSTS
from tests.simulation.server import PERMISSION_DENIED
from tests.simulation.world import Delivered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.simulation.faults import Fault
    from tests.simulation.server import Server, Session, Touch
    from tests.simulation.world import Base, HomeFolder, World

_EVIDENCE: Final = frozenset({"read", "check-file-name", "hash"})
_SIGHT: Final = _EVIDENCE | {"stat"}
_GONE: Final = frozenset({"remove there", "vanish"})
_CHANGED: Final = frozenset({"change there", "shorten there", "break down"})
_SUCCESS, _UNVERIFIABLE, _NOTHING_TO_RESUME = 0, 13, 15
_PASSED_OVER: Final = frozenset({"read", "write", "limits", "statvfs", "check-file-name"})
"""Requests whose answers a client may not have looked at yet when it sends more, or may do without."""
_TRUE: Final = frozenset(
    {"cut before", "cut after", "cut write", "cut answer", "mute", "hold", "kill", "terminate"}
)
"""What leaves a server's answers true, as far as they come."""
_ABOUT_A_BASE: Final = frozenset({"database-missing", "database-unreadable", "database-changed"})
_AT_A_BASE: Final = frozenset({"change base", "remove base"})
_ABOUT_THE_SERVER: Final = frozenset(
    {"sharebox-permission", "sharebox-refused", "directory-missing", "sharebox-full"}
)


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: which invariant, of which kind, and what was seen."""

    invariant: str
    kind: str
    seen: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.kind}: {self.seen}"


class Invariants:
    """Looks on while a plan is carried out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.findings: list[Finding] = []
        self.apart: Counter[str] = Counter()
        """What outsiders did after the evidence was taken."""
        self._changes_told = 0
        self._answers_are_true = True

    def find(self, invariant: str, kind: str, seen: str) -> None:
        """Notes a finding, once of each kind."""
        if not any((item.invariant, item.kind) == (invariant, kind) for item in self.findings):
            self.findings.append(Finding(invariant, kind, seen))

    def jobs(self, home: HomeFolder) -> list[seams.JobView]:
        """The jobs of a home that can be read; one that cannot must not be in the others' way."""
        try:
            return seams.jobs(home.folder)
        except Exception as error:
            self.find("I4", "one job stops every command", repr(error))
            return []

    # While a process runs

    def before_request(self, session: Session, taken: int, data: bytes) -> None:
        """A request came, and its sender had taken so many bytes of answers before."""
        for end, request in list(session.malformed):
            if request.name in _PASSED_OVER or taken < end:
                continue
            session.malformed.remove((end, request))
            self.find("I1", "no answer taken for one", f"after a malformed answer to {request.name}")

    def after_event(self, home: HomeFolder, job: str, host: str, event: Any) -> None:
        """A line of a job's journal is on the disk."""
        if isinstance(event, seams.Delivered):
            self._delivered(home, job, host, event)
        elif event.__struct_config__.tag == "archive.sealed":
            home.sealed.add((job, event.database))

    def _delivered(self, home: HomeFolder, job: str, host: str, event: seams.Delivered) -> None:
        server, base = self._world.servers[host], self._world.bases[event.database]
        path, verified = event.path, event.verified in seams.VERIFIED
        sound = self._arrived(server, path, base)
        home.delivered[job, event.database] = Delivered(
            self._world.ticks, host, path, event.verified, sound or self._meddled(server, path)
        )
        if not sound:
            what = f"{event.verified} {host}{path}"
            there = path in server.files
            if self._meddled(server, path):
                self.apart["archive"] += 1
            elif verified and there:
                self.find("I1", "verified is damaged", what)
            elif verified:
                self.find("I1", "verified is not there", what)
            elif there:
                self.find("I5", "delivered is damaged", what)
            else:
                self.find("I5", "delivered is not there", what)
        self._check_manifest(server, path, base)

    def _arrived(self, server: Server, path: str, base: Base) -> bool:
        """Whether a whole archive of the base is at `path`, or was taken from there by the server."""
        contents = self._contents(server, path.removesuffix(".part")) + self._contents(server, path)
        return any(self._world.is_right(content, base) for content in contents)

    def _contents(self, server: Server, path: str) -> list[bytes]:
        """What is at `path`, and what the server took from there, under its partial name too."""
        there = [bytes(server.files[path].content)] if path in server.files else []
        taken = [content for name, content in server.taken if name.removesuffix(".part") == path]
        return there + taken

    def _check_manifest(self, server: Server, path: str, base: Base) -> None:
        archive = path.removesuffix(".part")
        name = f"{archive}.manifest.json"
        contents = self._contents(server, name)
        if any(self._is_manifest(content, server, archive, base) for content in contents):
            self._check_signature(server, f"{name}.sig", contents)
            return
        if self._meddled(server, name) or self._meddled(server, archive):
            self.apart["manifest"] += 1
        elif contents:
            self.find("I1", "manifest is wrong", name)
        else:
            self.find("I1", "manifest is not there", name)

    def _check_signature(self, server: Server, name: str, manifests: list[bytes]) -> None:
        signatures = self._contents(server, name)
        if any(seams.signs(one, manifest) for one, manifest in product(signatures, manifests)):
            return
        if self._meddled(server, name) or self._meddled(server, name.removesuffix(".sig")):
            self.apart["signature"] += 1
        elif signatures:
            self.find("I1", "signature is wrong", name)
        else:
            self.find("I1", "signature is not there", name)

    def _is_manifest(self, content: bytes, server: Server, archive: str, base: Base) -> bool:
        try:
            told = json.loads(content)
            files = frozenset((item["name"], item["sha256"]) for item in told["files"])
            digest = told["archive"]["sha256"]
        except (ValueError, KeyError, TypeError):
            return False
        if digest not in {hashlib.sha256(found).hexdigest() for found in self._contents(server, archive)}:
            return self._meddled(server, archive)
        if self._world.plan.encrypt:
            return not files and "content" not in told
        return files in base.states

    def _meddled(self, server: Server, path: str) -> bool:
        """Whether somebody changed a part of a file after that was last read, or took the file away after it
        was last seen.
        """
        names = {path, path.removesuffix(".part"), path.removesuffix(".part") + ".part"}
        touches = [touch for touch in server.touches if touch.path in names]
        meddling = [touch for touch in touches if touch.what in _GONE | _CHANGED]
        character = server.character
        if not character.reads and any(touch.what == "lie" for touch in touches):
            return True  # what was not written, and nobody may read
        if character.takes or not character.looks:  # what it takes, and what somebody else does, look alike
            return bool(meddling)
        ours = [touch for touch in touches if touch.who == "client"]
        looks = [touch for touch in ours if touch.what in _EVIDENCE]
        seen = max((touch.tick for touch in ours if touch.what in _SIGHT), default=0)
        for touch in meddling:
            looked = max((look.tick for look in looks if touch.position in look.concerned), default=0)
            if touch.tick >= (seen if touch.what in _GONE else looked):
                return True
        return False

    # After a command

    def unfinished(self, home: HomeFolder) -> set[str]:
        """The jobs that are not at their end, as their journals have it."""
        return {job.name for job in self.jobs(home) if not job.succeeded}

    def after_command(
        self,
        home: HomeFolder,
        what: str,
        told: seams.Told,
        unfinished: set[str],
        happened: Sequence[Fault],
    ) -> None:
        """A command has ended, during which so much happened."""
        self._answers_are_true &= all(fault.what in _TRUE for fault in happened)
        self._check_changes()
        self._check_sources()
        self._check_spools(home)
        self._check_twice(home)
        if told.code == 1 and not home.damaged:
            self.find("I4", "unexpected", str(told.finished.get("message") or told.text[-300:]))
        if what == "resume":
            self._check_last(home, told, unfinished)
        for job in self.jobs(home):
            if job.name == told.job and job.state is not None:
                self._check_code(job, told)
                self._check_message(home, job)
                problem = told.finished.get("problem")
                if problem in _ABOUT_A_BASE and all(fault.what in _AT_A_BASE for fault in happened):
                    self._check_others(job, problem)

    def _check_changes(self) -> None:
        character = self._world.plan.character
        for host, path, what in self._world.changes[self._changes_told :]:
            if (host, path) in self._world.planted and character.replaces and self._was_unseen(host, path):
                self.apart["replaced by a server, unseen"] += 1
                continue
            self.find("I2", "overwritten", f"{host}{path}: {what}")
        self._changes_told = len(self._world.changes)

    def _was_unseen(self, host: str, path: str) -> bool:
        """Whether nobody could see, before the rename, what somebody else had put there."""
        server = self._world.servers[host]
        touches = [touch for touch in server.touches if touch.path == path]
        planted = max(touch.tick for touch in touches if touch.what == "plant")
        arrived = max((touch.tick for touch in touches if touch.what == "arrive"), default=planted)
        looks = [touch.tick for touch in touches if touch.who == "client" and touch.what in _SIGHT]
        return not server.character.looks or not any(planted <= tick < arrived for tick in looks)

    def _check_sources(self) -> None:
        for base in self._world.bases:
            if not base.is_untouched():
                self.find("I3", "base changed", base.name)

    def _check_spools(self, home: HomeFolder) -> None:
        """What was packed is still in the spool, until a whole copy was verified there."""
        for name, index in sorted(home.sealed):
            if name in home.purged or home.cut or name in home.damaged:
                continue
            if (home.folder / "jobs" / name / "spool" / str(index)).exists():
                continue
            delivered = home.delivered.get((name, index))
            if delivered is None:
                self.find("I3", "spool is gone", f"{name} {index}: never delivered")
            elif delivered.verified not in seams.VERIFIED:
                self.find("I3", "spool is gone unverified", f"{name} {index}: {delivered.verified}")
            elif not delivered.sound:
                self.find("I3", "spool is gone, copy is not there", f"{name} {index}: {delivered.path}")

    def _check_last(self, home: HomeFolder, told: seams.Told, unfinished: set[str]) -> None:
        """`resume` without a name goes on with the last unfinished job, and with no other."""
        known = [name for name in home.made if name not in home.purged | home.damaged]
        last = next((name for name in reversed(known) if name in unfinished), None)
        if home.damaged or home.cut:
            return
        if last is not None and told.job != last:
            self.find("I5", "another is the last", f"{told.job} instead of {last}")
        elif last is None and told.code in (_SUCCESS, _UNVERIFIABLE) and home.refused:
            self.find("I5", "refused is told as success", f"{told.job}: {told.code}")
        elif last is None and told.job is not None and told.job != known[-1]:
            self.find("I5", "another is the last", f"{told.job} instead of none")

    def _check_code(self, job: seams.JobView, told: seams.Told) -> None:
        """The exit status says what the journal does."""
        verified = all(item.verified in seams.VERIFIED for item in job.state.databases)
        delivered = all(item.delivered for item in job.state.databases)
        if told.code == _SUCCESS and not (job.succeeded and delivered and verified):
            self.find("I5", "success is none", job.name)
        if told.code == _UNVERIFIABLE and not (job.succeeded and delivered):
            self.find("I5", "delivery is none", job.name)

    def _check_message(self, home: HomeFolder, job: seams.JobView) -> None:
        """The report names, of each base that was delivered, the place where it is, and no other."""
        text = seams.message(job.state)
        parts = seams.paragraphs(text, [item.name for item in job.state.databases])
        for index, item in enumerate(job.state.databases):
            delivered = home.delivered.get((job.name, index))
            if delivered is None:
                if item.delivered and not home.cut:
                    self.find("I5", "delivered, says the report alone", item.name)
                continue
            if not item.delivered:
                continue
            where = (delivered.host, delivered.path.rpartition("/")[0])
            own = parts[index]
            told = own if "\nDestination : " in own else text
            named = {
                (host, folder) for host in HOSTS for folder in FOLDERS if host in told and folder in told
            }
            if named != {where}:
                self.find("I5", "delivered elsewhere", f"{item.name}: {sorted(named)} instead of {where}")

    def _check_twice(self, home: HomeFolder) -> None:
        """What a server takes in as soon as it has its name is given to it once, whenever processes and
        connections end, as long as its answers are true.
        """
        if not self._answers_are_true:
            return
        for job in self.jobs(home):
            if job.state is None or job.name in home.damaged or home.cut:
                continue
            for item, server in product(job.state.databases, self._world.servers.values()):
                touches = [touch for touch in server.touches if touch.path.rpartition("/")[2] == item.archive]
                taken = [touch for touch in touches if touch.what == "take"]
                if len(taken) > 1 and not any(touch.what in _GONE for touch in touches):
                    self.find("I5", "delivered twice", f"{server.host}: {item.archive}")

    def after_purge(self, home: HomeFolder, gone: set[str], code: int | None) -> None:
        """Jobs were removed: nothing of what they did not deliver is left on any Sharebox."""
        self._check_changes()
        if code == 1:
            self.find("I4", "unexpected", "purge")
        for server, path in self._world.files():
            ours = (server.host, path) not in self._world.planted and path.endswith(".part")
            if not ours or not any(name in path for name in gone):
                continue
            lies = any(touch.what == "not removed" and touch.path == path for touch in server.touches)
            if lies and not server.character.looks:
                self.apart["not removed by a server that lets nobody look"] += 1
            else:
                self.find("I5", "left behind", f"{server.host}{path}")

    # Once the faults have stopped

    def at_the_end(self) -> None:
        """Every job is at its end, or what it names is what keeps it."""
        for home in self._world.homes:
            present = {job.name: job for job in self.jobs(home)}
            for name, said in seams.altered_receipts(home.folder).items():
                if name not in home.damaged:
                    self.find("I5", "receipt is not what was signed", f"{name}: {said}")
            for (name, index), delivered in home.delivered.items():
                if name in home.purged | home.damaged:
                    continue
                job = present.get(name)
                if job is None or job.state is None or not job.state.databases[index].delivered:
                    self.find("I5", "delivery is forgotten", f"{name} {index} {delivered.path}")
            for job in present.values():
                if job.state is not None and not job.succeeded:
                    self._check_stopped(home, job)

    def _check_stopped(self, home: HomeFolder, job: seams.JobView) -> None:
        failure = job.failure
        problem = str(failure.problem) if failure else "none"
        if job.name in home.damaged or self._is_excused(job, problem):
            return
        self.find("I4", f"stopped by {problem}", f"{job.name}: {failure.as_text() if failure else ''}")

    def _is_excused(self, job: seams.JobView, problem: str) -> bool:
        """Whether what keeps a job is there."""
        character = self._world.plan.character
        if problem in _ABOUT_A_BASE:
            return not all(base.present for base in self._world.bases)
        if problem in _ABOUT_THE_SERVER:
            hides = not (character.reads and character.looks) and character.denies_by != PERMISSION_DENIED
            return hides or not (character.renames and character.reopens)
        if problem == "name-taken":
            touched = {path for _, path in self._world.planted}
            touched |= {touch.path for touch in self._touches() if touch.what in _GONE | _CHANGED}
            return any(path.partition(".7z")[0] + ".7z" in self._finals(job) for path in touched)
        if problem == "spool-damaged":
            return not all(base.present for base in self._world.bases)
        return problem == "delivery-lost"

    def _touches(self) -> Iterator[Touch]:
        for server in self._world.servers.values():
            yield from server.touches

    def _finals(self, job: seams.JobView) -> set[str]:
        return {f"{folder}/{name}" for folder in FOLDERS for name in job.archives}

    def _check_others(self, job: seams.JobView, problem: str) -> None:
        """What is wrong with one base keeps no other from going."""
        left = [item.name for item in job.state.databases if not item.delivered and item.failure is None]
        if left:
            self.find("I4", "stopped by another base", f"{job.name}: {problem}, {left} were not tried")
