"""Checks out a commit in a slot, with the hunt's overlay and the right files of earlier builds."""

from __future__ import annotations

import functools
from collections.abc import Callable

from bisector.history.worktree import Worktree
from bisector.hunt_file.setup import keeps_of
from bisector.probe.identity import Identity
from bisector.probe.overlay import lay_over
from bisector.probe.overlay_files import remove_left
from bisector.probe.sparse import paths_of
from bisector.probe.undeclared import bring_back, forget_aside, put_aside


class LayingOut:
    """Checks out commits for the hunt of `identity`; raises `HuntFileError` if it cannot be sparse.

    `fix_ups` has the positions in the overlay of those that a commit is laid out with at present.
    """

    def __init__(self, identity: Identity, fix_ups: Callable[[str], tuple[int, ...]]) -> None:
        self._hunt = identity.hunt
        self._ends = frozenset(identity.ends.values())
        self._fix_ups = fix_ups
        self._changes = functools.cache(identity.changes)
        self._id_of = identity.id_of
        self._keeps = (*self._hunt.test.keeps, *keeps_of(self._hunt.setup))
        self._only = paths_of(identity.hunt) if identity.hunt.sparse else ()

    def lay_out(
        self, worktree: Worktree, commit: str, *, clean: bool = False, to_restore: bool = False
    ) -> None:
        """Check out `commit` and apply the overlay.

        Files of earlier builds are deleted if `clean`, moved aside if `to_restore`, and otherwise kept for an
        incremental build. What tests and `setup` keep stays in place unless `clean`, even if it is that of
        another commit. Endpoints and clean slots are never sparse. Raises `DoesNotApply` if the overlay does
        not apply, `CommitFault` and `InfrastructureFault`.
        """
        all_of_it = clean or commit in self._ends
        keeps = () if clean else self._keeps
        worktree.checkout(commit, clean=clean, only=() if all_of_it else self._only, keeps=keeps)
        if worktree.is_scratch:
            if clean:
                forget_aside(worktree)
            elif to_restore:
                put_aside(worktree, keeps)
            else:
                bring_back(worktree, keeps)
            remove_left(self._hunt.overlay, worktree, self._id_of)
        lay_over(self._changes(commit, self._fix_ups(commit)), worktree, commit, self._id_of)
