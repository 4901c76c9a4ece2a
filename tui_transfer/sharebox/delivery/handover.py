"""Carries out what the evidence asks for, step by step, until a file has arrived or something is wrong.

How is decided here; what is to be done, and what may be said of it, stands in the table of `evidence`.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from paramiko.sftp import SFTP_FAILURE

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.evidence import (
    Arrival,
    Content,
    Evidence,
    Look,
    Next,
    Step,
    Trouble,
    Verification,
    judge,
)
from tui_transfer.sharebox.delivery.part import part_path
from tui_transfer.sharebox.delivery.sighting import Sighting, find, in_words, is_missing
from tui_transfer.sharebox.sftp.session import Attributes, SftpError

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.delivery.trial import Trials
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_LATE_SIZES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait for the size of what was just closed or renamed: object stores tell it late, 0 before."""
_COMPARED: Final = (Content.SAME_HASH, Content.SAME_BYTES, Content.SAME_MEANWHILE)
_TIMES_LOST: Final = 2
"""After the first time a file is sent once more; after the second a person is asked."""


class Parcel(Protocol):
    """A file to be handed over: what differs from one kind to another."""

    def size(self) -> int:
        """Its bytes; waited for where it is still being made."""

    @property
    def sent_afresh(self) -> bool:
        """Whether this very connection sent or compared all of it: to do so again would find the same."""

    def send(self) -> None:
        """Makes the partial file whole and closes it. The ledger learns of that before it is asked for."""

    def compare(self, path: str, seen: Attributes) -> Content | None:
        """Compares what is at `path` with it; None where nothing is there any more."""

    def forget(self) -> None:
        """What was sent of it is no longer there."""

    def about_to_rename(self) -> None:
        """It is whole and verified, as far as it can be."""


