"""Before a command reads commits: is all there that its hunt names beside the history?

What is wrong is told here, with the place where it was written, while nothing has been written yet.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bisector.errors import BisectorError, EnvironmentFault, HistoryError, HuntFileError
from bisector.hunt_file import AUTO
from bisector.hunt_file.overlay import Copy, Patch, Place
from bisector.probe.scheduling import cpus_of

if TYPE_CHECKING:
    from bisector.hunt.ground import Ground


def ready(ground: Ground, *, logs: bool = True) -> Ground:
    """`ground` itself, once all that its hunt names is there; the progress log only where it `logs`.

    Raises `HuntFileError` where it is not, `EnvironmentFault` where no scratch folder can be made.
    """
    _require_overlay(ground)
    cpus_of(ground.hunt)
    if (log := ground.hunt.progress_log) and logs:
        from bisector.report.progress_log import require_writable

        with _located(ground, "progress_log"):
            require_writable(log)
    _require_scratch(ground)
    return ground


@contextlib.contextmanager
def _located(ground: Ground, *path: str | int) -> Iterator[None]:
    """Begin what is refused with where it was written, and under which key."""
    try:
        yield
    except BisectorError as error:
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        raise HuntFileError(f"{ground.hunt.locate(*path)}: {key}: {error}") from error


def _require_overlay(ground: Ground) -> None:
    for at, change in enumerate(ground.hunt.overlay):
        if isinstance(change, Patch):
            with _located(ground, "overlay", at, "patch"):
                _require_readable(change.patch, folders=False)
        elif isinstance(change, Place):
            with _located(ground, "overlay", at, "file"):
                _require_readable(change.file, folders=True)
        elif isinstance(change, Copy):
            _require_source(ground, at, change)


def _require_readable(path: Path, *, folders: bool) -> None:
    if not path.exists():
        raise HuntFileError(f"there is no {path}; correct the path, which is relative to the hunt file")
    if not path.is_file() and not (folders and path.is_dir()):
        raise HuntFileError(f"{path} is no {'file or folder' if folders else 'file'}; name another")
    if not os.access(path, os.R_OK):
        raise HuntFileError(f"{path} cannot be read; fix its permissions")


def _require_source(ground: Ground, at: int, change: Copy) -> None:
    """That the commit is there, and has what is to be copied."""
    from bisector.history.object_ids import object_ids

    ends = {"good": ground.hunt.good[0], "bad": ground.hunt.bad}
    revision = ends.get(change.from_, change.from_)
    if change.from_ in ends and revision.startswith(("HEAD", "@")):
        return  # A session of `git bisect` moves it.
    with _located(ground, "overlay", at, "from" if change.from_ not in ends else "copy"):
        if revision == AUTO:
            raise HistoryError("the good commit is still to be found; name a revision to copy from")
        commit = ground.repository.resolve(revision)
    (found,) = object_ids(ground.repository, [commit], [change.copy_])
    if not found[0] and not change.optional:
        with _located(ground, "overlay", at, "copy"):
            raise HistoryError(
                f"{revision} has no {change.copy_}; correct the path, or name in `from` a commit that has it"
            )


def _require_scratch(ground: Ground) -> None:
    """That the scratch folder is one, or can be made, as far as can be seen without making it."""
    root = ground.scratch.root
    there = next(folder for folder in (root, *root.parents) if os.path.lexists(folder))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    why = "cannot be written to" if there.is_dir() else "is no folder"
    sentence = f"the scratch folder {root} cannot be used ({there} {why}); choose another `scratch`"
    if ground.hunt.scratch is None:
        raise EnvironmentFault(sentence)
    raise HuntFileError(f"{ground.hunt.locate('scratch')}: scratch: {sentence}")
