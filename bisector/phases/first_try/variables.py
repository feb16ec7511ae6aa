"""Variables that the user's shell has, that the test seems to use, and that a probe does not see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bisector.history.repository import GitFailure
from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground

_NOT_FOR_TESTS = re.compile(
    r"_|PWD|OLDPWD|SHLVL|COLUMNS|LINES|HOSTNAME|MAIL|PS\d|EDITOR|VISUAL|PAGER|LESS\w*|LS_COLORS|HISTFILE"
    r"|(SSH|TMUX|GIT|BASH|ZSH|DBUS|XDG)_?\w*"
)
"""Variables of shells and terminals: scripts mention them without depending on the user's values."""
_SHORTEST = 3
_MOST = 200
_READ = 256 * 1024
"""Bytes of lines that mention a variable."""


def advice_on(ground: Ground, said: str, source: str, environment: Mapping[str, str]) -> Advice | None:
    """Advice to pass on variables of `environment`; None if there is none.

    `said` is what the command printed: every mention of a name counts. `source` is the command and its
    script: there a name counts if it is read as a variable.
    """
    names = [name for name in _unseen(ground, environment) if _is_used(name, said, source)]
    if not names:
        return None
    why = f"the test seems to use {', '.join(names)} of your shell; tests see only what the hunt passes on"
    return advice_to_set(why, "environment.pass", names, list(ground.hunt.environment.pass_))


def advice_on_sources(ground: Ground, commit: str) -> Advice | None:
    """Advice to pass on variables that any file of the commit reads; None if there is none."""
    names = list(own_to_the_shell(ground))[:_MOST]
    if not names:
        return None
    wanted = [word for name in names for word in ("-e", name)]
    try:
        out = ground.repository.git("grep", "-I", "-h", "-w", "-F", *wanted, commit, "--")
    except GitFailure:
        return None  # No file mentions one.
    lines = out[:_READ].decode(errors="replace")
    read = [name for name in names if _is_used(name, "", lines)]
    if not read:
        return None
    mentions = f"files of {commit[:12]} read {', '.join(read)}, which your shell has"
    why = f"{mentions}; tests see only what the hunt passes on"
    return advice_to_set(why, "environment.pass", read, list(ground.hunt.environment.pass_))


def own_to_the_shell(ground: Ground) -> dict[str, str]:
    """The variables that the user's shell has and a slot has not, if a test may depend on them."""
    return {name: ground.environment[name] for name in _unseen(ground, ground.environment)}


def _unseen(ground: Ground, environment: Mapping[str, str]) -> Iterable[str]:
    for name in sorted(environment):
        if name not in ground.seen and len(name) >= _SHORTEST and not _NOT_FOR_TESTS.fullmatch(name):
            yield name


def _is_used(name: str, said: str, source: str) -> bool:
    word = re.escape(name)
    if name.isupper() and re.search(rf"(?<![\w$]){word}(?!\w)", said):
        return True
    read = (
        rf"\$\{{?{word}(?!\w)"  # shells, make, CMake
        rf"|\$\({word}\)"
        rf"|(environ|getenv|ENV|process\.env|env::var\w*|Sys\.getenv\w*|LookupEnv)\W{{1,4}}(get\W{{1,2}})?{word}(?!\w)"
    )
    return bool(re.search(read, source))
