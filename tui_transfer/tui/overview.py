"""Where one stands, as the first screen tells it: the four steps, and the state of everything, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self

from textual.content import Content

from tui_transfer import french
from tui_transfer.errors import TransferError
from tui_transfer.job.standing import Standing, standing
from tui_transfer.preflight.gate import closed_by_calendar
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.report.reminders import describe_sent, describe_unfinished, describe_unsent
from tui_transfer.settings import config
from tui_transfer.system.files import printable
from tui_transfer.tui import wording
from tui_transfer.tui.past_jobs import describe, names_in
from tui_transfer.tui.widgets.prose import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from tui_transfer.archive.source import Summary
    from tui_transfer.job.reading import Reading
    from tui_transfer.preflight.delivered import HandedOver
    from tui_transfer.preflight.statements import Statement
    from tui_transfer.settings.config import Home, Settings

_READING: Final = "Lecture des transferts…"
_BEGINNINGS: Final = (
    "reprenez la configuration reçue de l’Urssaf, ou remplissez les réglages ; ou exercez-vous d’abord."
)
_RECENT: Final = 12
"""Transfers that are looked at, for where there is room to list them."""
_NAME: Final = 20
_NAMES: Final = 48
"""Columns for the name of a database, and for those of several."""


class _Room(NamedTuple):
    """What a window has room for.

    Attributes:
        statements: whether each prerequisite has a line, the missing ones are enumerated, or only counted.
        bases: how many databases have one.
        recent: how many of the newest transfers have one.
    """

    statements: Literal["each", "missing", "count"]
    bases: int
    recent: int


_ROOMS: Final = (
    _Room(statements="each", bases=40, recent=_RECENT),
    _Room(statements="each", bases=12, recent=_RECENT),
    _Room(statements="each", bases=12, recent=5),
    _Room(statements="each", bases=7, recent=0),
    _Room(statements="missing", bases=7, recent=0),
    _Room(statements="missing", bases=4, recent=0),
    _Room(statements="count", bases=3, recent=0),
)
"""From the largest to the smallest; the latter is shown where even that is too much."""


class JobsRead(NamedTuple):
    """What the jobs add up to, and the newest of them."""

    standing: Standing
    recent: Sequence[Reading]

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Self:
        """It looks at the marks of reports, too: of very many jobs not for a UI's own thread."""
        return cls(standing(readings), readings[:_RECENT])


