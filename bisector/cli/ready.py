"""Checks that everything the hunt names outside the history exists, before a command reads commits.

Errors are reported with their place in the hunt file, before anything is written.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bisector.errors import BisectorError, EnvironmentFault, HistoryError, HuntFileError
from bisector.hunt_file import AUTO
from bisector.hunt_file.engine import BUNDLE
from bisector.hunt_file.overlay import Change, Copy, Patch, Place
from bisector.probe.scheduling import cpus_of

if TYPE_CHECKING:
    from bisector.hunt.ground import Ground


def ready(ground: Ground, *, logs: bool = True) -> Ground:
    """Return `ground` if everything that its hunt names exists; checks the progress log only if it `logs`.

    Raises `HuntFileError` if something is missing, `EnvironmentFault` if no scratch folder can be created.
    """
    _require_overlay(ground)
    _require_paths(ground)
    _require_revisions(ground)
    cpus_of(ground.hunt)
    if (log := ground.hunt.progress_log) and logs:
        from bisector.report.progress_log import require_writable

        with _located(ground, "progress_log"):
            require_writable(log)
    _require_scratch(ground)
    return ground


def ready_to_compare(ground: Ground, command: str) -> Ground:
    """As `ready` without logs, for a command that compares with a good endpoint: not in a hunt for a fix."""
    if ground.hunt.kinds.better:
        raise HuntFileError(
            f"{ground.hunt.locate('find')}: `bisector {command}` compares with an older good commit, but "
            "this hunt looks for a fix; use it with a hunt for a regression"
        )
    return ready(ground, logs=False)


@contextlib.contextmanager
def _located(ground: Ground, *path: str | int) -> Iterator[None]:
    """Prefix errors with their place in the hunt file and their key."""
    try:
        yield
    except BisectorError as error:
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        where = ground.hunt.locate(*path)
        names_key = where.startswith("--") and where.endswith(key)
        raise HuntFileError(f"{where}: {error}" if names_key else f"{where}: {key}: {error}") from error


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
        _require_history(ground, at, change)
        for key, revision in change.revisions().items():
            if revision in ("good", "old") and ground.hunt.before[0] == AUTO and key != ("from",):
                with _located(ground, "overlay", at, *key):
                    raise HistoryError(
                        f"the {ground.hunt.kinds.old} commit is not known yet; name a revision"
                    )


def _require_history(ground: Ground, at: int, change: Change) -> None:
    """Require that workers of a cluster get the history that a change asks for."""
    engine = ground.hunt.engine
    asked = [key for key in change.revisions() if key != ("from",)]
    if asked and engine.name != "local" and engine.repository == BUNDLE:
        with _located(ground, "overlay", at, *asked[0]):
            raise HistoryError(
                "the workers get only the commits of the range, so they cannot tell; set "
                "`engine.repository` to a URL that they can clone"
            )


def _require_readable(path: Path, *, folders: bool) -> None:
    if not path.exists():
        raise HuntFileError(f"there is no {path}; correct the path, which is relative to the hunt file")
    if not path.is_file() and not (folders and path.is_dir()):
        raise HuntFileError(f"{path} is not a {'file or folder' if folders else 'file'}; choose another")
    if not os.access(path, os.R_OK):
        raise HuntFileError(f"cannot read {path}; fix its permissions")


def _require_source(ground: Ground, at: int, change: Copy) -> None:
    """Require that the commit exists and has the path to copy."""
    from bisector.history.object_ids import object_ids

    hunt = ground.hunt
    ends = {"good": hunt.good[0], "bad": hunt.bad, "old": hunt.before[0], "new": hunt.after}
    revision = ends.get(change.from_, change.from_)
    if change.from_ in ends and revision.startswith(("HEAD", "@")):
        return  # A `git bisect` session moves HEAD.
    with _located(ground, "overlay", at, "from" if change.from_ not in ends else "copy"):
        if revision == AUTO:
            raise HistoryError(f"the {hunt.kinds.old} commit is not known yet; name a revision to copy from")
        commit = ground.repository.resolve(revision)
    (found,) = object_ids(ground.repository, [commit], [change.copy_])
    if not found[0] and not change.optional:
        with _located(ground, "overlay", at, "copy"):
            raise HistoryError(
                f"{revision} has no {change.copy_}; correct the path or set `from` to a commit that has it"
            )


def _require_paths(ground: Ground) -> None:
    """Require that good or bad has the folders named, and any of the declared inputs and key files.

    Checks nothing if there is an overlay, which may add paths. A build may create the folder of the test.
    """
    hunt, build, test = ground.hunt, ground.hunt.build, ground.hunt.test
    said: dict[tuple[str | int, ...], tuple[str, ...]] = {}
    for at, section in enumerate(hunt.setup):
        place: tuple[str | int, ...] = ("setup", at) if len(hunt.setup) > 1 else ("setup",)
        said |= {(*place, "key"): section.key, (*place, "folder"): (section.folder,)}
    said |= {("build", "inputs"): build.inputs or ()} if build else {}
    said |= {("build", "folder"): (build.folder,)} if build else {("test", "folder"): (test.folder,)}
    named = {place: [path for path in paths if path != "."] for place, paths in said.items()}
    paths = sorted({path for wanted in named.values() for path in wanted})
    if not paths or hunt.overlay or AUTO in hunt.before:
        return
    from bisector.history.object_ids import object_ids

    try:
        ends = [ground.repository.resolve(revision) for revision in (*hunt.good, hunt.bad)]
    except HistoryError:
        return  # The command reports it, with the line of the endpoint.
    found = object_ids(ground.repository, ends, paths)
    there = {path for ids in found for path, one in zip(paths, ids, strict=True) if one}
    for place, wanted in named.items():
        if wanted and there.isdisjoint(wanted):
            with _located(ground, *place):
                elsewhere = ", or start bisector in another folder; `.` is the top"
                elsewhere = "" if ground.hunt.origin.file else elsewhere
                raise HistoryError(
                    f"neither good nor bad has {', '.join(wanted)}; correct the path{elsewhere}"
                )


def _require_revisions(ground: Ground) -> None:
    """Require that the revisions that the hunt may never come to are valid too."""
    from bisector.hunt.skipped import commits_of

    if ground.hunt.since is not None:
        with _located(ground, "since"):
            ground.repository.resolve(ground.hunt.since)
    for at, revision in enumerate(ground.hunt.skip):
        with _located(ground, "skip", at):
            commits_of(ground.repository, revision)


def _require_scratch(ground: Ground) -> None:
    """Require that the scratch folder exists or can be created, without creating it."""
    root = ground.scratch.root
    there = next(folder for folder in (root, *root.parents) if os.path.lexists(folder))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    why = "is not writable" if there.is_dir() else "is not a folder"
    sentence = f"cannot use the scratch folder {root} ({there} {why}); choose another `scratch`"
    if ground.hunt.scratch is None:
        raise EnvironmentFault(sentence)
    raise HuntFileError(f"{ground.hunt.locate('scratch')}: scratch: {sentence}")
