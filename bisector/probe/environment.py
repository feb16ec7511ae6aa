"""The environment that historical code gets to see: by allow-list, so that no secret leaks into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from bisector.history.redirection import REDIRECTING

ALLOWED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TERM",
    "TZ",
    "LANG",
    "LC_*",
    "XDG_*",
    "OPAM*",
    "OCAML*",
    "CAML_LD_LIBRARY_PATH",
    "DUNE_CACHE*",
)
"""Names (shell patterns) of the variables that are passed on; everything else is dropped."""


def allowed_environment(
    passing: Sequence[str], setting: Mapping[str, str], source: Mapping[str, str]
) -> dict[str, str]:
    """What of `source` a test may see: the allowed names and those in `passing`, then `setting` on top.

    Names in `passing` may be shell patterns such as `CARGO_*`.
    """
    names = (*ALLOWED, *passing)
    passed = {
        name: value for name, value in source.items() if _is_in(name, names) and name not in REDIRECTING
    }
    return passed | dict(setting)


def _is_in(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
