"""What a blocked job needs, as far as the program can tell without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import Need, Problem

if TYPE_CHECKING:
    from tui_transfer.errors import TransferError
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.tui.session import Session


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
