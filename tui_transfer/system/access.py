"""Who besides its owner may read a file: as its mode tells, or on Windows its access list.

There a new file or folder is as open as the folder that it is made in, whatever mode was asked for; only what
lies in a person's own profile is theirs alone.
"""

from __future__ import annotations

import re
import shlex
import stat
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_OWNERS: Final = frozenset({"SY", "BA", "OW", "CO"})
"""Who may read everything anyhow, as root may elsewhere: the system, administrators; and the owner."""
_ANYBODY: Final = "NO_ACCESS_CONTROL"
_ENTRY: Final = re.compile(r"\((\w+);\w*;[^;]*;[^;]*;[^;]*;([^;)]*)[^)]*\)")


def let_in(access_list: str) -> set[str]:
    """Whom an access list of Windows lets in, each by number or by the two letters that stand for it, besides
    the owner, the system and administrators.

    Source: Microsoft, « Security Descriptor String Format »; a list that is not there lets in everybody.
    """
    if "D:" not in access_list or _ANYBODY in access_list:
        return {_ANYBODY}
    allowed = {who for kind, who in _ENTRY.findall(access_list) if kind in {"A", "OA", "XA", "ZA"}}
    return allowed - _OWNERS


if sys.platform == "win32":
    import contextlib
    import ctypes
    from ctypes import wintypes
    from typing import Any

    from tui_transfer.system.paths import literal, readable
    from tui_transfer.system.volumes import keeps_rights
    from tui_transfer.system.winapi import function

    _FILE: Final = 1  # SE_FILE_OBJECT
    _LIST: Final = 4  # DACL_SECURITY_INFORMATION
    _NOT_INHERITED: Final = 0x8000_0000  # PROTECTED_DACL_SECURITY_INFORMATION
    _REVISION: Final = 1  # SDDL_REVISION_1
    _QUERY: Final = 8  # TOKEN_QUERY
    _USER: Final = 1  # TokenUser
    _THIS_PROCESS: Final = -1  # as a handle

    def others_may_read(path: Path) -> bool:
        """Whether accounts other than its owner's may read or write what is there; see below."""
        try:
            return bool(let_in(_list_of(path)) - {_own_name()})
        except OSError:
            return False

    def close_to_others(path: Path) -> None:
        """Lets only this account, the system and administrators at a file, or at a folder and what is in it.

        A disk of another machine is left as it is: who is let in there is for that to say.
        """
        with contextlib.suppress(OSError):  # not ours to change: `others_may_read` tells
            if let_in(_list_of(path)) - {_own_name()} and keeps_rights(path):
                _close(path)

    def how_to_close(path: Path) -> str:
        """The command that does so, in a terminal of this system; see below."""
        inherited = "(OI)(CI)" if path.is_dir() else ""
        return f'icacls "{readable(path)}" /inheritance:r /grant:r "%USERNAME%:{inherited}F"'

    def _close(path: Path) -> None:
        inherited = "OICI" if path.is_dir() else ""
        entries = "".join(f"(A;{inherited};FA;;;{who})" for who in (_own_number(), "SY", "BA"))
        _put(path, f"D:P{entries}")

    def _put(path: Path, access_list: str) -> None:
        descriptor = _from_text(access_list)
        try:
            put = function(
                *("advapi32", "SetFileSecurityW", wintypes.BOOL),
                *(wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p),
            )
            _hand_on(path, descriptor)
            # Once more for itself: Wine adds to the other whom the folder around lets in.
            _succeed(put(literal(path), _LIST | _NOT_INHERITED, descriptor))
        finally:
            _free(descriptor)

    def _hand_on(path: Path, descriptor: ctypes.c_void_p) -> None:
        """Closes it, and what lies in it already. What is made in it later is closed anyway."""
        get = function(
            *("advapi32", "GetSecurityDescriptorDacl", wintypes.BOOL),
            *(ctypes.c_void_p, wintypes.LPBOOL, ctypes.POINTER(ctypes.c_void_p), wintypes.LPBOOL),
        )
        put = function(
            *("advapi32", "SetNamedSecurityInfoW", wintypes.DWORD),
            *(wintypes.LPWSTR, ctypes.c_int, wintypes.DWORD),
            *(ctypes.c_void_p,) * 4,
        )
        there, made, default = wintypes.BOOL(), ctypes.c_void_p(), wintypes.BOOL()
        _succeed(get(descriptor, ctypes.byref(there), ctypes.byref(made), ctypes.byref(default)))
        if code := put(literal(path), _FILE, _LIST | _NOT_INHERITED, None, None, made, None):
            raise ctypes.WinError(code)

    def _list_of(path: Path) -> str:
        """Its access list as text."""
        get = function(
            *("advapi32", "GetNamedSecurityInfoW", wintypes.DWORD),
            *(wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD),
            *(ctypes.c_void_p,) * 4,
            ctypes.POINTER(ctypes.c_void_p),
        )
        descriptor = ctypes.c_void_p()
        if code := get(literal(path), _FILE, _LIST, None, None, None, None, ctypes.byref(descriptor)):
            raise ctypes.WinError(code)
        return _as_text(descriptor)

    def _own_name() -> str:
        """How the text of an access list calls this account: by its number, or by two letters."""
        found = _ENTRY.search(_as_text(_from_text(f"D:(A;;FA;;;{_own_number()})")))
        return found.group(2) if found else ""

    def _own_number() -> str:
        """The number of the account that this process runs under, `S-1-…`."""
        open_token = function(
            *("advapi32", "OpenProcessToken", wintypes.BOOL),
            *(wintypes.HANDLE, wintypes.DWORD, wintypes.PHANDLE),
        )
        ask = function(
            *("advapi32", "GetTokenInformation", wintypes.BOOL),
            *(wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, wintypes.LPDWORD),
        )
        write = function(
            *("advapi32", "ConvertSidToStringSidW", wintypes.BOOL),
            *(ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)),
        )
        close = function("kernel32", "CloseHandle", wintypes.BOOL, wintypes.HANDLE)
        token, size, text = wintypes.HANDLE(), wintypes.DWORD(), ctypes.c_void_p()
        _succeed(open_token(_THIS_PROCESS, _QUERY, ctypes.byref(token)))
        try:
            ask(token, _USER, None, 0, ctypes.byref(size))  # how much room it takes
            room = ctypes.create_string_buffer(size.value)
            _succeed(ask(token, _USER, room, size, ctypes.byref(size)))
            number = ctypes.c_void_p.from_buffer(room)  # the first field of TOKEN_USER
            _succeed(write(number, ctypes.byref(text)))
        finally:
            close(token)
        return _taken(text)

    def _from_text(text: str) -> ctypes.c_void_p:
        """The descriptor that a text stands for; to be freed."""
        read = function(
            *("advapi32", "ConvertStringSecurityDescriptorToSecurityDescriptorW", wintypes.BOOL),
            *(wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), wintypes.PULONG),
        )
        descriptor = ctypes.c_void_p()
        _succeed(read(text, _REVISION, ctypes.byref(descriptor), None))
        return descriptor

    def _as_text(descriptor: ctypes.c_void_p) -> str:
        """The text that stands for a descriptor's access list; the descriptor is freed."""
        write = function(
            *("advapi32", "ConvertSecurityDescriptorToStringSecurityDescriptorW", wintypes.BOOL),
            *(ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD),
            *(ctypes.POINTER(ctypes.c_void_p), wintypes.PULONG),
        )
        text = ctypes.c_void_p()
        try:
            _succeed(write(descriptor, _REVISION, _LIST, ctypes.byref(text), None))
        finally:
            _free(descriptor)
        return _taken(text)

    def _taken(text: ctypes.c_void_p) -> str:
        """A text of the system's making, which is freed."""
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            _free(text)

    def _free(memory: ctypes.c_void_p) -> None:
        function("kernel32", "LocalFree", ctypes.c_void_p, ctypes.c_void_p)(memory)

    def _succeed(answer: Any) -> None:
        if not answer:
            raise ctypes.WinError(ctypes.get_last_error())

else:
    _OF_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

    def others_may_read(path: Path) -> bool:
        """Whether accounts other than its owner's may read or write what is there. Of what cannot be looked
        at nothing is said.
        """
        try:
            return bool(path.stat().st_mode & _OF_OTHERS)
        except OSError:
            return False

    def close_to_others(path: Path) -> None:
        """Nothing: whatever is made here is its owner's alone, in whatever folder; see `files`."""

    def how_to_close(path: Path) -> str:
        """The command that lets only the owner at what is there, in a terminal of this system."""
        return f"chmod {700 if path.is_dir() else 600} {shlex.quote(str(path))}"
