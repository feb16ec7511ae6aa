"""Programs that the sandbox hides: they are on this machine, but in a folder that is empty in the sandbox."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bisector.hunt.advice import Advice, advice_to_set
from bisector.hunt.ground import Ground
from bisector.hunt_file.sandboxed import EMPTY, is_hidden
from bisector.phases.first_try.programs import not_found_in

_PATH = re.compile(
    r"(?P<path>/(?:tmp|run)/[\w./+@-]*\w)['\"\u2019]?:? .*(?:not found|[Nn]o such file)"
    r"|(?:cannot open|can't open file) ['\"\u2018]?(?P<opened>/(?:tmp|run)/[\w./+@-]*\w)"
)
_PROGRAM_FOLDERS = ("bin", "sbin")


def advice_on_hidden(ground: Ground, said: str) -> Iterator[Advice]:
    """The folders to show in the sandbox for what the output reports as missing, but this machine has."""
    if not ground.hunt.sandbox:
        return
    shown = [str(path) for path in ground.hunt.sandbox_reads]
    for name, path in _outside(ground, said):
        # A link may be in another folder than what it leads to; both must be there.
        places = [one for one in (path, path.resolve()) if _is_missing(one, ground)]
        folders = list(dict.fromkeys(map(str, map(_to_show, places))))
        if folders:
            where = " and ".join(folders)
            why = f"the sandbox hides `{name}`, which is in {where}: /tmp and /run are empty there"
            yield advice_to_set(why, "sandbox_reads", folders, shown)


def _outside(ground: Ground, said: str) -> Iterator[tuple[str, Path]]:
    """What is reported as missing and exists outside of the sandbox, each with its absolute path."""
    for name in not_found_in(said):
        if found := shutil.which(name, path=ground.seen.get("PATH")):
            yield name, Path(found).absolute()
    for match in _PATH.finditer(said):
        path = Path(match["path"] or match["opened"])
        if path.exists() and not path.is_relative_to(ground.scratch.root):
            yield str(path), path


def _is_missing(path: Path, ground: Ground) -> bool:
    return is_hidden(path) and not any(path.is_relative_to(shown) for shown in ground.hunt.sandbox_reads)


def _to_show(path: Path) -> Path:
    """The folder of a program with what belongs to it, or the program itself if that would be all of /tmp."""
    folder = path.parent.parent if path.parent.name in _PROGRAM_FOLDERS else path.parent
    if folder in EMPTY:
        folder = path.parent
    return path if folder in EMPTY else folder
