"""A commit built in a slot: laid out, then built or restored from the store, and kept there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

from bisector.errors import CommitFault
from bisector.history.worktree import Worktree
from bisector.hunt_file.model import Build
from bisector.predicate import Ending, Run, Untestable
from bisector.probe.artefacts import ArtefactStore
from bisector.probe.build_failure import require_tool, why_build_failed
from bisector.probe.compiler_caches import with_caches
from bisector.probe.execution import Command, GivenUp, Limits, execute
from bisector.probe.identity import Identity
from bisector.probe.inside import is_inside, leads_out
from bisector.probe.kept_builds import KeptBuilds
from bisector.probe.laying_out import LayingOut
from bisector.probe.output_files import CannotBeKept, remove
from bisector.probe.overlay import DoesNotApply
from bisector.probe.reading import BuildKind
from bisector.probe.scheduling import LAST
from bisector.probe.setup import Setup
from bisector.probe.soundness import require_sound
from bisector.probe.step import Step

_LOOK = 0.05
"""Seconds between two looks whether another one's build is done."""


@dataclass(frozen=True, slots=True)
class Built:
    """A commit stands built in a slot; `seconds` is what that took, `digest` the bytes of its outputs."""

    commit: str
    seconds: float
    digest: str = ""
    how: BuildKind = BuildKind.NONE


class Builds:
    """Builds commits as one hunt asks; `identity` is the recipe of what it builds.

    A build that fails is tried once more from clean before its commit is called untestable. `failures` has
    why builds fail, by key, for several of one hunt to share. Methods raise `InfrastructureFault` for what
    is not the commit's fault, `EnvironmentFault` for what the machine lacks.
    """

    def __init__(
        self, setup: Setup, identity: Identity, store: ArtefactStore, failures: dict[str, str] | None = None
    ) -> None:
        self.setup = setup
        self.kept = KeptBuilds(identity, store)
        self._ends = frozenset(identity.named.values())
        self._lay_out = LayingOut(identity).lay_out
        self._store = store
        self._failures = {} if failures is None else failures
        self._build = setup.hunt.build

    @property
    def ends(self) -> frozenset[str]:
        """The commits at which the hunt begins and ends."""
        return self._ends

    def build(
        self, worktree: Worktree, commit: str, *, fresh: bool = False, clean: bool = False
    ) -> Built | Untestable:
        """Lay out and build `commit`, or take its outputs from the store; `fresh` takes clean builds only.

        `clean` leaves nothing in the slot of what was built there before.
        """
        started = time.monotonic()
        self.setup.on_step(commit, Step.LAYING_OUT, "")
        try:
            if self._build and self._build.outputs:
                built = self._restored_or_built(self._build, worktree, commit, fresh, clean=fresh or clean)
            else:
                self._lay_out(worktree, commit, clean=fresh or clean)
                built = self._built(worktree, commit, clean=fresh or clean)
        except DoesNotApply as error:
            return Untestable(str(error))
        except CommitFault:
            require_sound(worktree, self.setup.environment, failed=True)
            raise
        return replace(built, seconds=time.monotonic() - started) if isinstance(built, Built) else built

    def is_stored(self, commit: str, fresh: bool) -> bool:
        """Whether the build of a commit need not be made any more."""
        return self._store.has(self.kept.key(commit, fresh))

    def lay_out_alone(self, worktree: Worktree, commit: str) -> bool:
        """Have an endpoint stand in the slot with its outputs from the store and nothing else of its build.

        Whether the store has them.
        """
        self._lay_out(worktree, commit, to_restore=True)
        return self.kept.restore_alone(worktree, commit)

    def _restored_or_built(
        self, build: Build, worktree: Worktree, commit: str, fresh: bool, *, clean: bool
    ) -> Built | Untestable:
        key = self.kept.key(commit, fresh)
        with self._store.building(key, self._wait):
            if self.kept.usable(worktree, commit, fresh):
                self._lay_out(worktree, commit, clean=clean, to_restore=True)
                digest = self.kept.restored(worktree, commit, fresh)
                if digest is not None:
                    return Built(commit, 0.0, digest, BuildKind.RESTORED)
            self._lay_out(worktree, commit, clean=clean)
            if key in self._failures:
                return Untestable(self._failures[key])
            for output in build.outputs:
                # Of another commit's outputs, restored, a build would not know what they were made of.
                if is_inside(worktree.path, output):
                    remove(worktree.path / output)
            built = self._built(worktree, commit, clean=clean)
            try:
                if isinstance(built, Built):
                    return replace(built, digest=self.kept.kept(worktree, commit, fresh))
            except CannotBeKept as error:
                built = Untestable(str(error))
            self._failures[key] = built.why
            return built

    def _wait(self) -> None:
        if self.setup.scheduling.stop.wait(_LOOK):
            raise GivenUp

    def _built(self, worktree: Worktree, commit: str, *, clean: bool) -> Built | Untestable:
        """What was laid out just now, built; in a used slot, where that fails, again from clean."""
        build = self._build
        if build is None:
            return Built(commit, 0.0)
        failure = self._built_once(build, worktree, commit, Step.BUILDING_CLEAN if clean else Step.BUILDING)
        if failure and not clean:
            clean = True
            self._lay_out(worktree, commit, clean=True)
            failure = self._built_once(build, worktree, commit, Step.BUILDING_CLEAN)
        how = BuildKind.CLEAN if clean else BuildKind.INCREMENTAL
        return Untestable(failure) if failure else Built(commit, 0.0, how=how)

    def _built_once(self, build: Build, worktree: Worktree, commit: str, step: Step) -> str:
        """Why the build fails, '' where it does not."""
        self.setup.on_step(commit, step, "")
        folder = worktree.path / build.folder
        if leads_out(worktree.path, build.folder) or not folder.is_dir():
            return f"the folder {build.folder} of the build is not there, or leads out of the repository"
        command = self._command(build, worktree, commit)
        run = self._run(build, command, commit)
        self.setup.require_sound(worktree, run, failed=run.exit_code != 0)
        if run.ending is Ending.EXITED and run.exit_code == 0:
            return _missing(build, worktree)
        if run.exit_code == 127:
            require_tool(build.command, command.environment, run.output)
        return why_build_failed(run, build.timeout)

    def _command(self, build: Build, worktree: Worktree, commit: str) -> Command:
        setup, environment = self.setup, self.setup.environment
        if setup.sandbox is None:
            environment = with_caches(environment, build, worktree.path, self._store.root / "compilers")
        return setup.command(worktree, commit, build.command, build.folder, environment)

    def _run(self, build: Build, command: Command, commit: str) -> Run:
        scheduling = self.setup.scheduling
        run = execute(
            command,
            Limits(build.timeout),
            log=self.setup.log_path(commit, "build"),
            cpus=scheduling.builds,
            nice=scheduling.nice,
            stop=scheduling.stop,
        ).run
        if run.ending is not Ending.EXITED and scheduling.nice >= LAST:
            # Behind all others a build may well not end in time, which says nothing of the commit.
            raise GivenUp
        return run


def _missing(build: Build, worktree: Worktree) -> str:
    """What is wrong with the outputs of a build that has succeeded, '' where nothing is."""
    for output in build.outputs:
        if not is_inside(worktree.path, output):
            return f"the output {output} leads out of the repository, by a symbolic link of the commit"
    for output in build.outputs:
        if not os.path.lexists(worktree.path / output):
            return f"the build succeeds but does not make {output}"
    return ""
