"""How a person is let in: what is shown, how often, in which order, and what is said where it does not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import asyncssh
import pytest

from tests.servers.account import Account
from tests.servers.asyncssh_server import CODE, PASSWORD, AsyncsshServer, Round, Script, asyncssh_server
from tests.servers.openssh import openssh
from tests.sharebox.helpers import Server, connect, failure
from tui_transfer.errors import ExitCode, Problem
from tui_transfer.sharebox.ssh.conversation import Prompt, Question
from tui_transfer.sharebox.ssh.credentials import Credentials

INTERACTIVE = ("keyboard-interactive",)
NEW = "Tournesol-1889"
ASKS_BOTH = ("Sharebox", "Bienvenue", [("Password: ", False), ("Code: ", False)], [PASSWORD, CODE])
ASKS_PASSWORD = ("", "", [("Mot de passe : ", False)], [PASSWORD])
ASKS_CODE = ("", "Envoyé par SMS", [("Verification code: ", True)], [CODE])


@dataclass
class Person:
    """Answers what is asked, from what they were told to answer to which words."""

    knows: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def __call__(self, question: Question, waits: Callable[[], bool]) -> Sequence[str] | None:
        self.questions.append(question)
        assert waits()
        answers = [self.knows.get(prompt.text) for prompt in question.prompts]
        return None if None in answers else [answer for answer in answers if answer is not None]


@contextmanager
def server_of(folder: Path, script: Script) -> Iterator[AsyncsshServer]:
    with asyncssh_server(folder / "depot", script) as server:
        yield server


def let_in(server: Server, credentials: Credentials) -> None:
    with connect(server, credentials=credentials) as sharebox:
        assert sharebox.sftp.stat(server.directory) is not None


# --- One request for the service ---


def test_by_a_password(tmp_path: Path) -> None:
    with server_of(tmp_path, Script()) as server:
        let_in(server, Credentials(password=PASSWORD))
        assert server.script.asked == {"password": 1}


def test_by_a_key(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    key.write_private_key(tmp_path / "key")
    with server_of(tmp_path, Script(methods=("publickey",), public_key=key)) as server:
        let_in(server, Credentials(key_file=tmp_path / "key"))


def test_a_wrong_password_is_shown_once_in_all_connections(tmp_path: Path) -> None:
    with server_of(tmp_path, Script()) as server:
        credentials = Credentials(password="faux")
        for _ in range(3):
            error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect(server, credentials=credentials))
            assert "ce mot de passe" in error.why
        assert server.script.asked == {"password": 1}


# --- Conversations ---


def test_the_password_answers_only_what_asks_for_it_first(tmp_path: Path) -> None:
    person = Person({"Code:": CODE})
    with server_of(tmp_path, Script(methods=INTERACTIVE, rounds=[ASKS_BOTH])) as server:
        let_in(server, Credentials(password=PASSWORD, ask=person))
        assert server.script.given == [PASSWORD, CODE]
    assert person.questions == [Question("Sharebox", "Bienvenue", (Prompt("Code:", hidden=True),))]


@pytest.mark.parametrize(
    "prompt",
    ["Code:", "Verification code:", "One-time password:", "Password token:", "Code PIN :", "Réponse ?"],
)
def test_the_password_is_no_code(tmp_path: Path, prompt: str) -> None:
    script = Script(methods=INTERACTIVE, rounds=[("", "", [(prompt, False)], [CODE])])
    with server_of(tmp_path, script) as server:
        credentials = Credentials(password=PASSWORD)
        error = failure(Problem.ANSWER_NEEDED, lambda: connect(server, credentials=credentials))
        assert prompt in error.why
        assert error.exit_code is ExitCode.QUESTION
        assert server.script.given == []


def test_one_question_after_the_other(tmp_path: Path) -> None:
    person = Person({"Verification code:": CODE})
    script = Script(methods=INTERACTIVE, rounds=[ASKS_PASSWORD, ASKS_CODE])
    with server_of(tmp_path, script) as server:
        let_in(server, Credentials(password=PASSWORD, ask=person))
    (question,) = person.questions
    assert question == Question("", "Envoyé par SMS", (Prompt("Verification code:", hidden=False),))


def test_a_second_question_for_a_password_is_asked_of_the_person(tmp_path: Path) -> None:
    again = ("", "", [("Password: ", False)], ["un autre"])
    person = Person({"Password:": "un autre"})
    with server_of(tmp_path, Script(methods=INTERACTIVE, rounds=[ASKS_PASSWORD, again])) as server:
        let_in(server, Credentials(password=PASSWORD, ask=person))
        assert server.script.given == [PASSWORD, "un autre"]


def test_a_wrong_code_is_shown_once(tmp_path: Path) -> None:
    person = Person({"Verification code:": "000000"})
    with server_of(tmp_path, Script(methods=INTERACTIVE, rounds=[ASKS_CODE])) as server:
        credentials = Credentials(password=PASSWORD, ask=person)
        error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect(server, credentials=credentials))
        assert "ces réponses" in error.why
        assert server.script.given == ["000000"]


def test_what_is_only_told_is_answered_by_nothing(tmp_path: Path) -> None:
    rounds: list[Round] = [ASKS_PASSWORD, ("", "Bienvenue", [], [])]
    with server_of(tmp_path, Script(methods=INTERACTIVE, rounds=rounds)) as server:
        let_in(server, Credentials(password=PASSWORD))


def test_without_end(tmp_path: Path) -> None:
    rounds = [ASKS_PASSWORD, *[("", "", [], [])] * 100]
    with server_of(tmp_path, Script(methods=INTERACTIVE, rounds=rounds)) as server:
        failure(Problem.CONNECTION_LOST, lambda: connect(server))
        assert server.script.given == [PASSWORD]


def test_a_password_refused_by_password_is_given_once_in_a_conversation(tmp_path: Path) -> None:
    script = Script(methods=("password", "keyboard-interactive"), rounds=[ASKS_PASSWORD])
    with server_of(tmp_path, script) as server:
        credentials = Credentials(password="faux")
        for _ in range(2):
            failure(Problem.CREDENTIALS_REFUSED, lambda: connect(server, credentials=credentials))
        assert server.script.given == ["faux", "faux"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp850"])
def test_what_is_asked_and_told_may_be_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    def sent(text: str) -> str:
        return cast("str", text.encode(encoding))  # asyncssh sends bytes as they are

    rounds: list[Round] = [
        ("", "", [("Password:", False)], [PASSWORD]),
        (sent("Deuxième étape"), sent("Reçu par téléphone"), [(sent("Numéro reçu :"), True)], [CODE]),
    ]

    class Whoever(Person):
        def __call__(self, question: Question, waits: Callable[[], bool]) -> Sequence[str] | None:
            self.questions.append(question)
            return [CODE]

    person = Whoever()
    script = Script(methods=INTERACTIVE, rounds=rounds, banner=sent("Accès réservé"))
    credentials = Credentials(password=PASSWORD, ask=person)
    with server_of(tmp_path, script) as server, connect(server, credentials=credentials) as sharebox:
        told = sharebox.connection.told
    if encoding != "cp850":  # of which some letters have others' places
        assert told == ["Accès réservé"]
        assert person.questions[0].title == "Deuxième étape"
        assert person.questions[0].text == "Reçu par téléphone"
        assert person.questions[0].prompts[0].text == "Numéro reçu :"


# --- Several factors, on OpenSSH ---


@pytest.mark.parametrize(
    "methods", ["publickey,password", "password,publickey", "publickey,keyboard-interactive:pam"]
)
def test_several_factors_in_the_order_of_the_server(account: Account, methods: str) -> None:
    options = [f"AuthenticationMethods {methods}"]
    with openssh(
        account, authentication="publickey,password,keyboard-interactive", options=options
    ) as server:
        both = Credentials(password=server.password, key_file=server.key_file)
        let_in(server, both)
        let_in(server, both)
        assert server.refused_passwords() == 0


def test_what_is_still_wanted_is_said(account: Account) -> None:
    with openssh(account, options=["AuthenticationMethods publickey,password"]) as server:
        key_alone = Credentials(key_file=server.key_file)
        failure(Problem.PASSWORD_NEEDED, lambda: connect(server, credentials=key_alone))
        password_alone = Credentials(password=server.password)
        error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect(server, credentials=password_alone))
        assert "n’accepte pas de mot de passe (il demande une clé)" in error.why, "none was given"


# --- Passwords that have expired ---


def test_a_new_password_is_chosen_by_a_person_who_types_it_twice(tmp_path: Path) -> None:
    class Careless(Person):
        """Types something else the first time, then something too short."""

        def __call__(self, question: Question, waits: Callable[[], bool]) -> Sequence[str] | None:
            super().__call__(question, waits)
            return [[NEW, "autre"], ["court", "court"], [NEW, NEW]][len(self.questions) - 1]

    person = Careless()
    with server_of(tmp_path, Script(expired=True)) as server:
        credentials = Credentials(password=PASSWORD, ask=person)
        let_in(server, credentials)
        assert server.script.given == [PASSWORD, "court", NEW]
        let_in(server, credentials)  # with the new one
        assert server.script.given[3:] == [NEW]
    assert "Choisissez un mot de passe de 12 signes." in person.questions[0].text
    assert "diffèrent" in person.questions[1].text
    assert "Trop court" in person.questions[2].text


def test_nobody_chooses_a_new_password_for_a_person(tmp_path: Path) -> None:
    with server_of(
        tmp_path, Script(expired=True, banner="Votre mot de passe a expiré le 1er mars.")
    ) as server:
        error = failure(Problem.PASSWORD_EXPIRED, lambda: connect(server))
        assert "expiré le 1er mars" in error.why
        assert error.exit_code is ExitCode.QUESTION
        assert server.script.given == [PASSWORD]


@pytest.mark.parametrize(
    "prompt", ["New password: ", "Nouveau mot de passe : ", "Retype new UNIX password: "]
)
def test_the_old_password_is_never_the_new_one(tmp_path: Path, prompt: str) -> None:
    script = Script(methods=INTERACTIVE, rounds=[("", "", [(prompt, False)], [NEW])])
    with server_of(tmp_path, script) as server:
        failure(Problem.PASSWORD_EXPIRED, lambda: connect(server))
        assert server.script.given == []


# --- How a login ends ---


@pytest.mark.parametrize(
    ("code", "reason", "problem"),
    [
        (12, "Maximum connections reached", Problem.CONNECTION_LOST),
        (11, "Too many sessions, try again later", Problem.CONNECTION_LOST),
        (14, "No more authentication methods", Problem.CREDENTIALS_REFUSED),
        (11, "Account locked", Problem.LOGIN_UNANSWERED),
        (2, "Too many authentication failures", Problem.LOGIN_UNANSWERED),
        (2, "Maximum login attempts reached, try again later", Problem.LOGIN_UNANSWERED),
    ],
)
def test_a_farewell_is_what_the_server_says(tmp_path: Path, code: int, reason: str, problem: Problem) -> None:
    with server_of(tmp_path, Script(farewell=(code, reason))) as server:
        error = failure(problem, lambda: connect(server))
        assert reason in error.why


def test_a_password_that_nobody_answers_is_shown_twice_at_most(tmp_path: Path) -> None:
    with server_of(tmp_path, Script(farewell=(11, "Account locked"))) as server:
        credentials = Credentials(password=PASSWORD)
        for _ in range(4):
            with pytest.raises(Exception, match=r"login-unanswered|credentials-refused|password-needed"):
                connect(server, credentials=credentials)
        assert server.script.asked == {"password": 2}
