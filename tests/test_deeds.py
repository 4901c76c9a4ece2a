"""The plain lines do all that the screens do: both are held to one list."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from textual.binding import Binding
from textual.dom import DOMNode

import tui_transfer.tui
from tui_transfer.cli.plain import centre
from tui_transfer.cli.plain.doing import DOERS, Menu
from tui_transfer.deeds import ANSWERED, OF_THE_SCREEN, Deed

assert centre  # with it, every part of the plain lines is there


def on_screens() -> dict[str, set[str]]:
    """The actions that any screen has a key for, and the classes that do."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.walk_packages(tui_transfer.tui.__path__, "tui_transfer.tui."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(kind) and issubclass(kind, DOMNode) and kind.__module__ == module.name:
                for binding in vars(kind).get("BINDINGS", ()):
                    assert isinstance(binding, Binding), f"{name}: {binding}"
                    found.setdefault(binding.action, set()).add(name)
    return found


def test_whatever_a_screen_offers_is_a_deed_or_an_answer_or_only_of_the_screen() -> None:
    known = {*Deed, *ANSWERED, *OF_THE_SCREEN}
    missing = {action: kinds for action, kinds in on_screens().items() if action not in known}
    assert not missing, "not in tui_transfer/deeds.py: plain lines lack it"


def test_each_is_listed_once() -> None:
    assert not set(Deed) & set(ANSWERED)
    assert not {*Deed, *ANSWERED} & OF_THE_SCREEN


def test_every_deed_can_be_chosen_in_plain_lines() -> None:
    offered = {deed for menu in Menu.all for deed in menu.deeds}
    assert set(Deed) == offered


def test_what_a_menu_leads_to_is_done() -> None:
    """A menu that goes on by itself finds what to do for each of its deeds."""
    for menu in (centre._CENTRE, *(menu for menu in Menu.all if menu.leads_on)):
        assert not [deed for deed in menu.deeds if deed not in DOERS]
