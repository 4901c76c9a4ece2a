"""What a blocked job needs, as far as the program can tell without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Need, Problem, TransferError

if TYPE_CHECKING:
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.tui.session import Session


_OTHER_THAN_A_PROXY: Final = frozenset({"name", "refused", "other-port", "network"})
"""Causes of a direct connection that was not made which are likelier mended elsewhere than by a proxy."""


def is_of_the_address(failure: TransferError) -> bool:
    """Whether an address, a port or a cable is at fault before any proxy is."""
    return failure.details.get("cause") in _OTHER_THAN_A_PROXY or failure.problem is Problem.NOT_SSH


def still_asked(
    failure: TransferError, sharebox: ShareboxSettings, session: Session, job: str
) -> TransferError | None:
    """What is to be asked before a job that ended with `failure` can be gone on with at all: a secret that
    nobody has given since, or whether a damaged database is to go. None where it can be tried.

    What was refused is not told again: what was refused is not there any more.
    """
    if failure.need is Need.DAMAGE:
        return failure
    if failure.need is Need.PASSWORD and sharebox.key_file is None and session.sftp_password is None:
        return TransferError(Problem.PASSWORD_NEEDED, username=sharebox.username)
    if failure.need is Need.PASSPHRASE and session.key_passphrase is None:
        return TransferError(Problem.KEY_PASSPHRASE_NEEDED, **failure.details)
    if failure.need is Need.PROXY_PASSWORD and session.proxy_password is None:
        return TransferError(Problem.PROXY_CREDENTIALS_NEEDED, **failure.details)
    if failure.need is Need.ARCHIVE_PASSPHRASE and job not in session.archive_passwords:
        advice = "Saisissez celle que vous avez notée au début de ce transfert."
        return TransferError(Problem.ARCHIVE_PASSPHRASE_NEEDED, **{"advice": advice, **failure.details})
    return None


def forget_refused(failure: TransferError, session: Session, job: str = "") -> None:
    """Drops the secret that was refused to a job: it is not tried twice, accounts get locked."""
    match failure.need:
        case Need.PASSWORD:
            session.sftp_password_was_refused(session.sftp_password)
        case Need.PASSPHRASE:
            session.key_passphrase = None
        case Need.PROXY_PASSWORD:
            session.proxy_password = None
        case Need.ARCHIVE_PASSPHRASE:
            session.archive_passwords.pop(job, None)


def corrected_host_key(
    failure: TransferError, sharebox: ShareboxSettings, session: Session
) -> str | tuple[str, ...] | None:
    """The keys that were put in the configuration since the job met another than it expected."""
    if failure.problem is not Problem.HOST_KEY_CHANGED:
        return None
    session.reload()
    now = session.settings.sharebox if session.settings else sharebox
    if (now.host, now.port) != (sharebox.host, sharebox.port):
        return None
    expected = failure.details.get("expected", "").split(", ")
    return now.host_key if set(now.host_keys) - set(expected) else None


def needs_secret(failure: TransferError, sharebox: ShareboxSettings) -> bool:
    """Whether a password or a passphrase makes `failure` go away.

    Where a key is what was refused, no password is asked.
    """
    need = failure.need
    return need in (Need.PASSPHRASE, Need.ARCHIVE_PASSPHRASE) or (
        need is Need.PASSWORD and sharebox.key_file is None
    )
