"""The message, as the person who gets it reads it: every fact, nothing secret, whole in any mail program."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_transfer.errors import Problem, harmless, harmless_lines
from tui_transfer.job import events as ev
from tui_transfer.job.spec import JobSpec, PrerequisiteTick, Waiver, make_spec
from tui_transfer.job.state import JobState
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report.message import make_message
from tui_transfer.settings import config

NOW = datetime(2022, 3, 2, 14, 5, tzinfo=UTC)
MANAGER = "Association « L'Œuvre d'été » de Saint-Étienne-du-Bois et de la vallée de l'Yser"


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def spec_of(count: int, ticked: int = 10, waiver: Waiver | None = None) -> JobSpec:
    settings = config.Settings(
        manager=config.Manager(name=MANAGER),
        sharebox=config.ShareboxSettings(
            host="sharebox.example.org",
            username="compte-secret",
            directory="/depot",
            key_file="/home/camille/.ssh/id_secret",
        ),
        proxy=config.ProxySettings(host="proxy.interne.example", username="utilisateur-proxy"),
    )
    databases = [(f"Base {number:02d}", Path(f"/srv/prive/{number:02d}.db")) for number in range(count)]
    ticks = [PrerequisiteTick(key=item.key, by="camille", at=NOW) for item in STATEMENTS[:ticked]]
    return make_spec(settings, databases, NOW, ticks, waiver)


def state_of(spec: JobSpec, delivered: int, *, verified: str = "read-back", end: bool = True) -> JobState:
    events: list[ev.Event] = [ev.WorkerStarted(at=NOW, pid=1, program="0.1.0")]
    for index in range(delivered):
        size = 84_000_000 + index
        events += [
            ev.ArchiveStarted(at=at(1), database=index, kind="sqlite", size=size, files=1),
            ev.ArchiveSealed(
                at=at(2), database=index, size=size // 3, sha256=f"{index:064x}", source_size=size, files=1
            ),
            ev.Delivered(at=at(3), database=index, path="/depot/x", verified=verified),
        ]
    last: ev.Event = ev.JobSucceeded(at=at(65))
    if delivered < len(spec.databases):
        last = ev.JobBlocked(
            at=at(65),
            problem=Problem.SHAREBOX_FULL,
            database=delivered,
            details={"path": "/x", "reason": "plein"},
        )
    return JobState.fold(spec, [*events, last] if end else events)


def text_of(state: JobState) -> str:
    return make_message(state).body.replace("\xa0", " ")


@pytest.mark.parametrize("count", [1, 10, 40])
def test_each_database_has_its_size_hash_and_verification(count: int) -> None:
    spec = spec_of(count)
    text = text_of(state_of(spec, count))
    paragraphs = text.split("\n\n")
    for index, item in enumerate(spec.databases):
        title = f"{index + 1}. {item.name}" if count > 1 else item.name
        (lines,) = [part.splitlines() for part in paragraphs if part.splitlines()[0] == title]
        assert lines[1:] == [
            "Données : 84,0 Mo",
            "Lecture : 2 mars 2022 à 14 h 06",
            "Remise : 2 mars 2022 à 14 h 08",
            f"Archive : {item.archive} (28,0 Mo)",
            "Vérification : faite, par relecture complète du fichier arrivé",
        ]
    assert f"Gestionnaire : {MANAGER}\n" in text
    assert "Transfert : le 2 mars 2022, de 14 h 05 à 15 h 10" in text


def test_the_managers_number_comes_first_and_whom_to_ask_is_named() -> None:
    state = state_of(msgspec.structs.replace(spec_of(1), manager_id="TC-0042", contact="Accueil, 01 23"), 1)
    message = make_message(state)
    assert message.subject.startswith("TC-0042 – Service Impact Emploi Association – ")
    facts = text_of(state).split("\n\n")[2].splitlines()
    assert facts[:2] == [f"Gestionnaire : TC-0042, {MANAGER}", "Contact : Accueil, 01 23"]


def test_nothing_of_it_is_secret_or_a_path_of_the_managers_machine() -> None:
    text = text_of(state_of(spec_of(3), 2))
    for word in ("compte-secret", "id_secret", "/srv/", "/home/", "proxy.interne", "utilisateur-proxy"):
        assert word not in text


def test_a_proportional_font_puts_nothing_out_of_line() -> None:
    for line in text_of(state_of(spec_of(10, ticked=4), 7)).splitlines():
        assert line == line.strip()
        assert "  " not in line or re.fullmatch(r"[0-9a-f]{64}  \S+", line)


def test_a_transfer_that_is_not_at_its_end_says_first_what_is_missing_and_why() -> None:
    text = text_of(state_of(spec_of(10), 7))
    assert text.startswith(
        "Bonjour,\n\nLe transfert n’est pas terminé : 7 bases de données sont remises sur 10.\n"
        "Il n’y a plus de place sur Sharebox.\n"
    )
    assert "\nÀ remettre encore : Base 07, Base 08, Base 09.\n" in text
    assert text.count("Remise : pas encore faite") == 3
    assert text.count(".7z\n") >= 7


@pytest.mark.parametrize(
    ("total", "delivered", "sentence"),
    [
        (1, 0, "la base de données n’est pas encore remise à Sharebox."),
        (3, 0, "aucune des 3 bases de données n’est encore remise à Sharebox."),
        (3, 1, "1 base de données est remise sur 3."),
    ],
)
def test_how_far_it_came(total: int, delivered: int, sentence: str) -> None:
    assert f"pas terminé : {sentence}" in text_of(state_of(spec_of(total), delivered, end=False))


def test_prerequisites_are_grouped_by_who_ticked_them_and_when() -> None:
    spec = spec_of(1)
    others = [
        msgspec.structs.replace(tick, by="dominique", at=NOW - timedelta(days=5))
        for tick in spec.prerequisites[::2]
    ]
    spec = msgspec.structs.replace(spec, prerequisites=(*spec.prerequisites[1::2], *others))
    text = text_of(state_of(spec, 1))
    assert text.count("Cochés par camille le 2 mars 2022 :\n[x] ") == 1
    assert text.count("Cochés par dominique le 25 février 2022 :\n[x] ") == 1
    assert text.count("[x] ") == len(STATEMENTS)
    assert "Transféré sans" not in text


@pytest.mark.parametrize(
    ("waiver", "heading"),
    [
        (None, "Transféré sans :"),
        (
            Waiver(by="camille", at=NOW, asked=True, findings=("« Base 00 » est ouverte dans impact.",)),
            "Transféré sans, en connaissance de cause (camille le 2 mars 2022 à 14 h 05) :",
        ),
        (
            Waiver(by="cron", at=NOW, asked=False),
            "Transféré sans, par une commande confirmée d’avance (cron le 2 mars 2022 à 14 h 05) :",
        ),
    ],
)
def test_what_the_transfer_went_without_is_said(waiver: Waiver | None, heading: str) -> None:
    text = text_of(state_of(spec_of(1, ticked=8, waiver=waiver), 1))
    missing = [f"[ ] {item.text}" for item in STATEMENTS[8:]]
    found = [f"[!] {finding}" for finding in waiver.findings] if waiver else []
    assert "\n".join([heading, *missing, *found]) + "\n\n" in text


def test_the_draft_is_read_back_as_it_was_written() -> None:
    message = make_message(state_of(spec_of(40, ticked=3), 37))
    raw = message.eml()
    mail = message_from_bytes(raw, policy=default)
    assert (mail["Subject"], mail["To"], mail["X-Unsent"]) == (message.subject, message.recipients_line, "1")
    text, attached = mail.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(attached, EmailMessage)
    assert (text.get_content_type(), text.get_content_charset()) == ("text/plain", "utf-8")
    assert text.get_content().replace("\r\n", "\n") == message.body
    assert attached.get_content_type() == "application/json"
    assert attached.get_content() == message.facts
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert mail.defects == []


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_a_subject_of_any_length_survives_folding(length: int) -> None:
    message = make_message(state_of(spec_of(1), 1))
    subject = f"{message.subject} – {'Été à la mer, l’œuvre ' * 8}"[: len(message.subject) + length].strip()
    changed = type(message)(subject, message.recipients, message.body)
    assert message_from_bytes(changed.eml(), policy=default)["Subject"] == subject


_ADDRESS = get_args(config.Mail)[1].pattern


@settings(max_examples=50, deadline=None)
@given(st.from_regex(_ADDRESS), st.text(max_size=50))
def test_any_name_and_any_address_make_a_message_of_harmless_words(address: str, name: str) -> None:
    spec = msgspec.structs.replace(spec_of(1), manager=name, recipients=(address,))
    message = make_message(state_of(spec, 1))
    mail = message_from_bytes(message.eml(), policy=default)
    assert mail["To"].addresses[0].addr_spec == address
    for text in (mail["Subject"], message.subject):
        assert harmless(text) == text
    sent = next(mail.iter_parts())
    assert isinstance(sent, EmailMessage)
    for text in (sent.get_content().replace("\r\n", "\n"), message.body, message.short):
        assert harmless_lines(text) == text
