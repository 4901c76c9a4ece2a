"""The report that is e-mailed once the databases are handed over: pure text made from a `JobState`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tui_transfer import __version__, french
from tui_transfer.errors import ExitCode, Problem, harmless, harmless_lines
from tui_transfer.job.beside import LIST, MANIFEST, SHA256, SIGNATURE, sha256_line
from tui_transfer.job.spec import slug, titled
from tui_transfer.job.state import VERIFIED, JobStatus
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report.author import describe_author
from tui_transfer.report.facts import encode_facts
from tui_transfer.report.files import (
    describe_files,
    describe_left_out,
    describe_renames,
    describe_true_names,
    listed,
)
from tui_transfer.report.integrity import describe_integrity
from tui_transfer.report.public_key import NAMESPACE, PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui_transfer.errors import TransferError
    from tui_transfer.job.control import Follower
    from tui_transfer.job.events import SpoolDamaged
    from tui_transfer.job.remains import SpoolContents
    from tui_transfer.job.spec import JobSpec, Waiver
    from tui_transfer.job.state import DatabaseState, JobState
    from tui_transfer.settings.config import ShareboxSettings

_PASTE_HERE: Final = (
    "[Collez ici le rapport complet à la place de cette ligne : s’il n’est pas dans le presse-papiers, le "
    "bouton « Copier le contenu » du centre de maintenance l’y met.]"
)

SUBJECT: Final = "Service Impact Emploi Association – Reprise de données – {manager}"

_VERIFICATIONS: Final = {
    "server-hash": "faite, par l’empreinte que Sharebox a calculée",
    "read-back": "faite, par relecture complète du fichier arrivé",
    "size-only": "impossible (remis, non vérifiable) : Sharebox ne laisse contrôler que la taille",
    "none": "impossible (remis, non vérifiable) : Sharebox retire ou cache les fichiers déposés",
}

_READ_MEANWHILE: Final = (
    "faite, par relecture : chaque octet, pendant l’envoi ou juste après ; puis, le fichier fermé, de "
    "nouveau sa taille, son premier et son dernier mégaoctet, et 64 endroits tirés au sort"
)

_ROUTES: Final = {
    "direct": "en direct",
    "http": "par le proxy HTTP",
    "https": "par le proxy HTTPS",
    "socks5": "par le proxy SOCKS5",
}


@dataclass(frozen=True)
class Message:
    """A message ready to be sent: subject, addresses, and plain text.

    `short` stands for the text where a mail program takes no long one: what was sent, and the request to
    paste the rest. `facts` are the same as JSON, attached where a file is made of it, under the name `job`.
    """

    subject: str
    recipients: tuple[str, ...]
    body: str
    short: str = ""
    facts: bytes = b""
    job: str = ""

    @property
    def recipients_line(self) -> str:
        """The addresses as mail programs take them in the « À » field."""
        return ", ".join(self.recipients)

    def mailto(self, *, short: bool = False) -> str:
        """A `mailto:` address (RFC 6068) that opens the message, or its short form, in a mail program."""
        to = ",".join(quote(address, safe="@") for address in self.recipients)
        text = quote((self.short if short else self.body).replace("\n", "\r\n"), safe="")
        return f"mailto:{to}?subject={quote(self.subject, safe='')}" + (f"&body={text}" if text else "")

    def eml(self) -> bytes:
        """The message as a file that mail programs open as a draft."""
        # Loaded when a message is written: the first screen, which names a transfer, does without.
        from tui_transfer.report.mime import draft

        return draft(self)


def make_message(state: JobState) -> Message:
    """The message about a job, whether or not it has succeeded; it never says more than was verified."""
    return Message(
        subject=harmless(_subject(state.spec)),
        recipients=state.spec.recipients,
        body=_text(
            "Bonjour,",
            _opening(state),
            _facts(state),
            *_databases(state),
            _checksums(state),
            _left_behind(state),
            _signatures(state),
            _prerequisites(state.spec),
            f"Cordialement,\n{state.spec.manager}",
            f"(Message préparé par tui-transfer {__version__})",
        ),
        short=_text("Bonjour,", conclusion(state), _facts(state), _PASTE_HERE),
        facts=encode_facts(state),
        job=state.spec.id,
    )


def _subject(spec: JobSpec) -> str:
    subject = SUBJECT.format(manager=spec.manager)
    return f"{spec.manager_id} – {subject}" if spec.manager_id else subject


def describe_manager(spec: JobSpec) -> str:
    """Who hands over: the number that tells them from all others, where there is one, and the name."""
    return f"{spec.manager_id}, {spec.manager}" if spec.manager_id else spec.manager


def describe_verification(verified: str | None, read_meanwhile: bool) -> str:
    """How an archive was checked, in French; the arguments are those of a database's state."""
    if read_meanwhile:
        return _READ_MEANWHILE
    return _VERIFICATIONS.get(verified or "", "pas encore faite")


