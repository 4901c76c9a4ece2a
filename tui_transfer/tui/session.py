"""What the screens share while the program is open: the settings, and the secrets given so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui_transfer.errors import TransferError
from tui_transfer.job.orders import Orders
from tui_transfer.job.reading import Jobs
from tui_transfer.job.standing import Standing, standing
from tui_transfer.settings import config
from tui_transfer.tui.capitals import is_locked_in_capitals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_transfer.job.control import Follower
    from tui_transfer.job.spec import Waiver
    from tui_transfer.settings.config import Home, ProxySettings, Settings, ShareboxSettings, ThemeName
    from tui_transfer.tui.practice import Practice


@dataclass
class Session:
    """The settings as last read, and the secrets, which live in this object only.

    Args:
        home: where configuration and jobs are.
        practice: set during a demonstration.
        today: the calendar.
    """

    home: Home
    practice: Practice | None = None
    today: Callable[[], date] = date.today
    settings: Settings | None = field(init=False, default=None)
    error: TransferError | None = field(init=False, default=None)
    """Why there are no settings."""
    sftp_password: str | None = field(init=False, default=None, repr=False)
    key_passphrase: str | None = field(init=False, default=None, repr=False)
    proxy_password: str | None = field(init=False, default=None, repr=False)
    mail_password: str | None = field(init=False, default=None, repr=False)
    refused_in_capitals: bool = field(init=False, default=False)
    """Whether the password that was refused last looked as if it was typed with the capitals locked."""
    jobs: Jobs = field(init=False, repr=False)
    """What was read of the jobs so far."""
    standing: Standing | None = field(init=False, default=None, repr=False)
    """What they added up to when they were read last."""
    _reminded: bool = field(init=False, default=False)
    archive_passwords: dict[str, str] = field(init=False, default_factory=dict, repr=False)
    """What the archives of a job are encrypted with, by the job's name."""
    _given_for: Settings | None = field(init=False, default=None, repr=False)
    """The last settings that could be read: the secrets belong to these."""

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.home)
        self.reload()

    @property
    def contact(self) -> str:
        """Whom to ask for help, as a French line; empty where the settings name nobody."""
        if self.settings is not None:
            return config.describe_contact(self.settings.manager.contact)
        return config.contact(self.home)

    def reload(self) -> None:
        """Reads the settings again."""
        try:
            self._take(config.load(self.home.config_file))
        except TransferError as error:
            self.settings, self.error = None, error

    def save(self, settings: Settings) -> Path | None:
        """Keeps changed settings, in the file first; gives the copy of a file that held more than they do.

        Raises:
            TransferError: CONFIGURATION_INVALID or CONFIGURATION_UNWRITABLE; nothing is changed then.
        """
        copy = config.save(self.home.config_file, settings)
        self._take(settings)
        return copy

    def report_to_remember(self) -> Follower | None:
        """A transfer whose report is still to be sent, for whoever is about to leave; it is told once."""
        if self.practice is not None or self._reminded:
            return None
        found = self.now_standing()
        unsent = found.unsent if found else ()
        self._reminded = bool(unsent)
        return next(iter(unsent), None)

    def now_standing(self) -> Standing | None:
        """What the jobs add up to; where there are very many, what was read of them last.

        None where nothing is known, or they cannot be read.
        """
        try:
            if (readings := self.jobs.look_if_quick()) is not None:
                self.standing = standing(readings)
        except TransferError:
            return None
        return self.standing

    def sftp_password_was_refused(self, password: str | None) -> None:
        """It is not tried again; of it is kept only what it may have been refused for."""
        if password is not None:
            self.refused_in_capitals = is_locked_in_capitals(password)
        if password == self.sftp_password:
            self.sftp_password = None

    def change(self, edit: Callable[[Settings], Settings]) -> None:
        """Changes the settings as the file has them now: another window may have written since it was read.

        Raises:
            TransferError: what keeps the file from being read, or written; it is as it was then.
        """
        self.save(edit(config.load(self.home.config_file)))

    def _take(self, settings: Settings) -> None:
        """Goes by these settings, without the secrets that were given for what they do not name any more."""
        before, self.settings, self.error = self._given_for or settings, settings, None
        self._given_for = settings
        then, now = before.sharebox, settings.sharebox
        if then.account != now.account:
            self.sftp_password, self.refused_in_capitals = None, False
        if then.key_file != now.key_file:
            self.key_passphrase = None
        if before.proxy != settings.proxy:
            self.proxy_password = None
        if before.mail != settings.mail:
            self.mail_password = None

    def keep_theme(self, theme: ThemeName) -> None:
        """Remembers the theme, where there are settings to remember it in.

        Raises:
            TransferError: as `save`.
        """
        if self.settings is not None:
            self.change(lambda now: replace(now, display=replace(now.display, theme=theme)))

    def keep_proxy(self, proxy: ProxySettings) -> None:
        """Saves the proxy that a person gave, for the next job.

        Raises:
            TransferError: as `save`.
        """
        if self.settings is not None:
            self.change(lambda now: replace(now, proxy=proxy))

    def keep_host_key(self, sharebox: ShareboxSettings, fingerprint: str) -> None:
        """Pins the key that a person accepted, if the settings still are about that Sharebox.

        Raises:
            TransferError: as `save`.
        """

        def pinned(now: Settings) -> Settings:
            if (now.sharebox.host, now.sharebox.port) != (sharebox.host, sharebox.port):
                return now
            return replace(now, sharebox=now.sharebox.accepting(fingerprint))

        if self.settings is not None:
            self.change(pinned)

    def orders(
        self,
        proxy: ProxySettings | None = None,
        host_key: str | tuple[str, ...] | None = None,
        job: str = "",
        damage: Waiver | None = None,
    ) -> Orders:
        """What a worker is given: the secrets known so far, what was just decided, the settings of now.

        `job` is its name; without it the secrets are for a connection only.
        """
        self.reload()
        return Orders(
            sftp_password=self.sftp_password,
            key_passphrase=self.key_passphrase,
            proxy_password=self.proxy_password,
            archive_password=self.archive_passwords.get(job),
            sharebox=config.located(self.settings.sharebox, self.home) if self.settings else None,
            proxy=proxy,
            host_key=host_key,
            damage=damage,
        )
