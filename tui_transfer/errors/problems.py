"""The names of the failures, the kinds they are of, and what is to be told of each, which `meanings` does."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_transfer.errors.places import Place


class ExitCode(IntEnum):
    """What a command's exit status says. Others rely on these numbers; the README lists them."""

    SUCCESS = 0
    UNEXPECTED = 1
    USAGE = 2
    PREREQUISITE = 3
    SOURCE_CHANGED = 4
    UNREACHABLE = 5
    PROXY = 6
    CREDENTIALS = 7
    HOST_KEY = 8
    REFUSED = 9
    LOCAL_DISK = 10
    MISMATCH = 11
    INTERRUPTED = 12
    UNVERIFIABLE = 13
    NOTHING_TO_RESUME = 15
    RUNNING = 16
    NOT_NOW = 17
    QUESTION = 18
    LOST = 19


EXIT_CODE_MEANINGS: Final[dict[ExitCode, str]] = {
    ExitCode.SUCCESS: "succès vérifié",
    ExitCode.UNEXPECTED: "erreur imprévue",
    ExitCode.USAGE: "commande ou configuration incorrecte",
    ExitCode.PREREQUISITE: "prérequis non rempli, ou base illisible",
    ExitCode.SOURCE_CHANGED: "une base a changé pendant sa lecture",
    ExitCode.UNREACHABLE: "Sharebox injoignable : adresse, réseau ou pare-feu, sinon un proxy",
    ExitCode.PROXY: "le proxy a refusé, ou ses identifiants sont refusés",
    ExitCode.CREDENTIALS: "Sharebox a refusé les identifiants",
    ExitCode.HOST_KEY: "clé du serveur inconnue ou changée",
    ExitCode.REFUSED: "Sharebox a refusé le fichier (droits, espace)",
    ExitCode.LOCAL_DISK: "disque local plein ou non inscriptible",
    ExitCode.MISMATCH: "ce qui est arrivé n’est pas ce qui a été envoyé",
    ExitCode.INTERRUPTED: "interrompu, peut être repris",
    ExitCode.UNVERIFIABLE: "remis, mais non vérifiable sur Sharebox",
    ExitCode.NOTHING_TO_RESUME: "rien à reprendre",
    ExitCode.RUNNING: "un autre transfert est en cours",
    ExitCode.NOT_NOW: "ce n’est pas le moment : pas de GO, ou période terminée",
    ExitCode.QUESTION: "une question à laquelle seule une personne peut répondre",
    ExitCode.LOST: "perdu sur Sharebox : ce qui y était a disparu",
}


class Recovery(Enum):
    """What makes a failure go away."""

    TRANSIENT = "transient"
    """Trying again later may succeed with nothing changed."""
    PERSON = "person"
    """Someone must answer a question or give something; then the same job goes on."""
    PERMANENT = "permanent"
    """Trying again changes nothing until something outside the program is mended."""


class Need(Enum):
    """What a person can give so that the same job goes on."""

    PROXY = "proxy"
    """A proxy, or another one: step 5bis."""
    PROXY_PASSWORD = "proxy-password"
    """Credentials for the proxy that is known."""
    HOST_KEY = "host-key"
    """A yes or no to the key that a server shows."""
    PASSWORD = "password"
    """The account's password on the Sharebox."""
    PASSPHRASE = "passphrase"
    """That of the key file."""
    ARCHIVE_PASSPHRASE = "archive-passphrase"
    """That of the job's archives."""
    MAIL_PASSWORD = "mail-password"
    """The account's password on the mail server, for the report."""
    DAMAGE = "damage"
    """A yes or no to handing over a damaged database."""


