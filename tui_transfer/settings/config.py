"""The settings, typed, read from and written back to `config.toml`; and where files live.

`msgspec` does the typing: it is a small, maintained library that names the key at fault. Each field's
`Meta(description=…)` is the French text of what is expected there; errors and the README quote it. Where it
speaks of how TOML is written, `extra["typed"]` says the same to who types into a form.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import msgspec
import platformdirs
import tomli_w
from msgspec import Meta

from tui_transfer import french
from tui_transfer.errors import INVISIBLE, Problem, TransferError, harmless
from tui_transfer.settings import schema, siret, toml
from tui_transfer.settings.host_keys import HostKeys, are_fingerprints, fingerprints, written
from tui_transfer.system import os_errors
from tui_transfer.system.documents import documents_folder
from tui_transfer.system.files import disk_errors, read_file, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME_VARIABLE: Final = "TUI_TRANSFER_HOME"
PAPERS_NAME: Final = "Transfert Urssaf"
LONGEST: Final = 1 << 20
"""Bytes that `config.toml` may have: that of a hundred databases has a hundredth."""
DEFAULT_RECIPIENTS: Final = ("anne.tomczyk@urssaf.fr", "impact-emploi-association@urssaf.fr")

AGENT: Final = "agent"
"""What stands in place of a key's file where ssh-agent has the keys; a file of that name is `./agent`."""

Host = Annotated[
    str, Meta(pattern=rf"\A[^\s/@{INVISIBLE}]+\Z", description="un nom de serveur ou une adresse IP")
]
Port = Annotated[int, Meta(ge=1, le=65535, description="un nombre de 1 à 65535")]
Text = Annotated[
    str,
    Meta(
        pattern=rf"\A(?=.*\S)[^{INVISIBLE}]+\Z",
        description="un texte entre guillemets, non vide, sur une seule ligne, sans caractère invisible",
        extra={"typed": "un texte sur une seule ligne, sans caractère invisible"},
    ),
]
ManagerNumber = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9-]{0,31}\Z",
        description="un SIRET (14 chiffres) ou un autre numéro entre guillemets, sans espace : des lettres "
        "sans accent, des chiffres et des tirets, 32 au plus",
        extra={
            "typed": "un SIRET (14 chiffres) ou un autre numéro, sans espace : lettres sans accent, chiffres "
            "et tirets, 32 au plus"
        },
    ),
]
FileName = Annotated[
    str,
    Meta(pattern=r"\A[^/\0\n]+\Z", max_length=255, description="le nom d’un fichier, sans dossier"),
]
_MISREAD: Final = re.compile(r"(?:[A-Za-z]:|\\)[^\x00-\x1f]*[\x01-\x1f]")
"""A path of Windows in which TOML has read the beginning of a name as a sign: « \\t » as a tab."""
_BACKSLASH: Final = "entre guillemets, « \\ » et la lettre qui suit sont lus comme un seul signe"
_WITHOUT_BACKSLASH: Final = "un chemin dont chaque « \\ » est doublé, ou remplacé par « / »"

