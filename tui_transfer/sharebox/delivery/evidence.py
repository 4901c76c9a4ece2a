"""What may be said of a file that was given to the Sharebox, from what was seen of it. Pure, without I/O.

A file is sent to its partial name (`NAME.part`), closed, compared with what was sent, and renamed to its
final name (`NAME`). After each of these steps both names are looked at, and `judge` looks the evidence up in
the table below: the first row that fits says either what became of the file, or what is to be done or looked
at next. Nothing else decides that, and what is said of a delivery is an `Arrival`, which can be made of
nothing but evidence for which the table says how the file was verified.

The rules behind the table:

- A rename counts by its effect, whatever the reply to it was, and a reply without an effect does not count.
- « No such file » is never a refusal to tell: who looks and finds nothing has seen that nothing is there.
- The content was compared under the partial name just before a rename that was acknowledged, or it is
  compared under the final name; otherwise nothing is called verified.
- A file that is gone, after the server acknowledged all of it, is lost, unless a trial file of our own goes
  at the same step too: then the server takes away what it is given.
- Where the server lets nobody stat, list or read even a trial file, its acknowledgement of the rename is all
  that there will ever be.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet


class Step(StrEnum):
    """The last step that was asked of the server for a file, and what is known of its outcome."""

    SENDING = "sending"
    """It is not known to be whole: at most a part of it was sent."""
    CLOSING = "closing"
    """All of it was acknowledged, and its closing was asked for; nobody has seen it since."""
    CLOSED = "closed"
    """It was seen under its partial name after that."""
    RENAMING = "renaming"
    """Its rename was asked for; the answer was lost, and nobody has seen it since."""
    RENAMED = "renamed"
    """The server acknowledged the rename."""
    REFUSED = "refused"
    """The server refused the rename, or says so."""


class Look(StrEnum):
    """What was seen under a name."""

    RIGHT = "right"
    """A file of the size that was sent."""
    WRONG = "wrong"
    """A file of another size."""
    ABSENT = "absent"
    """Nothing: « no such file »."""
    FORBIDDEN = "forbidden"
    """The account may neither stat it nor list its folder."""
    UNCLEAR = "unclear"
    """The server tells no size, or failed to answer the question."""


class Content(StrEnum):
    """How a file there compares with what was sent."""

    UNKNOWN = "unknown"
    """It was not compared."""
    SAME_HASH = "same-hash"
    """The server computed the same SHA-256."""
    SAME_BYTES = "same-bytes"
    """It was read back, and has the same SHA-256."""
    SAME_MEANWHILE = "same-meanwhile"
    """It was read back, and is the same: what was acknowledged while the rest was sent; after the close what
    was left, and once more its beginning, its end and places drawn at random. Said of a partial file alone.
    """
    DIFFERENT = "different"
    FORBIDDEN = "forbidden"
    """The account may not read it."""


class TrialFate(StrEnum):
    """What became of a trial file."""

    NONE = "none"
    """None was sent yet."""
    STAYED = "stayed"
    """It could be seen under both names, one after the other."""
    GONE_AT_CLOSE = "gone-at-close"
    GONE_AT_RENAME = "gone-at-rename"
    HIDDEN = "hidden"
    """Its rename was acknowledged, to stat, list and read it was refused by permission, and there was
    something to remove, or that was refused too."""


class Verification(StrEnum):
    """How it was made sure that a file arrived whole. The values stand in journals, reports and JSON."""

    SERVER_HASH = "server-hash"
    """The server computed the same SHA-256."""
    READ_BACK = "read-back"
    """It was read back, and is the same."""
    SIZE_ONLY = "size-only"
    """The server lets nobody read it; its size is right."""
    NONE = "none"
    """The server takes away what it is given, or tells nothing of it."""

    @property
    def compares_content(self) -> bool:
        """Whether that proves that every byte arrived."""
        return self in (Verification.SERVER_HASH, Verification.READ_BACK)


class Next(Enum):
    """What is to be done before more can be said."""

    SEND = "send"
    """Send it, or what is missing or differs of it."""
    COMPARE_PART = "compare part"
    RENAME = "rename"
    COMPARE_FINAL = "compare final"
    TRY = "try"
    """Send a trial file."""
    RECALL = "recall"
    """Rename it back, which shows whether the final name is ours."""


class Trouble(Enum):
    """What keeps a file from being delivered."""

    LOST = "lost"
    """It is gone."""
    NOT_RENAMED = "not renamed"
    """The rename was acknowledged, and not done."""
    RENAME_REFUSED = "rename refused"
    NAME_TAKEN = "name taken"
    """Another file has the final name."""
    DAMAGED = "damaged"
    """What got the final name is not what was sent."""
    UNCLEAR = "unclear"
    """The server's answers do not tell what became of it; looking again later may."""


Verdict: TypeAlias = Verification | Next | Trouble