class Problem(StrEnum):
    """Names of the failures, stable: they are written to journals and printed in JSON."""

    UNEXPECTED = "unexpected"
    USAGE = "usage"
    CONFIGURATION_MISSING = "configuration-missing"
    CONFIGURATION_INVALID = "configuration-invalid"
    CONFIGURATION_UNWRITABLE = "configuration-unwritable"
    SECRET_ON_COMMAND_LINE = "secret-on-command-line"
    SECRET_FILE_UNREADABLE = "secret-file-unreadable"
    SECRET_UNFIT = "secret-unfit"
    TERMINAL_UNSUITABLE = "terminal-unsuitable"
    JOB_UNKNOWN = "job-unknown"
    NOTHING_TO_RESUME = "nothing-to-resume"
    JOB_RUNNING = "job-running"
    JOB_STARTING = "job-starting"
    JOB_OVERTAKEN = "job-overtaken"
    JOB_BEING_REMOVED = "job-being-removed"
    JOB_ELSEWHERE = "job-elsewhere"
    VIEW_LEFT = "view-left"
    JOURNAL_INVALID = "journal-invalid"
    JOURNAL_NEWER = "journal-newer"

    NOT_OPEN_YET = "not-open-yet"
    CLOSED = "closed"
    CONFIRMATION_NEEDED = "confirmation-needed"
    PREREQUISITE_UNMET = "prerequisite-unmet"
    DATABASE_NONE = "database-none"
    DATABASE_UNKNOWN = "database-unknown"
    DATABASE_MISSING = "database-missing"
    DATABASE_UNREADABLE = "database-unreadable"
    DATABASE_LOCKED = "database-locked"
    DATABASE_NESTED = "database-nested"
    DATABASE_SPECIAL_FILE = "database-special-file"
    DATABASE_INCOMPLETE = "database-incomplete"
    DATABASE_LINK = "database-link"
    DATABASE_FILE_NAME = "database-file-name"
    DATABASE_CHANGED = "database-changed"
    DATABASE_DAMAGED = "database-damaged"

    SHAREBOX_UNREACHABLE = "sharebox-unreachable"
    PROXY_UNREACHABLE = "proxy-unreachable"
    PROXY_CREDENTIALS_NEEDED = "proxy-credentials-needed"
    PROXY_CREDENTIALS_REFUSED = "proxy-credentials-refused"
    PROXY_CERTIFICATE_UNKNOWN = "proxy-certificate-unknown"
    PROXY_METHOD_UNKNOWN = "proxy-method-unknown"
    PROXY_FORBIDDEN = "proxy-forbidden"
    PROXY_NO_ROUTE = "proxy-no-route"
    PROXY_PROTOCOL = "proxy-protocol"
    PROXY_NOT_SSH = "proxy-not-ssh"
    NOT_SSH = "not-ssh"
    NOT_SSH_BEHIND_PROXY = "not-ssh-behind-proxy"
    SERVER_SILENT = "server-silent"
    SERVER_CLOSED = "server-closed"
    SERVER_BUSY = "server-busy"
    WEAK_SERVER = "weak-server"
    ALGORITHM_UNKNOWN = "algorithm-unknown"
    PROTOCOL_VIOLATED = "protocol-violated"

    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    PASSWORD_NEEDED = "password-needed"
    CREDENTIALS_REFUSED = "credentials-refused"
    LOGIN_UNANSWERED = "login-unanswered"
    ANSWER_NEEDED = "answer-needed"
    PASSWORD_EXPIRED = "password-expired"
    KEY_UNREADABLE = "key-unreadable"
    KEY_UNSUITABLE = "key-unsuitable"
    KEY_PASSPHRASE_NEEDED = "key-passphrase-needed"
    KEY_PASSPHRASE_WRONG = "key-passphrase-wrong"
    AGENT_UNUSABLE = "agent-unusable"
    ARCHIVE_PASSPHRASE_NEEDED = "archive-passphrase-needed"
    ARCHIVE_PASSPHRASE_WRONG = "archive-passphrase-wrong"

    SFTP_UNAVAILABLE = "sftp-unavailable"
    DIRECTORY_MISSING = "directory-missing"
    SHAREBOX_PERMISSION = "sharebox-permission"
    SHAREBOX_FULL = "sharebox-full"
    SHAREBOX_REFUSED = "sharebox-refused"
    NAME_TAKEN = "name-taken"

    DISK_FULL = "disk-full"
    DISK_UNWRITABLE = "disk-unwritable"
    SPOOL_DAMAGED = "spool-damaged"
    CONTENT_MISMATCH = "content-mismatch"
    ARRIVED_DAMAGED = "arrived-damaged"
    DELIVERY_LOST = "delivery-lost"
    CONNECTION_LOST = "connection-lost"
    INTERRUPTED = "interrupted"

    MAIL_NOT_SET = "mail-not-set"
    MAIL_UNREACHABLE = "mail-unreachable"
    MAIL_NOT_SMTP = "mail-not-smtp"
    MAIL_NOT_TLS = "mail-not-tls"
    MAIL_UNSAFE = "mail-unsafe"
    MAIL_CERTIFICATE = "mail-certificate"
    MAIL_PASSWORD_NEEDED = "mail-password-needed"
    MAIL_CREDENTIALS_REFUSED = "mail-credentials-refused"
    MAIL_LOGIN_UNKNOWN = "mail-login-unknown"
    MAIL_LOGIN_WANTED = "mail-login-wanted"
    MAIL_ADDRESS_REFUSED = "mail-address-refused"
    MAIL_REFUSED = "mail-refused"
    MAIL_BUSY = "mail-busy"
    MAIL_UNCERTAIN = "mail-uncertain"