def describe_words(said: str) -> str:
    """What the Sharebox had to say, as a French sentence."""
    return f"Le serveur dit : « {said} »."


def describe_route(route: str) -> str:
    """The way to the Sharebox, in French."""
    return _ROUTES.get(route, route)


def describe_reading(item: DatabaseState) -> str:
    """When the database was read, and whether it is known to have changed since; in French."""
    read = french.moment(item.read_at) if item.read_at else "pas encore faite"
    if not item.changed_since:
        return read
    return f"{read} ; la base a changé depuis, et son état actuel demande un nouveau transfert"


_DAMAGED: Final = {
    "archive": "l’archive préparée sur ce disque n’est plus telle qu’elle y a été écrite",
    "manifest": "le manifeste préparé sur ce disque n’est plus tel qu’il y a été écrit",
    "snapshot": "la copie de la base faite sur ce disque n’est plus telle qu’elle y a été écrite",
}


def describe_spool_damage(event: SpoolDamaged) -> str:
    """What was found of what this machine's disk keeps of a database, and what is done; in French."""
    if event.unproven:
        return (
            "archive préparée par une version précédente du programme, que celle-ci ne peut pas reprendre ; "
            "elle est préparée à nouveau"
        )
    found = _DAMAGED.get(event.part, "ce qui est préparé sur ce disque n’est plus ce qui y a été écrit")
    return f"{found} ; ce qui est altéré est refait à partir de la base"


def describe_spool(contents: SpoolContents) -> str:
    """What stays of the databases on this machine, with its size; in French, empty where there is nothing."""
    parts = []
    if contents.snapshot:
        parts.append(f"copie de la base, en clair : {french.size(contents.snapshot)}")
    if contents.archives:
        parts.append(f"archives : {french.size(contents.archives)}")
    return f"Reste sur cette machine : {', '.join(parts)}." if parts else ""


DAMAGE: Final = {Problem.JOURNAL_INVALID: "abîmé", Problem.JOURNAL_NEWER: "plus récent"}
"""What is said of a job that is there but cannot be understood, however often it is read."""


def describe_damage(error: TransferError) -> str:
    """Why a job cannot be read, in a word or two for a list."""
    return DAMAGE.get(error.problem, "illisible")


def describe_job(follower: Follower) -> str:
    """What became of a job, in two or three words for a list."""
    if follower.running:
        return "en cours"
    if follower.succeeded:
        return "réussi" if follower.state.all_verified else "remis, non vérifiable"
    failure = follower.failure
    return "interrompu" if failure and failure.exit_code is ExitCode.INTERRUPTED else "bloqué"


def _text(*sections: str) -> str:
    """Sections with a blank line between them. Some programs show the narrow space as a box."""
    text = "\n\n".join(section for section in sections if section) + "\n"
    return harmless_lines(text).replace(french.NARROW, french.NO_BREAK)


def conclusion(state: JobState) -> str:
    """What became of the job, in one or two French sentences, true to what was verified."""
    total = len(state.databases)
    bases = french.count(total, "base de données", "bases de données")
    if state.status is not JobStatus.SUCCEEDED:
        return f"Le transfert n’est pas terminé : {_so_far(state)}."
    if state.all_verified:
        if total == 1:
            return "Une base de données a été transférée vers Sharebox ; son contenu y a été vérifié."
        return f"{bases} ont été transférées vers Sharebox ; leur contenu y a été vérifié."
    if total == 1:
        return "Une base de données a été remise à Sharebox, qui ne permet pas d’en vérifier le contenu."
    unverified = sum(item.verified not in VERIFIED for item in state.databases)
    return (
        f"{bases} ont été remises à Sharebox, dont {unverified} sans vérification possible : Sharebox ne "
        "permet pas d’en relire le contenu."
    )


def _so_far(state: JobState) -> str:
    total, done = len(state.databases), sum(item.delivered for item in state.databases)
    if total == 1:
        return "la base de données n’est pas encore remise à Sharebox"
    if done == 0:
        bases = french.count(total, "base de données", "bases de données")
        return f"aucune des {bases} n’est encore remise à Sharebox"
    return f"{french.count(done, 'base de données est remise', 'bases de données sont remises')} sur {total}"


