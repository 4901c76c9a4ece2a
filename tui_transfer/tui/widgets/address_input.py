"""A field into which a whole address may be pasted, which its form then spreads over the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_transfer.tui.pasted_address import PastedAddress, read_address
from tui_transfer.tui.widgets.field import FormInput

if TYPE_CHECKING:
    from textual import events


class AddressInput(FormInput):
    """Takes apart what is pasted, or was typed once it is left; a password in it is never shown.

    Args:
        value: to begin with.
        id: its name.
        placeholder: what an empty one says.
        of_host: whether it is that of the server, where « serveur:22 » is an address, too; in other fields an
            address begins with its kind, as `sftp://`.
    """

    @dataclass
    class Given(Message):
        """An address was given; only its host, or nothing, is left in the field of the server."""

        input: AddressInput
        address: PastedAddress

    def __init__(self, value: str = "", *, id: str, placeholder: str = "", of_host: bool = False) -> None:
        super().__init__(value, id=id, placeholder=placeholder)
        self._of_host = of_host

    def _read(self, text: str) -> PastedAddress | None:
        return read_address(text) if self._of_host or "://" in text else None

    def take_apart(self) -> PastedAddress | None:
        """The address that stands in the field, which is then to be spread; None where there is none."""
        address = self._read(self.value)
        if address is not None:
            self.value = address.host if self._of_host else ""
        return address

    def on_blur(self, event: events.Blur) -> None:
        """What was typed is whole."""
        if (address := self.take_apart()) is not None:
            self.post_message(self.Given(self, address))

    def _on_paste(self, event: events.Paste) -> None:
        begin, end = sorted(self.selection)
        text = " ".join(event.text.split())
        address = self._read(self.value[:begin] + text + self.value[end:])
        event.stop()
        event.prevent_default()
        if address is None:
            self.replace(text, begin, end)
        else:
            self.value = address.host if self._of_host else ""
            self.post_message(self.Given(self, address))
