"""Which page or dialog follows which. `follow` is the procedure of the fact sheet, from top to bottom.

Pages and dialogs say what happened (`happenings.py`) and know nothing of one another. Each is loaded when it
is first opened: the Centre de maintenance, which `app.py` opens, is then painted sooner.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from tui_transfer.archive.passphrase import make_passphrase
from tui_transfer.errors import Need
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.tui import happenings as it
from tui_transfer.tui.answers import Answer, Elsewhere, Pasted
from tui_transfer.tui.recovery import is_of_the_address, needs_secret
from tui_transfer.tui.route_trial import Destination, proposed_proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Follower
    from tui_transfer.settings.config import DatabaseSettings, ShareboxSettings
    from tui_transfer.tui.centre import Centre
    from tui_transfer.tui.dialogs.dialog import Dialog
    from tui_transfer.tui.dialogs.proxy_form import ProxyForm
    from tui_transfer.tui.dialogs.secret import SecretDialog
    from tui_transfer.tui.session import Session


def follow(centre: Centre, happening: it.Happening) -> None:
    """Opens what follows, over the page where it happened (`push`) or in its place (`switch`)."""
    push, switch = centre.push_screen, centre.switch_screen
    match happening:
        # 1. The Centre de maintenance. 2. « Maintenir », from its menu or after the prerequisites (0).
        case it.PrerequisitesChosen():
            from tui_transfer.tui.screens.prerequisites import PrerequisitesPage

            push(PrerequisitesPage())
        case it.MaintainChosen(instead):
            from tui_transfer.tui.screens.maintain import MaintainPage

            (switch if instead else push)(MaintainPage())

        # 3. The button « Transfert database vers Urssaf ».
        case it.TransferPressed(instead):
            from tui_transfer.tui.screens.databases import DatabasesPage

            (switch if instead else push)(DatabasesPage())

        # 4. The databases: add one, remove one, « Transférer ».
        case it.AdditionAsked(known, start):
            from tui_transfer.tui.dialogs.add_database import AddDatabaseDialog

            push(AddDatabaseDialog(known, start), partial(_add, centre, happening))
        case it.SearchAsked(known, then):
            from tui_transfer.tui.dialogs.found_databases import FoundDatabasesDialog

            push(FoundDatabasesDialog(known, None, centre.session.home.data), then)
        case it.RemovalAsked(name, then):
            from tui_transfer.tui.dialogs.questions import RemovalDialog

            push(RemovalDialog(name), then)

        # 5. « Oui » or « Non ».
        case it.DatabasesChosen(looks, sharebox, unmet, then, handed):
            from tui_transfer.tui.dialogs.confirm import ConfirmDialog

            push(ConfirmDialog(looks, sharebox, unmet, handed), then)

        case it.PassphraseMade(passphrase, then):
            from tui_transfer.tui.dialogs.passphrase import PassphraseDialog

            push(PassphraseDialog(passphrase), then)

        # 5a and 5b. Progression, C and T: nothing to do but wait. A job of before is joined, or gone on with.
        case it.JobMade(job):
            from tui_transfer.tui.screens.transfer import TransferPage

            switch(TransferPage(job, begin=True))
        case it.JobJoined(job):
            from tui_transfer.tui.screens.transfer import TransferPage

            switch(TransferPage(job, begin=False, joined=True))
        case it.JobChosen(job, begin):
            from tui_transfer.tui.screens.transfer import TransferPage

            push(TransferPage(job, begin=begin))

        # 5bis. The proxy, or whatever else the job needs of a person.
        case it.JobBlocked(failure, follower, then) if _lacks_passphrase(failure, follower):
            follow(centre, _new_passphrase(then))
        case it.JobBlocked(failure, follower, then):
            _ask_what_it_needs(centre, failure, follower, then)
        case it.LoginQuestionAsked(asked, account, then):
            from tui_transfer.tui.dialogs.login_question import LoginQuestionDialog

            push(LoginQuestionDialog(asked, account), then)
        case it.JobUnreadable():
            _tell_that_it_cannot_be_shown(centre, happening)

        # 5c. « OK », and on to 6.
        case it.JobSucceeded(job, state):
            from tui_transfer.report.receipts import ReceiptFiles
            from tui_transfer.tui.dialogs.success import SuccessDialog

            done = it.MessageChosen(job, instead=True)
            receipt = ReceiptFiles.of(centre.session.home.receipts, job.id)
            push(SuccessDialog(state, receipt, centre.session.practice), lambda _: centre.tell(done))

        # 6. « Message à envoyer ».
        case it.MessageChosen(job, instead):
            from tui_transfer.tui.screens.report import ReportPage

            (switch if instead else push)(ReportPage(job))
        case it.SendingAsked(mail, recipients, then):
            from tui_transfer.tui.dialogs.questions import SendingDialog

            push(SendingDialog(mail.sender, recipients, mail.host), then)
        case it.MailPasswordNeeded(failure, mail, then):
            from tui_transfer.tui.dialogs.secret import SecretDialog

            push(SecretDialog(failure, f"{mail.username} sur {mail.host}"), then)
        case it.SendingFailed(failure):
            from tui_transfer.tui.dialogs.failure import FailureDialog

            push(FailureDialog(failure, None))
        case it.FinishedChosen(job, instead, said):
            from tui_transfer.tui.screens.finished import FinishedPage

            (switch if instead else push)(FinishedPage(job, said))
        case it.TextAsked(text):
            from tui_transfer.tui.screens.plain import PlainPage

            push(PlainPage(text))

        case _:
            _follow_aside(centre, happening)


def _follow_aside(centre: Centre, happening: it.Aside) -> None:
    """What is not a step of the procedure, and can be done at any time."""
    push = centre.push_screen
    match happening:
        # « Historique ».
        case it.HistoryChosen():
            from tui_transfer.tui.screens.history import HistoryPage

            push(HistoryPage())
        case it.PurgeAsked(follower, left, kept, then):
            from tui_transfer.tui.dialogs.purge import PurgeDialog

            push(PurgeDialog(follower, left, kept), then)

        case it.GuideChosen():
            from tui_transfer.tui.screens.guide import GuidePage

            push(GuidePage())

        # The first start: a configuration that was received, or a demonstration.
        case it.ImportChosen(then):
            from tui_transfer.tui.dialogs.import_config import ImportDialog

            push(ImportDialog(centre.session.home), lambda taken: then() if taken else None)
        case it.DemoChosen():
            centre.practise()

        # « Réglages », and « Tester la connexion », which the prerequisites offer, too.
        case it.SettingsChosen(at):
            from tui_transfer.tui.screens.settings import SettingsPage

            push(SettingsPage(at))
        case it.ForgettingAsked(then):
            from tui_transfer.tui.dialogs.questions import ForgettingDialog

            push(ForgettingDialog(), then)
        case it.LeftUnsaved(then):
            from tui_transfer.tui.dialogs.unsaved import UnsavedDialog

            push(UnsavedDialog(), then)
        case it.TrialAsked(settings, orders):
            from tui_transfer.tui.dialogs.diagnosis import DiagnosisDialog

            push(DiagnosisDialog(settings, orders, centre.session.home.servers))
        case it.SecretNeeded(failure, sharebox, then):
            push(_secret_dialog(failure, sharebox, centre.session), then)

        # « ? », « : » and « Quitter ».
        case it.HelpAsked(screen, text):
            from tui_transfer.tui.dialogs.help import HelpDialog

            push(HelpDialog(screen, "\n\n".join(part for part in (text, centre.session.contact) if part)))
        case it.CommandsAsked(screen, then):
            from tui_transfer.tui.dialogs.palette import PaletteDialog

            push(PaletteDialog(screen), then)
        case it.LeavingAsked(then):
            from tui_transfer.tui.dialogs.leaving import EndDemoDialog, LeavingDialog

            push(LeavingDialog() if centre.session.practice is None else EndDemoDialog(), then)

        case it.UnsentRemembered(follower, then):
            from tui_transfer.tui.dialogs.unsent import UnsentDialog

            push(UnsentDialog(follower), then)
        case it.InterruptionAsked(then):
            from tui_transfer.tui.dialogs.questions import InterruptionDialog

            push(InterruptionDialog(), then)

        case _:
            assert_never(happening)


def _add(
    centre: Centre, asked: it.AdditionAsked, given: tuple[DatabaseSettings, ...] | Pasted | None
) -> None:
    """What is to be added; of several paths that were pasted, after the person has seen what they are."""
    if not isinstance(given, Pasted):
        asked.then(given)
        return
    from tui_transfer.tui.dialogs.found_databases import FoundDatabasesDialog

    centre.push_screen(FoundDatabasesDialog(asked.known, given.paths, centre.session.home.data), asked.then)


def _tell_that_it_cannot_be_shown(centre: Centre, job: it.JobUnreadable) -> None:
    from tui_transfer.tui.dialogs.failure import FailureDialog

    def closed(answer: Answer | Elsewhere | None) -> None:
        if job.then is not None:
            job.then(None if isinstance(answer, Elsewhere) else answer)
        if answer is Elsewhere.DATABASES:
            follow(centre, it.TransferPressed())

    centre.push_screen(FailureDialog(job.failure, job.job), closed)


def _ask_what_it_needs(
    centre: Centre, failure: TransferError, follower: Follower, then: Callable[[Answer | None], None]
) -> None:
    dialog = _dialog_for(failure, follower, centre.session)
    if dialog is not None:
        centre.push_screen(dialog, then)
        return
    from tui_transfer.tui.dialogs.failure import FailureDialog

    def chosen(answer: Answer | Elsewhere | None) -> None:
        if answer is Elsewhere.PROXY:
            centre.push_screen(_proxy_form(failure, follower, centre.session), then)
            return
        then(None if isinstance(answer, Elsewhere) else answer)
        if answer is Elsewhere.DATABASES:
            follow(centre, it.TransferPressed(instead=True))

    concerns_all = follower.state.problem_database is None
    failed = () if concerns_all else follower.state.failed
    centre.push_screen(FailureDialog(failure, follower.job, failed, at=follower.state.updated_at), chosen)


def _dialog_for(failure: TransferError, follower: Follower, session: Session) -> Dialog[Answer | None] | None:
    """What asks for that which makes `failure` go away; None where it is explained rather than asked."""
    may_be_the_address = is_of_the_address(failure) and session.practice is None
    if failure.need in (Need.PROXY, Need.PROXY_PASSWORD):
        return None if may_be_the_address else _proxy_form(failure, follower, session)
    if failure.need is Need.HOST_KEY:
        from tui_transfer.tui.dialogs.host_key import HostKeyDialog

        named = session.settings.manager.contact if session.settings else None
        return HostKeyDialog(failure, session.practice, named)
    if failure.need is Need.DAMAGE:
        from tui_transfer.tui.dialogs.damaged import DamagedDialog

        return DamagedDialog(follower.state)
    if needs_secret(failure, follower.state.sharebox):
        return _secret_dialog(failure, follower.state.sharebox, session)
    return None


def _lacks_passphrase(failure: TransferError, follower: Follower) -> bool:
    """Whether a job stopped before its archives got a passphrase."""
    return failure.need is Need.ARCHIVE_PASSPHRASE and follower.state.locked is None


def _new_passphrase(then: Callable[[Answer | None], None]) -> it.PassphraseMade:
    passphrase = make_passphrase()

    def noted(agreed: bool | None) -> None:
        then(Answer(archive_password=passphrase) if agreed else None)

    return it.PassphraseMade(passphrase, noted)


def _proxy_form(failure: TransferError, follower: Follower, session: Session) -> ProxyForm:
    from tui_transfer.tui.dialogs.proxy_form import ProxyForm

    state = follower.state
    configured = session.settings.proxy if session.settings else None
    proxy = state.proxy or state.spec.proxy or configured
    return ProxyForm(
        failure,
        Destination(
            state.sharebox.host,
            state.sharebox.port,
            state.sharebox.host_keys or fingerprints(state.host_key),
        ),
        proxy,
        session.proxy_password,
        proposed=None if proxy or session.practice else proposed_proxy(),
        practice=session.practice.proxy if session.practice else None,
    )


def _secret_dialog(failure: TransferError, sharebox: ShareboxSettings, session: Session) -> SecretDialog:
    from tui_transfer.tui.dialogs.secret import SecretDialog

    return SecretDialog(
        failure,
        f"{sharebox.username} sur {sharebox.host}",
        session.practice,
        were_capitals=session.refused_in_capitals,
    )
