"""Goes the way of a transfer up to the drop folder, and tells what each stage met.

It is the way itself, not a likeness: the same functions connect, compare the key, log in and write. No key is
accepted here, each secret is tried once at most, and nothing is left on the Sharebox.
"""

from __future__ import annotations

import ipaddress
import os
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.errors import OF_THE_ROUTE, Problem, TransferError
from tui_transfer.preflight.findings import Finding, Outcome, Stage, stages
from tui_transfer.sharebox.delivery.evidence import Verification
from tui_transfer.sharebox.delivery.exploration import Exploration, verification
from tui_transfer.sharebox.delivery.trial import clear_up
from tui_transfer.sharebox.proxy.clear_text import clear_text_warning
from tui_transfer.sharebox.proxy.direct_failure import explained, unreachable
from tui_transfer.sharebox.proxy.routes import Direct, Proxy, open_tunnel, resolve
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.authentication import log_in
from tui_transfer.sharebox.ssh.credentials import Credentials
from tui_transfer.sharebox.ssh.handshake import meet
from tui_transfer.sharebox.ssh.knowledge import KnownServers
from tui_transfer.sharebox.ssh.sharebox import FULL_BELOW_BYTES, Sharebox
from tui_transfer.system import os_errors
from tui_transfer.system.pac import proxy_script, script_hint

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Iterator, Sequence

    from tui_transfer.job.orders import Orders
    from tui_transfer.settings.config import ProxySettings, Settings
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.connection import Connection
    from tui_transfer.sharebox.ssh.knowledge import Abilities
    from tui_transfer.system.cancellation import Cancellation

    Tunnel = tuple[Route, socket.socket]

_SECRET_NEEDED: Final = frozenset({Problem.PASSWORD_NEEDED, Problem.KEY_PASSPHRASE_NEEDED})
_ONLY_ARCHIVES: Final = (
    "C’est peut-être le nom du fichier d’essai : sans noms provisoires, seul un envoi dira ce que ce serveur "
    "accepte."
)
_VERIFIED: Final = {
    Verification.SERVER_HASH: "par l’empreinte que le serveur calcule",
    Verification.READ_BACK: "par relecture",
    Verification.SIZE_ONLY: "par la taille seulement",
    Verification.NONE: "non",
}


def diagnose(
    settings: Settings,
    orders: Orders,
    cancellation: Cancellation,
    servers: KnownServers | None = None,
    size: int | None = None,
) -> Generator[Finding, None, None]:
    """Gives what each stage met, as soon as it is over. A stage that a later one corrects is given again.

    Seconds may pass before each one: not for a UI's own thread. Closing the iterator closes the connection.

    Args:
        settings: where to, and through which proxy; they need not be saved.
        orders: the secrets at hand; without them it ends where one is needed.
        cancellation: ends it at once, or, where a file was written, as soon as that is taken away.
        servers: those that are known; what this one can do is found out anew, and kept for transfers.
        size: bytes of the databases, which there should be room for.

    Raises:
        TransferError: INTERRUPTED.
    """
    seen: set[Stage] = set()
    for finding in _Diagnosis(settings, orders, cancellation, servers or KnownServers(), size).run():
        seen.add(finding.stage)
        yield finding
    for stage in stages(settings):
        if stage not in seen:
            yield Finding(stage, Outcome.NOT_TRIED)


