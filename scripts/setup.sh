#!/usr/bin/env bash
# Prepares what the other verbs need: the system libraries, then .venv with the versions of the locks and the
# project itself. Says nothing and does nothing when all of it is there already; safe to stop and to start again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
stamp=.venv/.sfv-setup

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Installs Debian packages where we may; returns 1 where we may not.
install_packages() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    say "installing $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# ---- Python -------------------------------------------------------------------------------------------------------

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

python=$(find_python) || fail "found no Python 3.11 to 3.13 under the name ${PYTHON:-python3}; install one (on Debian:" \
    "apt-get install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3.12"

# ---- system packages ----------------------------------------------------------------------------------------------

# True when the dynamic linker finds any of the named libraries.
has_library() {
    "$python" - "$@" <<'PY'
import ctypes, sys

def loads(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True

sys.exit(not any(loads(name) for name in sys.argv[1:]))
PY
}

missing=()
# Debian's python3 comes without ensurepip, so without the means to make a virtual environment
if [ ! -x .venv/bin/pip ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    missing+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi
has_library libGL.so.1 || missing+=(libgl1)             # OpenCV
has_library libglib-2.0.so.0 || missing+=(libglib2.0-0) # OpenCV
has_library libxcb.so.1 || missing+=(libxcb1)           # OpenCV
has_library libEGL.so.1 || missing+=(libegl1)           # MediaPipe, MuJoCo's renderer
has_library libGLESv2.so.2 || missing+=(libgles2)       # MediaPipe
# behind libEGL stands a driver: NVIDIA's, or Mesa's, which also renders on the CPU
has_library libEGL_nvidia.so.0 libEGL_mesa.so.0 || missing+=(libegl-mesa0 libgl1-mesa-dri)
if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}" || fail "Debian packages are missing that virtual environments, OpenCV, MediaPipe or" \
        "off-screen rendering need, and could not be installed (it takes root, or sudo without a password); type:" \
        "apt-get install ${missing[*]}"
fi

# ---- .venv --------------------------------------------------------------------------------------------------------

# What is installed is known by these files, the interpreter and the place (an editable install points at it).
want=$({ cat requirements.lock requirements-torch.lock pyproject.toml scripts/setup.sh; "$python" --version; echo "$root"; } | sha256sum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi

say "preparing .venv with $("$python" --version) (a few minutes the first time)"
rm -f "$stamp"
# scripts in a virtual environment hold its path, and packages its Python's version: neither survives a change
if ! grep -qsF "$root/.venv" .venv/bin/activate \
    || [ "$(.venv/bin/python --version 2>&1)" != "$("$python" --version)" ] \
    || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear .venv
fi
# a lock with hashes is complete and is followed to the letter; torch, whose builds differ, brings what its build needs
.venv/bin/python -m pip install --no-input --disable-pip-version-check --no-deps -r requirements.lock \
    && .venv/bin/python -m pip install --no-input --disable-pip-version-check -r requirements-torch.lock \
    || fail "pip could not install what the locks name, for the reason above; make setup goes on from here"
.venv/bin/python -m pip install --no-input --disable-pip-version-check --quiet \
    --no-deps --no-build-isolation --editable .
echo "$want" >"$stamp"
say "done"
