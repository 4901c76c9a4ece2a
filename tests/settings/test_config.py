from __future__ import annotations

import os
import stat
import tomllib
from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.mounts import small_disk
from tui_transfer.errors import Problem, TransferError, in_words
from tui_transfer.settings import config
from tui_transfer.settings.config import Home

MINIMAL = """
[manager]
name = "Association Exemple"

[sharebox]
host = "sharebox.example.org"
username = "exemple"
"""
KEY = "SHA256:" + "A" * 43
FULL = f"""
[manager]
name = "Association Exemple"

[sharebox]
host = "sharebox.example.org"
port = 2222
username = "exemple"
directory = "/depot"
host_key = "{KEY}"
key_file = "~/id_ed25519"

[proxy]
kind = "socks5"
host = "proxy.example.org"
port = 1080
username = "exemple"

[[databases]]
name = "Base active"
path = "bases/base.db"
active = true

[[databases]]
name = "Autre"
path = "/srv/autre"

[transfer]
opens_on = 2022-03-02
closes_on = 2022-06-30

[report]
recipients = ["a@example.org"]
"""


MANAGER = config.Manager(name="Association Exemple")
BOX = config.ShareboxSettings(host="sharebox.example.org", username="exemple")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_the_documented_file_is_read(file: Path) -> None:
    file.write_text(FULL)
    settings = config.load(file)
    assert settings.sharebox.port == 2222
    assert settings.sharebox.host_key == KEY
    assert settings.proxy is not None
    assert settings.proxy.kind == "socks5"
    assert [item.active for item in settings.databases] == [True, False]
    assert settings.transfer.opens_on == date(2022, 3, 2)
    assert settings.report.recipients == ("a@example.org",)


def test_what_is_left_out_has_the_documented_default(file: Path) -> None:
    file.write_text(MINIMAL)
    settings = config.load(file)
    assert settings.sharebox.port == 22
    assert settings.proxy is None
    assert settings.report.recipients == ("anne.tomczyk@urssaf.fr", "impact-emploi-association@urssaf.fr")