class _Diagnosis:
    """One diagnosis; the clock counts the seconds of one stage."""

    def __init__(
        self,
        settings: Settings,
        orders: Orders,
        cancellation: Cancellation,
        servers: KnownServers,
        size: int | None,
    ) -> None:
        self._settings = settings.sharebox
        self._proxy = settings.proxy
        self._orders = orders
        self._cancellation = cancellation
        self._connecting = cancellation
        self._servers = servers
        self._size = size
        self._is_open = ExitStack()
        """Closes what was opened, the last first."""
        self._said_beside: list[str] = []
        self._began = time.monotonic()

    def run(self) -> Iterator[Finding]:
        with self._is_open:
            sharebox = yield from self._open()
            if sharebox is None:
                return
            with suppress(TransferError):  # it was lost: the next stage tells
                clear_up(sharebox)
            exploration = self._is_open.enter_context(Exploration(sharebox))
            folder = self._write(exploration)
            yield folder
            if sharebox.connection.is_open:
                yield self._measure_room(sharebox, takes_files=folder.outcome is Outcome.OK)
            if folder.outcome is Outcome.OK:
                yield self._try_out(sharebox, exploration)

    def _open(self) -> Generator[Finding, None, Sharebox | None]:
        """Goes as far as the open folder. From then on the connection is not ended from outside any more: a
        file that was written is taken away again.
        """
        with self._cancellation.scope() as self._connecting:
            tunnels = yield from self._open_tunnels()
            connection = (yield from self._meet(tunnels)) if tunnels else None
            if connection is None or not (yield from self._log_in(connection)):
                return None
            return (yield from self._open_folder(connection))

    def _found(
        self, stage: Stage, outcome: Outcome, sentence: str, failure: TransferError | None = None
    ) -> Finding:
        return Finding(stage, outcome, sentence, time.monotonic() - self._began, failure)

    def _failed(self, stage: Stage, failure: TransferError) -> Finding:
        if failure.problem is Problem.INTERRUPTED:
            raise failure
        return self._found(stage, Outcome.BLOCKING, failure.why, failure)

    def _begin(self) -> None:
        self._began = time.monotonic()

    # The way there

    def _open_tunnels(self) -> Generator[Finding, None, list[Tunnel]]:
        """Tries every route, each up to where the server would be heard; gives those that lead there."""
        tunnels: list[Tunnel] = []
        name = self._look_up()
        yield name
        if name.outcome is Outcome.OK:
            yield self._dial_directly(tunnels)
        else:
            yield Finding(Stage.ROUTE, Outcome.NOT_TRIED, "Sans adresse, pas de connexion directe.")
        if self._proxy is not None:
            if self._orders.proxy_password and (warning := clear_text_warning(self._proxy.kind)) is not None:
                yield Finding(Stage.PROXY, Outcome.LOOK, warning)
            yield self._dial_through(self._proxy, tunnels)
        return tunnels

    def _look_up(self) -> Finding:
        self._begin()
        host = self._settings.host
        if _is_address(host):
            return Finding(Stage.NAME, Outcome.OK, f"{host} est déjà une adresse.")
        try:
            endpoints = resolve(host, self._settings.port, self._connecting)
        except OSError as error:
            reason = os_errors.in_words(error)
            if self._proxy is not None:
                sentence = f"{host} : {reason} ici ; le proxy le cherchera de son côté."
                return self._found(Stage.NAME, Outcome.LOOK, sentence)
            return self._failed(Stage.NAME, unreachable(host, self._settings.port, error))
        found = list(dict.fromkeys(str(endpoint.address[0]) for endpoint in endpoints))
        others = f", et {french.count(len(found) - 1, 'autre')}" if len(found) > 1 else ""
        return self._found(Stage.NAME, Outcome.OK, f"{host} a pour adresse {found[0]}{others}.")

    def _dial_directly(self, tunnels: list[Tunnel]) -> Finding:
        try:
            self._dial(Direct(), tunnels)
        except TransferError as error:
            if self._proxy is None:
                script = proxy_script()
                hint = f" {script_hint(script)}" if script else ""
                finding = self._failed(Stage.ROUTE, explained(error, self._connecting))
                return replace(finding, sentence=f"{finding.sentence}{hint}")
            return self._found(Stage.ROUTE, Outcome.LOOK, f"{error.why} Reste le proxy.")
        return self._found(
            Stage.ROUTE, Outcome.OK, f"{self._settings.host}, port {self._settings.port} répond."
        )

    def _dial_through(self, proxy: ProxySettings, tunnels: list[Tunnel]) -> Finding:
        place = f"{proxy.host}, port {proxy.port}"
        password = self._orders.proxy_password
        if proxy.username and password is None:
            sentence = f"{place} : le mot de passe de « {proxy.username} » n’a pas été donné."
            needed = TransferError(Problem.PROXY_CREDENTIALS_NEEDED, proxy_host=proxy.host)
            return Finding(Stage.PROXY, Outcome.NOT_TRIED, sentence, failure=None if tunnels else needed)
        try:
            self._dial(Proxy(proxy.kind, proxy.host, proxy.port, proxy.username, password), tunnels)
        except TransferError as error:
            if not tunnels:
                return self._failed(Stage.PROXY, error)
            return self._found(Stage.PROXY, Outcome.LOOK, f"{error.why} La route directe vient d’abord.")
        return self._found(Stage.PROXY, Outcome.OK, f"{place} laisse passer vers Sharebox.")

    def _dial(self, route: Route, tunnels: list[Tunnel]) -> None:
        self._begin()
        tunnel = open_tunnel(route, self._settings.host, self._settings.port, self._connecting)
        self._is_open.callback(tunnel.close)
        tunnels.append((route, tunnel))

    # The server

    def _meet(self, tunnels: list[Tunnel]) -> Generator[Finding, None, Connection | None]:
        """Compares the key on the first route; where no Sharebox is there, on the next."""
        (route, tunnel), *others = tunnels
        settings = self._settings
        address = Address(
            settings.host, settings.port, settings.username, settings.directory, settings.temporary_names
        )
        self._begin()
        try:
            connection = meet(address, route, settings.host_keys, self._connecting, tunnel=tunnel)
        except TransferError as error:
            if error.problem in OF_THE_ROUTE and others:
                yield self._found(Stage.ROUTE, Outcome.LOOK, f"{error.why} Reste le proxy.")
                return (yield from self._meet(others))
            yield self._describe_key(error)
            return None
        self._is_open.callback(connection.close)
        fingerprint = connection.host_key.fingerprint
        yield self._found(Stage.HOST_KEY, Outcome.OK, f"C’est la clé attendue, {fingerprint}.")
        return connection

    def _describe_key(self, error: TransferError) -> Finding:
        if error.problem is not Problem.HOST_KEY_UNKNOWN:
            return self._failed(Stage.HOST_KEY, error)
        sentence = (
            f"Premier contact : la clé {error.details['key_type']} {error.details['fingerprint']} est à "
            "comparer avec celle que l’Urssaf a donnée ; rien n’est accepté ici."
        )
        return self._found(Stage.HOST_KEY, Outcome.LOOK, sentence, error)

    def _log_in(self, connection: Connection) -> Generator[Finding, None, bool]:
        self._begin()
        username = self._settings.username
        credentials = Credentials(
            password=self._orders.sftp_password,
            key_file=self._settings.key_path,
            passphrase=self._orders.key_passphrase,
            use_agent=self._settings.uses_agent,
        )
        try:
            keys, accepted = credentials.load_keys(), log_in(connection, credentials)
        except TransferError as error:
            yield self._describe_login(_without_folder(error))
            return False
        means = f"par {', puis par '.join(accepted)}" if accepted else "sans preuve"
        remarks = list(dict.fromkeys(remark for key in keys for remark in key.remarks))
        outcome = Outcome.LOOK if remarks else Outcome.OK
        said = _in_its_words(connection.told)
        sentence = " ".join([f"« {username} » est accepté {means}.", *said, *remarks])
        yield self._found(Stage.LOGIN, outcome, sentence)
        return True

    def _describe_login(self, error: TransferError) -> Finding:
        if error.problem not in _SECRET_NEEDED:
            return self._failed(Stage.LOGIN, error)
        secret = "mot de passe" if error.problem is Problem.PASSWORD_NEEDED else "phrase secrète"
        sentence = f"Sans {secret} pour « {self._settings.username} », l’essai s’arrête ici."
        return Finding(Stage.LOGIN, Outcome.NOT_TRIED, sentence, failure=error)

    # The folder

    def _open_folder(self, connection: Connection) -> Generator[Finding, None, Sharebox | None]:
        self._begin()
        connection.recall(self._servers)
        connection.knowledge.begin_anew()
        before = len(connection.told)
        try:
            sharebox = Sharebox.open(connection)
            self._said_beside = _in_its_words(connection.told[before:])
            return sharebox
        except TransferError as error:
            yield self._failed(Stage.FOLDER, error)
            return None

    def _write(self, exploration: Exploration) -> Finding:
        """The folder is open: whether it takes a file. The time is that of both."""
        try:
            exploration.write()
        except TransferError as error:
            if error.problem is not Problem.CONNECTION_LOST and not self._settings.temporary_names:
                return self._found(Stage.FOLDER, Outcome.LOOK, f"{error.why} {_ONLY_ARCHIVES}")
            return self._failed(Stage.FOLDER, error)
        sentence = f"« {self._settings.directory} » accepte un fichier d’essai."
        return self._found(Stage.FOLDER, Outcome.OK, " ".join([sentence, *self._said_beside]))

    def _measure_room(self, sharebox: Sharebox, *, takes_files: bool) -> Finding:
        self._begin()
        directory = self._settings.directory
        try:
            with sharebox.refusals("mesure de", directory):
                free = sharebox.sftp.free_bytes(directory)
        except TransferError as error:
            return self._failed(Stage.ROOM, error)
        if free is None:
            return Finding(Stage.ROOM, Outcome.NOT_TRIED, "Ce serveur ne dit pas combien il en reste.")
        figure = f"{french.size(free)} libres"
        if free < FULL_BELOW_BYTES and takes_files:  # a transfer tries too: some count what they do not limit
            sentence = f"{figure}, dit le serveur, qui a pourtant pris le fichier d’essai."
            return self._found(Stage.ROOM, Outcome.LOOK, sentence)
        if free < FULL_BELOW_BYTES:
            full = TransferError(Problem.SHAREBOX_FULL, path=directory, reason=figure)
            return self._failed(Stage.ROOM, full)
        if self._size is not None and free < self._size:
            sentence = f"{figure}, pour {french.size(self._size)} de bases avant compression."
            return self._found(Stage.ROOM, Outcome.LOOK, sentence)
        return self._found(Stage.ROOM, Outcome.OK, f"{figure}.")

    def _try_out(self, sharebox: Sharebox, exploration: Exploration) -> Finding:
        self._begin()
        try:
            exploration.try_out()
            if exploration.refusal is not None:
                return self._failed(Stage.CAPABILITIES, exploration.refusal)
            exploration.ask_at_risk()
        except TransferError as error:
            if not sharebox.knowledge.blames():
                return self._failed(Stage.CAPABILITIES, error)
        abilities = exploration.abilities
        complete = abilities.writes_back and abilities.resumes and verification(abilities).compares_content
        outcome = Outcome.OK if complete and exploration.left is None else Outcome.LOOK
        finding = self._found(Stage.CAPABILITIES, outcome, _describe(abilities, exploration.left))
        return replace(finding, abilities=abilities)