class Handover:
    """Hands over one file over one connection.

    Args:
        sharebox: where to.
        parcel: the file.
        ledger: what is known of its delivery, and its name; goes on learning.
        trials: tells what the server does with what it is given.
    """

    def __init__(self, sharebox: Sharebox, parcel: Parcel, ledger: Ledger, trials: Trials) -> None:
        self._sharebox = sharebox
        self._parcel = parcel
        self._ledger = ledger
        self._trials = trials
        self._final = sharebox.path(ledger.name)
        self._part = part_path(sharebox, ledger.name)
        self._was_sent_here = False
        self._at_part = self._at_final = Sighting()
        self._refusal: SftpError | None = None
        """Of the rename."""
        self._renamed_in_vain = False

    def run(self) -> Arrival:
        """Does all that is left to do. Safe to repeat after any failure.

        Raises:
            TransferError: DELIVERY_LOST, NAME_TAKEN, CONTENT_MISMATCH, ARRIVED_DAMAGED, what the server
                refuses, CONNECTION_LOST.
        """
        if self._ledger.arrival is None:
            evidence = self._look_after(Evidence(self._ledger.step))
            while not isinstance(verdict := judge(evidence), Verification):
                evidence = self._next(verdict, evidence)
            self._ledger.arrive(self._arrival(evidence))
        assert self._ledger.arrival is not None
        return self._ledger.arrival

    def _next(self, verdict: Next | Trouble, evidence: Evidence) -> Evidence:
        """Does what the table asks for; gives what was seen then."""
        match verdict:
            case Next.SEND:
                return self._send(evidence)
            case Next.COMPARE_PART:
                return self._compare_part(evidence)
            case Next.RENAME:
                return self._rename(evidence)
            case Next.COMPARE_FINAL:
                return self._compare_final(evidence)
            case Next.RECALL:
                return self._recall(evidence)
            case Next.TRY:
                return replace(evidence, trial=self._trials.fate(self._sharebox))
            case Trouble.LOST:
                return self._send_once_more()
            case Trouble.NOT_RENAMED:
                return self._rename_once_more(evidence)
        raise self._failure(verdict, evidence)

    def _look(self, evidence: Evidence) -> Evidence:
        """Looks at both names. A partial file that is there was not taken by what was asked before."""
        is_sent = evidence.step is not Step.SENDING  # before, what is there matters to the sender alone
        if self._part != self._final:
            self._at_part = find(self._sharebox, self._part) if is_sent else Sighting()
            self._at_final = find(self._sharebox, self._final)
        else:  # there is one name: it is the final one's from when it is given, and the partial file's before
            seen = find(self._sharebox, self._part) if is_sent else Sighting()
            is_final = evidence.step is Step.RENAMED
            self._at_part, self._at_final = (Sighting(), seen) if is_final else (seen, Sighting())
        part, step = self._at_part.look(self._parcel.size), evidence.step
        if step in (Step.CLOSING, Step.RENAMING) and part in (Look.RIGHT, Look.WRONG):
            step = Step.CLOSED
        self._ledger.reach(step)
        final = self._at_final.look(self._parcel.size)
        return replace(evidence, step=step, part=part, final=final, final_content=Content.UNKNOWN)

    def _look_after(self, evidence: Evidence) -> Evidence:
        """Looks at what was sent, until its size is as it should be, or had time to become so."""
        looked = self._look(evidence)
        for pause in _LATE_SIZES:
            if evidence.step is Step.SENDING or Look.WRONG not in (looked.part, looked.final):
                break
            self._sharebox.wait(pause)
            looked = self._look(evidence)
        return looked

    def _send(self, evidence: Evidence) -> Evidence:
        if evidence.step is not Step.SENDING:  # it is no longer as it was
            if self._parcel.sent_afresh:
                self._sharebox.knowledge.learn(keeps_what_it_shows=False)
                reason = _difference(self._at_part, self._parcel.size())
                raise TransferError(Problem.CONTENT_MISMATCH, path=self._part, reason=reason)
            self._ledger.reach(Step.SENDING)
            self._parcel.forget()
        self._parcel.send()
        self._was_sent_here = True
        return self._look_after(Evidence(Step.CLOSING))

    def _compare_part(self, evidence: Evidence) -> Evidence:
        content = self._parcel.compare(self._part, self._at_part.attributes or Attributes())
        if content is None:
            return replace(evidence, part=Look.ABSENT)
        step = evidence.step if content is Content.FORBIDDEN else Step.CLOSED
        self._ledger.reach(step)
        return replace(evidence, step=step, part_content=content)

    def _compare_final(self, evidence: Evidence) -> Evidence:
        content = self._parcel.compare(self._final, self._at_final.attributes or Attributes())
        if content is None:
            return replace(evidence, final=Look.ABSENT)
        return replace(evidence, final_content=content)

    def _rename(self, evidence: Evidence) -> Evidence:
        self._parcel.about_to_rename()
        if self._part == self._final:
            return self._leave_name(evidence)
        self._ledger.reach(Step.RENAMING)
        self._refusal = None
        with self._sharebox.refusals("renommage de", self._part):
            try:
                self._sharebox.sftp.rename(self._part, self._final)
            except SftpError as error:
                self._refusal = error
        if self._refusal is None:
            return self._look_after(replace(evidence, step=Step.RENAMED))
        if not is_missing(self._refusal):
            return self._look(replace(evidence, step=Step.REFUSED))
        return self._look_for_missing(evidence)

    def _leave_name(self, evidence: Evidence) -> Evidence:
        """The file has its final name from the start. Where it is not seen, it is there if its closing was
        acknowledged here; what another process knows of that is not enough.
        """
        is_seen = evidence.part in (Look.RIGHT, Look.WRONG)
        if not is_seen and evidence.part_content not in _COMPARED and not self._was_sent_here:
            return self._send(evidence)
        return self._look_after(replace(evidence, step=Step.RENAMED))

    def _look_for_missing(self, evidence: Evidence) -> Evidence:
        """The server found no partial file to rename: this rename did nothing, and what was known stands."""
        looked = self._look(evidence)
        if looked.part in (Look.RIGHT, Look.WRONG):
            return replace(looked, step=Step.REFUSED)
        self._refusal = None
        return replace(looked, part=Look.ABSENT)

    def _rename_once_more(self, evidence: Evidence) -> Evidence:
        self._ledger.reach(Step.CLOSED)
        if self._renamed_in_vain:
            reason = "la réponse est « fait », mais le fichier garde son nom provisoire"
            raise TransferError(
                Problem.SHAREBOX_REFUSED, operation="renommage de", path=self._part, reason=reason
            )
        self._renamed_in_vain = True
        return replace(evidence, step=Step.CLOSED)

    def _recall(self, evidence: Evidence) -> Evidence:
        """Takes the final name back, where nothing else shows that it is ours; it is given again then."""
        with self._sharebox.refusals("renommage de", self._final):
            try:
                self._sharebox.sftp.rename(self._final, self._part)
            except SftpError as error:
                if not is_missing(error):
                    raise
                return replace(evidence, final=Look.ABSENT)
        return self._look(Evidence(Step.CLOSED))

    def _send_once_more(self) -> Evidence:
        """The file is gone. So may the next one be; but not again and again."""
        self._parcel.forget()
        if self._ledger.lose() >= _TIMES_LOST:
            raise TransferError(Problem.DELIVERY_LOST, path=self._final)
        return self._look(Evidence())

    def _arrival(self, evidence: Evidence) -> Arrival:
        """What the evidence is of. A partial file that the rename left behind is of no more use."""
        if evidence.step is Step.CLOSING:
            return Arrival(self._part, evidence)
        if evidence.part in (Look.RIGHT, Look.WRONG):
            with self._sharebox.refusals("suppression de", self._part), contextlib.suppress(SftpError):
                self._sharebox.sftp.remove(self._part)
        seen = self._at_final.attributes
        return Arrival(self._final, evidence, seen.modified if seen else None)

    def _failure(self, trouble: Next | Trouble, evidence: Evidence) -> TransferError:
        """What keeps the file from being delivered."""
        match trouble:
            case Trouble.NAME_TAKEN:
                return TransferError(Problem.NAME_TAKEN, path=self._final)
            case Trouble.DAMAGED:
                reason = _difference(self._at_final, self._parcel.size())
                return TransferError(Problem.ARRIVED_DAMAGED, path=self._final, reason=reason)
            case Trouble.RENAME_REFUSED if self._refusal is not None:
                if evidence.part in (Look.RIGHT, Look.WRONG):
                    self._ledger.reach(Step.CLOSED)
                return in_words(self._sharebox, "renommage de", self._part, self._refusal)
        refusal = self._at_final.refusal or self._at_part.refusal or SftpError(SFTP_FAILURE, "")
        return in_words(self._sharebox, "accès à", self._final, refusal)


def _difference(seen: Sighting, size: int) -> str:
    found = seen.attributes.size if seen.attributes else None
    if found is not None and found != size:
        return f"{french.count(found, 'octet')} au lieu de {french.number(size)}"
    return "son empreinte SHA-256 diffère"
