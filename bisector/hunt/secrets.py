"""Values that reports must not show: those of the variables that a hunt passes on to its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

_SHORTEST = 6
"""Characters of the shortest value that is taken for a secret: `1` or `true` would hide half of a log."""
_HIDDEN = "***"


def secrets_of(passed: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of `environment` that `passed`, names or globs of variables, covers; longest first."""
    return hidden(
        value for name, value in environment.items() if any(fnmatchcase(name, one) for one in passed)
    )


def hidden(values: Iterable[str]) -> tuple[str, ...]:
    """Those of the values that are long enough to be hidden, longest first."""
    long = {value for value in values if len(value) >= _SHORTEST}
    return tuple(sorted(long, key=len, reverse=True))


def without(secrets: Sequence[str], text: str) -> str:
    """`text` with stars in place of every secret."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return text
