"""The commands. Nothing heavy is imported before the command that needs it runs."""

from __future__ import annotations

import os
import sys
import traceback
from gettext import bindtextdomain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tui_transfer import __version__
from tui_transfer.cli.help_pages import Group, PlainOption
from tui_transfer.errors import EXIT_CODE_MEANINGS, ExitCode, Problem, TransferError, unexpected
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.system.files import keep_process_private
from tui_transfer.system.streams import keep_streams_harmless
from tui_transfer.system.terminal import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from tui_transfer.cli.pace import Detail

    Command = TypeVar("Command", bound=Callable[..., object])

_EPILOG: Final = "\b\nCodes de retour :\n" + "\n".join(
    f"  {code.value:>2}  {meaning}" for code, meaning in EXIT_CODE_MEANINGS.items()
)
_HELP: Final = {"help_option_names": ["-h", "--help"]}


def main() -> None:
    """The console script: runs a command and turns every failure into French and an exit code."""
    keep_process_private()
    # click finds its French words through gettext, whose language is that of the environment.
    os.environ["LANGUAGE"] = "fr"
    bindtextdomain("messages", str(Path(__file__).with_name("locale")))
    keep_streams_harmless()
    try:
        code = cli.main(prog_name="tui-transfer", standalone_mode=False)
    except TransferError as error:
        _show(error)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Abandonné.", err=True)
        code = ExitCode.INTERRUPTED
    except SystemExit:
        # What click makes of a broken pipe: whoever read our lines went away, and a worker goes on by itself.
        code = ExitCode.INTERRUPTED
    except Exception as error:
        traceback.print_exc()
        failure = unexpected(error)
        _show(failure)
        code = failure.exit_code
    sys.exit(int(code or 0))


def _show(error: TransferError) -> None:
    from tui_transfer.cli.lines import show_failure

    show_failure(error)


_detail_options = (
    click.option("--quiet", is_flag=True, help="Ne dit que la fin de chaque base, et ce qu’il faut faire."),
    click.option("--verbose", is_flag=True, help="Dit l’avancement toutes les cinq secondes."),
)
_screen_options = (
    click.option(
        "--plain",
        is_flag=True,
        help="Tout en lignes simples, pour un lecteur d’écran ou un terminal sommaire ; comme ACCESSIBLE=1.",
    ),
    click.option("--screens", is_flag=True, help="Les écrans, même si ACCESSIBLE=1."),
    *_detail_options,
    click.option("--no-mouse", is_flag=True, help="Laisse la souris au terminal."),
    click.option("--no-color", is_flag=True, help="Sans couleurs, comme avec la variable NO_COLOR."),
)