OF_ONE_DATABASE: Final = frozenset(
    {
        Problem.UNEXPECTED,
        Problem.DATABASE_MISSING,
        Problem.DATABASE_UNREADABLE,
        Problem.DATABASE_LOCKED,
        Problem.DATABASE_SPECIAL_FILE,
        Problem.DATABASE_INCOMPLETE,
        Problem.DATABASE_LINK,
        Problem.DATABASE_FILE_NAME,
        Problem.DATABASE_CHANGED,
        Problem.DATABASE_DAMAGED,
        Problem.SHAREBOX_PERMISSION,
        Problem.SHAREBOX_REFUSED,
        Problem.NAME_TAKEN,
        Problem.CONTENT_MISMATCH,
        Problem.ARRIVED_DAMAGED,
        Problem.DELIVERY_LOST,
        Problem.SPOOL_DAMAGED,
    }
)
"""What, met while one database is packed or delivered, says nothing of the others: they go on. Every other
problem (route, host key, login, a full account, this machine's disk, a person's stop) concerns all."""


OF_THE_ROUTE: Final = frozenset(
    {Problem.SHAREBOX_UNREACHABLE, Problem.NOT_SSH, Problem.SERVER_SILENT, Problem.SERVER_CLOSED}
)
"""What another route may get around; every other failure would only be repeated on it."""


@dataclass(frozen=True)
class Words:
    """The French text of a failure: what happened, why, what to do, the likeliest first, in the words of the
    screens. The texts are `str.format` templates filled from the error's details.
    """

    title: str
    why: str
    advice: str
    place: Place | None = None
    """Where on screen it is mended, most likely."""


@dataclass(frozen=True)
class Meaning:
    """A problem's exit code, what makes it go away, and its `Words`."""

    exit_code: ExitCode
    recovery: Recovery
    title: str
    why: str
    advice: str
    need: Need | None = None
    """What a person is asked for, if that can help."""
    network: bool = False
    """Whether it may only be that the network is away, where the same route has worked before."""
    needs_new_job: bool = False
    """Whether the same job, gone on with, would only meet it again: another one is what helps."""
    place: Place | None = None
    """As in `Words`."""
    by_command: str = ""
    """What is added for whoever works by commands: options, variables, what to write to `config.toml`."""
    causes: Mapping[str, Words] = field(default_factory=dict)
    """Other words, where the detail `cause` tells more than the problem does."""

    def words(self, cause: str) -> Words:
        """Those for a cause, or what holds for all."""
        return self.causes.get(cause) or Words(self.title, self.why, self.advice, self.place)
