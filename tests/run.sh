#!/usr/bin/env bash
# Installs everything the tests need, system programs included where it may, and runs every check.
# Usage: tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/programs.sh

# The servers and tools that the tests run against, by their Debian names.
packages="openssh-server openssh-client openssh-sftp-server proftpd-core proftpd-mod-crypto dropbear-bin rclone erlang-ssh squid dante-server 7zip libarchive-tools unar tmux apache2-utils openssl putty-tools osslsigncode groff-base sshpass util-linux python3-venv"

# What comes from npm alone: p7zip 16.02, which many still have.
npm_packages="7zip-bin@5.2.0"

command -v npm >/dev/null || packages+=" npm"
# shellcheck disable=SC2086
install_programs $packages
install_python
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