@dataclass(frozen=True)
class Evidence:
    """What was seen of one file so far.

    Attributes:
        step: the last step.
        part: what was seen under the partial name after it.
        final: what was seen under the final name after it.
        part_content: how the partial file compared, when it was last seen.
        final_content: how what has the final name compares.
        trial: what became of a trial file.
    """

    step: Step = Step.SENDING
    part: Look = Look.ABSENT
    final: Look = Look.ABSENT
    part_content: Content = Content.UNKNOWN
    final_content: Content = Content.UNKNOWN
    trial: TrialFate = TrialFate.NONE

    def in_words(self) -> dict[str, str]:
        """The same as it is kept in a journal."""
        return {item.name: str(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_words(cls, words: dict[str, str]) -> Evidence:
        """What `in_words` gave.

        Raises:
            KeyError, ValueError: it did not give that.
        """
        return cls(
            Step(words["step"]),
            Look(words["part"]),
            Look(words["final"]),
            Content(words["part_content"]),
            Content(words["final_content"]),
            TrialFate(words["trial"]),
        )


@dataclass(frozen=True)
class Arrival:
    """A file that is on the Sharebox, or was taken over by it: the one thing that a delivery is made of.

    Attributes:
        path: where it is, or was when it was taken.
        evidence: what was seen.
        modified: when it was last written by the server's clock, in seconds since 1970, where that tells.
        verification: what the table says of that.

    Raises:
        ValueError: the evidence does not show that it arrived.
    """

    path: str
    evidence: Evidence
    modified: int | None = field(default=None, compare=False)
    verification: Verification = field(init=False)

    def __post_init__(self) -> None:
        verdict = judge(self.evidence)
        if not isinstance(verdict, Verification):
            raise ValueError(f"no arrival: {verdict}")
        object.__setattr__(self, "verification", verdict)

    @property
    def read_meanwhile(self) -> bool:
        """Whether it was verified by reading it back while it was sent, and in places after the close."""
        seen = self.evidence
        return (
            self.verification is Verification.READ_BACK
            and seen.part_content is Content.SAME_MEANWHILE
            and seen.final_content is Content.UNKNOWN
        )


@dataclass(frozen=True)
class Delivery:
    """A database that is delivered: its archive arrived.

    Attributes:
        archive: that it did.
        refused: the files that were to lie beside it and that the server refuses, and why, in French.
    """

    archive: Arrival
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """That of the archive."""
        return self.archive.path

    @property
    def verification(self) -> Verification:
        """How the archive was verified."""
        return self.archive.verification

    @property
    def read_meanwhile(self) -> bool:
        """Whether that was done while it was sent, and in places after the close."""
        return self.archive.read_meanwhile


def judge(evidence: Evidence) -> Verdict:
    """What may be said of a file: how it was verified, what is to be done next, or what is wrong."""
    return next(row.verdict for row in TABLE if row.fits(evidence))


_Value = TypeVar("_Value", Step, Look, Content, TrialFate)


class Row(NamedTuple):
    """A line of the table: what is accepted in each column, None being anything, and the verdict."""

    step: AbstractSet[Step] | None
    part: AbstractSet[Look] | None
    final: AbstractSet[Look] | None
    part_content: AbstractSet[Content] | None
    final_content: AbstractSet[Content] | None
    trial: AbstractSet[TrialFate] | None
    verdict: Verdict

    def fits(self, evidence: Evidence) -> bool:
        """Whether the evidence has, in every column, something that is accepted there."""
        return (
            _accepts(self.step, evidence.step)
            and _accepts(self.part, evidence.part)
            and _accepts(self.final, evidence.final)
            and _accepts(self.part_content, evidence.part_content)
            and _accepts(self.final_content, evidence.final_content)
            and _accepts(self.trial, evidence.trial)
        )


def _accepts(accepted: AbstractSet[_Value] | None, value: _Value) -> bool:
    return accepted is None or value in accepted


def _of(*values: _Value) -> AbstractSet[_Value]:
    return frozenset(values)


# The words of the table.

_____: Final = None
"""Anything."""

sending, closing, closed = _of(Step.SENDING), _of(Step.CLOSING), _of(Step.CLOSED)
renaming, renamed, refused = _of(Step.RENAMING), _of(Step.RENAMED), _of(Step.REFUSED)
whole = closing | closed
not_renamed = whole | renaming
asked = renaming | renamed | refused

right, wrong, absent = _of(Look.RIGHT), _of(Look.WRONG), _of(Look.ABSENT)
forbidden, unclear = _of(Look.FORBIDDEN), _of(Look.UNCLEAR)
seen, untold = right | wrong, forbidden | unclear
unseen, maybe = absent | untold, right | untold
gone = absent | forbidden

unread, differs, unreadable = _of(Content.UNKNOWN), _of(Content.DIFFERENT), _of(Content.FORBIDDEN)
by_hash, by_bytes = _of(Content.SAME_HASH), _of(Content.SAME_BYTES)
by_reading = by_bytes | _of(Content.SAME_MEANWHILE)
same = by_hash | by_reading

no_trial, hidden = _of(TrialFate.NONE), _of(TrialFate.HIDDEN)
at_close, at_rename = _of(TrialFate.GONE_AT_CLOSE), _of(TrialFate.GONE_AT_RENAME)
untraced = hidden | at_close | at_rename

# fmt: off
TABLE: Final[tuple[Row, ...]] = tuple(Row(*columns) for columns in (
    # step            part       final    part_content final_content trial  verdict

    # What has the final name was compared. Whatever the server said of the rename, that counts.
    (_____,           _____,     maybe,     _____,      by_hash,    _____,     Verification.SERVER_HASH),
    (_____,           _____,     maybe,     _____,      by_bytes,   _____,     Verification.READ_BACK),
    (renamed,         unseen,    maybe,     _____,      differs,    _____,     Trouble.DAMAGED),
    (_____,           _____,     maybe,     _____,      differs,    _____,     Trouble.NAME_TAKEN),

    # The final name is seen, with the size. What was compared as the partial file is what was renamed.
    (renamed,         unseen,    right,     by_hash,    _____,      _____,     Verification.SERVER_HASH),
    (renamed,         unseen,    right,     by_reading, _____,      _____,     Verification.READ_BACK),
    (renamed,         unseen,    right,     unreadable, _____,      _____,     Verification.SIZE_ONLY),
    (_____,           _____,     right,     _____,      unread,     _____,     Next.COMPARE_FINAL),
    (renamed,         _____,     right,     _____,      unreadable, _____,     Verification.SIZE_ONLY),
    (renaming,        gone,      right,     _____,      unreadable, _____,     Verification.SIZE_ONLY),
    (refused,         absent,    right,     _____,      unreadable, _____,     Verification.SIZE_ONLY),
    (_____,           _____,     right,     _____,      unreadable, _____,     Trouble.NAME_TAKEN),

    # It is seen, with another size.
    (renamed,         unseen,    wrong,     _____,      _____,      _____,     Trouble.DAMAGED),
    (_____,           _____,     wrong,     _____,      _____,      _____,     Trouble.NAME_TAKEN),

    # From here on the final name is not seen. The file is yet to be sent.
    (sending,         _____,     unseen,    _____,      _____,      _____,     Next.SEND),

    # The partial file is seen: nothing took it.
    (renamed,         seen,      unseen,    _____,      _____,      _____,     Trouble.NOT_RENAMED),
    (refused,         seen,      unseen,    _____,      _____,      _____,     Trouble.RENAME_REFUSED),
    (not_renamed,     wrong,     unseen,    _____,      _____,      _____,     Next.SEND),
    (not_renamed,     maybe,     unseen,    differs,    _____,      _____,     Next.SEND),
    (not_renamed,     right,     unseen,    unread,     _____,      _____,     Next.COMPARE_PART),
    (not_renamed,     right,     unseen,    _____,      _____,      _____,     Next.RENAME),

    # The server does not tell whether the partial file is there. What can be read is; to rename it shows it.
    (whole,           untold,    unseen,    unread,     _____,      _____,     Next.COMPARE_PART),
    (whole,           untold,    unseen,    same,       _____,      _____,     Next.RENAME),
    (not_renamed,     forbidden, unseen,    _____,      _____,      _____,     Next.RENAME),

    # The partial file is gone, and no rename of ours was asked for.
    (closed,          absent,    unseen,    _____,      _____,      _____,     Trouble.LOST),
    (closing,         absent,    unseen,    _____,      _____,      no_trial,  Next.TRY),
    (closing,         absent,    unseen,    _____,      _____,      at_close,  Verification.NONE),
    (closing,         absent,    unseen,    _____,      _____,      _____,     Trouble.LOST),

    # It is gone after a rename, and under the final name there is nothing.
    (refused,         forbidden, absent,    _____,      _____,      _____,     Trouble.RENAME_REFUSED),
    (asked,           gone,      absent,    _____,      _____,      no_trial,  Next.TRY),
    (asked,           gone,      absent,    _____,      _____,      at_rename, Verification.NONE),
    (asked,           gone,      absent,    _____,      _____,      _____,     Trouble.LOST),

    # The server does not tell whether the final name is there. What can be read is.
    (asked,           unseen,    untold,    _____,      unread,     _____,     Next.COMPARE_FINAL),
    (renamed,         unseen,    forbidden, _____,      unreadable, no_trial,  Next.TRY),
    (renamed,         unseen,    forbidden, _____,      unreadable, untraced,  Verification.NONE),
    (renaming,        absent,    forbidden, _____,      unreadable, _____,     Next.RECALL),
    (refused,         unseen,    unseen,    _____,      _____,      _____,     Trouble.RENAME_REFUSED),

    (_____,           _____,     _____,     _____,      _____,      _____,     Trouble.UNCLEAR),
))
# fmt: on
