"""Which builds of a hunt may come from the store, and what a test finds in the slot then.

A build may leave files that the hunt file does not name in `outputs`. A test that needs them errs where only
the outputs are restored. So at the endpoints the store has all of a build, and there the test is tried with
the outputs alone; until it was seen to say the same, no build comes from the store that is not all there.
"""

from __future__ import annotations

from bisector.history.worktree import Worktree
from bisector.hunt_file.overlay import Copy, Place
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.identity import Identity
from bisector.probe.stored import Entry
from bisector.probe.undeclared import left_beside


class KeptBuilds:
    """The builds of a hunt in `store`; `identity` is the recipe of what it builds."""

    def __init__(self, identity: Identity, store: ArtefactStore) -> None:
        self._identity = identity
        self._hunt = hunt = identity.hunt
        self._store = store
        self._ends = identity.ends
        self._outputs = hunt.build.outputs if hunt.build else ()
        self._keys: dict[tuple[str, bool], str] = {}
        self._agrees = False

    def key(self, commit: str, fresh: bool) -> str:
        """Of the build of a commit, `fresh` from clean."""
        if (commit, fresh) not in self._keys:
            self._keys[commit, fresh] = self._identity.builds([commit], clean=fresh)[0]
        return self._keys[commit, fresh]

    def usable(self, worktree: Worktree, commit: str, fresh: bool) -> bool:
        """Whether the build may come from the store."""
        entry = self._entry(worktree, commit, fresh)
        return entry is not None and (entry.is_all or self._may_be_alone(worktree, commit, fresh))

    def restored(self, worktree: Worktree, commit: str, fresh: bool) -> str | None:
        """Put the build into the slot; the digest that tells builds apart, or None where it is not there."""
        alone = self._may_be_alone(worktree, commit, fresh)
        entry = self._store.restore(self.key(commit, fresh), worktree.path, self._outputs, alone=alone)
        return self._digest(entry, commit) if entry else None

    def kept(self, worktree: Worktree, commit: str, fresh: bool) -> str:
        """Take the build that stands in the slot into the store; its digest, as `restored` gives it.

        Raises `CannotBeKept`.
        """
        laid_over = [
            change.target if isinstance(change, Copy) else change.to
            for change in self._hunt.overlay
            if isinstance(change, Copy | Place)
        ]
        beside = left_beside(worktree, (*self._outputs, *laid_over), self._hunt.test.keeps)
        with_beside = fresh or commit in self._ends.values()
        key = self.key(commit, fresh)
        entry = self._store.keep(key, worktree.path, self._outputs, beside, with_beside=with_beside)
        return self._digest(entry, commit)

    def undeclared(self, worktree: Worktree, commit: str) -> tuple[str, ...]:
        """What the build of an endpoint has left beside its outputs, the test not tried without it yet."""
        if not self._outputs or not worktree.is_scratch or self._store.is_noted(self._name(commit)):
            return ()
        entry = self._entry(worktree, commit, fresh=False)
        return entry.beside if entry else ()

    def restore_alone(self, worktree: Worktree, commit: str) -> bool:
        """Put only the outputs of an endpoint's build into the slot; whether they are there."""
        key = self.key(commit, False)
        return self._store.restore(key, worktree.path, self._outputs, alone=True) is not None

    def agrees_at(self, commit: str) -> None:
        """Note that the test says the same of a commit with the outputs alone."""
        self._store.note(self._name(commit))

    def _entry(self, worktree: Worktree, commit: str, fresh: bool) -> Entry | None:
        return self._store.entry(self.key(commit, fresh), worktree.path, self._outputs)

    def _may_be_alone(self, worktree: Worktree, commit: str, fresh: bool) -> bool:
        """Whether outputs alone will do: not for an endpoint or a confirmation, and not where users work."""
        special = fresh or commit in self._ends.values() or not worktree.is_scratch
        return not special and self._agrees_at_ends()

    def _agrees_at_ends(self) -> bool:
        self._agrees = self._agrees or all(
            self._store.is_noted(self._name(end)) for end in set(self._ends.values())
        )
        return self._agrees

    def _digest(self, entry: Entry, commit: str) -> str:
        """Of the outputs; none where what lies beside them may count as well."""
        known = not entry.beside or commit in self._ends.values() or self._agrees_at_ends()
        return entry.digest if known else ""

    def _name(self, commit: str) -> str:
        """Of the note: all that its outcome hangs on, the predicate's own file included."""
        (key,) = self._identity.judgements([commit])
        return f"agrees-{key}"
