"""Every screen and modal, each in the state that its picture shows; nothing depends on the machine."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
from msgspec.structs import replace
from textual.events import Paste
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.patience import LONGEST, rest
from tests.tui.stage import MEGA, Stage
from tui_transfer.archive.source import SourceKind, Summary
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.job import report_mark
from tui_transfer.job.control import Follower
from tui_transfer.job.orders import Orders
from tui_transfer.job.report_mark import ReportMark
from tui_transfer.preflight.checks import Check, Verdict
from tui_transfer.preflight.findings import Finding, Outcome
from tui_transfer.preflight.findings import Stage as ConnectionStage
from tui_transfer.report.receipts import ReceiptFiles
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, MailSettings, ProxySettings, TransferSettings
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.background import THREAD_NAME
from tui_transfer.tui.mailer import Opened
from tui_transfer.tui.paths import Match
from tui_transfer.tui.practice import Practice, PracticeProxy
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from tui_transfer.archive.companions import Selection
    from tui_transfer.job.attendance import Attendance
    from tui_transfer.job.control import Job

Drive = Callable[[Pilot[Any]], Awaitable[None]]

PRACTICE = Practice(
    password="rosier-lune",
    fingerprint=stage.FINGERPRINT,
    folder=Path("/tmp/demo/sharebox/depot"),
    proxy=PracticeProxy("127.0.0.1", 40128, "demo", "violette-é"),
)
_HOME = Path("/home/camille")
_RECEIPTS = _HOME / ".local/share/tui-transfer/receipts"
_NOWHERE = Home(Path("/srv/impact/config.toml"), Path("/srv/impact/none"))
_SUMMARIES = {
    Path(stage.PATHS[0]): Summary(
        SourceKind.SQLITE, 84 * MEGA, stage.NOW.timestamp(), 1, stamps="stamps of 0"
    ),
    Path(stage.PATHS[1]): Summary(
        SourceKind.FOLDER, 212 * MEGA, stage.NOW.timestamp() - 86_400, 1204, stamps="others"
    ),
}
_CHECKS = [
    Check("readable", "Bases présentes et lisibles", Verdict.OK, "3 bases."),
    Check("health", "Bases ni vides ni amoindries", Verdict.OK, "Rien à signaler."),
    Check("names", "Noms uniques, aucune base dans une autre", Verdict.OK, "Aucun doublon."),
    Check("companions", "Aucun fichier de verrou ou de journal à côté", Verdict.OK, "Rien à signaler."),
    Check("open", "Bases fermées dans les autres programmes", Verdict.WARNING,
          "« Base active » est ouverte dans impact (processus 4012). Fermez-y la base."),
    Check("space", "Place libre sur cette machine", Verdict.OK, "212 Go libres, 333 Mo nécessaires au plus."),
    Check("sharebox", "Sharebox joignable", Verdict.OK, "sharebox.example.org, port 22 répond."),
]  # fmt: skip
_NEEDED = TransferError(Problem.PASSWORD_NEEDED, username="exemple")
_REACHED = [
    Finding(ConnectionStage.NAME, Outcome.OK, "sharebox.example.org a pour adresse 192.0.2.10.", 0.018),
    Finding(ConnectionStage.ROUTE, Outcome.OK, "sharebox.example.org, port 22 répond.", 0.031),
    Finding(ConnectionStage.HOST_KEY, Outcome.OK, f"C’est la clé attendue, {stage.FINGERPRINT}.", 0.204),
    Finding(ConnectionStage.LOGIN, Outcome.OK, "« exemple » est accepté par mot de passe.", 0.118),
    Finding(ConnectionStage.FOLDER, Outcome.OK, "« /depot » accepte un fichier d’essai.", 0.162),
    Finding(ConnectionStage.ROOM, Outcome.OK, "84,2 Go libres.", 0.02),
    Finding(
        ConnectionStage.CAPABILITIES,
        Outcome.LOOK,
        "Renommer : oui ; reprendre un envoi coupé : non ; vérifier : par relecture ; forcer l’écriture sur "
        "disque : oui.",
        1.31,
    ),
]
_STOPPED = [
    *_REACHED[:3],
    Finding(
        ConnectionStage.LOGIN,
        Outcome.NOT_TRIED,
        "Sans mot de passe pour « exemple », l’essai s’arrête ici.",
        None,
        _NEEDED,
    ),
    *(Finding(later, Outcome.NOT_TRIED) for later in list(ConnectionStage)[5:]),
]


_CHANGED = TransferError(
    Problem.HOST_KEY_CHANGED,
    host="sharebox.example.org",
    fingerprint=stage.OTHER_FINGERPRINT,
    expected=stage.FINGERPRINT,
)
_BLOCKED = [
    *_REACHED[:2],
    Finding(ConnectionStage.HOST_KEY, Outcome.BLOCKING, _CHANGED.why, 0.204, _CHANGED),
    *(Finding(later, Outcome.NOT_TRIED) for later in list(ConnectionStage)[4:]),
]


@dataclass(frozen=True)
class Scene:
    """A picture: what is prepared in the stage, and what the person then does."""

    name: str
    keys: tuple[str, ...] = ()
    configured: bool = True
    encrypted: bool = False
    renamed: int = 0
    """How many names of a database are stored otherwise."""
    mail: MailSettings | None = None
    """The server that sends the report."""
    mail_program: bool = False
    """Whether a mail program can be opened."""
    job: Callable[[Stage], Job] | None = None
    open_job: bool = False
    """Whether the transfer screen shows the job from the start."""
    practice: Practice | None = None
    today: date = date(2022, 3, 2)
    ticked: int = 0
    paste: str = ""
    """What is pasted in the end."""
    forty: bool = False
    """Whether the list holds forty databases."""
    findings: Sequence[Finding] = ()
    """What « Tester la connexion » finds."""


_OVER_SSH = "cette session est à distance (SSH)"
_MAIL = MailSettings(host="smtp.example.org", username="exemple", sender="exemple@example.org")


_FOUND = [_HOME / f"Documents/Impact emploi/{name}.db" for name in ("paie 2021", "paie 2022")]
_FORTY = tuple(f"Association sportive et culturelle n° {number:02d}" for number in range(1, 41))
_FORTY_PATHS = tuple(f"/srv/impact/associations/{number:02d}/base.db" for number in range(1, 41))
_SUMMARIES |= {
    Path(path): Summary(SourceKind.SQLITE, (20 + number) * MEGA, stage.NOW.timestamp(), 1)
    for number, path in enumerate(_FORTY_PATHS)
}


def _summarize(renamed: int, path: Path, _: Selection) -> Summary:
    if path not in _SUMMARIES:
        raise TransferError(Problem.DATABASE_MISSING, path=path)
    return dataclasses.replace(_SUMMARIES[path], renamed=renamed)


class _KeptReceipt(ReceiptFiles):
    """It is there."""

    exists = True


def _receipt(_: Path, job: str) -> ReceiptFiles:
    return _KeptReceipt(_RECEIPTS / job, job)


def _find_matches(typed: str) -> list[Match]:
    folders = [Match(name, f"/srv/impact/{name}/", True) for name in ("archives", "sauvegardes")]
    files = [
        Match(name, f"/srv/impact/{name}", False) for name in ("base.db", "paie-2021.fdb", "paie-2022.fdb")
    ]
    return [match for match in folders + files if match.path.startswith(typed)]


def _never_starts(job: Job, orders: Orders, attendance: Attendance | None = None) -> int:
    raise TransferError(Problem.JOB_RUNNING, job=job.id)


def _running(stage_: Stage) -> Job:
    return stage_.job(stage.midway(), running=True)


def _overlapping(stage_: Stage) -> Job:
    return stage_.job(stage.two_at_once(), running=True)


def _cut(stage_: Stage) -> Job:
    """The connection was lost, and is tried again."""
    cut = ev.Waiting(at=stage.at(41), attempt=3, seconds=12, reason="Le serveur ne répond plus.")
    return stage_.job([*stage.midway(), cut], running=True)


def _in_use(stage_: Stage) -> Job:
    """Another program locks the first database."""
    begun = ev.ArchiveStarted(at=stage.at(2), database=0, kind="sqlite", size=84 * stage.MEGA, files=1)
    sizes = stage.sized(84 * stage.MEGA, 212 * stage.MEGA, 37 * stage.MEGA)
    locked = ev.DatabaseLocked(at=stage.at(3), database=0, seconds=30)
    return stage_.job([stage.started(), *sizes, stage.connected(), begun, locked], running=True)


def _succeeded(stage_: Stage) -> Job:
    return stage_.job(stage.all_delivered())


def _told(stage_: Stage) -> Job:
    """Delivered, and its report sent."""
    job = stage_.job(stage.delivered_alone(), names=stage.NAMES[:1])
    mark = ReportMark(by="camille", at=stage.at(600))
    (job.folder / report_mark.NAME).write_bytes(msgspec.json.encode(mark))
    return job


def _unverifiable(stage_: Stage) -> Job:
    return stage_.job(stage.all_delivered("size-only"))


def _blocked(problem: Problem, database: int | None = None, **details: object) -> Callable[[Stage], Job]:
    def make(stage_: Stage) -> Job:
        events = [*stage.midway(), stage.blocked(problem, database, **details)]
        return stage_.job(events)

    return make


_PROXY_DETAILS = {
    "proxy_host": "proxy.example.org",
    "proxy_port": 3128,
    "host": "sharebox.example.org",
    "port": 22,
}
_DIRECT = _blocked(
    Problem.SHAREBOX_UNREACHABLE, host="sharebox.example.org", port=22, reason="aucune réponse en 10 s"
)


def _refused(stage_: Stage) -> Job:
    proxy = ProxySettings(host="proxy.example.org", username="exemple")
    refusal = stage.blocked(
        Problem.PROXY_CREDENTIALS_REFUSED, proxy_host="proxy.example.org", reason="accès refusé (407)"
    )
    return stage_.job([stage.started(proxy=proxy), refusal])


_UNKNOWN_KEY = _blocked(
    Problem.HOST_KEY_UNKNOWN, host="sharebox.example.org", key_type="ED25519", fingerprint=stage.FINGERPRINT
)
_CHANGED_KEY = _blocked(
    Problem.HOST_KEY_CHANGED,
    host="sharebox.example.org",
    fingerprint=stage.OTHER_FINGERPRINT,
    expected=stage.FINGERPRINT,
)
_PASSWORD = _blocked(Problem.PASSWORD_NEEDED, username="exemple")
_REFUSED_PASSWORD = _blocked(
    Problem.CREDENTIALS_REFUSED,
    host="sharebox.example.org",
    username="exemple",
    method="ce mot de passe",
    said=" Le serveur dit : « 2 attempts left ». Il reste 2 essais avant que le compte ne soit bloqué.",
)
_DISK = _blocked(Problem.SHAREBOX_FULL, 1, path="/depot/exemple_1.7z.part", reason="plus d’espace libre")
_MISTYPED = _blocked(
    Problem.SHAREBOX_UNREACHABLE,
    host="sharebox.example.org",
    port=2222,
    reason="la connexion est refusée",
    cause="other-port",
    other_port=22,
)
_INTERRUPTED = _blocked(Problem.INTERRUPTED, reason="Interrompu à la demande")


def _locked(stage_: Stage) -> Job:
    lock = ev.ArchiveLocked(at=stage.at(1), salt="00" * 16, check="00" * 8)
    return stage_.job([lock, *stage.midway(), stage.blocked(Problem.ARCHIVE_PASSPHRASE_WRONG)])


def _past(stage_: Stage) -> Job:
    """One of each kind, and many more, the newest of which is at work."""
    days = (stage.NOW - timedelta(days=number) for number in count(1))
    for number in range(34):
        stage_.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=40 + number))
    damaged = stage_.job(stage.all_delivered(), created_at=next(days))
    damaged.journal.write_bytes(damaged.journal.read_bytes().replace(b"direct", b"detour"))
    stage_.job(stage.all_delivered("size-only"), created_at=next(days))
    for ending in (
        stage.blocked(Problem.INTERRUPTED, reason="Interrompu à la demande"),
        stage.blocked(Problem.SHAREBOX_FULL, 1, path="/depot/exemple_1.7z.part", reason="plus d’espace"),
    ):
        stage_.job([*stage.midway(), ending], created_at=next(days))
    stage_.job(stage.all_delivered(), created_at=next(days))
    return stage_.job(stage.midway(), running=True)


def _past_and_refused(stage_: Stage) -> Job:
    """The same, and two transfers that were asked for since and never began."""
    job = _past(stage_)
    stage_.refuse(1, Problem.PASSWORD_NEEDED, username="exemple")
    stage_.refuse(2, Problem.JOB_RUNNING, job=job.id)
    return job


def _moved(stage_: Stage) -> Job:
    """Interrupted, and then again where it was sent to another Sharebox."""
    there = replace(stage.settings().sharebox, host="depot2.example.org", directory="/urssaf")
    again = stage.connected(), ev.UploadStarted(at=stage.at(40), database=1, offset=0)
    interrupted = stage.blocked(Problem.INTERRUPTED, reason="Interrompu à la demande")
    return stage_.job([*stage.midway(), interrupted, stage.started(sharebox=there), *again, interrupted])


def _partly_failed(stage_: Stage) -> Job:
    """One base delivered, two that failed by themselves."""
    events = [
        stage.started(),
        *stage.sized(84 * MEGA, 212 * MEGA, 37 * MEGA),
        stage.connected(),
        _failed(0, Problem.DATABASE_CHANGED, path=stage.PATHS[0], reason="sa taille a changé"),
        *stage.delivered(1, 212 * MEGA, "folder"),
        _failed(2, Problem.DATABASE_MISSING, path=stage.PATHS[2]),
        stage.blocked(Problem.DATABASE_CHANGED, 0, path=stage.PATHS[0], reason="sa taille a changé"),
    ]
    return stage_.job(events)


def _damaged(stage_: Stage) -> Job:
    """SQLite finds the first base damaged."""
    reason = "page 1204"
    return stage_.job(
        [
            stage.started(),
            *stage.sized(84 * MEGA, 212 * MEGA, 37 * MEGA),
            stage.connected(),
            ev.IntegrityChecked(at=stage.at(4), database=0, integrity="damaged", found=reason, seconds=2),
            _failed(0, Problem.DATABASE_DAMAGED, path=stage.PATHS[0], reason=reason),
            stage.blocked(Problem.DATABASE_DAMAGED, 0, path=stage.PATHS[0], reason=reason),
        ]
    )


def _failed(database: int, problem: Problem, **details: str) -> ev.DatabaseFailed:
    return ev.DatabaseFailed(at=stage.at(5), database=database, problem=problem, details=details)


_FAULTY = "[manager]\nname = 3\n\n[sharebox]\nhost = 'depot.example.org'\nport = 'x'\nmot_de_passe = 'x'\n"
SCENES = (
    Scene("centre"),
    Scene("centre-en-cours", job=_running),
    Scene("centre-a-reprendre", job=_INTERRUPTED),
    Scene("centre-demonstration", practice=PRACTICE),
    Scene("centre-premiere-fois", configured=False),
    Scene("centre-rapport", job=_succeeded, ticked=10),
    Scene("centre-termine", job=_told, ticked=10),
    Scene("centre-beaucoup", job=_past, ticked=7),
    Scene("centre-quitter-rapport", job=_succeeded, ticked=10, keys=("q",)),
    Scene("configuration-recue", configured=False, keys=("u",)),
    Scene("configuration-montree", keys=("u",), paste=config.render(stage.settings())),
    Scene("configuration-defauts", keys=("u",), paste=_FAULTY),
    Scene("fini", job=_told, ticked=10, keys=("e",)),
    Scene("confirmation-deja-remise", job=_told, ticked=10, keys=("m", "t", "t")),
    Scene("maintenir", keys=("m",)),
    Scene("maintenir-grise", keys=("m",), today=date(2022, 2, 20)),
    Scene("maintenir-sans-configuration", keys=("m",), configured=False),
    Scene("prerequis", keys=("p", "down", "down"), ticked=4),
    Scene("prerequis-ouverte", keys=("p", "end", "up", "up"), ticked=10),
    Scene("essai-connexion", keys=("p", "y"), findings=_REACHED),
    Scene("essai-connexion-arrete", keys=("p", "y"), findings=_STOPPED),
    Scene("essai-connexion-bloque", keys=("p", "y"), findings=_BLOCKED),
    Scene("historique", keys=("h",), job=_past),
    Scene("historique-vide", keys=("h",)),
    Scene("historique-supprimer", keys=("h", "down", "down", "down", "delete"), job=_past),
    Scene("historique-refuse", keys=("h",), job=_past_and_refused),
    Scene("historique-ailleurs", keys=("h", "delete"), job=_moved),
    Scene("guide", keys=("f",)),
    Scene("guide-page", keys=("f", "down", "down", "down", "enter")),
    Scene("reglages", keys=("g",)),
    Scene("reglages-premiere-fois", keys=("g",), configured=False),
    Scene("reglages-erreurs", keys=("g", "down", "down", "down", *"@x", "down", *"0", "f4")),
    Scene("reglages-destinataires", keys=("g", *("down",) * 10, *"equipe", "f4")),
    Scene("reglages-messagerie", keys=("g", *("down",) * 12, "right", "down")),
    Scene("reglages-quitter", keys=("g", *"x", "escape")),
    Scene("bases", keys=("m", "t")),
    Scene("bases-quarante", keys=("m", "t", "z"), forty=True),
    Scene("bases-filtrer", keys=("m", "t", "z", "2", *"3"), forty=True),
    Scene("bases-chercher", keys=("m", "t", "1", "down", "space")),
    Scene("confirmation-quarante", keys=("m", "t", "z", "t"), ticked=10, forty=True),
    Scene("bases-ajouter", keys=("m", "t", "a")),
    Scene("bases-supprimer", keys=("m", "t", "delete")),
    Scene("confirmation", keys=("m", "t", "down", "space", "t"), ticked=10),
    Scene("confirmation-sans-prerequis", keys=("m", "t", "down", "space", "t"), ticked=0),
    Scene("confirmation-noms-changes", keys=("m", "t", "t"), ticked=0, renamed=3),
    Scene("confirmation-base-absente", keys=("m", "t", *("down", "space") * 2, "t"), ticked=10),
    Scene("phrase-secrete", keys=("m", "t", "t", "o"), ticked=10, encrypted=True),
    Scene("phrase-secrete-demandee", job=_locked, open_job=True),
    Scene("transfert", job=_running, open_job=True),
    Scene("transfert-deux", job=_overlapping, open_job=True),
    Scene("transfert-coupure", job=_cut, open_job=True),
    Scene("transfert-base-utilisee", job=_in_use, open_job=True),
    Scene("transfert-quitter", job=_running, open_job=True, keys=("q",)),
    Scene("transfert-interrompre", job=_running, open_job=True, keys=("q", "i")),
    Scene("demonstration-quitter", job=_running, open_job=True, practice=PRACTICE, keys=("q",)),
    Scene("transfert-interrompu", job=_INTERRUPTED, open_job=True, keys=("escape",)),
    Scene("transfert-succes", job=_succeeded, open_job=True),
    Scene("transfert-non-verifiable", job=_unverifiable, open_job=True),
    Scene("proxy", job=_DIRECT, open_job=True, practice=PRACTICE),
    Scene("proxy-erreurs", job=_refused, open_job=True,
          keys=("up", "up", *"0", "up", "home", *"un ", "down", "down", "down", *"secret", "enter")),
    Scene("cle-inconnue", job=_UNKNOWN_KEY, open_job=True, practice=PRACTICE),
    Scene("cle-refusee", job=_UNKNOWN_KEY, open_job=True, practice=PRACTICE, keys=(*"inconnue", "enter")),
    Scene("cle-differente", job=_UNKNOWN_KEY, open_job=True, keys=tuple(stage.OTHER_FINGERPRINT)),
    Scene("cle-comparee", job=_UNKNOWN_KEY, open_job=True, keys=tuple(stage.FINGERPRINT)),
    Scene("cle-changee", job=_CHANGED_KEY, open_job=True),
    Scene("mot-de-passe", job=_PASSWORD, open_job=True, practice=PRACTICE),
    Scene("mot-de-passe-refuse", job=_REFUSED_PASSWORD, open_job=True, keys=(*"tOUR", "f3")),
    Scene("echec", job=_DISK, open_job=True, keys=("w",)),
    Scene("echec-adresse", job=_MISTYPED, open_job=True),
    Scene("echec-plusieurs", job=_partly_failed, open_job=True),
    Scene("base-endommagee", job=_damaged, open_job=True),
    Scene("message", job=_succeeded, keys=("e",)),
    Scene("message-messagerie", job=_succeeded, keys=("e",), mail_program=True),
    Scene("message-ouvert", job=_succeeded, keys=("e", "e"), mail_program=True),
    Scene("message-serveur", job=_succeeded, keys=("e",), mail=_MAIL),
    Scene("message-confirmer", job=_succeeded, keys=("e", "e"), mail=_MAIL),
    Scene("message-mot-de-passe", job=_succeeded, keys=("e", "e", "o"), mail=_MAIL),
    Scene("message-seul", job=_succeeded, keys=("e", "w")),
    Scene("commandes", keys=("m", "t", "colon")),
    Scene("aide", keys=("m", "t", "question_mark")),
)  # fmt: skip


@contextmanager
def open_scene(scene: Scene, folder: Path) -> Iterator[tuple[CentreApp, Drive]]:
    """An app in the scene's state, and what drives it to the moment of the picture."""
    stage.use_utc()
    with ExitStack() as stack:
        transfer = TransferSettings(opens_on=stage.NOW.date(), encrypt=scene.encrypted)
        names, paths = (_FORTY, _FORTY_PATHS) if scene.forty else (stage.NAMES, stage.PATHS)
        given = stage.settings(names, paths, transfer=transfer, mail=scene.mail) if scene.configured else None
        set_up = stack.enter_context(Stage(folder, given))
        screens = "tui_transfer.tui.screens"
        for target, fake in (
            (f"{screens}.databases.summarize", partial(_summarize, scene.renamed)),
            ("tui_transfer.archive.source.summarize", partial(_summarize, scene.renamed)),
            ("tui_transfer.preflight.delivered.summarize", partial(_summarize, scene.renamed)),
            (f"{screens}.databases.make_passphrase", lambda: "cascade-tulipe-marbre-volcan-sirop-jardin"),
            ("tui_transfer.tui.dialogs.found_databases.search", lambda *_: iter(_FOUND)),
            ("tui_transfer.tui.dialogs.found_databases.known_places", lambda _: []),
            ("tui_transfer.tui.dialogs.found_databases.why_not", lambda *_: None),
            (f"{screens}.prerequisites.check_all", lambda *_: _CHECKS),
            ("tui_transfer.tui.dialogs.add_database.find_matches", _find_matches),
            ("tui_transfer.preflight.diagnosis.diagnose", lambda *_: (item for item in scene.findings)),
            (f"{screens}.transfer.control.start", _never_starts),
            (f"{screens}.transfer.control.start_new", _never_starts),
            ("tui_transfer.report.receipts.ReceiptFiles.of", _receipt),
            ("tui_transfer.tui.mailer.why_unavailable", lambda: None if scene.mail_program else _OVER_SSH),
            ("tui_transfer.tui.mailer.open_message", lambda _: Opened.WHOLE),
            ("pathlib.Path.home", lambda: _HOME),
        ):
            stack.enter_context(patch(target, fake))
        set_up.tick(scene.ticked)
        job = scene.job(set_up) if scene.job else None
        home = set_up.home if scene.configured else _NOWHERE
        app = CentreApp(home, scene.practice, lambda: scene.today)

        async def drive(pilot: Pilot[Any]) -> None:
            await pilot.pause()
            if scene.open_job and job is not None:
                last = Follower(job).state.updated_at
                shown_at = last.timestamp() + 1.0 if last else 0.0
                await app.push_screen(TransferPage(job, begin=False, clock=lambda: shown_at))
                await settle(pilot)
            for key in scene.keys:
                await pilot.press(key)
                await settle(pilot)
            if scene.paste:
                app.post_message(Paste(scene.paste))
                await settle(pilot)

        yield app, drive


async def settle(pilot: Pilot[Any]) -> None:
    """Until the threads beside the screen have handed over their results."""
    waited_for: set[threading.Thread] = set()
    while threads := {thread for thread in threading.enumerate() if thread.name == THREAD_NAME} - waited_for:
        for thread in threads:
            thread.join(timeout=LONGEST)
        waited_for |= threads
        await rest(pilot)  # what comes of one may begin another
    await rest(pilot)
    await rest(pilot)


async def follow(pilot: Pilot[Any], job: Job, *, begin: bool = False) -> TransferPage:
    """Shows the job on the transfer screen, over the first one."""
    page = TransferPage(job, begin=begin)
    await pilot.app.push_screen(page)
    await settle(pilot)
    return page