@pytest.mark.linux
def test_saving_writes_back_what_was_read_privately(file: Path) -> None:
    file.write_text(FULL)
    settings = config.load(file)
    old_umask = os.umask(0)
    try:
        config.save(file, settings)
    finally:
        os.umask(old_umask)
    assert config.load(file) == settings
    assert tomllib.loads(file.read_text()) == tomllib.loads(FULL)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        (MINIMAL.replace('host = "sharebox.example.org"\n', ""), "sharebox.host", "un nom de serveur"),
        (MINIMAL + 'port = "22"\n', "sharebox.port", "1 à 65535"),
        (MINIMAL + "port = 0\n", "sharebox.port", "1 à 65535"),
        (MINIMAL + "hots = 1\n", "sharebox.hots", "host, port, username"),
        (MINIMAL + 'host_key = "MD5:aa"\n', "sharebox.host_key", "SHA256:"),
        (MINIMAL + '[[databases]]\nname = "a"\n', "databases[1].path", "un chemin"),
        (FULL.replace('path = "/srv/autre"', "path = 3"), "databases[2].path", "un chemin"),
        (MINIMAL + "[transfer]\nopens_on = 2022-03-02T10:00:00\n", "transfer.opens_on", "une date"),
        (MINIMAL + '[transfer]\nopens_on = "bientôt"\n', "transfer.opens_on", "une date"),
        (MINIMAL + '[proxy]\nkind = "ftp"\nhost = "p"\n', "proxy.kind", "« http », « https » ou « socks5 »"),
        (MINIMAL + '[report]\nrecipients = "a@b.fr"\n', "report.recipients", "une liste d’adresses"),
        (MINIMAL + '[report]\nrecipients = ["ab"]\n', "report.recipients[1]", "une adresse"),
        (MINIMAL.replace('"Association Exemple"', '" "'), "manager.name", "un texte"),
        *(
            (MINIMAL.replace("[manager]\n", f'[manager]\nid = "{number}"\n'), "manager.id", "un SIRET")
            for number in ("732 829 320 00074", "", "n°1", "é1", "-1", "1" * 33, "a_b", "../a", "1\\n")
        ),
        (MINIMAL.replace('"Association Exemple"', '"A\\nB"'), "manager.name", "une seule ligne"),
        (MINIMAL.replace('"Association Exemple"', '"A\\u001b[2J"'), "manager.name", "une seule ligne"),
        (
            MINIMAL.replace('"Association Exemple"', '"A\\u009bJ"'),
            "manager.name",
            "sans caractère invisible",
        ),
        (MINIMAL.replace('"Association Exemple"', '"A\\u202eB"'), "manager.name", "sans caractère invisible"),
        (MINIMAL.replace('"Association Exemple"', '"A\\n"'), "manager.name", "une seule ligne"),
        (MINIMAL.replace("sharebox.example.org", "sharebox\\u001b"), "sharebox.host", "un nom de serveur"),
        (MINIMAL.replace("sharebox.example.org", "sharebox\\n"), "sharebox.host", "un nom de serveur"),
        (MINIMAL + f'host_key = "{KEY}\\n"\n', "sharebox.host_key", "SHA256:"),
        (MINIMAL + f'host_key = ["{KEY}", "MD5:aa"]\n', "sharebox.host_key[2]", "SHA256:"),
        (MINIMAL + "host_key = []\n", "sharebox.host_key", "liste d’empreintes"),
        (MINIMAL + "host_key = 3\n", "sharebox.host_key", "liste d’empreintes"),
        (MINIMAL + '[report]\nrecipients = ["a@b.fr\\n", "c@d.fr"]\n', "report.recipients[1]", "une adresse"),
        (MINIMAL + '[report]\nrecipients = ["a@b.fr, c@d.fr"]\n', "report.recipients[1]", "une adresse"),
        pytest.param(
            MINIMAL + "port = " + "9" * 5000 + "\n",
            "ligne 8, colonne 1",
            "TOML",
            id="a number of 5,000 digits",
        ),
        (MINIMAL + "port = " + "9" * 4000 + "\n", "sharebox.port", "1 à 65535"),
        pytest.param(MINIMAL + "port = " + "[" * 10_000 + "\n", "fin du fichier", "TOML", id="deep lists"),
        pytest.param(
            MINIMAL + "port = " + "{a = " * 10_000 + "\n", "fin du fichier", "TOML", id="deep tables"
        ),
        pytest.param(
            MINIMAL + ".".join(["port"] * 5000) + " = 1\n", "sharebox.port", "1 à 65535", id="a deep key"
        ),
        (FULL.replace("/srv/autre", "/srv\\u0000autre"), "databases[2].path", "un chemin"),
        ("sharebox = 1\n[manager]\nname = 'a'", "sharebox", "une section"),
        (MINIMAL + "[transfers]\n", "transfers", "manager, sharebox, proxy"),
        ("[manager\n", "ligne 1, colonne 9", "TOML"),
        (FULL.replace('"Autre"', '"BASE ACTIVE "'), "databases[2].name", "un nom différent"),
        (FULL.replace("2022-06-30", "2022-03-01"), "transfer.closes_on", "2\xa0mars 2022"),
    ],
)
def test_an_error_names_file_key_and_what_was_expected(
    file: Path, text: str, key: str, expected: str
) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert caught.value.problem is Problem.CONFIGURATION_INVALID
    assert caught.value.exit_code == 2
    assert str(file) in caught.value.why
    assert in_words(key) in caught.value.why
    assert (f"« {key} »" in caught.value.by_command) is (in_words(key) != key)
    assert expected in caught.value.advice


