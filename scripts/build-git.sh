#!/usr/bin/env bash
# build-git.sh VERSION|newest PREFIX: builds git from its source and installs it below PREFIX, as CI does to test
# with a version that no system offers. Needs a C compiler, make, zlib and curl (Debian: zlib1g-dev libcurl4-openssl-dev).
# GIT_SOURCE names another repository of git's source than the official mirror.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: build-git.sh VERSION|newest PREFIX" >&2; exit 2; }
source=${GIT_SOURCE:-https://github.com/git/git} version=$1 prefix=$2
if [ "$version" = newest ]; then
  # Release candidates have a name after the numbers, such as v2.50.0-rc1.
  version=$(git ls-remote --tags --refs "$source" 'v*' |
    sed -nE 's|.*refs/tags/v([0-9]+(\.[0-9]+)+)$|\1|p' | sort -V | tail -n 1)
  [ -n "$version" ] || { echo "no released version in $source" >&2; exit 1; }
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git -c advice.detachedHead=false clone --quiet --depth 1 --branch "v$version" "$source" "$scratch/git"
make -C "$scratch/git" -s -j"$(nproc)" prefix="$prefix" NO_GETTEXT=1 NO_TCLTK=1 NO_PERL=1 NO_EXPAT=1 all
make -C "$scratch/git" -s prefix="$prefix" NO_GETTEXT=1 NO_TCLTK=1 NO_PERL=1 NO_EXPAT=1 install
found=$("$prefix/bin/git" --version)
[[ $found == "git version $version"* ]] || { echo "built $found, not $version" >&2; exit 1; }
echo "installed $found in $prefix"
