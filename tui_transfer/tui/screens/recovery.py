"""Which modal asks for what a blocked job needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem
from tui_transfer.tui.route_trial import Destination, proposed_proxy
from tui_transfer.tui.screens.failure import FailureDialog
from tui_transfer.tui.screens.host_key import HostKeyDialog
from tui_transfer.tui.screens.proxy_form import ProxyForm
from tui_transfer.tui.screens.secret import SecretDialog

if TYPE_CHECKING:
    from tui_transfer.config import ShareboxSettings
    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Follower
    from tui_transfer.tui.screens.answers import Answer
    from tui_transfer.tui.screens.dialog import Dialog
    from tui_transfer.tui.session import Session

NEED_PROXY: Final = frozenset(
    {
        Problem.SHAREBOX_UNREACHABLE,
        Problem.NOT_SSH,
        Problem.PROXY_UNREACHABLE,
        Problem.PROXY_CREDENTIALS_NEEDED,
        Problem.PROXY_CREDENTIALS_REFUSED,
        Problem.PROXY_CERTIFICATE_UNKNOWN,
        Problem.PROXY_METHOD_UNKNOWN,
        Problem.PROXY_FORBIDDEN,
        Problem.PROXY_NO_ROUTE,
        Problem.PROXY_PROTOCOL,
    }
)
_NEED_PASSPHRASE: Final = frozenset({Problem.KEY_PASSPHRASE_NEEDED, Problem.KEY_PASSPHRASE_WRONG})


def forget_refused(failure: TransferError, session: Session) -> None:
    """Drops the secret that was refused: it is not tried twice, accounts get locked."""
    if failure.problem is Problem.CREDENTIALS_REFUSED:
        session.sftp_password = None
    elif failure.problem is Problem.KEY_PASSPHRASE_WRONG:
        session.key_passphrase = None
    elif failure.problem is Problem.PROXY_CREDENTIALS_REFUSED:
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
    practice = session.practice
    if failure.problem in NEED_PROXY:
        return _proxy_form(failure, follower, session)
    if failure.problem is Problem.HOST_KEY_UNKNOWN:
        return HostKeyDialog(failure, practice)
    sharebox = follower.state.sharebox
    uses_key = sharebox.key_file is not None
    asks_password = failure.problem is Problem.PASSWORD_NEEDED or (
        failure.problem is Problem.CREDENTIALS_REFUSED and not uses_key
    )
    if asks_password or failure.problem in _NEED_PASSPHRASE:
        return SecretDialog(failure, f"{sharebox.username} sur {sharebox.host}", practice)
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