def test_a_missing_file_and_a_file_that_is_not_text_are_told_apart(file: Path) -> None:
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert caught.value.problem is Problem.CONFIGURATION_MISSING
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert "UTF-8" in caught.value.why


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/ptmx", None])
@pytest.mark.linux
def test_what_never_ends_or_has_nobody_at_its_other_end_is_not_read(file: Path, target: str | None) -> None:
    if target:
        file.symlink_to(target)
    else:
        os.mkfifo(file)
    for read in (config.load, lambda file: config.save(file, config.Settings(manager=MANAGER, sharebox=BOX))):
        with pytest.raises(TransferError) as caught:
            read(file)
        assert "ce n’est pas un fichier ordinaire" in caught.value.why


def test_a_file_of_a_terabyte_is_not_read(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert "il est beaucoup trop gros" in caught.value.why


def test_a_host_key_that_could_not_be_read_back_is_not_saved(file: Path) -> None:
    sharebox = msgspec.structs.replace(BOX, host_key=f"{KEY}\n")
    with pytest.raises(TransferError) as caught:
        config.save(file, config.Settings(manager=MANAGER, sharebox=sharebox))
    assert caught.value.details["key"] == "sharebox.host_key"
    assert not file.exists()


def test_a_file_that_cannot_be_opened_says_so_in_french(file: Path) -> None:
    file.mkdir()
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert "un dossier porte ce nom" in caught.value.why


def test_the_mark_that_windows_editors_put_first_is_no_error(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + MINIMAL.strip().replace("\n", "\r\n").encode())
    assert config.load(file).manager.name == "Association Exemple"


@pytest.mark.parametrize(
    "content", ["# Fourni par l'Urssaf\n" + FULL, "[manager]\nname = 3\n", "[sharebox\n", "\xe9"]
)
def test_a_file_that_says_more_than_is_written_back_is_kept_beside(file: Path, content: str) -> None:
    kept = content.encode("latin-1")
    settings = msgspec.convert(tomllib.loads(FULL.replace("Base active", "Base #1")), config.Settings)
    file.write_bytes(kept)
    assert config.save(file, settings) == file.with_name("config.toml.old")
    assert file.with_name("config.toml.old").read_bytes() == kept
    assert config.load(file) == settings
    assert config.save(file, settings) is None, "what the program wrote itself holds nothing more"
    file.write_bytes(kept)
    assert config.save(file, settings) == file.with_name("config.toml.old2")
    assert file.with_name("config.toml.old").read_bytes() == kept


def test_where_the_former_file_cannot_be_kept_nothing_is_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("# note\n" + FULL)
    refusal = TransferError(Problem.DISK_FULL, path=file, reason="plus d’espace libre")

    def refuse(path: Path, content: bytes) -> None:
        raise refusal

    monkeypatch.setattr(config, "write_private", refuse)
    with pytest.raises(TransferError) as caught:
        config.save(file, config.load(file))
    assert caught.value.problem is Problem.CONFIGURATION_UNWRITABLE
    assert file.read_text() == "# note\n" + FULL


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("sharebox.port", "2222", 2222),
        ("sharebox.port", None, 22),
        ("transfer.opens_on", "2022-03-02", date(2022, 3, 2)),
        ("display.notify", "false", False),
        ("report.recipients", ["a@example.org"], ("a@example.org",)),
        ("report.recipients", None, config.DEFAULT_RECIPIENTS),
        ("proxy.username", None, None),
    ],
)
def test_a_typed_text_becomes_what_its_key_wants(key: str, value: object, wanted: object) -> None:
    assert config.checked(Path("config.toml"), key, value) == wanted