@dataclass(frozen=True)
class Base:
    """A database of the settings, as it is now.

    Attributes:
        name: its name.
        active: whether it goes by default.
        handed: the last time it was handed over to the Sharebox of now; None where it never was.
        error: why it cannot be looked at.
    """

    name: str
    active: bool
    handed: HandedOver | None = None
    error: TransferError | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was handed over, and nobody is known to have written to it since."""
        return self.handed is not None and self.handed.unchanged is not False


@dataclass(frozen=True)
class Step:
    """One of the four steps.

    Attributes:
        name: as it stands on the way.
        action: what leads there.
        said: how it stands, in a word or two; empty where there is nothing to say.
        done: whether it is behind one.
        calls: whether it asks for something, as « ! » says where there is no room for more.
    """

    name: str
    action: str
    said: str = ""
    done: bool = False
    calls: bool = False


@dataclass(frozen=True)
class Overview:
    """What is known of a home.

    Attributes:
        home: which one.
        settings: the settings, or `error`, why there are none.
        today: the day.
        ticks: the prerequisites that are ticked.
        standing: what the jobs add up to; None while they are read.
        failure: why they cannot be read.
        recent: the newest of them.
        bases: the databases of the settings; None while they are looked at.
        receipts: how many there are.
    """

    home: Home
    settings: Settings | None
    error: TransferError | None
    today: date
    ticks: Ticks
    standing: Standing | None = None
    failure: TransferError | None = None
    recent: Sequence[Reading] = ()
    bases: Sequence[Base] | None = None
    receipts: int = 0

    def with_jobs(self, result: JobsRead | TransferError) -> Overview:
        """With what was read of the jobs, or what keeps them from being read."""
        if isinstance(result, TransferError):
            return replace(self, standing=None, failure=result, recent=())
        return replace(self, standing=result.standing, failure=None, recent=result.recent)

    def with_bases(self, bases: Sequence[Base]) -> Overview:
        """With what was found out of the databases."""
        return replace(self, bases=bases)

    def as_now(self, now: Overview) -> Overview:
        """With what `now` found at once; what takes longer stays until it is known anew."""
        bases = self.bases if self.settings == now.settings else None
        return replace(now, standing=self.standing, failure=self.failure, recent=self.recent, bases=bases)

    @property
    def is_first_start(self) -> bool:
        """Whether nothing was set up yet."""
        return self.settings is None and not self.home.config_file.exists()

    @property
    def is_all_done(self) -> bool:
        """Whether everything is handed over and told, as far as is known."""
        standing = self.standing
        return self.transferred and standing is not None and not standing.unsent and standing.sent is not None

    @property
    def transferred(self) -> bool:
        """Whether all that goes by default was handed over, and is as it was then."""
        standing = self.standing
        if standing is None or standing.finished is None or standing.running or standing.unfinished:
            return False
        return all(base.is_done for base in self.bases or () if base.active)

    # ── The way ───────────────────────────────────────────────

    @property
    def steps(self) -> tuple[Step, ...]:
        """The four steps, in their order."""
        return self._settings_step, self._prerequisites_step, self._transfer_step, self._report_step

    @property
    def _settings_step(self) -> Step:
        if self.settings is not None:
            return Step("Réglages", "settings", "✓", done=True)
        said = "à remplir" if self.is_first_start else "à corriger"
        return Step("Réglages", "settings", said, calls=True)

    @property
    def _prerequisites_step(self) -> Step:
        if self.ticks.complete:
            return Step("Prérequis", "prerequisites", "✓", done=True)
        said = f"{len(self.ticks.all)} sur {len(STATEMENTS)}"
        return Step("Prérequis", "prerequisites", said)

    @property
    def _transfer_step(self) -> Step:
        standing = self.standing
        if standing is not None and standing.running is not None:
            return Step("Transférer", "follow", french.percent(standing.running.progress.share))
        if standing is not None and standing.unfinished:
            return Step("Transférer", "resume", "à reprendre", calls=True)
        if self.transferred:
            return Step("Transférer", "maintain", "✓", done=True)
        return Step("Transférer", "maintain")

    @property
    def _report_step(self) -> Step:
        standing = self.standing
        if standing is not None and standing.unsent:
            return Step("Rapport", "report", "à envoyer", calls=True)
        if self.is_all_done:
            return Step("Rapport", "report", "✓", done=True)
        return Step("Rapport", "report")

    @property
    def next_step(self) -> int | None:
        """The step to take next, counted from 0; None once all is done."""
        settings, prerequisites, transfer, report = self.steps
        if not settings.done:
            return 0
        if transfer.action != "maintain":
            return 2
        if report.calls:
            return 3
        if transfer.done:
            return None
        return 2 if prerequisites.done else 1

    def way(self, width: int) -> Content:
        """The steps in a line, the next one marked; as much is said of each as `width` has room for."""
        for words in ("all", "signs", "next"):
            found = self._way(words)
            if found.cell_length <= width:
                break
        return found

    def _way(self, words: str) -> Content:
        parts: list[Content | str | tuple[str, str]] = []
        for number, step in enumerate(self.steps):
            is_next = number == self.next_step
            said = step.said if words == "all" else _sign(step)
            name = step.name if words != "next" or is_next else ""
            text = " ".join(part for part in (f"{number + 1}", name, said) if part)
            style = "bold $on-primary on $primary" if is_next else "$success" if step.done else "$muted"
            parts += [" · " if number else "", (f" ▸ {text} " if is_next else text, style)]
        return Content.assemble(*parts)

    # ── The state of everything ───────────────────────────────

    def in_short(self) -> list[Content]:
        """What matters most, a sentence each, the most pressing first."""
        lines = []
        standing = self.standing
        if self.is_first_start:
            lines.append(_line("Première utilisation", "primary", _BEGINNINGS))
        if self.failure is not None:
            lines.append(_line("✗ Illisible", "error", self.failure.why))
        elif standing is None and self.settings is not None:
            lines.append(Content.styled(_READING, "$muted"))
        elif standing is not None:
            lines += _of_jobs(standing)
        lines += self._bases_in_short()
        if not self.is_all_done:
            lines += _last_success(standing)
        if self.is_all_done and self.bases is not None:
            lines.insert(0, _line("✓ C’est fini", "success", "tout est remis, et le rapport est envoyé."))
        if not lines and self.settings is not None:
            lines.append(
                Content.styled("Aucun transfert n’a encore été fait depuis cette machine.", "$muted")
            )
        return lines

    def _bases_in_short(self) -> list[Content]:
        handed = [base for base in self.bases or () if base.handed is not None and base.handed.unchanged]
        changed = [base for base in self.bases or () if base.handed and base.handed.unchanged is False]
        lines = []
        for base in handed[:1]:
            assert base.handed is not None
            if len(handed) == 1:
                lines.append(_line(f"✓ {base.name}", "success", f"déjà {base.handed.sentence}."))
            else:
                names = names_in([other.name for other in handed], _NAMES)
                lines.append(_line("✓ Déjà remises", "success", f"{names}, inchangées depuis."))
        if changed:
            verb = french.agree(len(changed), "a changé", "ont changé")
            names = names_in([other.name for other in changed], _NAMES)
            lines.append(_line("! À remettre ?", "warning", f"{names} {verb} depuis la dernière remise."))
        return lines

    def in_full(self, width: int, height: int) -> list[tuple[str, Content]]:
        """Labels, and what there is to say of each: as much as there is room for.

        Args:
            width: columns for what is said.
            height: lines for all of it, an empty one between two labels included.
        """
        for room in _ROOMS:
            rows = self._rows(room)
            if lines_of((text for _, text in rows), width) <= height:
                break
        return rows

    def _rows(self, room: _Room) -> list[tuple[str, Content]]:
        rows = [("Réglages", self._settings_row()), ("Ouverture", self._opening_row())]
        rows.append(("Prérequis", self._prerequisites_row(room)))
        rows.append(("Bases", self._bases_row(room.bases)))
        rows += [("Transferts", self._jobs_row()), ("Rapport", self._report_row())]
        rows.append(("Reçus", self._receipts_row()))
        recent = self.recent[: room.recent]
        rows.append(("Derniers", Content("\n").join(_recent(item) for item in recent)))
        return [(label, text) for label, text in rows if text.plain]

    def _settings_row(self) -> Content:
        if self.settings is None:
            why = self.error.title if self.error else "Aucune configuration"
            return Content.styled(f"! {why}", "$warning")
        sharebox = self.settings.sharebox
        return Content.assemble(
            ("✓ ", "$success"),
            (self.settings.manager.name, "bold"),
            f"\nSharebox {sharebox.host}, compte {sharebox.username}, dossier {sharebox.directory}",
            f"\npar le proxy {self.settings.proxy.host}" if self.settings.proxy else "",
        )

    def _opening_row(self) -> Content:
        if self.settings is None:
            return Content("")
        transfer = self.settings.transfer
        if (closed := closed_by_calendar(transfer, self.today)) is not None:
            return Content.styled(f"! {closed.title}. {closed.why}", "$warning")
        since = f", depuis le {french.day(transfer.opens_on)}" if transfer.opens_on else ""
        until = f", jusqu’au {french.day(transfer.closes_on)}" if transfer.closes_on else ""
        return Content.assemble(("✓ ", "$success"), f"Les transferts sont ouverts{since}{until}")

    def _prerequisites_row(self, room: _Room) -> Content:
        if self.ticks.complete:
            return Content.assemble(("✓ ", "$success"), "tous cochés")
        ticked = self.ticks.keys
        count = Content.styled(f"{len(self.ticks.all)} sur {len(STATEMENTS)}", "bold")
        if room.statements == "count":
            return count
        if room.statements == "each":
            return Content("\n").join([count, *(_statement(item, item.key in ticked) for item in STATEMENTS)])
        missing = [item.short for item in STATEMENTS if item.key not in ticked]
        return Content.assemble(count, f"\nIl reste : {_listed(missing)}")

    def _bases_row(self, most: int) -> Content:
        if self.settings is None:
            return Content("")
        if self.bases is None:
            return Content.styled("Lecture des bases…", "$muted")
        if not self.bases:
            return Content.styled("! aucune base dans la liste", "$warning")
        # What calls for something comes first: what was not handed over as it is, of that what is active.
        order = sorted(self.bases, key=lambda base: (base.is_done, not base.active))
        shown = order if len(order) <= most else order[: most - 1]
        width = min(_NAME, max(len(base.name) for base in shown))
        lines = [_base(base, width) for base in shown]
        if left := len(order) - len(shown):
            lines.append(Content.styled(f"  et {french.count(left, 'autre')}", "$muted"))
        return Content("\n").join(lines)

    def _jobs_row(self) -> Content:
        if self.failure is not None:
            return Content.styled(f"✗ Illisibles. {self.failure.why}", "$error")
        if self.standing is None:
            return Content.styled(_READING, "$muted")
        if not self.standing.count:
            return Content.styled("aucun depuis cette machine", "$muted")
        lines = [line for line in _of_jobs(self.standing) if not line.plain.startswith("! Rapport")]
        lines += _last_success(self.standing)
        return (
            Content("\n").join(lines) if lines else Content.assemble(("✓ ", "$success"), "aucun à reprendre")
        )

    def _report_row(self) -> Content:
        standing = self.standing
        if standing is None or not standing.count:
            return Content("")
        if standing.unsent:
            return Content("\n").join(
                Content.styled(f"! {_without_title(describe_unsent(item))}", "$warning")
                for item in standing.unsent[:3]
            )
        if standing.sent is not None:
            return Content.assemble(("✓ ", "$success"), describe_sent(standing.sent[1]))
        return Content("")

    def _receipts_row(self) -> Content:
        if not self.receipts:
            return Content("")
        count = french.count(self.receipts, "reçu signé", "reçus signés")
        return Content(f"{count}, dans {printable(self.home.receipts)}")


def lines_of(texts: Iterable[Content], width: int) -> int:
    """How high texts are in so many columns, an empty line between two of them included."""
    return sum(wrap(text, width).plain.count("\n") + 2 for text in texts) - 1


def overview(home: Home, settings: Settings | None, error: TransferError | None, today: date) -> Overview:
    """What is known at once: neither the jobs nor the databases are looked at."""
    return Overview(home, settings, error, today, Ticks(home), receipts=_count_receipts(home))


def look_at_bases(home: Home, settings: Settings, standing: Standing) -> list[Base]:
    """The databases of the settings, compared with what was handed over; not for a UI's own thread."""
    from tui_transfer.archive.companions import Selection
    from tui_transfer.archive.source import summarize
    from tui_transfer.preflight.delivered import handed_over

    looks: dict[str, Summary | TransferError | None] = {}
    places = {item.name: config.resolve(item.path, home.config_file) for item in settings.databases}
    for item in settings.databases:
        try:
            looks[item.name] = summarize(places[item.name], Selection(item.also, item.without))
        except TransferError as failure:
            looks[item.name] = failure
    handed = handed_over(list(places.items()), looks, settings.sharebox, standing.deliveries)
    return [
        Base(
            item.name,
            item.active,
            handed.get(item.name),
            look if isinstance(look := looks[item.name], TransferError) else None,
        )
        for item in settings.databases
    ]


