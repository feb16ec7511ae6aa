"""Hunts without a hunt file run as the user would by hand: in the current folder, with untracked scripts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bisector.errors import HistoryError
from bisector.history.object_ids import object_ids
from bisector.history.repository import GitFailure, Repository
from bisector.hunt_file import AUTO, Copy, Hunt, Place
from bisector.hunt_file.flow import in_flow
from bisector.probe import command_words

if TYPE_CHECKING:
    from bisector.cli.options import Chosen
    from bisector.hunt.ground import Ground

_LARGEST = 1024 * 1024
"""Bytes of the largest script that is brought into every commit."""


def in_current_folder(values: Mapping[str, object]) -> dict[str, object]:
    """`values` of options by dotted key, with what they mean in the current folder.

    Below the top of the repository, build and test get the current folder as their `folder`, and `paths`
    start there, as for git. A `folder` that an option sets stays.
    """
    folder = _below_top(Path(str(values.get("repository", "."))))
    if folder is None:
        return dict(values)
    said = dict(values)
    for key in ("build", "test"):
        if f"{key}.command" in values and not isinstance(values.get(key), Mapping):
            said.setdefault(f"{key}.folder", folder)
    if isinstance(paths := values.get("paths"), list):
        said["paths"] = [_from_top(path, folder) for path in paths]
    return said


def scripts_to_bring(hunt: Hunt, repository: Repository) -> list[dict[str, str]]:
    """Overlay entries for scripts that a command begins with, and that good does not have.

    That is an untracked script of the checkout, which stays there when a person bisects by hand, and one that
    the history gets only after good. A compiled or ignored file is no script: a build may make it.
    """
    ends = _ends(hunt, repository)
    if hunt.overlay or ends is None:
        return []
    newest = "new" if hunt.kinds.better else "bad"
    return [entry for path in _scripts(hunt) for entry in _entry(repository, ends, path, newest)]


def _scripts(hunt: Hunt) -> list[str]:
    """The paths of the scripts that the commands begin with, from the top of the repository."""
    found: dict[str, None] = {}
    for command, folder in [(part.command, part.folder) for part in (hunt.build, hunt.test) if part]:
        for name in command_words.scripts(command):
            path = PurePosixPath(os.path.normpath(PurePosixPath(folder, name))).as_posix()
            if not path.startswith(("../", "/")):
                found[path] = None
    return list(found)


def told(chosen: Chosen, ground: Ground) -> list[str]:
    """One sentence for each script that was brought, and for each that the user has changed."""
    if chosen.config is not None or "overlay" in chosen.values:
        return []
    hunt, repository = ground.hunt, ground.repository
    untracked = [one.to for one in hunt.overlay if isinstance(one, Place)]
    changed = _changed(repository, [path for path in _scripts(hunt) if not hunt.overlay])
    later = [one.copy_ for one in hunt.overlay if isinstance(one, Copy)]
    old, new = hunt.kinds.old, hunt.kinds.new
    leave = "`--set overlay=[]` leaves it out"
    return [
        *(
            f"{path} is untracked: testing every commit with the file in your checkout ({leave})"
            for path in untracked
        ),
        *(
            f"{path} has local changes, which are not tested: each commit has its own version "
            f"(`--set {_overlaid(repository, path)}` tests yours)"
            for path in changed
        ),
        *(f"{path} is not in {old}: testing every commit with the file of {new} ({leave})" for path in later),
    ]


def _overlaid(repository: Repository, path: str) -> str:
    """The value of `--set`, quoted for a shell, that tests every commit with the checkout's file."""
    assert repository.work_tree is not None
    file = os.path.relpath(repository.work_tree / path)
    return shlex.quote(f"overlay={in_flow([{'file': file, 'to': path}])}")


def _changed(repository: Repository, paths: Sequence[str]) -> list[str]:
    """Those of the tracked files that differ from HEAD in the checkout."""
    if not paths or repository.work_tree is None:
        return []
    try:
        out = repository.git(
            *("--literal-pathspecs", "--no-optional-locks", "diff", "--name-only", "-z", "HEAD", "--", *paths)
        )
    except GitFailure:
        return []  # There is no commit yet.
    return [name for name in out.decode(errors="surrogateescape").split("\0") if name]


def _entry(repository: Repository, ends: tuple[str, ...], path: str, newest: str) -> Iterator[dict[str, str]]:
    *at_good, at_bad = (found[0] for found in object_ids(repository, ends, [path]))
    if any(at_good) or (at_bad and not at_good):
        return
    if at_bad:
        yield {"copy": path, "from": newest}
    elif repository.work_tree and _is_script(repository.work_tree / path) and _is_untracked(repository, path):
        yield {"file": str(repository.work_tree / path), "to": path}


def _ends(hunt: Hunt, repository: Repository) -> tuple[str, ...] | None:
    """The commits good and bad, only bad for `good: auto`; None if one does not exist.

    Opening the hunt reports that.
    """
    good = () if AUTO in hunt.before else hunt.before[:1]
    try:
        return tuple(repository.resolve(revision) for revision in (*good, hunt.after))
    except HistoryError:
        return None


def _is_script(file: Path) -> bool:
    """Whether it is a text that a person may have written; a build product has zero bytes."""
    try:
        return file.is_file() and file.stat().st_size <= _LARGEST and b"\0" not in file.read_bytes()
    except OSError:
        return False


def _is_untracked(repository: Repository, path: str) -> bool:
    """Whether git lists the file as untracked; an ignored one is not."""
    how = ("ls-files", "--others", "--exclude-standard", "--full-name")
    return bool(repository.git("--literal-pathspecs", *how, "--", path))


def _below_top(repository: Path) -> str | None:
    """The current folder relative to the top of the work tree; None if it is the top or outside."""
    try:
        top = Repository(repository).work_tree
    except HistoryError:
        return None  # Opening the hunt reports it.
    here = Path.cwd().resolve()
    return here.relative_to(top).as_posix() if top and here != top and here.is_relative_to(top) else None


def _from_top(path: object, folder: str) -> object:
    """A pathspec relative to the top; those with magic (`:/`, `:(top)`) stay."""
    is_relative = isinstance(path, str) and not path.startswith((":", "/"))
    return f"{folder}/{path}" if is_relative else path
