"""The releases of a Python package between two versions, and the hash of a wheel, as pip tells them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from packaging.version import InvalidVersion, Version

from bisector.ecosystems.contract import Ask, ClientFault, NotWritten


def releases(package: str, old: str, new: str, ask: Ask, options: Sequence[str] = ()) -> list[str]:
    """The versions after `old` up to `new`, in order; `options` name the index, as in a requirements file."""
    first, last = _version(package, old), _version(package, new)
    pre = first.is_prerelease or last.is_prerelease
    command = ["pip", "index", "versions", package, *options, *(["--pre"] if pre else [])]
    answer = ask([*command, "--disable-pip-version-check", "--no-input"]).output
    listed = re.search(r"^Available versions:(.*)$", answer, re.MULTILINE)
    if listed is None:
        raise ClientFault(f"`pip index versions {package}` listed no versions; update pip (21.2 or newer)")
    versions = [Version(one.strip()) for one in listed[1].split(",") if one.strip()]
    between = [one for one in versions if min(first, last) < one < max(first, last)]
    # A version that was withdrawn since is not listed, but the commit has it.
    return [*map(str, sorted(between, reverse=last < first)), new]


def wheel_hash(package: str, version: str, ask: Ask, options: Sequence[str] = ()) -> str:
    """The hash, `sha256:…`, of the wheel that pip would install here; nothing is built or installed."""
    command = ["pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--no-input"]
    only = ["--only-binary=:all:", "--disable-pip-version-check", "--report", "-"]
    answer = ask([*command, *only, *options, f"{package}=={version}"]).output
    try:
        [found] = json.loads(answer)["install"]
        hashes = found["download_info"]["archive_info"].get("hashes") or {}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ClientFault(f"pip gave no report on {package} {version}; update pip (22.2 or newer)") from error
    if "sha256" not in hashes:
        raise NotWritten(f"pip does not tell the sha256 of {package} {version}, which the lock file needs")
    return f"sha256:{hashes['sha256']}"


def _version(package: str, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        told = f"locked at {text!r}" if text else "added or removed"
        raise NotWritten(
            f"{package} is {told}: only releases between two single versions can be listed"
        ) from None
