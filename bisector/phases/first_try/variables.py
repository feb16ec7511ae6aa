"""Variables that the user's shell has, that the test seems to use, and that a probe does not see."""

from __future__ import annotations

import re
import shlex

from bisector.history.patch import patch_of
from bisector.history.repository import GitFailure
from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.hunt.newly_named import added_lines
from bisector.hunt.shell_variables import own_to_the_shell
from bisector.hunt_file.flow import in_flow

_MOST = 200
_NAMED = 3
_READ = 256 * 1024
"""Bytes of lines that mention a variable."""


def advice_on(ground: Ground, said: str, source: str) -> Advice | None:
    """Advice to pass on variables of the user's shell; None if there is none.

    `said` is what the command printed: every mention of a name counts. `source` is the command and its
    script: there a name counts if it is read as a variable.
    """
    names = [name for name in own_to_the_shell(ground) if _is_used(name, said, source)]
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


def newly_read(ground: Ground, commit: str) -> str:
    """The note about variables of the user's shell that the lines added by a commit read; '' for none."""
    try:
        patch = patch_of(ground.repository, commit)
    except GitFailure:
        return ""
    source = "\n".join(line for _, line in added_lines(patch))
    names = [name for name in own_to_the_shell(ground) if _is_used(name, "", source)][:_NAMED]
    if not names:
        return ""
    value = in_flow([*ground.hunt.environment.pass_, *names])
    said = shlex.quote(f"environment.pass={value}")
    return (
        f"its change reads {', '.join(names)}, which your shell has and tests do not see; if that makes the "
        f"difference, hunt again with `--set {said}`."
    )


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
