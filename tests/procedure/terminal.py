"""A person at a real terminal: tmux of 80 columns and 24 lines, typed into and read from."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.programs import require

_POLL = 0.05
_END_LIMIT = 60.0


@dataclass(frozen=True)
class Terminal:
    """One tmux server with one session, in which one program runs."""

    socket: Path
    tmux: str

    def press(self, *keys: str) -> None:
        """Presses keys, named as tmux does: `Enter`, `Escape`, `Down`, `t`…"""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Types text as it is."""
        self._tmux("send-keys", "-l", "--", text)  # a text may begin with a dash

    def fill(self, text: str) -> None:
        """Types text into a field, and goes to the next one once it is there.

        A burst of keys would be quicker than any person, and quicker than the focus.
        """
        self.type(text)
        self.wait_for(text)
        before = self.styled()
        self.press("Enter")
        self.wait_until(lambda _: self.styled() != before, "the focus to move")

    def answer(self, key: str, *asked: str, limit: float = 60) -> None:
        """Waits for a question and answers it by a key, until it is gone.

        What comes before somebody can have seen a question does not answer it, and this is quicker than any
        person.
        """
        self.wait_for(*asked, limit=limit)
        while self._shows(asked):
            self.press(key)
            self.waits(lambda: not self._shows(asked))

    def wait_for_form(self, *asked: str) -> None:
        """Waits for a question that is answered by typing, and until it listens: its focus moves."""
        self.wait_for(*asked)
        while not self._moves_and_back():
            pass

    def _moves_and_back(self) -> bool:
        before = self._drawn()
        self.press("BTab")
        if not self.waits(lambda: self.styled() != before):
            return False
        self.press("Tab")
        return self.waits(lambda: self.styled() == before)

    def _drawn(self) -> str:
        """The screen with its colours, once nothing changes any more."""
        seen, now = "", self.styled()
        while now != seen:
            time.sleep(10 * _POLL)
            seen, now = now, self.styled()
        return now

    def _shows(self, words: Sequence[str]) -> bool:
        return all(word in words_of(self.screen()) for word in words)

    def waits(self, condition: Callable[[], bool], limit: float = 3) -> bool:
        """Whether it is so within `limit` seconds."""
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL)
        return True

    def screen(self) -> str:
        """What is on the screen now."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, *words: str, limit: float = 60) -> str:
        """Waits until all `words` are on the screen, spaces of every width and line ends counting alike."""
        return self.wait_until(lambda text: all(word in text for word in words), f"{words}", limit)

    def wait_until(self, condition: Callable[[str], bool], what: str, limit: float = 60) -> str:
        """Waits until the screen, its words joined by single spaces, meets `condition`."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            screen = self.screen()
            if condition(words_of(screen)):
                return screen
            time.sleep(_POLL)
        raise AssertionError(f"waited {limit} s for {what}; the screen was:\n{self.screen()}")

    def ask(self, format: str) -> str:
        """What tmux knows of the terminal: see « FORMATS » in its manual."""
        return self._tmux("display", "-p", format)

    def exit_status(self, limit: float = 60) -> int:
        """Waits until the program ended, and gives its exit status as a shell does: 128 + n for signal n."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if (written := self.status_file).exists() and (status := written.read_text().strip()):
                return int(status)
            time.sleep(_POLL)
        raise AssertionError(f"the program did not end; the screen was:\n{self.screen()}")

    def is_open(self) -> bool:
        """Whether the terminal is still there."""
        command = [self.tmux, "-S", str(self.socket), "has-session"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def close_window(self) -> None:
        """Closes the terminal, as a lost connection or a closed window does: the program gets SIGHUP.

        The program ends with it: one that nobody sees any more would keep the passwords it was given.
        """
        programs = self._programs()
        self._tmux("kill-server")
        _, alive = psutil.wait_procs(programs, timeout=_END_LIMIT)
        for program in alive:
            program.kill()
        assert not alive, f"outlived the terminal: {alive}"

    def _programs(self) -> list[psutil.Process]:
        """What runs in the terminal; a worker has a session of its own and does not count."""
        shell = int(self._tmux("display", "-p", "#{pane_pid}"))
        if not psutil.pid_exists(shell):
            return []
        children = psutil.Process(shell).children(recursive=True)
        return [child for child in children if os.getsid(child.pid) == shell]

    @property
    def status_file(self) -> Path:
        return self.socket.with_name("status")

    def styled(self) -> str:
        """The screen with its colours, which tell where the focus is."""
        return self._tmux("capture-pane", "-p", "-e")

    def _tmux(self, *arguments: str) -> str:
        command = [self.tmux, "-S", str(self.socket), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words_of(screen: str) -> str:
    """The words of a screen, without the lines drawn around them, joined by single spaces."""
    bare = "".join(" " if character in "│╭╮╰╯─┃━┏┓┗┛" else character for character in screen)
    return " ".join(bare.split())


@contextmanager
def terminal(
    command: Sequence[str], environment: Mapping[str, str], *, columns: int = 80, lines: int = 24
) -> Iterator[Terminal]:
    """Runs `command` in a tmux of its own, which is ended at the end."""
    tmux = require("tmux")
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        opened = Terminal(Path(folder) / "socket", tmux)
        settings = Path(folder) / "tmux.conf"
        settings.write_text("set -g remain-on-exit on\nset -g escape-time 0\n")
        subprocess.run(
            [
                *(tmux, "-S", str(opened.socket), "-f", str(settings)),
                *("new-session", "-d", "-x", str(columns), "-y", str(lines)),
                f"{shlex.join(command)}; echo $? > {shlex.quote(str(opened.status_file))}",
            ],
            check=True,
            env={**environment, "TERM": "xterm-256color", "LANG": os.environ.get("LANG", "C.UTF-8")},
        )
        try:
            yield opened
        finally:
            if opened.is_open():
                opened.close_window()
