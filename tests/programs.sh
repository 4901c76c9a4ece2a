# Sourced by run.sh and windows.sh. Installs Debian's packages where it may: install_programs PACKAGE…
install_programs() {
    if ! command -v apt-get >/dev/null; then
        echo "No apt-get here: tests that need a missing program are skipped, and say so."
        return 0
    fi
    local missing=""
    for package in "$@"; do
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

# Makes .venv with the program, as it is here, and what its tests import.
install_python() {
    local python="${PYTHON:-python3}"
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
    .venv/bin/python -m pip install --quiet --editable . --group test
}
