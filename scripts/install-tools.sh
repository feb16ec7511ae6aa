#!/usr/bin/env bash
# install-tools.sh ocaml|bubblewrap|strace|valgrind|ccache|chromium|zsh|fish|groff: installs a tool with the
# system's package manager if it is not on PATH. The sample history needs ocaml and dune, the tests of `sandbox: bwrap` bubblewrap,
# `bisector diagnose` strace and valgrind, the tests of `instructions` valgrind, those of the report's page chromium.
set -euo pipefail
case ${1:-} in
  ocaml) commands=(dune ocamlopt) apt=(ocaml-nox ocaml-dune) dnf=(ocaml ocaml-dune) others=(ocaml dune) ;;
  bubblewrap) commands=(bwrap) apt=(bubblewrap) dnf=(bubblewrap) others=(bubblewrap) ;;
  strace | valgrind | ccache | chromium | zsh | fish | groff) commands=("$1") apt=("$1") dnf=("$1") others=("$1") ;;
  *) echo "usage: install-tools.sh ocaml|bubblewrap|strace|valgrind|ccache|chromium|zsh|fish|groff" >&2; exit 2 ;;
esac
missing() { for command in "${commands[@]}"; do command -v "$command" >/dev/null || return 0; done; return 1; }
missing || exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "$1 is missing and you are not root; install it, then run make again" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing $1 ..."
if command -v apt-get >/dev/null; then
  # The package lists of a fresh machine are empty or outdated.
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${apt[@]}" >/dev/null
elif command -v dnf >/dev/null; then
  "${as_root[@]}" dnf install -y -q "${dnf[@]}"
elif command -v pacman >/dev/null; then
  "${as_root[@]}" pacman -S --noconfirm --needed "${others[@]}"
elif command -v apk >/dev/null; then
  "${as_root[@]}" apk add --quiet "${others[@]}"
elif command -v brew >/dev/null; then
  brew install "${others[@]}"
fi
if missing; then
  echo "cannot install $1 here; put ${commands[*]} on PATH, then run make again" >&2
  exit 1
fi
