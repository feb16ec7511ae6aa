#!/usr/bin/env bash
# release.sh check VERSION: whether VERSION can be released from this checkout; says why not.
# release.sh notes VERSION: the section of CHANGELOG.md for VERSION.
set -euo pipefail
cd "${RELEASE_FOLDER:-$(dirname "$0")/..}"
usage() { echo "usage: release.sh check|notes VERSION" >&2; exit 2; }
fail() { echo "$1" >&2; exit 1; }
[ $# -eq 2 ] || usage
version=$2
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+((a|b|rc)[0-9]+)?$ ]] || fail "$version is no version such as 0.1.0 or 0.2.0rc1"

notes() {
  awk -v heading="## [$version]" '
    index($0, heading) == 1 { inside = 1; next }
    inside && /^## / { exit }
    inside { print }
  ' CHANGELOG.md
}

case $1 in
  check)
    [ -z "$(git status --porcelain --untracked-files=no)" ] || fail "the checkout has changes; commit them first"
    ! git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null || fail "v$version exists already; choose the next version"
    notes | grep -q '[^[:space:]]' || fail "CHANGELOG.md has no section [$version]; rename [Unreleased] to it"
    ;;
  notes)
    notes | grep -q '[^[:space:]]' || fail "CHANGELOG.md has no section [$version]"
    notes | sed -e '/./,$!d'
    ;;
  *) usage ;;
esac
