#!/usr/bin/env bash
# Builds the bundle for Windows and runs it, and the tests of every room, by CPython for Windows under Wine.
# Usage: tests/windows.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/programs.sh

install_programs wine wine64 gcc-mingw-w64-x86-64-win32 osslsigncode openssh-server openssh-client 7zip python3-venv
install_python

# Two processes: one runs the rooms' tests on that Windows, the other drives transfers from outside.
exec .venv/bin/python -m pytest -m windows -n "${TEST_PROCESSES:-2}" --dist loadgroup tests/windows "$@"
