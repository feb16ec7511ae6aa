#!/usr/bin/env bash
# Makes sure that dune and ocamlopt are there; the sample history is built with them.
set -euo pipefail
have() { command -v dune >/dev/null && command -v ocamlopt >/dev/null; }
have && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "OCaml is missing and this is not root: install ocaml and dune, then run make again" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing OCaml and dune ..."
if command -v apt-get >/dev/null; then
  # The package lists of a fresh machine are empty or old.
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends ocaml-nox ocaml-dune >/dev/null
elif command -v dnf >/dev/null; then
  "${as_root[@]}" dnf install -y -q ocaml ocaml-dune
elif command -v pacman >/dev/null; then
  "${as_root[@]}" pacman -S --noconfirm --needed ocaml dune
elif command -v apk >/dev/null; then
  "${as_root[@]}" apk add --quiet ocaml dune
elif command -v brew >/dev/null; then
  brew install ocaml dune
fi
have || { echo "OCaml and dune could not be installed here: install them (ocamlopt and dune on PATH), then run make again" >&2; exit 1; }
