"""Variables that the user's shell has and that builds and tests do not see."""

from __future__ import annotations

import re

from bisector.hunt.ground import Ground

_NOT_FOR_TESTS = re.compile(
    r"_|PWD|OLDPWD|SHLVL|COLUMNS|LINES|HOSTNAME|MAIL|PS\d|EDITOR|VISUAL|PAGER|LESS\w*|LS_COLORS|HISTFILE"
    r"|(SSH|TMUX|GIT|BASH|ZSH|DBUS|XDG)_?\w*"
)
"""Variables of shells and terminals: scripts mention them without depending on the user's values."""
_SHORTEST = 3
_MISSING = re.compile(
    r"not set|unset|unbound|undefined|not defined|missing|required|must be|KeyError|not found|no such|empty"
    r"|NotPresent|expected",
    re.IGNORECASE,
)


def own_to_the_shell(ground: Ground) -> dict[str, str]:
    """The variables that the user's shell has and a slot has not, if a test may depend on them."""
    seen = ground.seen
    return {
        name: value
        for name, value in sorted(ground.environment.items())
        if name not in seen and len(name) >= _SHORTEST and not _NOT_FOR_TESTS.fullmatch(name)
    }


def reported_missing(ground: Ground, lines: list[str]) -> list[str]:
    """Those of `own_to_the_shell` that a line of output reports as missing."""
    telling = "\n".join(line for line in lines if _MISSING.search(line))
    return [
        name for name in own_to_the_shell(ground) if name.isupper() and re.search(rf"\b{name}\b", telling)
    ]
