#!/usr/bin/env bash
# Runs the tests on every supported Python that is installed, with the newest and the oldest libraries that
# pyproject.toml allows, and reports missing Pythons.
# Usage: scripts/test-matrix.sh [PYTEST ARGUMENTS...], or TESTS="tests/hunt_file" make matrix for some of the tests.
# Interpreters are searched on PATH, then in pyenv, then in uv; the oldest libraries need uv (pip install uv).
set -u
cd "$(dirname "$0")/.."
folder=${MATRIX_FOLDER:-build/matrix}
mkdir -p "$folder"
wrong=0

interpreter() {
  local found
  for found in "$(command -v "python$1")" "$HOME"/.pyenv/versions/"$1".*/bin/python \
    "$(uv python find "$1" 2>/dev/null)"; do
    if [ -x "$found" ] && "$found" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$found"
      return
    fi
  done
}

try() { # NAME PYTHON INSTALL...
  local name=$1 python=$2 place="$folder/$1"
  shift 2
  "$python" -m venv --clear "$place" && "$@" >"$place.install" 2>&1 ||
    { echo "$name: installation failed, see $place.install"; wrong=1; return; }
  if "$place/bin/python" -m pytest -q -m 'not long and not alone' --ignore=tests/browser "${tests[@]}" >"$place.log" 2>&1; then
    echo "$name: passed"
  else
    echo "$name: failed, see $place.log"
    wrong=1
  fi
}

read -ra tests <<<"${TESTS:-}"
tests+=("$@")
for version in 3.11 3.12 3.13 3.14; do
  python=$(interpreter $version)
  [ -n "$python" ] || { echo "Python $version: not found"; continue; }
  try "$version-newest" "$python" "$folder/$version-newest/bin/python" -m pip install -e '.[test]'
  if command -v uv >/dev/null; then
    try "$version-oldest" "$python" uv pip install --python "$folder/$version-oldest/bin/python" \
      --resolution lowest-direct -e '.[test]'
  else
    echo "$version-oldest: skipped, uv was not found"
  fi
done
exit $wrong
