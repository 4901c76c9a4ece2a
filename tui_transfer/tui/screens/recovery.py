"""Which modal asks for what a blocked job needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import Need, Problem
from tui_transfer.tui.route_trial import Destination, proposed_proxy
from tui_transfer.tui.screens.failure import FailureDialog
from tui_transfer.tui.screens.host_key import HostKeyDialog
from tui_transfer.tui.screens.proxy_form import ProxyForm
from tui_transfer.tui.screens.secret import SecretDialog

if TYPE_CHECKING:
    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import ShareboxSettings
    from tui_transfer.tui.screens.answers import Answer
    from tui_transfer.tui.screens.dialog import Dialog
    from tui_transfer.tui.session import Session


def forget_refused(failure: TransferError, session: Session) -> None:
    """Drops the secret that was refused: it is not tried twice, accounts get locked."""
    match failure.need:
        case Need.PASSWORD:
            session.sftp_password = None
        case Need.PASSPHRASE:
            session.key_passphrase = None
        case Need.PROXY_PASSWORD:
            session.proxy_password = None


def corrected_host_key(failure: TransferError, sharebox: ShareboxSettings, session: Session) -> str | None:
    """The key that was put in the configuration since the job met another than it expected."""
    if failure.problem is not Problem.HOST_KEY_CHANGED:
        return None
    session.reload()
    now = session.settings.sharebox if session.settings else sharebox
    if (now.host, now.port) != (sharebox.host, sharebox.port):
        return None
    return now.host_key if now.host_key != failure.details.get("expected") else None


def dialog_for(failure: TransferError, follower: Follower, session: Session) -> Dialog[Answer | None]:
    """The modal that explains `failure` and asks for what makes it go away."""
    sharebox = follower.state.sharebox
    need = failure.need
    if need in (Need.PROXY, Need.PROXY_PASSWORD):
        return _proxy_form(failure, follower, session)
    if need is Need.HOST_KEY:
        return HostKeyDialog(failure, session.practice)
    # Where a key is what was refused, no password is asked.
    if need is Need.PASSPHRASE or (need is Need.PASSWORD and sharebox.key_file is None):
        return SecretDialog(failure, f"{sharebox.username} sur {sharebox.host}", session.practice)
    return FailureDialog(failure, follower.job)


def _proxy_form(failure: TransferError, follower: Follower, session: Session) -> ProxyForm:
    state = follower.state
    configured = session.settings.proxy if session.settings else None
    proxy = state.proxy or state.spec.proxy or configured
    return ProxyForm(
        failure,
        Destination(state.sharebox.host, state.sharebox.port, state.sharebox.host_key or state.host_key),
        proxy,
        session.proxy_password,
        proposed=None if proxy or session.practice else proposed_proxy(),
        practice=session.practice.proxy if session.practice else None,
    )
