"""The commands that transfer nothing, and how the program speaks."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import tui_transfer
from tests.cli.place import COMMAND, Place, place_for
from tui_transfer.errors import EXIT_CODE_MEANINGS, MEANINGS, ExitCode, Problem, TransferError
from tui_transfer.french import typeset
from tui_transfer.job import control
from tui_transfer.job.events import Delivered, JobBlocked, JobSucceeded, WorkerStarted
from tui_transfer.job.journal import Journal
from tui_transfer.preflight.statements import Ticks

COMMANDS = [
    "",
    "demo",
    "run",
    "resume",
    "jobs",
    "purge",
    "report",
    "guide",
    "receipt",
    "check",
    "support-bundle",
    "config",
    "config path",
    "config show",
]
ENGLISH = re.compile(
    r"\b(usage|show this|exit|error|missing|invalid|commands|no such|file|the|and)\b", re.IGNORECASE
)
LOCALE = Path(tui_transfer.__file__).parent / "cli/locale/fr/LC_MESSAGES"


def _make_job(place: Place) -> control.Job:
    """A job that was delivered, as its journal tells."""
    from datetime import UTC, datetime

    from tui_transfer.job.spec import make_spec
    from tui_transfer.settings import config

    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    settings = config.load(place.home.config_file)
    databases = config.active_databases(settings, place.home)
    job = control.create(place.home, make_spec(settings, databases, now, Ticks(place.home).all))
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=now, pid=1, program="1"))
        journal.append(Delivered(at=now, database=0, path="/depot/x.7z", verified="read-back"))
        journal.append(JobSucceeded(at=now))
    return job


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_in_french_and_reads_well(place: Place, command: str) -> None:
    result = place.run(*command.split(), "--help", COLUMNS="80")
    assert result.code == 0
    assert "Utilisation\xa0:" in result.out
    assert not ENGLISH.findall(result.out)
    for line in result.out.splitlines():
        assert len(line) <= 80
        assert not line.lstrip().startswith((":", ";", "!", "?", "»")), line
        assert not line.endswith(("...", "«")), f"cut short: {line}"
        assert not re.search(r" [:;!?»]|« ", line), f"a plain space: {line}"


def test_the_help_lists_every_exit_code(place: Place) -> None:
    text = place.run("--help").out
    for code, meaning in EXIT_CODE_MEANINGS.items():
        assert re.search(rf"^\s*{code.value}\s+{re.escape(typeset(meaning))}$", text, re.MULTILINE)
    assert set(EXIT_CODE_MEANINGS) == set(ExitCode)


def test_the_readme_lists_every_exit_code() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    table = readme.split("### Exit codes")[1].split("\n#")[0]
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert listed == sorted(code.value for code in ExitCode)


def test_the_help_names_every_command(place: Place) -> None:
    """Whoever adds one adds it to the tests above and to the README."""
    listed = re.findall(
        r"^  ([\w-]+) {2,}[A-ZÉ]", place.run("--help").out.split("Commandes")[1], re.MULTILINE
    )
    assert set(listed) == {command.split()[0] for command in COMMANDS if command}
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert [command for command in listed if f"| `tui-transfer {command}" not in readme] == []


@pytest.mark.parametrize(
    "arguments",
    [["transférer"], ["run", "--tout"], ["report", "--eml"], ["demo", "--rate", "vite"], ["config"]],
)
def test_a_wrong_command_is_explained_in_french(place: Place, arguments: list[str]) -> None:
    result = place.run(*arguments)
    assert result.code == 2
    assert not ENGLISH.findall(result.err)
    assert result.err.strip()


def test_the_compiled_words_are_those_of_the_catalogue() -> None:
    with (LOCALE / "messages.po").open("rb") as source:
        catalogue = read_po(source, locale="fr")
    with (LOCALE / "messages.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    assert not any(message.fuzzy for message in catalogue)
    for message in catalogue:
        if isinstance(message.id, tuple):
            singular, plural = message.id
            forms = tuple(compiled.ngettext(singular, plural, count) for count in (1, 2))
            assert forms == tuple(message.string or ())
        elif isinstance(message.id, str) and message.id:
            assert compiled.gettext(message.id) == message.string


@pytest.mark.parametrize("encoding", ["iso-8859-1", "cp850"])
def test_an_encoding_without_typographic_signs_gets_what_stands_for_them(place: Place, encoding: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--help"],
        capture_output=True,
        env=place.environment(PYTHONIOENCODING=encoding),
        check=True,
    )
    said = done.stdout.decode(encoding)
    assert "d'Impact emploi vers l'Urssaf" in said
    assert "?" not in said


def test_without_a_terminal_the_screens_say_so_in_one_line(place: Place) -> None:
    result = place.run()
    assert result.code == 2
    assert "n’est pas un terminal" in result.err
    assert "\x1b" not in result.out + result.err


def test_where_the_settings_are_and_what_they_are(place: Place) -> None:
    assert place.run("config", "path").out.strip() == str(place.home.config_file)
    shown = place.run("config", "show")
    assert shown.code == 0
    assert shown.out == place.home.config_file.read_text()


@pytest.mark.parametrize("command", ["run", "check", "config show"])
def test_no_configuration_is_explained(tmp_path: Path, command: str) -> None:
    result = place_for(tmp_path, "").run(*command.split())
    assert result.code == 2
    assert str(tmp_path / "config.toml") in result.err
    assert "tui-transfer demo" in result.err


def test_jobs_lists_what_became_of_each(place: Place) -> None:
    assert place.run("jobs").out == "Aucun transfert.\n"
    job = _make_job(place)
    line = place.run("jobs").out
    assert line.startswith(job.id)
    assert "réussi" in line
    assert "Base active" in line


def test_the_report_is_printed_and_saved_as_a_draft(place: Place, tmp_path: Path) -> None:
    Ticks(place.home).set_ticked("backup", True)
    _make_job(place)
    printed = place.run("report").out
    subject = "Service Impact Emploi Association – Reprise de données – Association d'Été"
    assert f"Objet : {subject}" in printed
    assert "À : destinataire@demo.invalid" in printed
    assert "[x] Les données sont sauvegardées" in printed
    file = tmp_path / "message.eml"
    assert place.run("report", "--eml", str(file)).code == 0
    assert file.stat().st_mode & 0o077 == 0
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (mail["Subject"], mail["To"], mail["X-Unsent"]) == (subject, "destinataire@demo.invalid", "1")
    body = mail.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") in printed


@pytest.mark.parametrize("command", ["report", "resume"])
def test_an_unknown_job_is_explained(place: Place, command: str) -> None:
    result = place.run(command, "2020")
    assert result.code == 2
    assert "« 2020 »" in result.err
    assert "tui-transfer jobs" in result.err


def test_errors_before_a_job_also_end_json_with_one_object(place: Place) -> None:
    result = place.run("run", "--yes", "--json", "inconnue")
    assert result.code == 2
    assert result.finished["problem"] == "database-unknown"
    assert result.finished["databases"] == []


def test_a_reader_that_goes_away_is_no_error_of_ours(place: Place) -> None:
    """`tui-transfer config show | head -c 1`."""
    command = [*COMMAND, "config", "show"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=place.environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 12


def test_every_problem_says_what_happened_and_what_to_do() -> None:
    assert set(MEANINGS) == set(Problem)
    for problem in Problem:
        error = TransferError(problem)
        assert error.title, problem
        assert not error.title.endswith((".", "!")), problem
        assert error.why, problem
        assert error.advice, problem
        if problem is not Problem.USAGE:
            assert error.exit_code is not ExitCode.SUCCESS


def test_a_blocked_job_reports_its_reason(place: Place) -> None:
    job = _make_job(place)
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=journal.past[0].at, pid=2, program="1"))
        journal.append(JobBlocked(at=journal.past[0].at, problem="disk-full", details={"path": "/x"}))
    assert "Le disque de cette machine est plein" in place.run("report").out


HEAVY = {"textual", "paramiko", "py7zr", "cryptography"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("tui_transfer.worker.__main__", {"paramiko", "py7zr", "cryptography"}),
        ("tui_transfer.cli.commands", set()),
        ("tui_transfer.report.message", set()),
        ("tui_transfer.preflight.checks", set()),
        ("tui_transfer.cli.headless", set()),
        ("tui_transfer.archive.writer", {"py7zr"}),
        ("tui_transfer.sharebox.ssh.connection", {"paramiko", "cryptography"}),
    ],
)
def test_no_room_loads_what_it_does_not_need(module: str, allowed: set[str]) -> None:
    script = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY <= allowed
