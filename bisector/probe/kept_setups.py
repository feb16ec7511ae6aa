"""What the sections `setup` install: run once for a key, kept in the store, restored to slots.

A section runs in a clean slot, and only what it declares in `keeps` reaches any build or test: also the
commit that it ran for gets it from the store. So no commit depends on what another one left behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from bisector.errors import EnvironmentFault
from bisector.history.worktree import Worktree
from bisector.hunt_file.setup import Dependencies, keeps_of
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.identity import Identity
from bisector.probe.laying_out import LayingOut
from bisector.probe.making import Making
from bisector.probe.output_files import CannotBeKept
from bisector.probe.setup import Setup
from bisector.probe.standing_files import StandingFiles
from bisector.probe.step import Step

_ATTEMPTS = 3
"""Another hunt may evict an entry from the store before it is restored."""


class SetupFails(Exception):
    """A section cannot be installed for this commit, which makes the commit untestable."""


class KeptSetups:
    """The results of the sections `setup` of one hunt, in `store` and in slots.

    `laying_out` checks out commits. `failures` maps setup keys to reasons. `wait` is called repeatedly while
    another process installs the same. `fix_ups` has the positions in the overlay of those that a commit is
    laid out with at present.
    """

    def __init__(
        self,
        setup: Setup,
        identity: Identity,
        store: ArtefactStore,
        laying_out: LayingOut,
        failures: dict[str, str],
        wait: Callable[[], None],
        fix_ups: Callable[[str], tuple[int, ...]],
    ) -> None:
        self._setup = setup
        self._identity = identity
        self._store = store
        self._lay_out = laying_out.lay_out
        self._failures = failures
        self._wait = wait
        self._sections: Sequence[Dependencies] = setup.hunt.setup
        self._standing = StandingFiles(keeps_of(self._sections), setup.hunt.test.keeps)
        self._fix_ups = fix_ups
        self._keys: dict[tuple[str, bool, tuple[int, ...]], tuple[str, ...]] = {}

    def stand(
        self, worktree: Worktree, commit: str, *, clean: bool = False, to_restore: bool = False
    ) -> None:
        """Put the results of all sections into the slot, where `commit` has just been checked out.

        With `clean`, they were installed for this very tree. A section without a result is run, which leaves
        a clean checkout, with other undeclared files aside if `to_restore`. Raises `SetupFails`,
        `EnvironmentFault` if the store is too small or a program is missing, and what `LayingOut` raises.
        """
        keys = self._of(commit, clean)
        if self._standing.is_whole(worktree.path, keys):
            return
        for _ in range(_ATTEMPTS):
            have_run = [self._installed(worktree, commit, clean, at) for at in range(len(keys))]
            if any(have_run):
                self._lay_out(worktree, commit, clean=True)
                if to_restore:
                    self._lay_out(worktree, commit, to_restore=True)
            if self._restored(worktree, keys):
                return
        raise EnvironmentFault(
            f"{self._setup.hunt.locate('store')}: store: too small for what `setup` keeps; raise it"
        )

    def with_digest(self, worktree: Worktree, built: str) -> str:
        """The digest of what a test finds: that of a build's outputs, and of what is installed in its slot.

        '' if there is a build whose digest `built` is '', for unknown.
        """
        standing = self._standing.digest(worktree.path)
        is_known = built or self._setup.hunt.build is None
        return hashlib.sha256(f"{built} {standing}".encode()).hexdigest() if is_known and standing else built

    def changed(self, worktree: Worktree) -> list[str]:
        """The files, links and empty folders in `keeps` that a build has changed, added or removed."""
        return self._standing.changed(worktree.path)

    def _of(self, commit: str, clean: bool) -> tuple[str, ...]:
        with_ = self._fix_ups(commit)
        if (commit, clean, with_) not in self._keys:
            (keys,) = self._identity.setups([commit], clean=clean, fix_ups=with_)
            self._keys[commit, clean, with_] = keys
        return self._keys[commit, clean, with_]

    def _installed(self, worktree: Worktree, commit: str, clean: bool, at: int) -> bool:
        """Run a section unless the store has its result; returns whether it has run."""
        key = self._of(commit, clean)[at]
        if self._name(worktree, key, at):
            return False
        with self._store.building(key, self._wait):
            if self._name(worktree, key, at):
                return False
            own = self._of(commit, True)[at]
            if own in self._failures:
                raise SetupFails(self._failures[own])
            try:
                self._install(worktree, commit, clean, at)
            except SetupFails as error:
                self._failures[key] = self._failures[own] = str(error)
                raise
            return True

    def _install(self, worktree: Worktree, commit: str, clean: bool, at: int) -> None:
        """Run a section in a clean slot, and store its result.

        A failure is repeated once. If the section failed for another tree with this key, once is enough.
        """
        section = self._sections[at]
        how = (section.command, section.folder, section.timeout, section.keeps)
        making = Making("setup", *how)
        failure = ""
        for _ in range(1 if self._of(commit, clean)[at] in self._failures else 2):
            self._lay_out(worktree, commit, clean=True)
            if self._given(worktree, self._of(commit, clean)[:at]) is None:
                return  # The caller begins again.
            self._setup.on_step(commit, Step.SETTING_UP, "")
            failure = making.failure(self._setup, worktree, commit)
            if not failure:
                break
        if failure:
            raise SetupFails(failure)
        try:
            self._keep(worktree, commit, clean, at)
        except CannotBeKept as error:
            raise SetupFails(
                f"the setup creates {error.named}, which cannot be stored; write `keeps` without it"
            ) from error

    def _keep(self, worktree: Worktree, commit: str, clean: bool, at: int) -> None:
        """Store the result under the keys that it answers: that of the key files, and that of the tree."""
        plain, own = self._of(commit, False)[at], self._of(commit, True)[at]
        keys = {self._of(commit, clean)[at]}
        if at == 0:
            # Later sections may rest on results of other trees.
            keys.add(own)
        if not self._store.has(plain):
            keys.add(plain)
        first, *others = sorted(keys)
        here = _in_slot(worktree, first)
        # Installed programs may look for their files by a path that was compiled into them.
        entry = self._store.keep(here, worktree.path, self._sections[at].keeps, binaries_too=True)
        for key in (first, *others):
            # What contains the path of its slot is no use to another slot, which has its own.
            self._store.alias(here, _in_slot(worktree, key) if entry.place else key)

    def _name(self, worktree: Worktree, key: str, at: int) -> str:
        """The store's name of a result that fits the slot; '' for none."""
        keeps = self._sections[at].keeps
        names = (key, _in_slot(worktree, key))
        return next((name for name in names if self._store.entry(name, worktree.path, keeps)), "")

    def _given(self, worktree: Worktree, keys: Sequence[str]) -> list[str] | None:
        """Restore the sections with these keys; returns their digests, None if the store lacks one."""
        digests = []
        for at, key in enumerate(keys):
            name = self._name(worktree, key, at)
            entry = self._store.restore(name, worktree.path, self._sections[at].keeps) if name else None
            if entry is None:
                return None
            digests.append(entry.digest)
        return digests

    def _restored(self, worktree: Worktree, keys: tuple[str, ...]) -> bool:
        self._standing.forget(worktree.path)
        digests = self._given(worktree, keys)
        if digests is None:
            return False
        self._standing.stand(worktree.path, keys, " ".join(digests))
        return True


def _in_slot(worktree: Worktree, key: str) -> str:
    """The name of a result that fits only this slot."""
    return f"{key}-{hashlib.sha256(bytes(worktree.path)).hexdigest()[:8]}"
