"""Proves to the server who is there, in its order: by keys, the password, and what a person answers."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.connection import LOST
from tui_transfer.sharebox.ssh.conversation import Prompt, Question
from tui_transfer.sharebox.ssh.security import RSA_SIGNATURES
from tui_transfer.sharebox.ssh.tries import in_words, tries_left
from tui_transfer.sharebox.ssh.userauth import (
    Accepted,
    Failure,
    NewPasswordWanted,
    Reply,
    UnsignedError,
    UserAuth,
    UserAuthProtocolError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import paramiko

    from tui_transfer.sharebox.ssh.connection import Connection
    from tui_transfer.sharebox.ssh.credentials import Credentials

_ANSWER_SECONDS: Final = 40.0
_CONVERSATION_SECONDS: Final = 120.0
"""A server that has somebody confirm on a telephone answers once they have. OpenSSH gives a login as long."""
_MOST_QUESTIONS: Final = 20
_MOST_KEYS: Final = 5
"""Servers count the keys that are shown to them, OpenSSH up to six."""
_MOST_NEW_PASSWORDS: Final = 3
_CERTIFICATE: Final = "-cert-v01@openssh.com"
_NO_MORE_METHODS: Final = 14
_TOO_MANY_CONNECTIONS: Final = 12
_BUSY: Final = re.compile(
    r"\A(?!.*\b(attempts?|authentications?|tentatives?|passwords?)\b).*?("
    r"too many (\w+ )?(connections|sessions|clients|users|logins)|maximum|max (connections|clients)|limit"
    r"|busy|overload|try (again|later)|temporar|unavailable|maintenance|shutting down|going down|restart"
    r"|trop de (connexions|sessions|clients)|occup|satur|plus tard|indisponible|arrêt)",
    re.IGNORECASE,
)
"""What servers say that have no place now, and will have one later; not of too many wrong passwords."""


def log_in(connection: Connection, credentials: Credentials) -> Sequence[str]:
    """Proves who is there, by as many factors as the server asks for.

    Args:
        connection: whose host key was accepted.
        credentials: what a person gave; what becomes of it is kept there.

    Returns:
        What the server accepted, in its order and in French: « la clé id_rsa », « mot de passe ».

    Raises:
        TransferError: any problem of keys; PASSWORD_NEEDED, CREDENTIALS_REFUSED, PASSWORD_EXPIRED,
            ANSWER_NEEDED, LOGIN_UNANSWERED, CONNECTION_LOST, INTERRUPTED.
    """
    login = _Login(connection, credentials)
    try:
        login.run()
    except LOST as error:
        raise login.lost(error) from error
    finally:
        connection.told += login.auth.banners
    connection.watchdog.ask_when_silent()
    return login.accepted


class _Login:
    """One login: which factor comes next, and what is said where none is left."""

    def __init__(self, connection: Connection, credentials: Credentials) -> None:
        self._connection = connection
        self._credentials = credentials
        self._username = connection.address.username
        self.auth = UserAuth(connection.transport, self._username)
        self._offers: deque[tuple[paramiko.PKey, str]] = deque()
        """Keys, and how each may sign, that this connection has not seen yet."""
        self._done: set[str] = set()
        """Methods that are not to be tried again in this connection."""
        self.accepted: list[str] = []
        """What the server has accepted, in French."""
        self._labels = {id(key.pkey): key.label for key in credentials.load_keys()}
        self._shown = ""
        """What it was shown last."""
        self._refused: list[str] = []
        """What the server has refused, in French."""
        self._password_with_server = False
        """The server has it, and has not said anything to it yet."""
        self._last_failure = Failure((), partial=False)
        self._password_refused_here = False
        """By `password`: where that fails for want of a conversation, the same one may be right."""

    def run(self) -> None:
        """Logs in.

        Raises:
            TransferError: see `log_in`.
            SSHException, EOFError, OSError: the connection was lost.
        """
        reply = self._answer_to(self._begin)
        # Only now has the server told which signatures it takes.
        known = [key.pkey for key in self._credentials.load_keys()]
        # What this Sharebox has refused before is not shown again.
        if self._credentials.password is not None and not self._credentials.may_show_password:
            self._refused.append(_IN_FRENCH["password"])
        keys = [key for key in known if self._credentials.may_show(key)]
        if len(keys) < len(known):
            self._refused.append(_IN_FRENCH["publickey"])
        for key in keys[:_MOST_KEYS]:
            self._offers.extend((key, algorithm) for algorithm in self._signatures(key))
        while not isinstance(reply, Accepted):
            assert isinstance(reply, Failure)
            self._last_failure = reply
            if reply.partial:
                self.accepted.append(self._shown)
            following = self._next(reply.methods)
            if following is None:
                raise self._refusal(reply.methods)
            reply = following
        if self._shown:
            self.accepted.append(self._shown)

    def lost(self, error: Exception) -> TransferError:
        """What the end of the connection means, which is no refusal unless the server says so."""
        connection, packetizer = self._connection, self._connection.packetizer
        lost = connection.lost(error)
        if connection.is_cancelled:
            return lost
        said = packetizer.farewell or ""
        if packetizer.farewell_code == _NO_MORE_METHODS:
            if self._password_with_server:
                self._credentials.password_was(accepted=False)
                self._refused.append(_IN_FRENCH["password"])
            return self._refusal((), said)
        is_busy = packetizer.farewell_code == _TOO_MANY_CONNECTIONS or bool(_BUSY.search(said))
        if not self._password_with_server or self._credentials.password_accepted or is_busy:
            return lost
        return TransferError(Problem.LOGIN_UNANSWERED, username=self._username, reason=lost.details["reason"])

    @property
    def _known_in_part(self) -> bool:
        return bool(self.accepted)

    def _begin(self) -> Reply:
        self.auth.ask_for_service()
        return self.auth.none()

    def _answer_to(self, request: Callable[[], Reply], seconds: float | None = None) -> Reply:
        verdict = "le serveur n’a pas répondu à l’identification"
        with self._connection.watchdog.phase(seconds or _ANSWER_SECONDS, verdict):
            return request()

    def _next(self, methods: Sequence[str]) -> Reply | None:
        """What the server says to the next factor that it wants and there is; None where none is left."""
        if "publickey" in methods and self._offers:
            return self._show_key(*self._offers.popleft())
        if "password" in methods and "password" not in self._done and self._credentials.may_show_password:
            return self._show_password()
        if "keyboard-interactive" in methods and self._may_converse(methods):
            return self._converse()
        return None

    # By keys

    def _signatures(self, key: paramiko.PKey) -> Sequence[str]:
        """The algorithms by which this server may take a signature of this key (RFC 8308, section 3.1).

        A server that announces none may know either of RSA's.
        """
        certificate = getattr(key, "public_blob", None)
        kind: str = certificate.key_type if certificate else key.get_name()
        if "rsa" not in kind:
            return (kind,)
        suffix = _CERTIFICATE if kind.endswith(_CERTIFICATE) else ""
        extensions: dict[str, bytes] = self._connection.transport.server_extensions
        announced = extensions.get("server-sig-algs", b"").decode("ascii", "replace")
        if not announced:
            return [name + suffix for name in RSA_SIGNATURES]
        accepted = announced.split(",")
        usable = [name + suffix for name in RSA_SIGNATURES if name in accepted]
        if not usable:
            self._refused.append(f"une clé RSA (il n’accepte que les signatures {', '.join(accepted)})")
        return usable[:1]

    def _show_key(self, key: paramiko.PKey, algorithm: str) -> Reply:
        self._shown = self._labels[id(key)]
        try:
            reply = self._answer_to(partial(self.auth.public_key, key, algorithm))
        except UnsignedError:  # an agent that is locked, or asked its owner in vain: the next one may do
            self._refused.append("une clé que l’agent n’a pas voulu utiliser")
            return self._last_failure
        is_refused = isinstance(reply, Failure) and not reply.partial
        if is_refused and not any(other is key for other, _ in self._offers):
            self._credentials.key_was_refused(key)
            self._refused.append(_IN_FRENCH["publickey"])
        elif not is_refused:
            self._offers = deque(offer for offer in self._offers if offer[0] is not key)
        return reply

    # By the password

    def _show_password(self) -> Reply:
        self._done.add("password")
        self._shown = "mot de passe"
        reply = self._with_password(self.auth.password)
        if isinstance(reply, NewPasswordWanted):
            return self._change_password(reply)
        self._learn_of_password(reply)
        self._password_refused_here = not self._credentials.password_accepted
        return reply

    def _with_password(self, show: Callable[[str], Reply]) -> Reply:
        self._password_with_server = True
        reply = self._answer_to(partial(show, self._credentials.show_password()))
        self._password_with_server = False
        return reply

    def _learn_of_password(self, reply: Reply) -> None:
        is_refused = isinstance(reply, Failure) and not reply.partial
        self._credentials.password_was(accepted=not is_refused)
        if is_refused:
            self._refused.append(_IN_FRENCH["password"])

    def _change_password(self, wanted: NewPasswordWanted) -> Reply:
        """Has a person choose a new password, until it is one that the server takes."""
        old = self._credentials.password or ""
        self._credentials.password_was(accepted=True)
        for _ in range(_MOST_NEW_PASSWORDS):
            new = self._ask_twice(Question(_EXPIRED, wanted.text, (Prompt(_NEW_PASSWORD, hidden=True),)))[0]
            reply = self._answer_to(partial(self.auth.password, old, new))
            if isinstance(reply, NewPasswordWanted):
                wanted = reply
                continue
            if not isinstance(reply, Failure) or reply.partial:
                self._credentials.change_password(new)
                return reply
            break
        raise self._expired(f"{wanted.text} Le nouveau mot de passe n’a pas été accepté.".strip())

    # By a conversation

    def _may_converse(self, methods: Sequence[str]) -> bool:
        if "keyboard-interactive" in self._done:
            return False
        if self._credentials.password is None and "password" in methods:
            return False  # that is what is missing, and more plainly said
        # Whose key was refused, and who has nothing else, is told so rather than asked for a password.
        return self._known_in_part or not self._refused or self._credentials.password is not None

    def _converse(self) -> Reply:
        """Answers what the server asks: the password where it comes first, a person's words otherwise."""
        talk = _Conversation()
        reply = self._answer_to(self.auth.interactive)
        while isinstance(reply, Question):
            talk.questions += 1
            if talk.questions > _MOST_QUESTIONS:
                raise UserAuthProtocolError("questions without end")
            answers = self._answers(reply, talk)
            self._password_with_server = talk.gave_password_now
            reply = self._answer_to(partial(self.auth.answer, answers), _CONVERSATION_SECONDS)
            self._password_with_server = talk.gave_password_now = False
        is_refused = isinstance(reply, Failure) and not reply.partial
        self._shown = "ce qui a été répondu" if talk.asked_person else "mot de passe"
        if talk.gave_password:
            self._credentials.password_was(accepted=not is_refused)
        if is_refused:
            self._done.add("keyboard-interactive")
            self._refused.append("ces réponses" if talk.asked_person else _IN_FRENCH["password"])
        elif talk.new_password is not None:
            self._credentials.change_password(talk.new_password)
        return reply

    def _answers(self, question: Question, talk: _Conversation) -> list[str]:
        """An answer for each prompt."""
        known: dict[int, str] = {}
        due = next((prompt for prompt in question.prompts if prompt.is_password), None)
        if due is not None and not talk.gave_password:
            if self._credentials.password is None:
                raise self._password_needed()
            if not (self._credentials.may_show_password or self._password_refused_here):
                raise self._refusal(())
            talk.gave_password = talk.gave_password_now = True
            known[id(due)] = self._credentials.show_password()
        asked = [prompt for prompt in question.prompts if id(prompt) not in known]
        if asked:
            talk.asked_person = True
            typed = self._ask_twice(replace(question, prompts=tuple(asked)))
            known |= {id(prompt): answer for prompt, answer in zip(asked, typed, strict=True)}
            talk.new_password = next(
                (known[id(prompt)] for prompt in asked if prompt.is_new_password), talk.new_password
            )
        return [known[id(prompt)] for prompt in question.prompts]

    # What a person is asked

    def _ask_twice(self, question: Question) -> list[str]:
        """Asks a person; a new password that the server has typed once only is typed twice all the same.

        Raises:
            TransferError: ANSWER_NEEDED or PASSWORD_EXPIRED where nobody answers.
        """
        new = [prompt for prompt in question.prompts if prompt.is_new_password]
        asked = question
        if len(new) == 1:
            asked = replace(question, prompts=(*question.prompts, Prompt(_AGAIN, hidden=True)))
        while True:
            answers = self._credentials.ask(asked, lambda: self._connection.is_open)
            if answers is None:
                raise self._expired(question.words) if new else self._answer_needed(question.words)
            if len(new) != 1 or answers[question.prompts.index(new[0])] == answers[-1]:
                return list(answers[: len(question.prompts)])
            asked = replace(asked, text=f"{_DIFFERENT} {question.text}".strip())

    # What is said

    def _refusal(self, methods: Sequence[str], said: str = "") -> TransferError:
        """What keeps this login from going on."""
        wants_password = "password" in methods or "keyboard-interactive" in methods
        if (
            wants_password
            and self._credentials.password is None
            and (self._known_in_part or not self._refused)
        ):
            return self._password_needed()
        if self._refused:
            method = " ni ".join(dict.fromkeys(self._refused))
        elif self._known_in_part:
            wanted = " ou ".join(_WANTED.get(method, method) for method in methods)
            method = f"ce qui lui a été donné sans autre preuve (il exige encore {wanted})"
        else:  # nothing was shown that it could have refused
            given = "de clé" if self._credentials.password is None else "de mot de passe"
            wanted = " ou ".join(_WANTED.get(method, method) for method in methods)
            method = f"{given} (il demande {wanted})" if wanted else given
        return self._error(Problem.CREDENTIALS_REFUSED, method=method, said=self._said(said))

    def _password_needed(self) -> TransferError:
        return self._error(Problem.PASSWORD_NEEDED)

    def _answer_needed(self, question: str) -> TransferError:
        return self._error(Problem.ANSWER_NEEDED, question=question)

    def _expired(self, said: str) -> TransferError:
        return self._error(Problem.PASSWORD_EXPIRED, said=self._said(said))

    def _said(self, more: str = "") -> str:
        """What the server had to say, as a sentence to be added, or nothing."""
        words = " ".join(dict.fromkeys(text for text in (*self.auth.banners, more) if text))
        left = tries_left(words)
        counted = "" if left is None else f" {in_words(left)}"
        return f" Le serveur dit : « {words} ».{counted}" if words else ""

    def _error(self, problem: Problem, **details: str) -> TransferError:
        return TransferError(problem, host=self._connection.address.host, username=self._username, **details)


@dataclass
class _Conversation:
    """What became of one conversation so far."""

    questions: int = 0
    gave_password: bool = False
    gave_password_now: bool = False
    """In the answer that is on its way."""
    asked_person: bool = False
    new_password: str | None = None


_IN_FRENCH: Final = {"publickey": "cette clé", "password": "ce mot de passe"}
_WANTED: Final = {
    "publickey": "une clé",
    "password": "un mot de passe",
    "keyboard-interactive": "une réponse à sa question",
}
_EXPIRED: Final = "Le mot de passe a expiré : choisissez-en un nouveau"
_NEW_PASSWORD: Final = "Nouveau mot de passe :"  # noqa: S105
_AGAIN: Final = "Le même nouveau mot de passe, encore une fois :"
_DIFFERENT: Final = "Les deux saisies diffèrent : recommencez."
