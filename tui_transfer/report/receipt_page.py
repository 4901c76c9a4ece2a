"""A receipt as a person reads it: sections of labelled lines, in a page that prints well or as text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.errors import harmless, harmless_lines
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report.author import describe_author
from tui_transfer.report.message import describe_route, describe_verification
from tui_transfer.report.public_key import PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tui_transfer.report.receipt import Answer, Destination, Handed, Receipt

_STYLE: Final = """\
@page { size: A4; margin: 18mm 16mm }
body { font: 10.5pt/1.4 "Liberation Sans", Arial, sans-serif; color: #000; background: #fff;
  max-width: 178mm; margin: 1em auto; padding: 0 1em }
h1 { font-size: 16pt; margin: 0 0 .2em }
h2 { font-size: 11.5pt; margin: 1.2em 0 .3em; border-bottom: 1px solid #000 }
section { break-inside: avoid } table { border-collapse: collapse; width: 100% }
th { text-align: left; vertical-align: top; font-weight: normal; width: 42mm; color: #333;
  padding: .12em .8em .12em 0 }
td { vertical-align: top; padding: .12em 0; overflow-wrap: anywhere }
footer { margin-top: 1.6em; font-size: 9pt; color: #333 }
@media print { body { margin: 0; padding: 0; max-width: none } }
"""
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{sections}
<footer>{footer}</footer>
</body>
</html>
"""
_FOOTER: Final = (
    "Cette page dit ce que dit {name}.json, qui est signé ({name}.json.sig) et contient l’empreinte de cette "
    "page. « tui-transfer receipt --check {name}.json » dit ce qui a été modifié."
)


@dataclass(frozen=True)
class Section:
    """A title, and lines: a label, which may be empty, and what there is to say."""

    title: str
    lines: tuple[tuple[str, str], ...]


def name_of(job: str) -> str:
    """How the files of a job's receipt are named, before their endings."""
    return f"recu-{job}"


def summary(receipt: Receipt) -> str:
    """What the receipt is of, in a French sentence, true to what was verified."""
    bases = french.count(len(receipt.databases), "base de données remise", "bases de données remises")
    if receipt.verified:
        return f"{bases} à Sharebox, contenu vérifié après l’arrivée."
    return f"{bases} à Sharebox, qui ne permet pas de tout vérifier : voir « Vérification »."


def sections(receipt: Receipt) -> Iterator[Section]:
    """All that the receipt says, in French."""
    times = [("Demandé", french.moment(receipt.asked_at))]
    if receipt.started_at:
        times.append(("Transféré", french.period(receipt.started_at, receipt.ended_at)))
    manager = f"{receipt.manager} ({receipt.manager_id})" if receipt.manager_id else receipt.manager
    yield Section("Transfert", (("Gestionnaire", manager), ("Référence", receipt.job), *times))
    authors = dict.fromkeys(describe_author(one) for one in receipt.by)
    yield Section("Par qui", tuple(("Compte", author) for author in authors) or (("Compte", "non noté"),))
    yield Section("Où", tuple(_where(receipt)))
    for number, item in enumerate(receipt.databases, start=1):
        which = french.agree(len(receipt.databases), "Base", f"Base {number}")
        yield Section(f"{which} : {item.name}", tuple(_handed(item)))
    yield Section("Prérequis", tuple(_prerequisites(receipt)) or (("", "aucun"),))
    if receipt.answers:
        yield answers_section(receipt.answers)
    yield Section("Preuve", tuple(_proof(receipt)))


def answers_section(answers: tuple[Answer, ...]) -> Section:
    """What the Sharebox answered."""
    return Section(
        "Réponses de Sharebox",
        tuple((one.name, f"{french.size(one.size)}, SHA-256 {one.sha256}") for one in answers),
    )


def page(receipt: Receipt) -> bytes:
    """The receipt as a page of HTML, without script, that prints on A4. Whatever it holds is escaped."""
    title = f"Reçu de remise à Sharebox – {receipt.manager}"
    body = "\n".join(
        f"<section>\n<h2>{_safe(section.title)}</h2>\n<table>\n"
        + "\n".join(
            f"<tr><th>{_safe(label)}</th><td>{_safe(value)}</td></tr>"
            if label
            else f'<tr><td colspan="2">{_safe(value)}</td></tr>'
            for label, value in section.lines
        )
        + "\n</table>\n</section>"
        for section in sections(receipt)
    )
    return _PAGE.format(
        title=_safe(title),
        style=_STYLE,
        summary=_safe(summary(receipt)),
        sections=body,
        footer=_safe(_FOOTER.format(name=name_of(receipt.job))),
    ).encode("utf-8", "replace")


def text(receipt: Receipt) -> str:
    """The receipt as plain lines."""
    lines = [summary(receipt)]
    for section in sections(receipt):
        lines += ["", section.title]
        lines += [f"  {label} : {value}" if label else f"  {value}" for label, value in section.lines]
    return harmless_lines("\n".join(lines))


def _safe(value: str) -> str:
    return escape(french.typeset(harmless(value)), quote=True)


def _where(receipt: Receipt) -> Iterator[tuple[str, str]]:
    for destination in dict.fromkeys(_destination(item.destination) for item in receipt.databases):
        yield "Sharebox", destination
    if receipt.route:
        through = f" ({receipt.proxy})" if receipt.proxy else ""
        yield "Liaison", f"{describe_route(receipt.route)}{through}"
    if receipt.host_key:
        yield "Clé du serveur", receipt.host_key


def _destination(destination: Destination) -> str:
    port = "" if destination.port == 22 else f", port {destination.port}"
    return f"{destination.host}{port}, compte {destination.username}, dossier {destination.directory}"


def _handed(item: Handed) -> Iterator[tuple[str, str]]:
    yield "Archive", item.archive
    yield "Chemin sur Sharebox", item.path
    yield "Taille de l’archive", f"{french.size(item.size)} ({french.count(item.size, 'octet')})"
    yield "SHA-256", item.sha256
    if item.source_size is not None:
        files = f" ({french.count(item.files, 'fichier')})" if item.files else ""
        yield "Données", f"{french.size(item.source_size)}{files}"
    if item.left_out:
        yield "Laissés de côté", ", ".join(item.left_out)
    if item.control:
        yield "Contrôle", item.control
    if item.read_at:
        changed = " ; la base a changé depuis" if item.changed_since else ""
        yield "Lecture", f"{french.moment(item.read_at)}{changed}"
    if item.delivered_at:
        yield "Remise", f"{_to_the_second(item.delivered_at)} (horloge de ce poste)"
    if item.server_time:
        yield "Arrivée", f"{_to_the_second(item.server_time)} (horloge de Sharebox)"
    yield "Vérification", describe_verification(item.verified, item.read_meanwhile)
    if item.signed_by:
        yield "Manifeste", f"signé par la clé {_fingerprint(item.signed_by)}"
    for name, why in item.refused.items():
        yield "Refusé par Sharebox", f"{name} : {why}"


def _fingerprint(line: str) -> str:
    try:
        return PublicKey.from_line(line).fingerprint
    except ValueError:
        return line


def _to_the_second(moment: datetime) -> str:
    local = french.at_this_machine(moment)
    return f"{french.day(local)} à {local:%H:%M:%S} (UTC{local:%z})"


def _prerequisites(receipt: Receipt) -> Iterator[tuple[str, str]]:
    texts = {item.key: item.text for item in STATEMENTS}
    for tick in receipt.prerequisites:
        when = f"coché par {describe_author(tick)} le {french.day(french.at_this_machine(tick.at))}"
        yield "", f"✓ {texts.get(tick.key, tick.key)} – {when}"
    for what in receipt.without:
        yield "", f"✗ {what}"
    if receipt.waiver:
        how = "après une question" if receipt.waiver.asked else "confirmé d’avance"
        who = f"{describe_author(receipt.waiver)} le {french.moment(receipt.waiver.at)}, {how}"
        yield "Transféré sans, par", who


def _proof(receipt: Receipt) -> Iterator[tuple[str, str]]:
    lines = french.count(receipt.journal.lines, "ligne")
    yield "Journal", f"{lines}, la dernière d’empreinte {receipt.journal.last_hash}"
    yield "Ordre (job.json)", f"SHA-256 {receipt.order}"
    made = f"{french.moment(receipt.made.at)} par {describe_author(receipt.made)}, {receipt.program}"
    yield "Reçu fait", made
