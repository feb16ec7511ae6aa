"""Builds a commit in a slot: check it out, set it up, then build it or restore its outputs from the store."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from bisector.errors import CommitFault
from bisector.history.submodules import uninitialised
from bisector.history.worktree import Worktree
from bisector.hunt_file.work import Build
from bisector.predicate import Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.checkout_reads import CheckoutReads
from bisector.probe.compiler_caches import with_caches
from bisector.probe.execution import GivenUp
from bisector.probe.fix_ups import FixUps, with_tried
from bisector.probe.identity import Identity
from bisector.probe.inside import is_inside
from bisector.probe.kept_builds import KeptBuilds
from bisector.probe.kept_setups import KeptSetups, SetupFails
from bisector.probe.laying_out import LayingOut
from bisector.probe.making import Making
from bisector.probe.output_files import CannotBeKept, remove
from bisector.probe.overlay import DoesNotApply
from bisector.probe.reading import BuildKind
from bisector.probe.setup import Setup
from bisector.probe.soundness import require_sound
from bisector.probe.step import Step
from bisector.probe.strace import Trace
from bisector.probe.under_strace import SLOWER, UnderStrace, strace_in

_LOOK = 0.05
"""Seconds between checks whether another process has finished the build."""


@dataclass(frozen=True, slots=True)
class Built:
    """A commit built in a slot. `seconds` is the time it took, `digest` the digest of its outputs."""

    commit: str
    seconds: float
    digest: str = ""
    how: BuildKind = BuildKind.NONE
    fix_ups: str = ""
    """The changes of the overlay without which it does not build; '' for none."""


class Builds:
    """Builds commits for one hunt; `identity` is the recipe of its builds.

    A failed build is repeated once from clean before its commit counts as untestable. `failures` maps build
    keys to reasons; several `Builds` of one hunt can share it. Methods raise `InfrastructureFault` for
    failures that are not the commit's fault, `EnvironmentFault` if the machine lacks something.
    """

    def __init__(
        self, setup: Setup, identity: Identity, store: ArtefactStore, failures: dict[str, str] | None = None
    ) -> None:
        self.setup = setup
        self._fix_ups = FixUps(identity, store)
        self.kept = KeptBuilds(identity, store, self._fix_ups.used)
        self._ends = frozenset(identity.named.values())
        self.repository = identity.repository
        self.good = identity.ends.get("good", "")
        self._store = store
        self._failures = {} if failures is None else failures
        laying_out = LayingOut(identity, self._fix_ups.used)
        self._lay_out = laying_out.lay_out
        self._setups = KeptSetups(
            setup, identity, store, laying_out, self._failures, self._wait, self._fix_ups.used
        )
        self._build = setup.hunt.build
        self._own_sources_only = False

    @property
    def ends(self) -> frozenset[str]:
        """The hunt's endpoints."""
        return self._ends

    def build(
        self, worktree: Worktree, commit: str, *, clean: bool = False, spoilt: bool = False
    ) -> Built | Untestable:
        """Check out and build `commit`, or restore its outputs from the store; `clean` accepts clean builds
        only.

        In a `spoilt` slot, files of earlier builds are deleted first. What does not build is built with its
        fix-ups.
        """
        started = time.monotonic()
        tried: dict[str, str] = {}
        for chosen in self._fix_ups.choices(commit, clean):
            self._fix_ups.use(commit, chosen)
            try:
                built = self._built_as_laid_out(worktree, commit, clean, spoilt=spoilt or bool(tried))
            except DoesNotApply as error:
                if not chosen:
                    return Untestable(str(error))
                built = Untestable(str(error))
            words = self._fix_ups.words(chosen)
            if isinstance(built, Built):
                if "" in tried:
                    self._fix_ups.note(commit, clean, chosen)
                return replace(built, seconds=time.monotonic() - started, fix_ups=words)
            tried[words] = built.why
        self._fix_ups.use(commit, ())
        return Untestable(with_tried(tried.pop(""), tried))

    def _built_as_laid_out(
        self, worktree: Worktree, commit: str, clean: bool, *, spoilt: bool
    ) -> Built | Untestable:
        """Check out a commit with its present fix-ups, and build or restore it; raises `DoesNotApply`."""
        self.setup.on_step(commit, Step.LAYING_OUT, "")
        try:
            if self._build and self._build.outputs:
                built = self._restored_or_built(self._build, worktree, commit, clean, anew=clean or spoilt)
            else:
                self._prepare(worktree, commit, clean, anew=clean or spoilt)
                built = self._built(worktree, commit, clean, anew=clean or spoilt)
        except SetupFails as error:
            return Untestable(str(error))
        except CommitFault:
            require_sound(worktree, self.setup.environment, failed=True)
            raise
        if isinstance(built, Untestable):
            return built
        digest = self._setups.with_digest(worktree, built.digest)
        return replace(built, digest=digest)

    def is_stored(self, commit: str, clean: bool) -> bool:
        """Whether the store already has the build of a commit."""
        return self._store.has(self.kept.key(commit, clean))

    def lay_out_alone(self, worktree: Worktree, commit: str) -> bool:
        """Check out an endpoint and restore its outputs from the store, without undeclared files of its
        build.

        Returns whether the store has them.
        """
        try:
            self._prepare(worktree, commit, False, to_restore=True)
        except SetupFails:
            return False
        return self.kept.restore_alone(worktree, commit)

    def _prepare(
        self, worktree: Worktree, commit: str, clean: bool, *, anew: bool = False, to_restore: bool = False
    ) -> None:
        """Check out `commit` with what `setup` installs; for `anew` and `to_restore` see `LayingOut`.

        With `clean`, the setup is that of this very tree.
        """
        self._lay_out(worktree, commit, clean=anew, to_restore=to_restore)
        self._setups.stand(worktree, commit, clean=clean, to_restore=to_restore)

    def _restored_or_built(
        self, build: Build, worktree: Worktree, commit: str, clean: bool, *, anew: bool
    ) -> Built | Untestable:
        key = self.kept.key(commit, clean)
        with self._store.building(key, self._wait):
            if self.kept.usable(worktree, commit, clean):
                self._prepare(worktree, commit, clean, anew=anew, to_restore=True)
                digest = self.kept.restored(worktree, commit, clean)
                if digest is not None:
                    return Built(commit, 0.0, digest, BuildKind.RESTORED)
            self._prepare(worktree, commit, clean, anew=anew)
            if key in self._failures:
                return Untestable(self._failures[key])
            for output in build.outputs:
                # A build cannot tell that restored outputs belong to another commit.
                if is_inside(worktree.path, output):
                    remove(worktree.path / output)
            built = self._built(worktree, commit, clean, anew=anew)
            try:
                if isinstance(built, Built):
                    changed = self._setups.changed(worktree)
                    return replace(built, digest=self.kept.kept(worktree, commit, clean, changed))
            except CannotBeKept as error:
                built = Untestable(str(error))
            self._failures[key] = built.why
            return built

    def _wait(self) -> None:
        if self.setup.scheduling.stop.wait(_LOOK):
            raise GivenUp

    def _built(self, worktree: Worktree, commit: str, clean: bool, *, anew: bool) -> Built | Untestable:
        """Build the commit just checked out; in a used slot, repeat a failed build from clean."""
        build = self._build
        if build is None:
            return Built(commit, 0.0)
        failure = self._built_once(build, worktree, commit, Step.BUILDING_CLEAN if anew else Step.BUILDING)
        if failure and not anew:
            anew = True
            self._prepare(worktree, commit, clean, anew=True)
            failure = self._built_once(build, worktree, commit, Step.BUILDING_CLEAN)
        how = BuildKind.CLEAN if anew else BuildKind.INCREMENTAL
        if failure and (empty := uninitialised(worktree.repository, commit)):
            are = "submodules" if len(empty) > 1 else "submodule", "are" if len(empty) > 1 else "is"
            failure = f"the {are[0]} {', '.join(empty)} {are[1]} not initialised and so empty; {failure}"
        return Untestable(failure) if failure else Built(commit, 0.0, how=how)

    def _built_once(self, build: Build, worktree: Worktree, commit: str, step: Step) -> str:
        """Build once; returns why the build fails, '' if it succeeds."""
        self.setup.on_step(commit, step, "")
        making = Making("build", build.command, build.folder, build.timeout, build.outputs)
        top = self.repository.work_tree
        if self._own_sources_only or commit != self.good or not top or self.setup.sandbox:
            return self._made(making, build, worktree, commit)
        with CheckoutReads(self.repository, top, "build", build.command) as reads:
            failure = self._made(making, build, worktree, commit)
            opened = reads.opened()
        if opened and not failure:
            return self._traced(reads, opened, making, build, worktree, commit)
        self._own_sources_only = not failure
        return failure

    def _made(self, making: Making, build: Build, worktree: Worktree, commit: str) -> str:
        caches = self._store.root / "compilers"
        return making.failure(
            self.setup,
            worktree,
            commit,
            lambda environment: with_caches(environment, build, worktree.path, caches),
        )

    def _traced(
        self,
        reads: CheckoutReads,
        opened: list[str],
        making: Making,
        build: Build,
        worktree: Worktree,
        commit: str,
    ) -> str:
        """Build good again under strace, since somebody opened files of the user's checkout during its build.

        Raises `HuntFileError` if it was the build. If it cannot be traced, a note says what was opened.
        """
        program = strace_in(self.setup.environment)
        trace = Trace()
        if program:
            strace = UnderStrace(
                program, worktree, self.setup.logs, sandboxed=False, record="build.strace", detached=True
            )
            words, timeout = strace.words(build.command), build.timeout * SLOWER
            self._prepare(worktree, commit, False, anew=True)
            self._made(replace(making, command=words, timeout=timeout), build, worktree, commit)
            trace = strace.trace(build.folder)
        reads.require_none_read(trace, self.setup.hunt, commit)
        if not trace.calls:
            self.setup.on_step(commit, Step.NOTED, reads.doubt(opened))
        self._own_sources_only = True
        self._prepare(worktree, commit, False, anew=True)
        return self._made(making, build, worktree, commit)
