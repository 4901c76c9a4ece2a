"""Trying the connection: to the Sharebox, stage by stage, or through a proxy that a person gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui_transfer.cli import checkup, questions
from tui_transfer.cli.lines import show_failure
from tui_transfer.cli.plain.doing import Visit, does
from tui_transfer.deeds import Deed
from tui_transfer.errors import ExitCode, TransferError
from tui_transfer.settings import config
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.tui.route_trial import Destination, try_proxy

if TYPE_CHECKING:
    from tui_transfer.settings.config import ProxySettings, ShareboxSettings


@does(Deed.TEST)
def test(visit: Visit) -> None:
    """Tries it as a transfer would; the password is asked, as there."""
    settings = config.load(visit.home.config_file)
    code = checkup.check_connection(settings, visit.home, click.echo, visit.secrets)
    found = "est" if code is ExitCode.SUCCESS else "n’est pas"
    click.echo(f"La connexion à Sharebox {found} en ordre.")


def say_where_it_leads(sharebox: ShareboxSettings, proxy: ProxySettings, password: str | None) -> None:
    """Goes through a proxy up to the key of the Sharebox, and says whether that is the one expected."""
    destination = Destination(sharebox.host, sharebox.port, sharebox.host_keys)
    try:
        fingerprint = try_proxy(destination, proxy, password, Cancellation())
    except TransferError as error:
        show_failure(error)
        return
    expected = " C’est bien le serveur attendu." if sharebox.host_keys else ""
    signs = questions.in_groups(fingerprint)
    click.echo(f"Ce proxy mène à un serveur, dont l’empreinte est : {signs}.{expected}")
