"""« Réglages »: a form for what is otherwise written in `config.toml`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label, Static

from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config
from tui_transfer.settings.config import DisplaySettings
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.tui.answers import Unsaved
from tui_transfer.tui.happenings import ForgettingAsked, LeftUnsaved, TrialAsked
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.settings_draft import (
    ENTRIES,
    HOST_KEY,
    NO_PROXY,
    PROXY_KIND,
    SECTIONS,
    SERVER,
    compose,
    read_draft,
)
from tui_transfer.tui.theme import THEMES
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.bars import TopBar
from tui_transfer.tui.widgets.field import Choice, Field, QuietInput
from tui_transfer.tui.widgets.path_input import PathInput
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.widget import Widget

    from tui_transfer.settings.config import Settings
    from tui_transfer.tui.settings_draft import Draft, FormEntry, Section

_NO_KEY: Final = "aucune : il montrera la sienne, que vous comparerez"
_MOVED: Final = "oubliée : ce n’est plus le même serveur"


class KeyFileInput(PathInput):
    """A field for a path, where an empty one is right and nothing is listed below."""

    def action_complete(self) -> None:
        """Completes a whole path; a relative one would begin at the configuration, and not here."""
        if Path(self.value.strip()).expanduser().is_absolute():
            super().action_complete()
        else:
            self.screen.focus_next()

    def action_browse(self) -> None:
        """Goes on to the next field."""
        self.screen.focus_next()


class SettingsPage(Page):
    """All settings in one form, checked by the configuration's own types; written only by « Enregistrer »."""

    TRAIL = "Centre de maintenance › Réglages"
    LEAD = "↑ et ↓ vont d’un champ à l’autre. Un champ vide garde la valeur grisée."
    HELP = (
        "Ces réglages sont ceux du fichier config.toml. Rien n’est changé avant « Enregistrer » : F4 "
        f"depuis un champ, ou {letter_of('save')} ailleurs. Aucun mot de passe n’est enregistré. "
        "« Oublier la clé » sert quand l’Urssaf annonce que la clé de son serveur a changé."
    )
    CSS_PATH = "settings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Champ", key_display="↑ ↓", tooltip="Aller d’un champ à l’autre"),
        lettered("save", "Enregistrer", also="f4,ctrl+s", show=True, key_display="S ou F4",
                 tooltip="Enregistrer les réglages"),
        lettered("test", "Tester la connexion", also="f6",
                 tooltip="Essayer la connexion avec ce qui est saisi, enregistré ou non"),
        Binding("delete", "forget_host_key", "Oublier la clé", show=False,
                tooltip="Oublier la clé du serveur Sharebox, après confirmation"),
    ]  # fmt: skip

    def __init__(self, at: str = "") -> None:
        """`at`: the key of the field to begin with; the first one where there is no such field."""
        super().__init__()
        self._at = at
        self._forget = False
        """Whether the pinned host key is to go when the settings are saved."""
        self._checked: dict[str, str] = {}
        """The texts that the errors shown are about."""

    def body(self) -> Iterable[Widget]:
        """The sections, then what the focused field is for."""
        self.session.reload()
        self._draft: Draft = self._starting_point()
        form = VerticalScroll(*map(self._section, SECTIONS), id="form", classes="panel", can_focus=False)
        yield Vertical(form, id="form-room")
        yield Prose(id="hint")

    def _starting_point(self) -> Draft:
        draft = read_draft(self.session.home.config_file)
        chosen = self.centre.theme_name
        if self.session.settings is None and chosen != DisplaySettings().theme:
            # It was chosen when there was nowhere to keep it.
            return replace(draft, texts={**draft.texts, "display.theme": chosen})
        return draft

    def _section(self, section: Section) -> Widget:
        lines: list[Widget] = [Static(section.title, classes="section-title")]
        for entry in section.entries:
            lines.append(Field(entry.label, self._widget(entry)))
            if entry.key == "sharebox.port":
                key = Horizontal(Label("Clé du serveur", classes="field-label"), Static(id="host-key"))
                lines.append(key.add_class("pinned"))
        return Vertical(*lines, classes="section")

    def _widget(self, entry: FormEntry) -> Input | Choice:
        text = self._draft.texts[entry.key]
        if entry.choices:
            return Choice(entry.choices, text, id=entry.id)
        kind = KeyFileInput if entry.kind == "path" else QuietInput
        return kind(text, id=entry.id, placeholder=entry.placeholder)

    def buttons(self) -> Iterable[Action]:
        """What to do with all of them."""
        yield Action("save", primary=True)
        yield Action("test")
        yield Action("forget_host_key")

    def on_mount(self) -> None:
        """Says why there are no settings yet, where that is so."""
        self.watch(self.query_one("#proxy-kind"), "chosen", self._show_proxy)
        self._show_host_key()
        self._begin_at(self._at)
        error = self.session.error
        if error is None:
            return
        if error.problem is Problem.CONFIGURATION_MISSING:
            self.say("Première utilisation : saisissez ce que l’Urssaf vous a donné.")
            return
        self.say(
            f"{error.title} : {error.why} Ce qui a pu être lu est repris ici. L’ancien fichier sera gardé.",
            "warning",
        )
        self.typed_settings()  # shows what is wrong

    def _begin_at(self, key: str) -> None:
        if key == HOST_KEY:  # a button stands for it
            self.set_focus(self.query_one("#action-forget-host-key"))
        elif (entry := next((entry for entry in ENTRIES if entry.key == key), None)) is not None:
            self._focus_on(entry if self._field(entry).display else PROXY_KIND)

    def _focus_on(self, entry: FormEntry) -> None:
        field = self._field(entry)
        self.set_focus(field.widget)
        self.call_after_refresh(field.scroll_visible, animate=False)

    def action_none(self) -> None:
        """The fields do it."""

    # ── The form ──────────────────────────────────────────────

    @property
    def _texts(self) -> dict[str, str]:
        texts = {}
        for entry in ENTRIES:
            widget = self._field(entry).widget
            texts[entry.key] = widget.value.strip() if isinstance(widget, Input) else widget.value
        return texts

    @property
    def _changed(self) -> bool:
        return self._forget or self._texts != self._draft.texts

    def _field(self, entry: FormEntry) -> Field:
        widget = self.query_one(f"#{entry.id}")
        return next(field for field in widget.ancestors if isinstance(field, Field))

    def on_descendant_focus(self) -> None:
        """Explains the focused field."""
        focused = self.focused
        entry = next((entry for entry in ENTRIES if focused is not None and focused.id == entry.id), None)
        self.query_one("#hint", Prose).update(entry.hint if entry else "")

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        entry = next(entry for entry in ENTRIES if entry.id == event.input.id)
        if event.value.strip() != self._checked.get(entry.key):  # an input says its first value, too
            self._field(entry).set_error(None)
        if entry.key in SERVER:
            self._show_host_key()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    def _show_proxy(self) -> None:
        """The proxy's fields are there where there is a proxy."""
        kind = self.query_one("#proxy-kind", Choice).value
        for entry in ENTRIES:
            if entry.key.startswith("proxy.") and entry.key != "proxy.kind":
                self._field(entry).display = kind != NO_PROXY

    def _show_host_key(self) -> None:
        kept = None if self._forget else self._draft.host_key_with(self._texts)
        lost = self._draft.host_key is not None and not self._forget
        self.set_text("#host-key", "\n".join(fingerprints(kept)) or (_MOVED if lost else _NO_KEY))
        self.query_one("#host-key").set_class(kept is None, "muted")
        self.set_available("forget_host_key", kept is not None)

    def typed_settings(self) -> Settings | None:
        """The settings as they are typed, saved or not; None, with what is wrong shown, where they are none.

        What cannot be typed here, the list of databases and the host key, is as the file has it, and so is
        what was left alone: another window may have changed either.
        """
        now = read_draft(self.session.home.config_file)
        self._follow(now)
        self._checked = self._texts
        result = compose(now, self._checked, forget_host_key=self._forget)
        errors = result if isinstance(result, dict) else {}
        wrong = [entry for entry in ENTRIES if entry.key in errors]
        for entry in ENTRIES:
            self._field(entry).set_error(errors.get(entry.key))
        if isinstance(result, dict):
            if wrong:
                self._focus_on(wrong[0])
            else:
                self.say(" ".join(result.values()), "error")
            return None
        return result

    def _follow(self, now: Draft) -> None:
        """Shows what the file has by now in the fields that were left alone."""
        self.session.reload()
        if self.session.settings is None:  # it cannot be read any more: what is shown is the better half
            return
        typed = self._texts
        for entry in ENTRIES:
            before, text = self._draft.texts[entry.key], now.texts[entry.key]
            if typed[entry.key] == before != text:
                self._field(entry).widget.value = text
        self._draft = now

    # ── What the keys do ──────────────────────────────────────

    def action_test(self) -> None:
        """Tries the connection with what is typed, if that can be understood."""
        if (typed := self.typed_settings()) is not None:
            self.centre.tell(TrialAsked(typed, self.session.orders()))

    def action_save(self) -> None:
        """Writes the settings, and says where."""
        self._save()

    def _save(self) -> bool:
        settings = self.typed_settings()
        if settings is None:
            return False
        try:
            copy = self.session.save(settings)
        except TransferError as error:
            self.say_failure(error, with_advice=True)
            return False
        self._take_effect(settings)
        self._forget = False
        # What was typed counts as what the file says: « 1/3/2022 » is no change of « 01/03/2022 ».
        self._draft = replace(read_draft(self.session.home.config_file), texts=self._texts)
        self._show_host_key()
        kept = f" L’ancien fichier, avec ses commentaires, est gardé : {copy.name}." if copy else ""
        doubt = config.describe_doubts(settings)
        saved = f"Enregistré : {self.session.home.config_file}.{kept} {doubt}".strip()
        self.say(saved, "warning" if doubt else "success")
        return True

    def _take_effect(self, now: Settings) -> None:
        self.app.theme = THEMES[now.display.theme].name
        self.centre.announcer.notify = now.display.notify
        for screen in self.app.screen_stack:
            for bar in screen.query(TopBar):
                bar.manager = now.manager.name

    def action_next_theme(self) -> None:
        """Changes the field as well."""
        super().action_next_theme()
        chosen = self.centre.theme_name
        self.query_one("#display-theme", Choice).value = chosen
        if self.session.settings is not None:  # it was saved
            self._draft = replace(self._draft, texts={**self._draft.texts, "display.theme": chosen})

    def action_forget_host_key(self) -> None:
        """Asks before the pinned key is given up."""
        self.centre.tell(ForgettingAsked(self._asked_to_forget))

    def _asked_to_forget(self, agreed: bool | None) -> None:
        if agreed:
            self._forget = True
            self._show_host_key()
            self.say("La clé sera oubliée quand vous enregistrerez.")

    def action_back(self) -> None:
        """Goes back; asks first what becomes of changes."""
        self._unless_changed(super().action_back)

    def action_leave(self) -> None:
        """Ends the program; asks first what becomes of changes."""
        self._unless_changed(super().action_leave)

    def _unless_changed(self, go: Callable[[], None]) -> None:
        if self._changed:
            self.centre.tell(LeftUnsaved(partial(self._chosen, go)))
        else:
            go()

    def _chosen(self, go: Callable[[], None], choice: Unsaved | None) -> None:
        if choice is Unsaved.DROP or (choice is Unsaved.SAVE and self._save()):
            go()
