"""The receipts of a home: a folder for each delivered job, which stays when the job goes.

It holds `recu-<job>.json`, its signature, the page that says the same, and in `reponses/` what the Sharebox
answered. The JSON comes last: where it is, the others are. A receipt is written once. `allowed_signers` has
every key that signed one here, as `ssh-keygen -Y verify` takes it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.errors import Problem, TransferError
from tui_transfer.report import receipt_page, signature
from tui_transfer.report.message import identity
from tui_transfer.report.receipt import Answer, make_receipt, sha256
from tui_transfer.report.signer import account_signer
from tui_transfer.settings.config import data_beside, receipts_beside
from tui_transfer.system.files import (
    UnfitFileError,
    disk_errors,
    keep_private_folder,
    printable,
    read_file,
    write_private,
)
from tui_transfer.system.locks import Lock, LockHeldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tui_transfer.job.control import Follower, Job
    from tui_transfer.report.public_key import PublicKey
    from tui_transfer.report.signer import Signer
    from tui_transfer.settings.config import Home

LONGEST_ANSWER: Final = 1 << 20
"""Bytes."""
SIGNERS_NAME: Final = "allowed_signers"
_LOCK_NAME: Final = ".lock"
_LOCK_LIMIT: Final = 30.0
"""Seconds for whoever writes a receipt."""


@dataclass(frozen=True)
class ReceiptFiles:
    """Where the receipt of a job is, or would be."""

    folder: Path
    job: str

    @classmethod
    def of(cls, receipts: Path, job: str) -> ReceiptFiles:
        """Those of a home's job."""
        return cls(receipts / job, job)

    @classmethod
    def around(cls, file: Path) -> ReceiptFiles:
        """Those that lie together with one of them, wherever they were copied."""
        name = file.name
        for ending in (".json.sig", ".json", ".html"):
            name = name.removesuffix(ending)
        return cls(file.parent, name.removeprefix(receipt_page.name_of("")))

    @property
    def content(self) -> Path:
        """The JSON."""
        return self.folder / f"{receipt_page.name_of(self.job)}.json"

    @property
    def signature(self) -> Path:
        """The signature of the JSON."""
        return self.folder / f"{receipt_page.name_of(self.job)}.json.sig"

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / f"{receipt_page.name_of(self.job)}.html"

    @property
    def answers_folder(self) -> Path:
        """Where answers are kept."""
        return self.folder / "reponses"

    @property
    def exists(self) -> bool:
        """Whether there is a receipt."""
        return self.content.is_file()

    def answers(self) -> tuple[Answer, ...]:
        """What the Sharebox answered, as it is kept.

        Raises:
            TransferError: DISK_UNWRITABLE.
        """
        with disk_errors(self.answers_folder):
            try:
                files = sorted(self.answers_folder.iterdir())
            except FileNotFoundError:
                return ()
            found = []
            for file in files:
                with contextlib.suppress(UnfitFileError, FileNotFoundError):
                    content = read_file(file, LONGEST_ANSWER)
                    found.append(Answer(name=printable(file.name), size=len(content), sha256=sha256(content)))
            return tuple(found)


def describe_receipt(files: ReceiptFiles, command: str) -> str:
    """Where the receipt of a delivered job is, or that it is missing; `command` shows it, and writes it."""
    if not files.exists:
        return f"Le reçu signé n’a pas pu être écrit. Pour l’écrire : {command}"
    return f"Reçu signé, à garder (« {command} » le montre) : {printable(files.page)}"


def keep_receipt(job: Job, signer: Signer) -> ReceiptFiles | None:
    """Writes the receipt of a job where there is none yet; None where the job is not delivered.

    Raises:
        TransferError: what keeps the job from being read; DISK_FULL or DISK_UNWRITABLE.
    """
    receipts = receipts_beside(job.folder.parent)
    files = ReceiptFiles.of(receipts, job.id)
    if files.exists:
        return files
    with receipts_lock(receipts):
        if not files.exists and not _write(job, files, signer):
            return None
        return files


@contextlib.contextmanager
def receipts_lock(receipts: Path) -> Iterator[None]:
    """While the body runs nobody else writes or removes receipts.

    Raises:
        TransferError: DISK_FULL; DISK_UNWRITABLE, also where somebody else does for long.
    """
    lock = Lock(keep_private_folder(receipts) / _LOCK_NAME, _LOCK_LIMIT, create=True)
    try:
        lock.acquire()
    except LockHeldError as error:
        reason = "un autre programme est en train d’y écrire"
        raise TransferError(Problem.DISK_UNWRITABLE, path=printable(receipts), reason=reason) from error
    try:
        yield
    finally:
        lock.release()


def keep_receipt_of(follower: Follower, passphrase: str | None = None) -> ReceiptFiles | None:
    """The same for whoever is not connected.

    Args:
        follower: of the job.
        passphrase: of the account's key, where somebody gave it.
    """
    home = data_beside(follower.job.folder.parent)
    return keep_receipt(follower.job, account_signer(home, follower.state.sharebox, passphrase))


def _write(job: Job, files: ReceiptFiles, signer: Signer) -> bool:
    receipt = make_receipt(job, files.answers())
    if receipt is None:
        return False
    page = receipt_page.page(receipt)
    content = msgspec.structs.replace(receipt, page=sha256(page)).encode()
    made = signer.sign(content)
    key = signature.verify(made, content)
    write_private(files.page, page)
    write_private(files.signature, made)
    _remember(files.folder.parent, key.allowed_signer(identity(job.spec)))
    write_private(files.content, content)
    return True


def _remember(receipts: Path, line: str) -> None:
    """Adds a line to the keys that signed here, unless it is there."""
    file = receipts / SIGNERS_NAME
    with disk_errors(file):
        try:
            known = read_file(file).decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            known = []
    if line not in known:
        write_private(file, "".join(f"{one}\n" for one in (*known, line)).encode())


def known_signers(receipts: Path) -> Sequence[str]:
    """The keys that signed receipts of this home, as lines of `authorized_keys` without comment.

    Raises:
        TransferError: DISK_UNWRITABLE.
    """
    file = receipts / SIGNERS_NAME
    with disk_errors(file):
        try:
            lines = read_file(file).decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return ()
    return [" ".join(line.split()[2:4]) for line in lines]


def knows(receipts: Path, key: PublicKey) -> bool:
    """Whether the key signed receipts of this home."""
    return key.line in known_signers(receipts)


def find_receipts(home: Home, wanted: str) -> list[str]:
    """The jobs whose names begin with `wanted` and that have a receipt, be the jobs there or not.

    Raises:
        TransferError: DISK_UNWRITABLE.
    """
    with disk_errors(home.receipts):
        try:
            names = sorted(folder.name for folder in home.receipts.iterdir())
        except FileNotFoundError:
            return []
    return [name for name in names if name.startswith(wanted) and ReceiptFiles.of(home.receipts, name).exists]