@pytest.mark.parametrize(
    ("key", "value", "place", "expected"),
    [
        ("sharebox.port", "70000", "sharebox.port", "un nombre de 1 à 65535"),
        ("sharebox.host", None, "sharebox.host", "un nom de serveur"),
        ("manager.name", " ", "manager.name", "un texte sur une seule ligne"),
        ("transfer.opens_on", "2022-02-31", "transfer.opens_on", "par exemple 02/03/2022"),
        ("report.recipients", ["a@example.org", "b"], "report.recipients[2]", "une adresse de messagerie"),
        ("report.recipients", [], "report.recipients", "séparées par des virgules"),
        ("proxy.host", "http://x", "proxy.host", "un nom de serveur"),
    ],
)
def test_a_typed_text_is_refused_in_words_for_a_form(
    key: str, value: object, place: str, expected: str
) -> None:
    with pytest.raises(TransferError) as caught:
        config.checked(Path("config.toml"), key, value)
    assert caught.value.details["key"] == place
    assert expected in caught.value.details["expected"]


def test_a_link_to_the_settings_stays_one(file: Path, tmp_path: Path) -> None:
    (tmp_path / "ailleurs").mkdir()
    real = tmp_path / "ailleurs" / "config.toml"
    real.write_text(FULL)
    file.symlink_to(real)
    config.remember_host_key(Home(file, tmp_path), "sharebox.example.org", KEY)
    config.save(file, config.load(file))
    assert file.is_symlink()
    assert tomllib.loads(real.read_text()) == tomllib.loads(FULL)


def test_a_configuration_that_cannot_be_saved_is_left_as_it_was(file: Path) -> None:
    file.write_text(FULL)
    settings = config.load(file)
    (file.parent / "disk").mkdir()
    with small_disk(file.parent / "disk", "size=8k") as disk:
        target = disk / "config.toml"
        target.write_text(MINIMAL)
        (disk / "filler").write_bytes(b"x" * 4096)
        with pytest.raises(TransferError) as caught:
            config.save(target, settings)
        assert caught.value.problem is Problem.CONFIGURATION_UNWRITABLE
        assert target.read_text() == MINIMAL
        assert sorted(path.name for path in disk.iterdir()) == ["config.toml", "filler"]


def test_saving_contradictions_is_refused(file: Path) -> None:
    file.write_text(FULL)
    settings = config.load(file)
    twice = (settings.databases[0], settings.databases[0])
    with pytest.raises(TransferError):
        config.save(file, msgspec.structs.replace(settings, databases=twice))
    assert file.read_text() == FULL


def test_a_host_key_is_kept_once_and_never_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "config.toml", tmp_path)
    home.config_file.write_text(MINIMAL)
    config.remember_host_key(home, "elsewhere.example.org", KEY)
    assert config.load(home.config_file).sharebox.host_key is None
    config.remember_host_key(home, "sharebox.example.org", KEY)
    config.remember_host_key(home, "sharebox.example.org", "SHA256:" + "B" * 43)
    assert config.load(home.config_file).sharebox.host_key == KEY


def test_a_host_key_that_a_person_accepted_is_kept_beside_the_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "config.toml", tmp_path)
    others = ["SHA256:" + letter * 43 for letter in "BC"]
    home.config_file.write_text(MINIMAL + f'host_key = "{KEY}"\n')
    for fingerprint in (KEY, *others, KEY):
        config.remember_host_key(home, "sharebox.example.org", fingerprint, accepted=True)
    assert config.load(home.config_file).sharebox.host_keys == (KEY, *others)
    assert f'"{KEY}",\n    "{others[0]}"' in home.config_file.read_text()


