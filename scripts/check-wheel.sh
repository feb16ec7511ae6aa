#!/usr/bin/env bash
# check-wheel.sh [FOLDER]: installs the wheel in FOLDER, or one that it builds, into a fresh environment, and runs it
# from outside the checkout.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checkout=$PWD
if [ $# -gt 0 ]; then
  mkdir "$scratch/dist"
  cp "$1"/*.whl "$scratch/dist"
else
  .venv/bin/python -m build --wheel --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 ||
    { cat "$scratch/build.log" >&2; exit 1; }
fi
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt "$scratch"/dist/*.whl
cd "$scratch"
venv/bin/bisector --help >/dev/null
version=$(venv/bin/python -m bisector --version)
case $version in
  *unknown*) echo "the wheel does not know its version" >&2; exit 1 ;;
esac
[[ $(basename dist/*.whl) == bisector-"${version#bisector }"-* ]] || { echo "$version is not that of the wheel" >&2; exit 1; }
venv/bin/bisector predicates per_test_user_time >/dev/null
venv/bin/bisector demo make "$scratch/sample" --scenario none --commits 12 >/dev/null
[ -f venv/share/zsh/site-functions/_bisector ] || { echo "the wheel lacks the completions" >&2; exit 1; }
for page in bisector bisector-run; do
  grep -q '^\.SH NAME' "venv/share/man/man1/$page.1" || { echo "the wheel lacks the manual page $page" >&2; exit 1; }
done
venv/bin/python - <<'PY'
import importlib.util
import sys

if importlib.util.find_spec("predicates") is not None:
    sys.exit("the wheel installs the top-level name `predicates`")
PY
echo "wheel: $version, installed and run outside $(basename "$checkout")"