def _opening(state: JobState) -> str:
    """What became of the job; where it is not at its end, why, and what is missing."""
    sentences = [conclusion(state)]
    if state.status is not JobStatus.SUCCEEDED:
        if state.failure and state.failure.problem not in {item.problem for item in state.failed}:
            sentences.append(f"{state.failure.title}.")
        sentences += _failures(state.failed)
        if len(state.databases) > 1:
            missing = [item.name for item in state.databases if not item.delivered]
            sentences.append(f"À remettre encore : {', '.join(missing)}.")
    if delivered := [item for item in state.databases if item.delivered]:
        ways = dict.fromkeys(describe_verification(item.verified, item.read_meanwhile) for item in delivered)
        names = listed([item.name for item in delivered])
        sentences.append(f"{describe_manager(state.spec)} : {names}. Vérification {' ; '.join(ways)}.")
    return "\n".join(sentences)


def describe_other_failures(state: JobState) -> str:
    """What stopped the databases beside the one that the job is said to have failed for; in French."""
    first = state.problem_database
    others = [item for index, item in enumerate(state.databases) if item.problem and index != first]
    return "\n".join(_failures(others))


def _failures(databases: Iterable[DatabaseState]) -> list[str]:
    return [f"{item.name} : {item.failure.title}. {item.failure.why}" for item in databases if item.failure]


def _facts(state: JobState) -> str:
    delivered = [item for item in state.databases if item.delivered]
    lines = [f"Gestionnaire : {describe_manager(state.spec)}"]
    if state.spec.contact:
        lines.append(f"Contact : {state.spec.contact}")
    if state.started_at:
        lines.append(f"Transfert : {french.period(state.started_at, state.ended_at)}")
    if len(delivered) > 1:
        read, packed = sum(item.size or 0 for item in delivered), sum(item.packed for item in delivered)
        lines.append(f"Remis : {french.size(read)} de données, en {french.size(packed)} d’archives")
    if state.spec.encrypt:
        lines.append(
            "Chiffrement : AES-256, noms de fichiers compris. 7-Zip ouvre les archives, avec la phrase "
            "secrète qui vous est donnée par téléphone."
        )
    elif delivered:
        lines.append("Ouverture : 7-Zip, l’Explorateur de Windows 11, ou un autre logiciel qui lit le 7z")
    if not _differ(destinations := _destinations(state)):
        lines.append(f"Destination : {describe_destination(destinations[0])}")
    lines.append(f"Référence du transfert : {state.spec.id}")
    return "\n".join(lines)


def describe_destination(sharebox: ShareboxSettings) -> str:
    """A Sharebox and a folder of it, in French."""
    return f"{sharebox.host}, dossier {sharebox.directory}"


def describe_left_behind(state: JobState) -> str:
    """What the job sent in part to destinations that it does not use any more; in French, empty where there
    is none.
    """
    return "\n".join(
        f"Un envoi inachevé ({', '.join(names)}) a pu rester sur {describe_destination(sharebox)} (compte "
        f"{sharebox.username})."
        for sharebox, names in state.left_behind
    )


def _destinations(state: JobState) -> list[ShareboxSettings]:
    """Where each database is or was sent, or else will be."""
    return [item.destination or state.sharebox for item in state.databases]


def _differ(destinations: Iterable[ShareboxSettings]) -> bool:
    return len({sharebox.place for sharebox in destinations}) > 1


def _databases(state: JobState) -> Iterator[str]:
    """A title, then a paragraph each; no columns, which a proportional font would put out of line."""
    yield french.agree(len(state.databases), "BASE DE DONNÉES", "BASES DE DONNÉES")
    destinations = _destinations(state)
    told = _differ(destinations) or bool(state.left_behind)
    for number, (item, sharebox) in enumerate(zip(state.databases, destinations, strict=True), start=1):
        title = f"{number}. {item.name}" if len(state.databases) > 1 else item.name
        yield _database([title, *([f"Destination : {describe_destination(sharebox)}"] if told else [])], item)


def _database(lines: list[str], item: DatabaseState) -> str:
    if item.size is not None:
        files = f" ({french.count(item.files, 'fichier')})" if item.kind == "folder" and item.files else ""
        lines.append(f"Données : {french.size(item.size)}{files}")
    if item.found and item.found.names:
        lines.append(f"Fichiers : {describe_files(item.found.names, item.found.file_format)}")
    if item.found and item.found.left_out:
        lines.append(describe_left_out(item.found.left_out))
    if item.found and (renamed := describe_renames(item.found.renamed, item.found.renames)):
        lines.append(renamed)
    if inside := describe_true_names(item.true_names):
        lines.append(inside)
    if told := describe_integrity(item):
        lines.append(f"Contrôle : {told}")
    if item.read_at is not None:
        lines.append(f"Lecture : {describe_reading(item)}")
    if item.damages:
        found = french.count(item.damages, "altération trouvée", "altérations trouvées")
        lines.append(f"Disque de ce poste : {found} ; ce qui est altéré est refait, ce disque est à vérifier")
    if not item.delivered:
        why = f", échec : {item.failure.title}" if item.failure else ""
        return "\n".join([*lines, f"Remise : pas encore faite{why}"])
    lines += [
        f"Remise : {french.moment(item.delivered_at)}" if item.delivered_at else "Remise : faite",
        f"Archive : {item.archive} ({french.size(item.packed)})",
        f"Vérification : {describe_verification(item.verified, item.read_meanwhile)}",
    ]
    return "\n".join([*lines, *describe_refused(item)])


