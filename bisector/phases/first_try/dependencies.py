"""Installed packages: the checkout has them in an ignored folder, a slot needs a `setup`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from bisector.history.inputs import tracked_files
from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.hunt_file.proposal import installs_of
from bisector.hunt_file.proposal_tree import Install

_LACKS_A_PACKAGE = re.compile(
    r"cannot find (module|package)|no module named|: (command )?not found$|ERR_MODULE_NOT_FOUND"
    r"|cannot load such file|could not find (gem|'?\w+-\d)|failed opening required 'vendor",
    re.IGNORECASE | re.MULTILINE,
)


def installs_at(ground: Ground, commit: str) -> list[Install]:
    """The sections `setup` that the commit's lock files ask for; empty if the hunt has such a section."""
    if ground.hunt.setup:
        return []
    files = sorted(tracked_files(ground.repository, commit))
    return installs_of(files, partial(ground.repository.text, commit))


def advice_on(ground: Ground, installs: Sequence[Install], said: str, names: Sequence[str]) -> Advice | None:
    """Advice to install what the checkout has; None unless a command seems to miss it.

    `said` is what the command printed, `names` are files that it names or misses.
    """
    top = ground.repository.work_tree
    for install in installs:
        there = [keep for keep in install.keeps if top and (top / keep).exists()]
        if not there:
            continue
        if _LACKS_A_PACKAGE.search(said) or any(is_below(name, there) for name in names):
            why = f"only your checkout has {', '.join(there)}; `setup` installs it in every slot"
            return advice_to_set(why, "setup", _section(install))
    return None


def _section(install: Install) -> dict[str, object]:
    section: dict[str, object] = {
        "command": install.command,
        "key": [*install.key],
        "keeps": [*install.keeps],
    }
    return section if install.folder == "." else {**section, "folder": install.folder}


def is_below(name: str, folders: Sequence[str]) -> bool:
    """Whether a path lies in one of these folders."""
    path = name.removeprefix("./")
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
