"""What is shown on the desktop keeps nobody waiting, and fails in silence."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from tui_transfer.system import desktop


def test_a_notice_returns_at_once_and_raises_nothing() -> None:
    desktop.notify("Association Exemple – Impact emploi", "Le transfert est terminé.")


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere the terminal calls")
def test_on_windows_it_is_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":  # for the types
        import ctypes

        told: list[tuple[int, int, str, str]] = []
        taken_away = threading.Event()

        def tell(what: int, shown: Any) -> bool:
            notice = shown.contents
            told.append((what, notice.size, notice.title, notice.text))
            if what == 2:
                taken_away.set()
            return True

        functions = {"GetConsoleWindow": lambda: 7, "LoadIconW": lambda *_: 8, "Shell_NotifyIconW": tell}
        monkeypatch.setattr(desktop, "function", lambda library, name, *_: functions[name])
        monkeypatch.setattr(desktop, "_NOTICE_SECONDS", 0.0)
        desktop.notify("t" * 100, "x" * 300)
        assert taken_away.wait(30)
        # The size and the places are those of mingw's shellapi.h.
        assert ctypes.sizeof(desktop._Notice) == 976
        assert (desktop._Notice.text.offset, desktop._Notice.title.offset) == (304, 820)
        assert told == [(what, 976, "t" * 63, "x" * 255) for what in (0, 2)]