def _describe(abilities: Abilities, left: str | None) -> str:
    if abilities.takes_away:
        return "Le serveur retire chaque fichier dès son arrivée : rien ne pourra y être vérifié."
    parts = [
        f"renommer : {_yes(abilities.renames)}",
        f"reprendre un envoi coupé : {_yes(abilities.resumes)}",
        f"vérifier : {_VERIFIED[verification(abilities)]}",
        f"forcer l’écriture sur disque : {_yes(abilities.syncs)}",
    ]
    if not abilities.resumes:
        parts[1] += ", il recommence du début"
    if not abilities.writes_back:
        parts.insert(0, "écrire : seulement à la suite, chaque archive part donc une fois complète")
    if not abilities.takes_two_sessions:
        parts.append("envoyer une base pendant la vérification d’une autre : non")
    if left is not None:
        parts.append(f"supprimer : non, {left} est resté")
    sentence = " ; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _in_its_words(told: Sequence[str]) -> list[str]:
    return [f"Le serveur dit : « {' '.join(told)} »."] if told else []


def _yes(can: bool) -> str:
    return "oui" if can else "non"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_folder(error: TransferError) -> TransferError:
    """The same, naming a key's file without the folder it is in: the text may go into a ticket."""
    details = dict(error.details)
    if "file" in details:
        file = Path(details["file"])
        folders = {f"{folder}{os.sep}" for folder in (file.parent, file.expanduser().parent)} - {f".{os.sep}"}
        for name in details:
            for folder in folders:
                details[name] = details[name].replace(folder, "")
        details["file"] = file.name
    return TransferError(error.problem, **details)