FilePath = Annotated[
    str,
    Meta(
        pattern=r"\A(?=[^\0]*\S)[^\0]+\Z",
        description="un chemin entre guillemets ; relatif, il part du dossier de ce fichier",
        extra={"typed": "le chemin d’un fichier"},
    ),
]
Day = Annotated[
    date,
    Meta(
        description="une date sans guillemets, par exemple 2022-03-02",
        extra={"typed": "une date, par exemple 02/03/2022"},
    ),
]
Minutes = Annotated[int, Meta(ge=0, le=10_080, description="un nombre de minutes, de 0 à 10080")]
Days = Annotated[int, Meta(ge=1, le=36_500, description="un nombre de jours, de 1 à 36500")]
Compression = Annotated[
    Literal["auto"] | Annotated[int, Meta(ge=0, le=9)],
    Meta(
        description="« auto » entre guillemets, ou un nombre de 0 (rapide) à 9 (petit)",
        extra={"typed": "auto, ou un nombre de 0 (rapide) à 9 (petit)"},
    ),
]
ThemeName = Literal["dark", "light", "contrast"]
Mail = Annotated[
    str,
    Meta(
        # RFC 5322's dot-atom, which needs no quotes in a header; without « ? », it is no encoded word there.
        pattern=r"(?a)\A(?!.{255})[\w!#$%&'*+/=^`{|}~-]+(\.[\w!#$%&'*+/=^`{|}~-]+)*@[\w-]+(\.[\w-]+)*\Z",
        description="une adresse de messagerie",
    ),
]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A table of the file: unknown keys are refused, so that a misspelt one is never ignored."""


class Manager(_Section, frozen=True, kw_only=True):
    """Who hands the databases over."""

    name: Text
    id: ManagerNumber | None = None
    """A SIRET, or a number of the tiers de confiance: first in every name that is made of it."""
    contact: Text | None = None
    """Whom to ask for help: a service, a telephone number, its hours."""


class ShareboxSettings(_Section, frozen=True, kw_only=True):
    """Where the databases go."""

    host: Host
    port: Port = 22
    username: Text
    directory: Text = "."
    host_key: HostKeys | None = None
    """Absent: shown once to the person, then kept. A list where several servers share the name."""
    key_file: FilePath | None = None
    """Absent: a password is asked. `AGENT`: the keys are in ssh-agent. As it was given; see `located`."""
    temporary_names: bool = True
    """False where the server refuses other names than those of archives: they have theirs from the start."""

    @property
    def host_keys(self) -> tuple[str, ...]:
        """The fingerprints of the keys that the server may have, each once; none where none was accepted."""
        return fingerprints(self.host_key)

    def accepting(self, accepted: str | tuple[str, ...] | None) -> Self:
        """The same, where these keys are accepted too."""
        together = tuple(dict.fromkeys((*self.host_keys, *fingerprints(accepted))))
        return msgspec.structs.replace(self, host_key=written(together))

    @property
    def uses_agent(self) -> bool:
        """Whether the keys are in ssh-agent."""
        return self.key_file == AGENT

    @property
    def key_path(self) -> Path | None:
        """The file that holds the key, if one does."""
        return None if self.key_file is None or self.uses_agent else Path(self.key_file)

    @property
    def account(self) -> tuple[str, int, str]:
        """What a password belongs to: host, port, user name."""
        return self.host, self.port, self.username

    @property
    def place(self) -> tuple[str, int, str, str]:
        """What tells one destination from another: the account, and the directory."""
        return *self.account, self.directory


class ProxySettings(_Section, frozen=True, kw_only=True):
    """The route tried after the direct one."""

    kind: Annotated[
        Literal["http", "https", "socks5"], Meta(description="« http », « https » ou « socks5 »")
    ] = "http"
    """How the proxy is spoken to: `https` is an HTTP proxy that wants TLS to itself."""
    host: Host
    port: Port = 3128
    username: Text | None = None


class DatabaseSettings(_Section, frozen=True, kw_only=True):
    """A database that may be handed over: a file, an SQLite file, or a folder."""

    name: Text
    path: FilePath
    active: Annotated[bool, Meta(description="true ou false")] = False
    also: tuple[FileName, ...] = ()
    """Files beside it that go along, although nothing says that they belong to it."""
    without: tuple[FileName, ...] = ()
    """Files that belong to it by their names, and stay."""


class TransferSettings(_Section, frozen=True, kw_only=True):
    """When transfers are open, and how patient they are."""

    opens_on: Day | None = None
    closes_on: Day | None = None
    retry_for: Minutes = 30
    """How long a lost connection is tried again before the transfer stops, resumable."""
    compression: Compression = "auto"
    """How hard blocks are packed: as the link and the machine allow, or always with the same preset."""
    encrypt: Annotated[bool, Meta(description="true ou false")] = False
    """Whether archives are encrypted with a passphrase, the names of files in them too."""


class ReportSettings(_Section, frozen=True, kw_only=True):
    """Who gets the report."""

    recipients: Annotated[
        tuple[Mail, ...],
        Meta(
            min_length=1,
            description="une liste d’adresses entre guillemets, non vide",
            extra={"typed": "des adresses de messagerie, séparées par des virgules"},
        ),
    ] = DEFAULT_RECIPIENTS


class MailSettings(_Section, frozen=True, kw_only=True):
    """The server that sends the report, once a person or `--send` asks for it; its password is a secret."""

    host: Host
    port: Port = 587
    security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="« starttls », « tls » ou « none »")
    ] = "starttls"
    """`tls`: from the first byte on, mostly at port 465; `none`: a relay nearby that asks no password."""
    username: Text | None = None
    sender: Mail


class RetentionSettings(_Section, frozen=True, kw_only=True):
    """How long what is over is kept."""

    days: Days = 365
    """Verified transfers that old go at the end of the next one; receipts stay as long."""


class DisplaySettings(_Section, frozen=True, kw_only=True):
    """How the screen looks, and whether it calls when a transfer ends."""

    theme: Annotated[ThemeName, Meta(description="« dark », « light » ou « contrast »")] = "dark"
    notify: Annotated[bool, Meta(description="true ou false")] = True
    """Whether the terminal rings and shows a notification at the end of a transfer."""


class Settings(_Section, frozen=True, kw_only=True):
    """The whole of `config.toml`."""

    manager: Manager
    sharebox: ShareboxSettings
    proxy: ProxySettings | None = None
    databases: tuple[DatabaseSettings, ...] = ()
    transfer: TransferSettings = TransferSettings()
    report: ReportSettings = ReportSettings()
    mail: MailSettings | None = None
    retention: RetentionSettings = RetentionSettings()
    display: DisplaySettings = DisplaySettings()


@dataclass(frozen=True)
class Home:
    """Where configuration, jobs and logs live.

    `TUI_TRANSFER_HOME` puts all of it under one folder (a USB stick, a test); otherwise the
    system's own places are used.
    """

    config_file: Path
    data: Path
    is_portable: bool = True
    """Whether all of it is in one folder, which leaves nothing anywhere else."""

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> Home:
        """The home that `environment` asks for."""
        if chosen := environment.get(HOME_VARIABLE):
            folder = expanded(chosen).absolute()
            return cls(folder / "config.toml", folder)
        dirs = platformdirs.PlatformDirs("tui-transfer", appauthor=False)
        return cls(dirs.user_config_path / "config.toml", dirs.user_data_path, is_portable=False)

    @property
    def jobs(self) -> Path:
        """The folder of the jobs, one folder each."""
        return self.data / "jobs"

    @property
    def servers(self) -> Path:
        """The folder of what is known of servers."""
        return servers_beside(self.jobs)

    @property
    def receipts(self) -> Path:
        """The folder of the receipts, one folder for each job."""
        return receipts_beside(self.jobs)

    @property
    def reports(self) -> Path:
        """The folder of what is saved for the person: messages, the receipt's page, a copied text.

        Where they keep documents, as a folder of its own; in a portable home, beside the rest.
        """
        return self.data / "reports" if self.is_portable else documents_folder() / PAPERS_NAME


def data_beside(jobs: Path) -> Path:
    """The folder of the data of the home of these jobs: `Home.data`."""
    return jobs.parent


def receipts_beside(jobs: Path) -> Path:
    """The folder of the receipts, in the home of these jobs."""
    return data_beside(jobs) / "receipts"


def describe_doubts(settings: Settings) -> str:
    """What is accepted, and hardly meant, in French; empty where there is nothing."""
    return siret.doubt(settings.manager.id or "")


def contact(home: Home) -> str:
    """Whom a person of this home asks for help, as a French line; empty where the settings name nobody.

    It is wanted most where the settings are wrong: then it is taken from the line that names it.
    """
    try:
        found = load(home.config_file).manager.contact
    except TransferError:
        found = _contact_line(home.config_file)
    return describe_contact(found)


def _contact_line(file: Path) -> str | None:
    try:
        text = read_file(file, LONGEST).decode("utf-8-sig", "replace")
    except OSError:
        return None
    line = re.search(r"""^[ \t]*contact[ \t]*=[ \t]*(["'])(.+?)\1""", text, re.MULTILINE)
    return harmless(line[2]) if line else None


def describe_contact(named: str | None) -> str:
    """Whom to ask for help, as a French line; empty for nobody."""
    return f"Pour de l’aide : {named}" if named else ""


def servers_beside(jobs: Path) -> Path:
    """The folder of what is known of servers, in the home of these jobs."""
    return data_beside(jobs) / "servers"


def load(file: Path) -> Settings:
    """Reads and checks the settings.

    Raises:
        TransferError: CONFIGURATION_MISSING, or CONFIGURATION_INVALID naming file, key and what was
            expected.
    """
    try:
        # Windows' editors begin a file with a byte order mark, which is no part of TOML.
        data = toml.parse(read_file(file, LONGEST).decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise TransferError(Problem.CONFIGURATION_MISSING, file=file) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = os_errors.in_words(error) if isinstance(error, OSError) else "il n’est pas en UTF-8"
        raise _invalid(file, "—", f"lecture impossible ({reason})", "un fichier texte lisible") from error
    except tomllib.TOMLDecodeError as error:
        raise syntax_error(file, error) from error
    return convert(file, data)


def convert(file: Path, data: object) -> Settings:
    """The settings that `data`, what is or will be in `file`, stands for.

    Raises:
        TransferError: CONFIGURATION_INVALID.
    """
    try:
        settings = msgspec.convert(data, Settings)
    except msgspec.ValidationError as error:
        raise _invalid(file, *schema.explain(Settings, error)) from error
    _check_together(file, settings)
    return settings


def checked(file: Path, key: str, value: object) -> Any:
    """`value` as the key at `key`, for instance `sharebox.port`, takes it; None for an absent one.

    A text is read as a number, a date or a truth value where one is wanted.

    Raises:
        TransferError: CONFIGURATION_INVALID, whose `expected` speaks to who types into a form.
    """
    try:
        return schema.checked(Settings, key, value)
    except msgspec.ValidationError as error:
        place, expected = schema.refusal(Settings, key, error)
        raise _invalid(file, place, "la valeur n’est pas acceptée", expected) from error


def save(file: Path, settings: Settings) -> Path | None:
    """Writes the settings back atomically, readable by their owner only. A link to them stays a link.

    Returns:
        Where the former file was copied to, because it held more than is written back: comments, or what
        could not be understood. None where nothing is lost.

    Raises:
        TransferError: CONFIGURATION_INVALID if `load` would not take them, CONFIGURATION_UNWRITABLE.
    """
    convert(file, _plain(settings))
    try:
        copy = _keep_copy(file.resolve())
        write_private(file.resolve(), render(settings).encode())
    except TransferError as error:
        details = {"file": file, "reason": error.details["reason"]}
        raise TransferError(Problem.CONFIGURATION_UNWRITABLE, **details) from error
    return copy


def _keep_copy(file: Path) -> Path | None:
    """Copies the file to the first free name beside it, where rewriting loses more than its layout."""
    with disk_errors(file):
        try:
            content = read_file(file, LONGEST)
        except FileNotFoundError:
            return None
    try:
        settings = load(file)
        if b"#" not in content or render(settings).encode() == content:  # a name may hold a « # » too
            return None
    except TransferError:
        pass  # it cannot be understood: all the more reason to keep it
    return _copied(file, content)


def keep_former(file: Path, instead: bytes) -> Path | None:
    """Copies the file before `instead` takes its place, whatever it holds.

    Returns:
        Where to; None where there is no file, or the same.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    with disk_errors(file):
        try:
            content = read_file(file, LONGEST)
        except FileNotFoundError:
            return None
    return None if content == instead else _copied(file, content)


def _copied(file: Path, content: bytes) -> Path:
    """The first free name beside the file, under which `content` is kept."""
    names = (file.with_name(f"{file.name}.old{number}") for number in ("", *range(2, 1000)))
    copy = next(name for name in names if not name.exists())
    write_private(copy, content)
    return copy


def render(settings: Settings) -> str:
    """The settings as the text of a `config.toml`."""
    return tomli_w.dumps(_without_none(_plain(settings)))


def _plain(settings: Settings) -> Any:
    return msgspec.to_builtins(settings, builtin_types=(date,))


def resolve(path: str, config_file: Path) -> Path:
    """The absolute form of a path given in `config_file`; a relative one starts at its folder."""
    return (config_file.parent / expanded(path)).absolute()


def located(sharebox: ShareboxSettings, home: Home) -> ShareboxSettings:
    """The same, where the key's file has its absolute path: wherever the program is started, and whichever
    process reads the key, a relative one starts at the folder of `config.toml`, as that of a database does.
    """
    if sharebox.key_path is None:
        return sharebox
    return msgspec.structs.replace(sharebox, key_file=str(resolve(str(sharebox.key_path), home.config_file)))


def expanded(path: str) -> Path:
    """`path` with its `~` replaced by the account's folder, where there is such an account."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises there


def active_databases(settings: Settings, home: Home) -> list[tuple[str, Path]]:
    """Name and absolute path of the databases that are handed over when none is named."""
    return [
        (database.name, resolve(database.path, home.config_file))
        for database in settings.databases
        if database.active
    ]


def remember_host_key(home: Home, host: str, fingerprint: str, *, accepted: bool = False) -> None:
    """Pins the key that `host` has shown, unless the host changed or keys are pinned already.

    Args:
        home: whose settings.
        host: the name of the server.
        fingerprint: of its key, `SHA256:…`.
        accepted: a person has just accepted this key by its fingerprint: it is pinned beside the others.

    Raises:
        TransferError: as `load` and `save`.
    """
    settings = load(home.config_file)
    pinned = settings.sharebox.host_keys
    if settings.sharebox.host != host or fingerprint in pinned or (pinned and not accepted):
        return
    save(
        home.config_file, msgspec.structs.replace(settings, sharebox=settings.sharebox.accepting(fingerprint))
    )


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _check_together(file: Path, settings: Settings) -> None:
    """Refuses what is right key by key but wrong as a whole, and what `HostKeys` lets pass."""
    if not are_fingerprints(settings.sharebox.host_key):
        key, reason = "sharebox.host_key", "la valeur n’est pas acceptée"
        raise _invalid(file, key, reason, schema.expected(Settings, key))
    seen: set[str] = set()
    for index, database in enumerate(settings.databases, start=1):
        name = database.name.strip().casefold()
        if name in seen:
            reason = f"deux bases portent le nom « {database.name} »"
            raise _invalid(file, f"databases[{index}].name", reason, "un nom différent pour chaque base")
        seen.add(name)
    paths = {f"databases[{index}].path": base.path for index, base in enumerate(settings.databases, start=1)}
    for key, path in {**paths, "sharebox.key_file": settings.sharebox.key_file or ""}.items():
        if _MISREAD.match(path):
            raise _invalid(file, key, _BACKSLASH, _WITHOUT_BACKSLASH)
    opens_on, closes_on = settings.transfer.opens_on, settings.transfer.closes_on
    if opens_on and closes_on and closes_on < opens_on:
        reason = "la fermeture précède l’ouverture"
        raise _invalid(file, "transfer.closes_on", reason, f"une date à partir du {french.day(opens_on)}")
    if settings.mail and settings.mail.username and settings.mail.security == "none":
        reason = "le mot de passe de la messagerie partirait en clair"
        raise _invalid(file, "mail.security", reason, "« starttls » ou « tls », ou une section sans username")


def _invalid(file: Path, key: str, reason: str, expected: str) -> TransferError:
    return TransferError(Problem.CONFIGURATION_INVALID, file=file, key=key, reason=reason, expected=expected)


def syntax_error(file: Path, error: tomllib.TOMLDecodeError) -> TransferError:
    """Says in French where a file is no TOML."""
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    key = f"ligne {place[1]}, colonne {place[2]}" if place else "fin du fichier"
    if re.search(r"Unescaped '\\'|hex value", str(error)):
        return _invalid(file, key, _BACKSLASH, _WITHOUT_BACKSLASH)
    return _invalid(file, key, "la syntaxe est incorrecte", "un fichier au format TOML (clé = valeur)")
