#!/usr/bin/env bash
# Installs everything the tests need, system programs included where it may, and runs every check.
# Usage: tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

# The servers and tools that the tests run against, by their Debian names.
packages="openssh-server openssh-client openssh-sftp-server proftpd-core proftpd-mod-crypto dropbear-bin rclone erlang-ssh squid dante-server 7zip libarchive-tools unar tmux apache2-utils openssl putty-tools osslsigncode groff-base sshpass util-linux python3-venv"

# What comes from npm alone: p7zip 16.02, which many still have.
npm_packages="7zip-bin@5.2.0"

install_programs() {
    local missing=""
    command -v npm >/dev/null || packages+=" npm"
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=" $package"
    done
    [ -n "$missing" ] || return 0
    local sudo=""
    if [ "$(id -u)" != 0 ]; then
        sudo="sudo -n"
        $sudo true 2>/dev/null || { echo "Not installed, and sudo would ask a password:$missing"; return 0; }
    fi
    $sudo apt-get update -q
    # RUNLEVEL=1: the servers are installed, but not started as services.
    # shellcheck disable=SC2086
    $sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

if command -v apt-get >/dev/null; then
    install_programs
else
    echo "No apt-get here: tests that need a missing program are skipped, and say so."
fi

python="${PYTHON:-python3}"
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
.venv/bin/python -m pip install --quiet --editable . --group test
if command -v npm >/dev/null; then
    # shellcheck disable=SC2086
    npm install --silent --no-fund --no-audit --prefix .venv/npm $npm_packages
else
    echo "No npm here: tests that need its packages are skipped, and say so."
fi

.venv/bin/ruff check
.venv/bin/ruff format --check
.venv/bin/mypy
for platform in win32 darwin; do
    .venv/bin/mypy --platform "$platform" tui_transfer
done
.venv/bin/lint-imports
# Tests wait for servers and cut connections more than they compute: three for each core.
exec .venv/bin/python -m pytest -n "${TEST_PROCESSES:-$((3 * $(getconf _NPROCESSORS_ONLN)))}" "$@"