def _count_receipts(home: Home) -> int:
    try:
        return sum(1 for folder in home.receipts.iterdir() if folder.is_dir())
    except OSError:
        return 0


def _sign(step: Step) -> str:
    if step.done:
        return "✓"
    return "!" if step.calls else step.said


def _line(word: str, style: str, sentence: str) -> Content:
    return Content.assemble((word, f"bold ${style}"), f"   {sentence}")


def _of_jobs(standing: Standing) -> list[Content]:
    """What the jobs call for, the most pressing first."""
    lines = []
    if standing.running is not None:
        word, sentence = wording.job_line(standing.running)
        lines.append(_line(word, "primary", sentence))
    for number, follower in enumerate(standing.unfinished):
        if number:
            others = french.count(len(standing.unfinished) - 1, "autre transfert", "autres transferts")
            lines.append(_line("! À reprendre", "warning", f"{others} : voir l’historique."))
            break
        text = describe_unfinished(follower, overtaken=follower.job.id in standing.overtaken)
        lines.append(_line("! À reprendre", "warning", _without_title(text)))
    if standing.unsent:
        text = _without_title(describe_unsent(standing.unsent[0]))
        if len(standing.unsent) > 1:
            text += f" Il y en a {french.number(len(standing.unsent))} en tout."
        lines.append(_line("! Rapport à envoyer", "warning", text))
    if standing.damaged:
        count = french.count(len(standing.damaged), "transfert illisible", "transferts illisibles")
        lines.append(_line("✗ Abîmé", "error", f"{count} : voir l’historique."))
    return lines


