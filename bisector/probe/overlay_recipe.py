"""What of the overlay enters the recipe; `named` maps its revisions to commit ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from bisector.hunt_file.overlay import Change, CherryPick, Copy, Patch, Place
from bisector.probe.contents import digest_of


def described(change: Change, named: Mapping[str, str]) -> list[object]:
    """A change with the identity of the content that it brings, wherever it is made."""
    said = change.model_dump(mode="json", exclude={"file", "patch", "when"})
    if isinstance(change, Copy):
        # `good: auto` is not known yet; use the name.
        return [said, named.get(change.from_, change.from_)]
    if isinstance(change, CherryPick):
        return [said, named.get(change.cherry_pick, change.cherry_pick)]
    if isinstance(change, Place | Patch):
        return [said, digest_of(change.file if isinstance(change, Place) else change.patch)]
    return [said]


def with_conditions(change: Change, named: Mapping[str, str]) -> list[object]:
    """A change as `described` has it, and its conditions with the commits that they name."""
    if change.when is None:
        return described(change, named)
    commits = [named.get(revision, revision) for revision in change.revisions().values()]
    return [*described(change, named), change.when.model_dump(mode="json"), commits]


def may_touch(change: Change, inputs: Sequence[str]) -> bool:
    """Whether a change may affect one of these files and folders; a patch may affect any."""
    target = change.target
    if target is None or "." in inputs:
        return True
    path = PurePosixPath(target)
    return any(path.is_relative_to(one) or PurePosixPath(one).is_relative_to(path) for one in inputs)
