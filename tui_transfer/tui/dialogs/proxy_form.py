"""Step 5bis: the proxy to go through."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Literal, cast

import msgspec
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.errors import Need, Problem
from tui_transfer.settings.config import ProxySettings
from tui_transfer.sharebox.proxy.clear_text import clear_text_warning
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.pac import proxy_script, script_hint
from tui_transfer.tui import capitals, form_errors
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.background import in_background
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.route_trial import try_proxy
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.address_input import AddressInput
from tui_transfer.tui.widgets.field import Choice, Field, FormInput
from tui_transfer.tui.widgets.prose import Prose
from tui_transfer.tui.widgets.secret_input import HOW_TO_REVEAL, REVEAL, SecretInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import PracticeProxy
    from tui_transfer.tui.route_trial import Destination, ProposedProxy

TITLE: Final = "La connexion à Sharebox en mode direct n’a pu s’établir"
_KINDS: Final = (("http", "HTTP"), ("https", "HTTPS"), ("socks5", "SOCKS5"))
_SCHEMES: Final = {
    "http": "http",
    "https": "https",
    "socks": "socks5",
    "socks5": "socks5",
    "socks5h": "socks5",
}
"""The kinds, by how addresses begin."""
_HINTS: Final = {
    "kind": "← et → choisissent le type : HTTP, le plus souvent. Votre service informatique le sait.",
    "host": "Le nom du proxy, ou toute son adresse, comme http://proxy.exemple.fr:8080 : elle est répartie.",
    "port": "Un nombre, souvent 3128 ou 8080.",
    "username": "Souvent celui de votre session ; rien si le proxy n’en demande pas.",
    "password": f"{HOW_TO_REVEAL} Il n’est enregistré nulle part.",
}


class ProxyForm(Dialog[Answer | None]):
    """Gives the proxy and its password, or None.

    Args:
        failure: why the form is shown; what the last attempt met is on top.
        destination: where the proxy is to lead.
        proxy: the values to begin with.
        password: the one given before, unless the proxy refused it.
        proposed: the values to begin with where there are none: what the machine's own settings say.
        practice: the values to show during a demonstration.
    """

    SHOWS_CONTACT = True
    CSS_PATH = "proxy_form.tcss"
    HELP = (
        "Un proxy est la sortie de votre réseau vers Internet. Votre service informatique connaît son type, "
        "son adresse, son port et vos identifiants. « Tester » essaie la connexion sans rien transférer. "
        "« Exécuter » reprend le transfert par ce proxy ; ce qui est déjà fait n’est pas refait."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("execute", "Exécuter"),
        lettered("try", "Tester", tooltip="Essayer ce proxy, sans rien transférer"),
        lettered("direct", "Reprendre en direct", tooltip="Reprendre sans proxy, si le réseau était coupé"),
        Binding("escape", "cancel", "Annuler", show=False),
        REVEAL,
    ]  # fmt: skip

    def __init__(
        self,
        failure: TransferError,
        destination: Destination,
        proxy: ProxySettings | None,
        password: str | None = None,
        *,
        proposed: ProposedProxy | None = None,
        practice: PracticeProxy | None = None,
    ) -> None:
        super().__init__(TITLE)
        self._failure = failure
        self._destination = destination
        self._proxy = proxy or (proposed.proxy if proposed else None)
        self._script = proxy_script() if proxy is None else None
        """Of this machine, where nobody has said yet which proxy to take."""
        self._source = proposed.source if proxy is None and proposed is not None else ""
        """Where the values to begin with stand, where they are this machine's."""
        self._trying = False
        self._leaving = Cancellation()
        """Ends a trial that nobody looks at any more."""
        self._password = password or ""
        self._practice = practice
        # The focus starts where the next thing is to be typed.
        start = "host" if proxy is None else "password" if failure.need is Need.PROXY_PASSWORD else "host"
        self.AUTO_FOCUS = f"#{start}"  # type: ignore[misc]

    def body(self) -> Iterable[Widget]:
        """What went wrong, then the fields."""
        yield paragraph(self._reason(), "reason")
        if self._practice is not None:
            yield paragraph(_practice_line(self._practice), "warning")
        proxy = self._proxy
        host, username = (proxy.host, proxy.username or "") if proxy else ("", "")
        yield Field("Type", Choice(_KINDS, proxy.kind if proxy else "http", id="kind"))
        yield Field("Adresse", AddressInput(host, id="host", placeholder="proxy.exemple.fr", of_host=True))
        yield Field("Port", FormInput(str(proxy.port) if proxy else "", id="port", placeholder="3128"))
        yield Field("Identifiant", FormInput(username, id="username", placeholder="vide s’il n’en faut pas"))
        yield Field("Mot de passe", SecretInput(self._password, id="password"))
        yield Prose(id="hint")
        yield Prose(classes="clear-text warning")

    def buttons(self) -> Iterable[Action]:
        """« Exécuter » and « Annuler »; the direct way again where it is the one that failed."""
        yield Action("execute", primary=True)
        yield Action("try")
        if self._was_direct:
            yield Action("direct")
        yield Action("cancel")

    @property
    def _was_direct(self) -> bool:
        return self._failure.problem is Problem.SHAREBOX_UNREACHABLE

    def _reason(self) -> Content:
        failure = self._failure
        if self._was_direct:
            known = (
                f"Celui que cette machine connaît, par {self._source}, est proposé ; votre service "
                "informatique peut le confirmer."
                if self._source
                else "Votre service informatique connaît ces informations."
            )
            script = f" {script_hint(self._script)}" if self._script else ""
            host, port = failure.details.get("host", ""), failure.details.get("port", "")
            if_right = f"Si l’adresse de Sharebox est juste ({host}, port {port}), v" if host else "V"
            return Content(
                f"{if_right}otre réseau impose sans doute un proxy. {known}{script} "
                f"({failure.details.get('reason', failure.why)})"
            )
        return _describe(failure)

    def on_mount(self) -> None:
        """Says from the beginning what is to be known of the password."""
        self.watch(self.query_one("#kind", Choice), "chosen", self._explain)

    def on_descendant_focus(self) -> None:
        """Explains the focused field."""
        super().on_descendant_focus()
        self._explain()

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        self._field(event.input.id or "").set_error(None)
        self._explain()

    def _explain(self) -> None:
        """What the focused field is for, and who might read the password on its way, once there is one."""
        id = (self.focused.id if self.focused else None) or ""
        doubt = capitals.doubt(self._password_typed or "") if id == "password" else ""
        hint = self.query_one("#hint", Prose)
        hint.set_class(bool(doubt), "warning")
        hint.update(doubt or _HINTS.get(id, ""))
        warning = clear_text_warning(self._kind) if self._password_typed else None
        self.query_one(".clear-text", Prose).update(warning or "")

    @on(AddressInput.Given)
    def _spread(self, event: AddressInput.Given) -> None:
        """An address that was pasted whole goes to the fields; its password goes nowhere."""
        address = event.address
        for name, text in (("host", address.host), ("port", address.port), ("username", address.username)):
            if text:
                self.query_one(f"#{name}", Input).value = text
        if address.scheme in _SCHEMES:
            self.query_one("#kind", Choice).value = _SCHEMES[address.scheme]
        if address.had_password:
            self._field("password").set_error(
                "Le mot de passe collé avec l’adresse n’est pas repris : saisissez-le."
            )

    @property
    def _kind(self) -> Literal["http", "https", "socks5"]:
        return cast("Literal['http', 'https', 'socks5']", self.query_one("#kind", Choice).value)

    @on(Input.Submitted, "#password")
    def _execute(self) -> None:
        self.action_execute()

    def on_unmount(self) -> None:
        """Ends a trial under way."""
        self._leaving.cancel()

    def _take_address_apart(self) -> None:
        """What was typed, and not left yet."""
        host = self.query_one("#host", AddressInput)
        if (address := host.take_apart()) is not None:
            self._spread(AddressInput.Given(host, address))

    def action_execute(self) -> None:
        """Goes on with the transfer through this proxy."""
        if (proxy := self._checked_proxy()) is not None:
            self.dismiss(Answer(proxy=proxy, proxy_password=self._password_typed))

    def action_try(self) -> None:
        """Tries this proxy up to the server's key; the transfer stays as it is."""
        if self._trying or (proxy := self._checked_proxy()) is None:
            return
        self._trying = True
        self._say(Content(f"… Essai de la connexion à {self._destination.host} par {proxy.host}."))
        password = self._password_typed
        in_background(
            self,
            lambda: try_proxy(self._destination, proxy, password, self._leaving),
            partial(self._tried, proxy),
        )

    def _tried(self, proxy: ProxySettings, result: str | TransferError) -> None:
        self._trying = False
        if isinstance(result, str):
            known = (
                "C’est bien le serveur attendu."
                if self._destination.host_keys
                else f"Empreinte de sa clé : {result}"
            )
            self._say(
                Content.assemble(
                    ("✓ Sharebox répond par ce proxy. ", "bold $success"),
                    f"{known} « Exécuter » reprend le transfert.",
                )
            )
            self.set_focus(self.query_one("#action-execute"))
            return
        self._say(_describe(result))
        if result.problem is Problem.PROXY_CREDENTIALS_REFUSED:
            # Not tried twice: accounts get locked.
            self.query_one("#password", Input).value = ""
        if result.need is Need.PROXY_PASSWORD:
            self.set_focus(self.query_one("#password"))

    def _say(self, text: Content) -> None:
        self.query_one(".reason", Prose).update(text)
        self.query_one("#dialog-body").scroll_home(animate=False)

    def _checked_proxy(self) -> ProxySettings | None:
        """The proxy as it was typed; None, with the errors shown, where a field is wrong."""
        self._take_address_apart()
        errors = {
            "host": host_error(self._value("host")),
            "port": port_error(self._value("port")),
            "username": username_error(self._value("username"), self._value("password")),
        }
        for name, error in errors.items():
            self._field(name).set_error(error)
        wrong = next((name for name, error in errors.items() if error), None)
        if wrong is not None:
            self.set_focus(self.query_one(f"#{wrong}"))
            return None
        return ProxySettings(
            kind=self._kind,
            host=self._value("host"),
            port=int(self._value("port")),
            username=self._value("username") or None,
        )

    def action_direct(self) -> None:
        """Tries again as before: the line may have been down for a moment."""
        if self._was_direct:
            self.dismiss(Answer())

    def action_cancel(self) -> None:
        """Gives up for now; the job stays resumable."""
        self.dismiss(None)

    @property
    def _password_typed(self) -> str | None:
        return self.query_one("#password", Input).value or None

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _field(self, name: str) -> Field:
        return next(field for field in self.query(Field) if field.widget.id == name)


def host_error(text: str) -> str | None:
    """What is wrong with a proxy's address, in French."""
    if not text:
        return "Indiquez l’adresse du proxy."
    if error := form_errors.host_error(text):
        return error
    try:
        msgspec.convert({"host": text}, ProxySettings)
    except msgspec.ValidationError:
        return "Un nom de serveur ou une adresse IP, sans espace."
    return None


def port_error(text: str) -> str | None:
    """What is wrong with a port, in French."""
    if not text:
        return "Indiquez le port du proxy, souvent 3128 ou 8080."
    return form_errors.port_error(text, "3128 ou 8080") or None


def username_error(username: str, password: str) -> str | None:
    """What is wrong with a username, in French."""
    return "Ce mot de passe demande un identifiant." if password and not username else None


def _describe(failure: TransferError) -> Content:
    return Content.assemble((f"✗ {failure.title}. ", "bold $error"), f"{failure.why} {failure.advice}")


def _practice_line(proxy: PracticeProxy) -> Content:
    return Content.assemble(
        ("Démonstration", "bold"),
        f" : HTTP, adresse {proxy.host}, port {proxy.port}, identifiant {proxy.username}, "
        f"mot de passe {proxy.password}",
    )