def _last_success(standing: Standing | None) -> list[Content]:
    if standing is None or standing.finished is None or standing.running is not None:
        return []
    word, sentence = wording.job_line(standing.finished)
    return [_line(word, "success" if standing.finished.state.all_verified else "warning", sentence)]


def _without_title(text: str) -> str:
    return text.partition(" : ")[2] or text


def _statement(statement: Statement, is_ticked: bool) -> Content:
    sign = ("✓ ", "$success") if is_ticked else ("· ", "$muted")
    return Content.assemble(sign, (statement.short, "$muted" if is_ticked else ""))


def _base(base: Base, width: int) -> Content:
    name = wording.shorten(base.name, width).ljust(width)
    if base.error is not None:
        return Content.assemble(("✗ ", "$error"), (name, "bold"), f"  {base.error.title.lower()}")
    if base.handed is None:
        return Content.assemble(("· ", "$muted"), (name, "bold"), ("  jamais remise", "$muted"))
    sign, style = ("✓", "$success") if base.handed.unchanged else ("!", "$warning")
    return Content.assemble((f"{sign} ", style), (name, "bold"), f"  {base.handed.short}")


def _recent(reading: Reading) -> Content:
    row = describe(reading)
    names = names_in(row.databases, _NAMES)
    return Content.assemble((row.state.ljust(13), f"${row.style}"), f" {row.created}  {names}")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) + "."
