"""The environment of historical code: an allow-list, so that no secret leaks into it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from bisector.history.redirection import REDIRECTING
from bisector.hunt_file.work import Environment

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
"""Names (shell patterns) of variables that are passed on; all others are dropped."""

INCIDENTAL = (
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "XDG_SES*",
    "XDG_SEAT*",
    "XDG_VTNR",
    "XDG_*_DIR",
    "XDG_*_DIRS",
    "XDG_*DESKTOP",
    "XDG_MENU_PREFIX",
    "XDG_ACTIVATION_TOKEN",
    "XDG_CACHE_HOME",
    "OPAM_LAST_ENV",
    "DUNE_CACHE*",
    "_",
    "SHLVL",
    "PWD",
    "OLDPWD",
    "COLUMNS",
    "LINES",
    "WINDOWID",
    "SSH_*",
    "TMUX*",
    "DBUS_SESSION_BUS_ADDRESS",
    "TERM_SESSION_ID",
)
"""Names (shell patterns) of variables that vary by terminal and change no outcome.

One that the hunt file's `environment` names in full still counts.
"""


def allowed_environment(
    passing: Sequence[str], setting: Mapping[str, str], source: Mapping[str, str]
) -> dict[str, str]:
    """The variables of `source` that a test sees: allowed names and those in `passing`, then `setting` on
    top.

    `passing` accepts shell patterns such as `CARGO_*`.
    """
    names = (*ALLOWED, *passing)
    passed = {
        name: value for name, value in source.items() if _is_in(name, names) and name not in REDIRECTING
    }
    return passed | dict(setting)


def counting(environment: Mapping[str, str], named: Environment) -> dict[str, str]:
    """The variables whose values may change an outcome.

    Of PATH, only existing folders count, without those that `git bisect run` adds for git itself.
    """
    counted = {
        name: value
        for name, value in environment.items()
        if name in named.set or name in named.pass_ or not _is_in(name, INCIDENTAL)
    }
    if "PATH" in counted and "PATH" not in named.set:
        folders = dict.fromkeys(counted["PATH"].split(os.pathsep))
        counted["PATH"] = os.pathsep.join(filter(_holds_programs, folders))
    return counted


def _holds_programs(folder: str) -> bool:
    # A folder without execute permission offers no programs, and `is_dir` may fail below it.
    return Path(folder).name != "git-core" and os.access(folder, os.X_OK) and Path(folder).is_dir()


def _is_in(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
