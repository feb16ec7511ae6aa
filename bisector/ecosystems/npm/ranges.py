"""Versions and ranges as npm understands them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cmp_to_key

import nodesemver

from bisector.ecosystems.contract import NotWritten


@cache
def satisfies(version: str, allowed: str) -> bool:
    """Whether a version is in a range; tags, URLs and other things that are no range hold no version."""
    if allowed.startswith("npm:"):
        allowed = allowed.rpartition("@")[2]
    try:
        return bool(nodesemver.satisfies(version, allowed, True))
    except ValueError:
        return False


def between(package: str, old: str, new: str, listed: Iterable[str]) -> list[str]:
    """The listed versions after `old` up to `new`, in order; downwards if `new` is the lower one.

    Raises `NotWritten` if one of the ends is not a version.
    """
    for end in (old, new):
        if not _is_version(end):
            told = f"locked at {end!r}" if end else "added or removed"
            raise NotWritten(f"{package} is {told}: only releases between two single versions can be listed")
    downwards = _compare(new, old) < 0
    lowest, highest = (new, old) if downwards else (old, new)
    pre = "-" in old or "-" in new
    found = [
        one
        for one in listed
        if _is_version(one)
        and (pre or "-" not in one)
        and _compare(lowest, one) < 0
        and _compare(one, highest) < 0
    ]
    return [*sorted(found, key=cmp_to_key(_compare), reverse=downwards), new]


def _compare(one: str, other: str) -> int:
    return int(nodesemver.compare(one, other, True))


def _is_version(text: str) -> bool:
    return nodesemver.valid(text, True) is not None
