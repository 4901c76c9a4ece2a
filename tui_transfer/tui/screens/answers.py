"""What a person answers when a job is blocked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_transfer.settings.config import ProxySettings


@dataclass(frozen=True)
class Answer:
    """What to go on with; empty to simply try again. The secrets are kept out of its representation."""

    proxy: ProxySettings | None = None
    host_key: str | None = None
    sftp_password: str | None = field(default=None, repr=False)
    key_passphrase: str | None = field(default=None, repr=False)
    proxy_password: str | None = field(default=None, repr=False)