def describe_refused(item: DatabaseState) -> list[str]:
    """What the Sharebox refused of what was to lie beside an archive; in French, a sentence each."""
    return [
        f"{_BESIDE.get(name.removeprefix(item.archive), f'Fichier {name}')} refusé par Sharebox, sans "
        f"conséquence pour la base. {why}"
        for name, why in item.refused.items()
    ]


def _checksums(state: JobState) -> str:
    """Lines that `sha256sum -c` takes as they are, from the message too: it passes over all others."""
    lines = [
        sha256_line(item.archive, item.sha256) for item in state.databases if item.delivered and item.sha256
    ]
    if not lines:
        return ""
    return f"EMPREINTES SHA-256 (« sha256sum -c » lit ces lignes)\n\n{''.join(lines)}".rstrip("\n")


_BESIDE: Final = {
    LIST: "Liste des fichiers",
    MANIFEST: "Manifeste",
    SHA256: "Fichier de l’empreinte SHA-256",
    SIGNATURE: "Fichier de la signature",
}
"""What lies beside an archive, in French, by its ending."""


def _signatures(state: JobState) -> str:
    """The keys that signed the manifests, and how that is verified without this program."""
    signed = [item for item in state.databases if item.signed_by]
    if not signed:
        return ""
    keys = [PublicKey.from_line(line) for line in dict.fromkeys(item.signed_by for item in signed)]
    signer, example = identity(state.spec), signed[0].archive + MANIFEST
    verify = f"ssh-keygen -Y verify -f allowed_signers -I {signer} -n {NAMESPACE}"
    lines = [
        "SIGNATURE\n",
        f"Clé : {', '.join(key.fingerprint for key in keys)}",
        "Elle a signé chaque manifeste (« .manifest.json.sig »). OpenSSH le vérifie, sans ce programme.",
        "Ligne de son fichier « allowed_signers » :",
        *(key.allowed_signer(signer) for key in keys),
        f"Commande, pour {french.agree(len(signed), 'lui', 'le premier')} :",
        f"{verify} -s {example}.sig < {example}",
    ]
    return "\n".join(lines)


def identity(spec: JobSpec) -> str:
    """Whose name signatures bear for OpenSSH: the manager's, as the names of archives have it."""
    name = slug(spec.manager, titled)
    return f"{spec.manager_id}_{name}" if spec.manager_id else name


def _left_behind(state: JobState) -> str:
    told = describe_left_behind(state)
    return f"ENVOIS INACHEVÉS\n\n{told}" if told else ""


def _prerequisites(spec: JobSpec) -> str:
    """What was ticked, by whom and when; and what the transfer went without, by whose decision."""
    ticks = {tick.key: tick for tick in spec.prerequisites}
    by_author: dict[str, list[str]] = {}
    for item in STATEMENTS:
        if tick := ticks.get(item.key):
            by_author.setdefault(
                f"{describe_author(tick)} le {french.day(french.at_this_machine(tick.at))}", []
            ).append(item.text)
    paragraphs = ["PRÉREQUIS"]
    for author, texts in by_author.items():
        paragraphs.append("\n".join([f"Cochés par {author} :", *(f"[x] {text}" for text in texts)]))
    missing = [item.text for item in STATEMENTS if item.key not in ticks]
    waiver = spec.waiver
    found = waiver.findings if waiver else ()
    if missing or found:
        lines = [*(f"[ ] {text}" for text in missing), *(f"[!] {text}" for text in found)]
        paragraphs.append("\n".join([_without(waiver), *lines]))
    return "\n\n".join(paragraphs)


def _without(waiver: Waiver | None) -> str:
    if waiver is None:
        return "Transféré sans :"
    when = f"{describe_author(waiver)} le {french.moment(waiver.at)}"
    if waiver.asked:
        return f"Transféré sans, en connaissance de cause ({when}) :"
    return f"Transféré sans, par une commande confirmée d’avance ({when}) :"