def test_several_host_keys(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    other = "SHA256:" + "B" * 43
    file.write_text(MINIMAL + f'host_key = ["{KEY}", "{other}", "{KEY}"]\n')
    settings = config.load(file)
    assert settings.sharebox.host_keys == (KEY, other)
    config.save(file, settings)
    assert config.load(file) == settings
    file.write_text(MINIMAL + f'host_key = ["{KEY}"]\n')
    assert config.load(file).sharebox.host_keys == (KEY,)
    assert config.load(file).sharebox.accepting(None).host_key == KEY


def test_one_variable_puts_everything_under_one_folder(tmp_path: Path) -> None:
    home = Home.find({"TUI_TRANSFER_HOME": str(tmp_path)})
    assert home.config_file == tmp_path / "config.toml"
    assert home.jobs.parent == tmp_path


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("clé/id_ed25519", "{folder}/clé/id_ed25519"),
        ("./agent", "{folder}/agent"),
        ("/etc/clé", "/etc/clé"),
        ("~/clé", "{person}/clé"),
        ("agent", "agent"),
        (None, None),
    ],
)
@pytest.mark.linux
def test_a_relative_key_starts_at_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, meant: str | None
) -> None:
    """Where the program is started plays no part, and what was given is what is written back."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/")
    home = Home(tmp_path / "config.toml", tmp_path)
    sharebox = config.ShareboxSettings(host="a", username="b", key_file=given)
    found = config.located(sharebox, home)
    assert found.key_file == (meant and meant.format(folder=tmp_path, person=tmp_path / "home"))
    assert found.uses_agent == (given == "agent")
    assert config.located(found, home) == found
    config.save(home.config_file, config.Settings(manager=config.Manager(name="a"), sharebox=sharebox))
    assert config.load(home.config_file).sharebox == sharebox


def test_a_relative_database_starts_at_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(FULL)
    home = Home(file, tmp_path)
    assert config.active_databases(config.load(file), home) == [("Base active", tmp_path / "bases/base.db")]


@pytest.mark.linux
def test_what_is_saved_for_the_person_is_where_they_keep_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As xdg-user-dirs has it; a folder that is not there is not made, and a stick keeps all by itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DOCUMENTS_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert Home.find({}).reports == tmp_path / "Transfert Urssaf"
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('XDG_DOCUMENTS_DIR="$HOME/Mes documents"\n')
    (tmp_path / "Mes documents").mkdir()
    assert Home.find({}).reports == tmp_path / "Mes documents" / "Transfert Urssaf"
    assert Home.find({"TUI_TRANSFER_HOME": "/clé"}).reports == Path("/clé/reports")


@pytest.mark.parametrize(
    "text",
    [
        '[manager]\nname = 3\ncontact = "Service, 01 23 45 67 89"\n',
        '[manager\n  contact="Service, 01 23 45 67 89"\n[sharebox\n',
        "contact = 'Service, 01 23 45 67 89'\n",
        '\ufeff[manager]\ncontact = "Service, 01 23 45 67 89"  # le matin',
    ],
)
def test_whom_to_ask_is_known_where_the_settings_are_wrong(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path / "config.toml", tmp_path)
    home.config_file.write_text(text, "utf-8")
    assert config.contact(home) == "Pour de l’aide : Service, 01 23 45 67 89"


@pytest.mark.parametrize("text", ["", "# contact = 3", "contact = 3", 'contact = ""'])
def test_and_nobody_is_made_up(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path / "config.toml", tmp_path)
    assert config.contact(home) == ""
    home.config_file.write_text(text, "utf-8")
    assert config.contact(home) == ""


@pytest.mark.parametrize(
    "path",
    [
        r"C:\temp\new.mdb",
        r"C:\bases\Paie.mdb",
        r"C:\Paie\base.mdb",
        r"C:\Users\a.mdb",
        r"\\srv\nouveau.mdb",
    ],
)
def test_a_backslash_that_is_read_as_another_sign_is_named(file: Path, path: str) -> None:
    file.write_text(FULL.replace("/srv/autre", path))
    with pytest.raises(TransferError) as caught:
        config.load(file)
    assert caught.value.problem is Problem.CONFIGURATION_INVALID
    assert "« \\ » et la lettre qui suit" in caught.value.details["reason"]
    assert "remplacé par « / »" in caught.value.as_text()


@pytest.mark.parametrize(
    "path", [r'"C:\\temp\\new.mdb"', '"C:/temp/new.mdb"', r"'C:\temp\new.mdb'", '"/srv/a\tb"']
)
def test_other_paths_are_taken(file: Path, path: str) -> None:
    file.write_text(FULL.replace('"/srv/autre"', path))
    assert config.load(file).databases[1].path == path[1:-1].replace("\\\\", "\\")
