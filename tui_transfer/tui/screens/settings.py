"""« Réglages »: a form for all that is kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings import config
from tui_transfer.settings.config import DisplaySettings
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.tui.answers import Unsaved
from tui_transfer.tui.happenings import ForgettingAsked, LeftUnsaved, TrialAsked
from tui_transfer.tui.letters import letter_of, lettered
from tui_transfer.tui.screens.page import Page
from tui_transfer.tui.settings_draft import HOST_KEY, SERVER, compose, read_draft
from tui_transfer.tui.settings_entries import ENTRIES
from tui_transfer.tui.theme import THEMES
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.bars import TopBar
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.widget import Widget

    from tui_transfer.settings.config import Settings
    from tui_transfer.tui.settings_draft import Draft

_NO_KEY: Final = "aucune : il montrera la sienne, que vous comparerez"
_MOVED: Final = "oubliée : ce n’est plus le même serveur"
_BY_KEY: Final = {entry.key: entry for entry in ENTRIES}


class SettingsPage(Page):
    """All settings in one form, checked by the configuration's own types; written only by « Enregistrer »."""

    TRAIL = "Centre de maintenance › Réglages"
    LEAD = "↑ et ↓ vont d’un champ à l’autre. Un champ vide garde la valeur grisée."
    HELP = (
        f"Rien n’est changé avant « Enregistrer » : F4 depuis un champ, ou {letter_of('save')} ailleurs. Ce "
        "qui ne va pas est dit sous chaque champ. Aucun mot de passe n’est enregistré. « Oublier la clé » "
        "sert quand l’Urssaf annonce que la clé de son serveur a changé."
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
        self._has_errors = False
        """Whether fields are marked as wrong."""

    def body(self) -> Iterable[Widget]:
        """The form, then what the focused field is for."""
        self.session.reload()
        self._draft: Draft = self._starting_point()
        yield Vertical(SettingsForm(self._draft.texts), id="form-room")
        yield Prose(id="hint")

    def _starting_point(self) -> Draft:
        draft = read_draft(self.session.home.config_file)
        chosen = self.centre.theme_name
        if self.session.settings is None and chosen != DisplaySettings().theme:
            # It was chosen when there was nowhere to keep it.
            return replace(draft, texts={**draft.texts, "display.theme": chosen})
        return draft

    def buttons(self) -> Iterable[Action]:
        """What to do with all of them."""
        yield Action("save", primary=True)
        yield Action("test")
        yield Action("forget_host_key")

    def on_mount(self) -> None:
        """Says why there are no settings yet, where that is so."""
        self._show_host_key()
        self._begin_at(self._at)
        error = self.session.error
        if error is None:
            return
        if error.problem is Problem.CONFIGURATION_MISSING:
            self.say("Première utilisation : saisissez ce que l’Urssaf vous a donné.")
            return
        self.typed_settings()  # shows what is wrong
        self.say(
            f"{_describe_damage(error)} Ce qui a pu être lu est repris ici ; l’ancien fichier sera gardé.",
            "warning",
        )

    def _begin_at(self, key: str) -> None:
        if key == HOST_KEY:  # a button stands for it
            self.set_focus(self.query_one("#action-forget-host-key"))
        elif key in _BY_KEY:
            self._form.go_to(_BY_KEY[key])

    def action_none(self) -> None:
        """The fields do it."""

    # ── The form ──────────────────────────────────────────────

    @property
    def _form(self) -> SettingsForm:
        return self.query_one(SettingsForm)

    @property
    def _changed(self) -> bool:
        return self._forget or self._form.texts != self._draft.texts

    def on_descendant_focus(self) -> None:
        """Explains the focused field."""
        entry = self._form.entry_of(self.focused)
        self.query_one("#hint", Prose).update(entry.hint if entry else "")

    @on(SettingsForm.Edited)
    def _edited(self, event: SettingsForm.Edited) -> None:
        if event.entry.key in SERVER:
            self._show_host_key()
        if self._has_errors:
            self._count_errors()

    @on(SettingsForm.Spread)
    def _tell_of_spread(self, event: SettingsForm.Spread) -> None:
        self.say(event.text, "warning" if event.doubt else "success")

    def _show_host_key(self) -> None:
        kept = None if self._forget else self._draft.host_key_with(self._form.texts)
        lost = self._draft.host_key is not None and not self._forget
        self.set_text("#host-key", "\n".join(fingerprints(kept)) or (_MOVED if lost else _NO_KEY))
        self.query_one("#host-key").set_class(kept is None, "muted")
        self.set_available("forget_host_key", kept is not None)

    def typed_settings(self) -> Settings | None:
        """The settings as they are typed, saved or not; None, with what is wrong shown, where they are none.

        What cannot be typed here, the list of databases and the host key, is as the file has it, and so is
        what was left alone: another window may have changed either.
        """
        self._form.take_addresses_apart()
        now = read_draft(self.session.home.config_file)
        self._follow(now)
        typed = self._form.texts
        result = compose(now, typed, forget_host_key=self._forget)
        errors = result if isinstance(result, dict) else {}
        self._form.show_errors(errors, typed)
        self._has_errors = bool(errors)
        if not isinstance(result, dict):
            return result
        if elsewhere := [text for key, text in errors.items() if key not in _BY_KEY]:
            self.say(" ".join(elsewhere), "error")
        else:
            self._count_errors()
        return None

    def _count_errors(self) -> None:
        """Says how many fields are still wrong: not all of them can be in sight."""
        count = self._form.count_errors
        if count:
            self.say(f"{french.count(count, 'champ')} à corriger, rien n’est enregistré.", "error")
        else:
            self.say("Tout semble corrigé : enregistrez.")
        self._has_errors = bool(count)

    def _follow(self, now: Draft) -> None:
        """Shows what the file has by now in the fields that were left alone."""
        self.session.reload()
        if self.session.settings is None:  # it cannot be read any more: what is shown is the better half
            return
        typed = self._form.texts
        for entry in ENTRIES:
            before, text = self._draft.texts[entry.key], now.texts[entry.key]
            if typed[entry.key] == before != text:
                self._form.show(entry, text)
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
        self._draft = replace(read_draft(self.session.home.config_file), texts=self._form.texts)
        self._show_host_key()
        kept = f" L’ancien fichier, avec ses commentaires, est gardé : {copy.name}." if copy else ""
        doubt = config.describe_doubts(settings)
        saved = f"Enregistré.{kept} {doubt}".strip()
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
        self._form.show(_BY_KEY["display.theme"], chosen)
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


def _describe_damage(error: TransferError) -> str:
    place = error.details.get("key", "")
    if place.startswith("ligne"):
        return f"Les réglages enregistrés sont abîmés ({place})."
    return "Les réglages enregistrés ne conviennent pas."