def _with_options(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """A decorator that adds `options` to a command, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings=_HELP,
    epilog=_EPILOG,
    subcommand_metavar="[COMMANDE]",
)
@_with_options(_screen_options)
@click.version_option(__version__, prog_name="tui-transfer", help="Affiche la version.")
@click.pass_context
def cli(
    context: click.Context,
    plain: bool,
    screens: bool,
    quiet: bool,
    verbose: bool,
    no_mouse: bool,
    no_color: bool,
) -> int:
    """Transfère les bases de données d’Impact emploi vers l’Urssaf (Sharebox).

    Sans commande : ouvre le centre de maintenance. Les secrets se donnent à l’écran ou par les variables
    TUI_TRANSFER_SFTP_PASSWORD, TUI_TRANSFER_KEY_PASSPHRASE, TUI_TRANSFER_PROXY_PASSWORD et
    TUI_TRANSFER_ARCHIVE_PASSWORD.
    """
    if context.invoked_subcommand is not None:
        if plain or screens or quiet or verbose or no_mouse or no_color:
            raise click.UsageError(
                "--plain, --quiet, --verbose, --no-mouse et --no-color suivent le nom de la commande."
            )
        return 0
    detail = _detail(quiet=quiet, verbose=verbose)
    if _wants_lines(plain=plain, screens=screens) or not is_terminal(sys.__stdout__):
        from tui_transfer.cli.plain import centre

        return centre.run(Home.find(), detail, practise=lambda: _practise(detail))
    _prepare_screen(no_color=no_color)
    from tui_transfer.tui.app import run_app

    return run_app(
        Home.find(), mouse=not no_mouse, practise=lambda: _demo_on_screen(False, None, mouse=not no_mouse)
    )


_connection_options = (
    click.option(
        "--proxy", metavar="URL", help="Passe par ce proxy : http://[IDENTIFIANT@]HÔTE:PORT, socks5://…"
    ),
    click.option(
        "--accept-host-key",
        "host_key",
        metavar="EMPREINTE",
        help="Accepte aussi cette clé de serveur : SHA256:…, MD5:… ou une ligne de known_hosts.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Un événement JSON par ligne."),
)


def _practise(detail: Detail) -> None:
    from tui_transfer.cli import rehearsal

    rehearsal.run_plain(behind_proxy=False, rate=None, say=click.echo, detail=detail)


def _detail(*, quiet: bool, verbose: bool) -> Detail:
    """How much is said while a transfer is under way."""
    from tui_transfer.cli.pace import Detail

    if quiet and verbose:
        raise click.UsageError("--quiet et --verbose ne vont pas ensemble.")
    return Detail.QUIET if quiet else Detail.VERBOSE if verbose else Detail.NORMAL


def _wants_lines(*, plain: bool, screens: bool) -> bool:
    """Whether there are to be plain lines instead of screens; where nobody asked for them it says why."""
    if plain or screens:
        if plain and screens:
            raise click.UsageError("--plain et --screens ne vont pas ensemble.")
        return plain
    if not (is_terminal(sys.stdin) and is_terminal(sys.__stdout__)):
        return False
    if os.environ.get("ACCESSIBLE", "0") not in {"", "0"}:
        click.echo("Lignes simples, parce que ACCESSIBLE=1. Pour les écrans : tui-transfer --screens")
        return True
    if os.environ.get("TERM") in {"dumb", "unknown"}:
        click.echo("Lignes simples, parce que TERM=dumb. Pour les écrans : un autre terminal.")
        return True
    return False


@cli.command(context_settings=_HELP)
@click.argument("databases", nargs=-1, metavar="[BASE]…")
@click.option("--all", "everything", is_flag=True, help="Toutes les bases de la configuration.")
@click.option(
    "--yes", is_flag=True, help="Confirme d’avance, même sans certains prérequis : le rapport les nommera."
)
@_with_options(_detail_options)
@_with_options(_connection_options)
def run(
    databases: tuple[str, ...],
    everything: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **connection: str | None,
) -> int:
    """Transfère des bases sans écran.

    Chaque BASE est désignée par son nom ou par son chemin. Sans BASE : celles que la configuration marque
    actives.
    """
    from tui_transfer.cli import headless

    detail = _detail(quiet=quiet, verbose=verbose)
    return headless.run(
        databases, everything=everything, yes=yes, as_json=as_json, detail=detail, **connection
    )


@cli.command(context_settings=_HELP)
@click.argument("job", required=False, metavar="[TRANSFERT]")
@click.option("--stop", is_flag=True, help="Interrompt le transfert en cours, au lieu de le suivre.")
@click.option("--yes", is_flag=True, help="Transfère aussi les bases trouvées endommagées.")
@_with_options(_detail_options)
@_with_options(_connection_options)
def resume(
    job: str | None,
    stop: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **connection: str | None,
) -> int:
    """Reprend un transfert interrompu, ou suit celui en cours.

    Sans TRANSFERT : celui qui est en cours, sinon le dernier qui n’est pas terminé. Le début de son nom, tel
    que « jobs » le donne, suffit. Ctrl+C n’interrompt que le transfert que cette commande a repris ; celui
    qu’elle ne fait que suivre continue.
    """
    from tui_transfer.cli import headless

    detail = _detail(quiet=quiet, verbose=verbose)
    return headless.resume(job, stop=stop, yes=yes, as_json=as_json, detail=detail, **connection)


@cli.command(context_settings=_HELP)
@click.option("--verify", is_flag=True, help="Cherche ce qu’un accident a abîmé dans leurs journaux.")
@click.option("--json", "as_json", is_flag=True, help="Un objet JSON par ligne.")
def jobs(verify: bool, as_json: bool) -> int:
    """Liste les transferts, du plus récent au plus ancien.

    Ceux qui ont été refusés avant de commencer y sont aussi, et ce qui reste des bases sur cette machine.
    """
    from tui_transfer.cli import listing, upkeep

    if verify and as_json:
        raise click.UsageError("--verify et --json ne vont pas ensemble.")
    home = Home.find()
    upkeep.finish_removals(home)  # what stays of a database is told of jobs alone
    return listing.verify_jobs(home) if verify else listing.list_jobs(home, as_json=as_json)


@cli.command(context_settings=_HELP)
@click.argument("jobs", nargs=-1, metavar="[TRANSFERT]…")
@click.option(
    "--older-than",
    cls=PlainOption,
    metavar="JOURS",
    type=click.IntRange(min=0),
    help="Seulement ceux auxquels rien n’est arrivé depuis ce nombre de jours.",
)
@click.option("--local", is_flag=True, help="Sans se connecter à Sharebox : les restes y demeurent.")
@click.option("--yes", is_flag=True, help="Confirme d’avance.")
def purge(jobs: tuple[str, ...], older_than: int | None, local: bool, yes: bool) -> int:
    """Supprime de cette machine les transferts arrêtés.

    Ils sont terminés, ou interrompus : dans ce cas, les fichiers partiels (« .part ») qu’ils ont laissés sur
    Sharebox sont supprimés aussi, mais jamais un fichier remis. Sans TRANSFERT : tous, sauf celui qui est en
    cours et ceux qui sont abîmés.
    """
    from tui_transfer.cli import upkeep

    return upkeep.purge(Home.find(), jobs, older_than, yes=yes, local=local)


@cli.command(context_settings=_HELP)
@click.argument("job", required=False, metavar="[TRANSFERT]")
@click.option(
    "--eml",
    metavar="FICHIER",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Enregistre le message comme brouillon.",
)
@click.option("--send", is_flag=True, help="Envoie le message par la messagerie que nomment les réglages.")
@click.option("--sent/--not-sent", "sent", default=None, help="Retient que ce message est envoyé, ou non.")
def report(job: str | None, eml: Path | None, send: bool, sent: bool | None) -> int:
    """Affiche le message à envoyer, ou l’envoie.

    Sans TRANSFERT : celui du dernier. Le début de son nom, tel que « jobs » le donne, suffit. Avec --send, le
    mot de passe de la messagerie est demandé, ou donné par la variable TUI_TRANSFER_SMTP_PASSWORD. Ce qui
    est retenu comme envoyé n’est plus rappelé.
    """
    from tui_transfer.cli import headless, listing
    from tui_transfer.job import control
    from tui_transfer.report.message import make_message
    from tui_transfer.system.files import write_private

    if sent is not None and (send or eml is not None):
        raise click.UsageError("--sent et --not-sent ne vont avec aucune autre option.")
    home = Home.find()
    follower = control.Follower(control.find(home, job))
    if sent is not None:
        return listing.mark_report(follower.job, sent=sent)
    if eml is not None:
        write_private(eml.absolute(), make_message(follower.state).eml())
        click.echo(f"Message enregistré : {eml.absolute()}")
    if send:
        from tui_transfer.cli import mailing

        return mailing.send(home, follower)
    if eml is None:
        headless.print_message(follower.state)
    return ExitCode.SUCCESS


@cli.command(context_settings=_HELP)
@click.argument("words", nargs=-1, metavar="[TRANSFERT]")
@click.option(
    "--out",
    metavar="DOSSIER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copie le reçu signé, sa page et les réponses de Sharebox dans ce dossier.",
)
@click.option("--local", is_flag=True, help="Sans chercher de réponses sur Sharebox.")
@click.option(
    "--check",
    "file",
    metavar="FICHIER",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Dit ce qui a été modifié : du reçu, de sa page, du journal, et des ARCHIVES données ensuite.",
)
def receipt(words: tuple[str, ...], out: Path | None, local: bool, file: Path | None) -> int:
    """Affiche un reçu signé, ou en vérifie un.

    Il y a un reçu de chaque transfert remis, qui reste quand « purge » a supprimé le transfert. Ce que
    Sharebox a répondu à côté des archives est cherché, et gardé avec lui. Sans TRANSFERT : celui du dernier.
    Le début de son nom suffit. Avec --check, le code de retour est 11 si quelque chose a été modifié.
    """
    from tui_transfer.cli import receipts

    home = Home.find()
    if file is not None:
        if out is not None:
            raise click.UsageError("--check et --out ne vont pas ensemble.")
        return receipts.check(home, file, [Path(word) for word in words])
    if len(words) > 1:
        raise click.UsageError("Un seul TRANSFERT à la fois ; les archives vont avec --check.")
    return receipts.show(home, next(iter(words), None), out, local=local)


@cli.command(context_settings=_HELP)
@click.option("--json", "as_json", is_flag=True, help="Un seul document JSON.")
def check(as_json: bool) -> int:
    """Vérifie les prérequis, puis la connexion étape par étape.

    Le résultat se copie tel quel dans une demande d’aide. Aucune clé de serveur n’est acceptée, rien n’est
    laissé sur Sharebox. Sans TUI_TRANSFER_SFTP_PASSWORD, s’arrête avant l’identification.
    """
    from tui_transfer.cli import checkup

    home = Home.find()
    if as_json:
        return checkup.check_as_json(home)
    settings = config.load(home.config_file)
    click.echo(f"Configuration : {home.config_file}")
    return checkup.check(settings, home, click.echo)


@cli.command(context_settings=_HELP)
@click.argument("number", required=False, metavar="[PAGE]", type=click.IntRange(1, 10))
@click.option("--plain", is_flag=True, help="Sans les dessins d’écrans, qui sont décrits : pour l’écouter.")
def guide(number: int | None, plain: bool) -> int:
    """Affiche le guide de la procédure.

    Il a dix pages : sans PAGE, toutes. Le même guide s’ouvre depuis le centre de maintenance.
    """
    from tui_transfer.cli import guidance

    return guidance.show(number, aloud=plain)


@cli.command("support-bundle", context_settings=_HELP)
@click.argument("file", required=False, metavar="[FICHIER]", type=click.Path(path_type=Path))
@click.option("--check", "connect", is_flag=True, help="Essaie aussi la connexion à Sharebox.")
@click.option("--yes", is_flag=True, help="Confirme d’avance.")
def support_bundle(file: Path | None, connect: bool, yes: bool) -> int:
    """Prépare un fichier zip pour qui vous aide.

    Ce qu’il contient est montré d’abord : journaux, réglages, versions, contrôles. Aucun secret, aucune base
    n’y est ; les noms et les chemins y sont remplacés par des numéros. Sans FICHIER : dans le dossier
    courant.
    """
    from tui_transfer.cli import support

    return support.make_bundle(Home.find(), file, connect=connect, yes=yes)


@cli.group("config", context_settings=_HELP, subcommand_metavar="COMMANDE")
def config_group() -> None:
    """Montre où sont les réglages, et ce qu’ils sont."""


@config_group.command("path", context_settings=_HELP)
def config_path() -> int:
    """Affiche l’emplacement de la configuration."""
    click.echo(Home.find().config_file)
    return ExitCode.SUCCESS


@config_group.command("import", context_settings=_HELP)
@click.argument("file", metavar="FICHIER", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Confirme d’avance.")
def config_import(file: Path, yes: bool) -> int:
    """Reprend une configuration reçue, après l’avoir montrée.

    Ce qui ne va pas est dit en entier, et rien n’est changé alors. La configuration d’avant est gardée à
    côté. FICHIER « - » : l’entrée standard.
    """
    from tui_transfer.cli import received

    return received.import_config(Home.find(), file, yes=yes)


@config_group.command("show", context_settings=_HELP)
def config_show() -> int:
    """Affiche la configuration telle qu’elle est comprise.

    Elle ne contient aucun secret.
    """
    click.echo(config.render(config.load(Home.find().config_file)), nl=False)
    return ExitCode.SUCCESS


@cli.command(context_settings=_HELP)
@click.option("--headless", is_flag=True, help="Sans écran : transfère tout, et compare ce qui est arrivé.")
@click.option("--behind-proxy", is_flag=True, help="Refuse la connexion directe, pour essayer l’étape 5bis.")
@click.option("--rate", metavar="DÉBIT", help="Ralentit la liaison, en bit/s : 500K, 8M…")
@_with_options(_screen_options)
def demo(
    headless: bool,
    behind_proxy: bool,
    rate: str | None,
    plain: bool,
    screens: bool,
    quiet: bool,
    verbose: bool,
    no_mouse: bool,
    no_color: bool,
) -> int:
    """Fait toute la procédure avec un Sharebox d’essai.

    Les bases sont inventées, et tout se passe dans un dossier temporaire.
    """
    from tui_transfer.cli import rehearsal
    from tui_transfer.demo.rate import parse_rate

    bits_per_second = parse_rate(rate) if rate else None
    if headless:
        return rehearsal.run_headless(behind_proxy=behind_proxy, rate=bits_per_second, say=click.echo)
    if _wants_lines(plain=plain, screens=screens):
        detail = _detail(quiet=quiet, verbose=verbose)
        return rehearsal.run_plain(
            behind_proxy=behind_proxy, rate=bits_per_second, say=click.echo, detail=detail
        )
    _prepare_screen(no_color=no_color)
    return _demo_on_screen(behind_proxy, bits_per_second, mouse=not no_mouse)


def _demo_on_screen(behind_proxy: bool, rate: int | None, *, mouse: bool) -> int:
    from tui_transfer.cli import rehearsal
    from tui_transfer.tui.app import run_app
    from tui_transfer.tui.practice import Practice, PracticeProxy

    click.echo("Préparation de la démonstration…")
    with rehearsal.prepared(behind_proxy=behind_proxy, rate=rate) as (stage, home):
        proxy = None
        if stage.proxy is not None:
            access = stage.proxy
            proxy = PracticeProxy(access.host, access.port, access.username, access.password)
        practice = Practice(stage.password, stage.fingerprint, stage.delivered, proxy)
        return run_app(home, practice, mouse=mouse)


def _prepare_screen(*, no_color: bool) -> None:
    """Sees that there is a screen to draw on, before what draws on it is loaded.

    Raises:
        TransferError: TERMINAL_UNSUITABLE, in one clear line, rather than escapes into a pipe.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.__stdout__)):
        reason = "L’entrée ou la sortie n’est pas un terminal."
    elif os.environ.get("TERM") == "dumb":
        reason = "La variable TERM vaut « dumb »."
    else:
        if no_color:
            os.environ["NO_COLOR"] = "1"  # read by the libraries of the screen when they are loaded
        return
    raise TransferError(Problem.TERMINAL_UNSUITABLE, reason=reason)
