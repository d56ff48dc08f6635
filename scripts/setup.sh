#!/usr/bin/env bash
# Make .venv ready: system libraries, virtual environment, packages under constraints.
# Quick when nothing changed. Usage: scripts/setup.sh [--display]
#   --display   also Xvfb and the libraries that Qt and OpenGL need
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      python=$candidate
      break
    fi
  done
fi

# --- system packages -----------------------------------------------------------
missing=()
need() { # need PACKAGE TEST...: PACKAGE is missing where TEST fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
# ldconfig lives in /sbin, which is not on everybody's path
PATH=$PATH:/sbin:/usr/sbin
libraries=$(ldconfig -p 2>/dev/null || true)
library() { [[ $libraries == *"$1"* ]]; }

[ -n "$python" ] || missing+=(python3 python3-venv)
if [ -n "$python" ]; then
  need "$(basename "$python")-venv" "$python" -c 'import venv, ensurepip'
fi
if [ "${1:-}" = --display ]; then
  [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || { need xvfb command -v xvfb-run; need xauth command -v xauth; }
  need libglib2.0-0 library libgthread-2.0.so.0
  need libgl1 library libGL.so.1
  need libegl1 library libEGL.so.1
  need libgl1-mesa-dri test -e /usr/lib/"$(uname -m)"-linux-gnu/dri
  need libxkbcommon-x11-0 library libxkbcommon-x11.so.0
  need libxcb-icccm4 library libxcb-icccm.so.4
  need libxcb-image0 library libxcb-image.so.0
  need libxcb-keysyms1 library libxcb-keysyms.so.1
  need libxcb-randr0 library libxcb-randr.so.0
  need libxcb-render-util0 library libxcb-render-util.so.0
  need libxcb-shape0 library libxcb-shape.so.0
  need libxcb-xinerama0 library libxcb-xinerama.so.0
  need libxcb-xkb1 library libxcb-xkb.so.1
  need libxcb-cursor0 library libxcb-cursor.so.0
  need libdbus-1-3 library libdbus-1.so.3
  need libfontconfig1 library libfontconfig.so.1
  need fonts-dejavu-core sh -c 'find /usr/share/fonts -name "*.ttf" | grep -q .'
fi
if [ ${#missing[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    say "Installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  elif command -v apt-get >/dev/null; then
    say "System packages are missing. Run this line, then make again:"
    say "  sudo apt-get install -y ${missing[*]}"
    exit 1
  elif [ -z "$python" ]; then
    say "Python 3.11 to 3.13 is needed; install it, then run make again."
    exit 1
  fi
fi
python=${python:-python3}
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
  say "Python 3.11 to 3.13 is needed, but $python is $("$python" --version 2>&1)."
  say "Install one of these and run: make PYTHON=python3.12"
  exit 1
fi

# --- virtual environment -------------------------------------------------------
stamp=.venv/installed
want=$(cat pyproject.toml constraints.txt scripts/setup.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
  exit 0
fi
say "Setting up .venv (a few minutes the first time)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# sam2 is built from source and wants torch in its build environment: the same torch.
# Older pips hand PIP_CONSTRAINT to the build, newer ones PIP_BUILD_CONSTRAINT.
export PIP_CONSTRAINT=$PWD/constraints.txt PIP_BUILD_CONSTRAINT=$PWD/constraints.txt
export SAM2_BUILD_CUDA=0 PIP_DISABLE_PIP_VERSION_CHECK=1
log=$(mktemp)
if ! .venv/bin/python -m pip install -e '.[app,train,dev]' >"$log" 2>&1; then
  tail -n 25 "$log" >&2
  say "The installation failed; the whole log is in $log"
  exit 1
fi
rm -f "$log"
echo "$want" >"$stamp"
