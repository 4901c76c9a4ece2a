"""The form of « Réglages »: all sections, what their fields say, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Label, Static

from tui_transfer import french
from tui_transfer.tui.settings_entries import ABSENT, ENTRIES, SECTIONS, SWITCHES
from tui_transfer.tui.widgets.address_input import AddressInput
from tui_transfer.tui.widgets.field import Choice, Field, FormInput
from tui_transfer.tui.widgets.list_input import ListInput
from tui_transfer.tui.widgets.path_input import KeyFileInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from tui_transfer.tui.pasted_address import PastedAddress
    from tui_transfer.tui.settings_entries import FormEntry, Section

_KINDS: Final = {"http": "http", "https": "https", "socks": "socks5", "socks5": "socks5", "socks5h": "socks5"}
"""Of proxies, by how their addresses begin."""
_FOREIGN: Final = {
    "http": "C’est l’adresse d’une page web : vérifiez que le serveur de dépôt (SFTP) porte ce nom.",
    "https": "C’est l’adresse d’une page web : vérifiez que le serveur de dépôt (SFTP) porte ce nom.",
    "ftp": "FTP n’est pas SFTP : demandez à l’Urssaf l’adresse de dépôt (SFTP) de Sharebox.",
    "ftps": "FTPS n’est pas SFTP : demandez à l’Urssaf l’adresse de dépôt (SFTP) de Sharebox.",
}


class SettingsForm(VerticalScroll):
    """Shows texts by key, and gives them back.

    Args:
        texts: what each field shows at first.
    """

    @dataclass
    class Edited(Message):
        """The text of a field is another; `entry` says whose."""

        entry: FormEntry

    @dataclass
    class Spread(Message):
        """An address was spread over the fields; `text` says over which, and `doubt` what to look at."""

        text: str
        doubt: bool

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(id="form", classes="panel", can_focus=False)
        self._first = texts
        self._known = dict(texts)
        """The texts that others were told of: an input says its first value, too."""
        self._checked: dict[str, str] = {}
        """The texts that the errors shown are about."""

    def compose(self) -> ComposeResult:
        """One section below the other."""
        for section in SECTIONS:
            yield self._section(section)

    def _section(self, section: Section) -> Widget:
        lines: list[Widget] = [Static(section.title, classes="section-title")]
        for entry in section.entries:
            lines.append(Field(entry.label, self._widget(entry)))
            if entry.key == "sharebox.port":
                key = Horizontal(Label("Clé du serveur", classes="field-label"), Static(id="host-key"))
                lines.append(key.add_class("pinned"))
        return Vertical(*lines, classes="section")

    def _widget(self, entry: FormEntry) -> Widget:
        text, id, placeholder = self._first[entry.key], entry.id, entry.placeholder
        if entry.choices:
            return Choice(entry.choices, text, id=id)
        if entry.kind == "list":
            return ListInput(text, id=id, placeholder=placeholder)
        if entry.kind == "address":
            of_host = entry.key.endswith(".host")
            return AddressInput(text, id=id, placeholder=placeholder, of_host=of_host)
        kind = KeyFileInput if entry.kind == "path" else FormInput
        return kind(text, id=id, placeholder=placeholder)

    def on_mount(self) -> None:
        """Fields of a section that is not to be are not seen."""
        for switch in SWITCHES.values():
            self.watch(self.query_one(f"#{switch.id}"), "chosen", self._show_sections)

    def _show_sections(self) -> None:
        for entry in ENTRIES:
            switch = SWITCHES.get(entry.section)
            if switch is not None and switch is not entry:
                self.field(entry).display = self.query_one(f"#{switch.id}", Choice).value != ABSENT

    # ── Texts ─────────────────────────────────────────────────

    @property
    def texts(self) -> dict[str, str]:
        """What is typed, by key."""
        return {entry.key: self._text_of(entry) for entry in ENTRIES}

    def _text_of(self, entry: FormEntry) -> str:
        widget = self.field(entry).widget
        assert isinstance(widget, Input | Choice | ListInput)
        return widget.value.strip()

    def show(self, entry: FormEntry, text: str) -> None:
        """Puts a text into a field."""
        widget = self.field(entry).widget
        assert isinstance(widget, Input | Choice | ListInput)
        widget.value = text

    def field(self, entry: FormEntry) -> Field:
        """The field that stands for an entry."""
        widget = self.query_one(f"#{entry.id}")
        return next(field for field in widget.ancestors if isinstance(field, Field))

    def entry_of(self, widget: Widget | None) -> FormEntry | None:
        """The entry that a widget, or the line of a list, stands for."""
        names = [] if widget is None else [widget.id, *(above.id for above in widget.ancestors)]
        return next((entry for entry in ENTRIES if entry.id in names), None)

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        entry = self.entry_of(event.input)
        if entry is None or (text := self._text_of(entry)) == self._known[entry.key]:
            return
        self._known[entry.key] = text
        if text != self._checked.get(entry.key):
            self.field(entry).set_error(None)
        self.post_message(self.Edited(entry))

    # ── Errors ────────────────────────────────────────────────

    @property
    def count_errors(self) -> int:
        """How many fields are marked as wrong."""
        return sum(bool(self.field(entry).error) for entry in ENTRIES)

    def show_errors(self, errors: Mapping[str, str], texts: Mapping[str, str]) -> None:
        """Says below each field what is wrong with its text, goes to the first, and brings it into sight."""
        self._checked = dict(texts)
        for entry in ENTRIES:
            self.field(entry).set_error(errors.get(entry.key))
        wrong = next((entry for entry in ENTRIES if entry.key in errors), None)
        if wrong is not None:
            self.go_to(wrong, errors[wrong.key])

    def go_to(self, entry: FormEntry, error: str = "") -> None:
        """Focuses a field; one that is not seen, by the field that says whether its section is to be."""
        field = self.field(entry if self.field(entry).display else SWITCHES[entry.section])
        widget = field.widget
        if isinstance(widget, ListInput):
            named = next((line for line in widget.lines if line.value and line.value in error), None)
            self.screen.set_focus(named or widget.lines[0])
        else:
            self.screen.set_focus(widget)
        self.call_after_refresh(field.scroll_visible, animate=False)

    # ── Addresses ─────────────────────────────────────────────

    def take_addresses_apart(self) -> None:
        """Spreads what was typed, and not left yet."""
        for widget in self.query(AddressInput):
            if (address := widget.take_apart()) is not None:
                self._spread(widget, address)

    @on(AddressInput.Given)
    def _given(self, event: AddressInput.Given) -> None:
        self._spread(event.input, event.address)

    def _spread(self, widget: AddressInput, address: PastedAddress) -> None:
        entry = self.entry_of(widget)
        if entry is None:
            return
        section = entry.section
        parts = {
            "kind": _KINDS.get(address.scheme, "") if section == "proxy" else "",
            "host": address.host,
            "port": address.port,
            "username": address.username,
            "directory": address.directory if section == "sharebox" else "",
        }
        filled = []
        for other in ENTRIES:
            text = parts.get(other.key.partition(".")[2], "") if other.section == section else ""
            if text:
                self.show(other, text)
                filled.append(other.label.lower())
        sentences = [f"Adresse répartie : {french.enumeration(filled)}."] if filled else []
        foreign = _FOREIGN.get(address.scheme, "") if section == "sharebox" else ""
        if foreign:
            sentences.append(foreign)
        if address.had_password:
            sentences.append(
                "Le mot de passe qu’elle contenait n’est pas gardé : il sera demandé au moment voulu."
            )
        self.post_message(self.Spread(" ".join(sentences), bool(foreign) or address.had_password))
