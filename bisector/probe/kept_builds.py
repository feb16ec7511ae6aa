"""Which builds may be restored from the store, and with which files.

A build may create files that `outputs` in the hunt file does not declare. A test that needs them gives wrong
results if only the outputs are restored. So the store keeps complete builds of the endpoints, and the test is
tried there with the outputs alone. Until it gives the same result, only complete builds are restored. This
stays so if the test was seen reading an undeclared file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from bisector.history.inputs import covered
from bisector.history.worktree import Worktree
from bisector.hunt_file.overlay import CherryPick, Copy, Place
from bisector.hunt_file.setup import keeps_of
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.identity import Identity
from bisector.probe.overlay_files import written_by
from bisector.probe.stored import Entry
from bisector.probe.undeclared import left_beside


class KeptBuilds:
    """The builds of a hunt in `store`; `identity` is the recipe of its builds.

    `fix_ups` has the positions in the overlay of those that a commit is laid out with at present.
    """

    def __init__(
        self, identity: Identity, store: ArtefactStore, fix_ups: Callable[[str], tuple[int, ...]]
    ) -> None:
        self._identity = identity
        self._hunt = hunt = identity.hunt
        self._store = store
        self._ends = identity.ends
        self._outputs = hunt.build.outputs if hunt.build else ()
        self._fix_ups = fix_ups
        self._key = functools.cache(identity.build_key)
        self._agrees = False

    def key(self, commit: str, clean: bool) -> str:
        """The build key of a commit, for a clean build or not."""
        return self._key(commit, clean, self._fix_ups(commit))

    def usable(self, worktree: Worktree, commit: str, clean: bool) -> bool:
        """Whether the store has this build and it may be restored."""
        entry = self._entry(worktree, commit, clean)
        return entry is not None and (entry.is_all or self._may_be_alone(worktree, commit, clean))

    def restored(self, worktree: Worktree, commit: str, clean: bool) -> str | None:
        """Restore the build to the slot; returns its digest, or None if the store does not have it."""
        alone = self._may_be_alone(worktree, commit, clean)
        entry = self._store.restore(self.key(commit, clean), worktree.path, self._outputs, alone=alone)
        return self._digest(entry, commit) if entry else None

    def kept(self, worktree: Worktree, commit: str, clean: bool, changed: Sequence[str] = ()) -> str:
        """Store the build in the slot; returns its digest like `restored`.

        `changed` are the files of the setup that the build has changed. Raises `CannotBeKept`.
        """
        brought = (Copy, Place, CherryPick)
        changes = [
            change
            for change in self._identity.changes(commit, self._fix_ups(commit))
            if isinstance(change, brought)
        ]
        laid_over = written_by(changes, worktree.repository, self._identity.id_of)
        declared = (*self._outputs, *laid_over, *keeps_of(self._hunt.setup))
        beside = left_beside(worktree, declared, self._hunt.test.keeps)
        beside += tuple(path for path in changed if not covered(path, self._outputs))
        with_beside = clean or commit in self._ends.values()
        key = self.key(commit, clean)
        entry = self._store.keep(key, worktree.path, self._outputs, beside, with_beside=with_beside)
        return self._digest(entry, commit)

    def undeclared(self, worktree: Worktree, commit: str) -> tuple[str, ...]:
        """Undeclared files of an endpoint's build, if the test was not yet tried without them."""
        tried = self._store.is_noted(self._name(commit)) or self.reads_more_at(commit)
        if not self._outputs or not worktree.is_scratch or tried:
            return ()
        entry = self._entry(worktree, commit, clean=False)
        return entry.beside if entry else ()

    def restore_alone(self, worktree: Worktree, commit: str) -> bool:
        """Restore only the outputs of an endpoint's build; returns whether the store has them."""
        key = self.key(commit, False)
        return self._store.restore(key, worktree.path, self._outputs, alone=True) is not None

    def agrees_at(self, commit: str) -> None:
        """Record that the test gives the same result at `commit` with the outputs alone."""
        self._store.note(self._name(commit))

    def found_reading_more(self, commit: str) -> None:
        """Record that the test of `commit` reads undeclared files: outputs are never restored alone."""
        self._store.note(self._name(commit, "reads-more"))

    def reads_more_at(self, commit: str) -> bool:
        """Whether the test of `commit` is known to read undeclared files."""
        return self._store.is_noted(self._name(commit, "reads-more"))

    def is_never_restored(self, commit: str, clean: bool) -> bool:
        """Whether a build of this commit with undeclared files is of no use in the store."""
        ends = set(self._ends.values())
        return not clean and commit not in ends and any(map(self.reads_more_at, ends))

    def _entry(self, worktree: Worktree, commit: str, clean: bool) -> Entry | None:
        return self._store.entry(self.key(commit, clean), worktree.path, self._outputs)

    def _may_be_alone(self, worktree: Worktree, commit: str, clean: bool) -> bool:
        """Whether outputs alone suffice: not for endpoints, confirmations or the user's own work tree."""
        special = clean or commit in self._ends.values() or not worktree.is_scratch
        return not special and self._agrees_at_ends()

    def _agrees_at_ends(self) -> bool:
        self._agrees = self._agrees or all(
            self._store.is_noted(self._name(end)) for end in set(self._ends.values())
        )
        return self._agrees

    def _digest(self, entry: Entry, commit: str) -> str:
        """The digest of the outputs; '' if undeclared files may matter as well."""
        known = not entry.beside or commit in self._ends.values() or self._agrees_at_ends()
        return entry.digest if known else ""

    def _name(self, commit: str, what: str = "agrees") -> str:
        """The name of the note, which covers all that its result depends on, also the predicate's file."""
        (key,) = self._identity.judgements([commit])
        return f"{what}-{key}"
